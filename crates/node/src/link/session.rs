//! One open stream with a peer: what changed here goes out, what changed there comes in.

mod incoming;
mod outgoing;
mod pace;

pub(crate) use outgoing::entitled_changes;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use liandong_core::access::Relation;
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_wire::link::v1::Frame;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::{Hello, StreamReader};
use liandong_wire::refusal::RemoteRefusal;
use liandong_wire::rollup::v1::Drill;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_stream::Stream;
use tonic::Status;

use super::status::Question;
use crate::context::Context;

/// Frames that may wait for a slow line.
const OUTBOX: usize = 16;

/// Questions of one peer that are answered at a time; more are refused.
const ANSWERED_AT_ONCE: usize = 32;

/// How long a hello is waited for.
pub(crate) const HELLO_PATIENCE: Duration = Duration::from_secs(30);

/// The largest frame. A single document is never cut, so this is the same on every node and above
/// the largest message that any node may be configured to take from its clients.
pub(crate) const LARGEST_FRAME: usize = 64 << 20;

/// What a peer says, whichever side dialled.
pub(crate) type Frames = Pin<Box<dyn Stream<Item = Result<Option<Frame>, Status>> + Send>>;

/// An open stream whose hellos have been exchanged.
pub(crate) struct Session {
    pub(crate) context: Arc<Context>,
    pub(crate) peer: RegionCode,
    pub(crate) relation: Relation,
    /// What the peer said it holds.
    pub(crate) hello: Hello,
    pub(crate) frames: Frames,
    pub(crate) reader: StreamReader,
    pub(crate) outbox: mpsc::Sender<Said>,
}

/// Answers that are waited for, by the id of their question.
type Waiting = Arc<Mutex<BTreeMap<u64, oneshot::Sender<Result<Drill, RemoteRefusal>>>>>;

/// An outbox for a new stream, with the end that is given to the transport.
pub(crate) fn outbox() -> (mpsc::Sender<Said>, mpsc::Receiver<Said>) {
    mpsc::channel(OUTBOX)
}

/// This node's hello to a peer.
///
/// # Errors
/// When the node is stopping.
pub(crate) async fn hello(context: &Context, peer: RegionCode) -> Result<Said, Refusal> {
    let watermark = context.reader.read(|state| state.watermark(peer)).await?;
    let hello = Hello {
        region: context.config.region,
        incarnation: context.incarnation,
        after: watermark.map(|mark| (mark.incarnation, mark.upto)),
        name: context.config.name.clone(),
        reads_packed: true,
    };
    Ok(Said::Hello((&hello).into()))
}

/// Runs a session until the stream ends, another stream with the peer takes over, or the node
/// stops. Returns why it ended, for a person.
pub(crate) async fn run(session: Session, mut stopping: watch::Receiver<bool>) -> String {
    let Session {
        context,
        peer,
        relation,
        hello,
        frames,
        reader,
        outbox,
    } = session;
    let (questions, to_ask) = mpsc::channel::<Question>(64);
    let stream = context.links.connected(peer, relation, questions);
    tracing::info!(%peer, relation = relation.word(), "link is up");
    let waiting = Waiting::default();
    let (acknowledged, acks) = watch::channel(0);
    let (taken, to_acknowledge) = watch::channel(0);
    let sent = AtomicU64::new(0);
    let sending = outgoing::Sending {
        context: &context,
        peer,
        relation,
        outbox: &outbox,
        sent: &sent,
    };
    let sending = sending.run(&hello, acks);
    let acknowledging = outgoing::send_acks(to_acknowledge, &outbox);
    let asking = outgoing::send_questions(to_ask, &outbox, &waiting);
    let receiving = incoming::Receiving {
        context: &context,
        peer,
        relation,
        incarnation: hello.incarnation,
        outbox: &outbox,
        waiting: &waiting,
        sent: &sent,
        acknowledged: &acknowledged,
        taken: &taken,
        answering: Arc::new(Semaphore::new(ANSWERED_AT_ONCE)),
    };
    let receiving = receiving.run(frames, reader);
    let why = tokio::select! {
        why = sending => why,
        why = acknowledging => why,
        why = asking => why,
        why = receiving => why,
        _ = stopping.wait_for(|stop| *stop) => "the node is stopping".to_owned(),
    };
    tracing::info!(%peer, why, "link is down");
    context.links.disconnected(peer, stream, why.clone());
    why
}
