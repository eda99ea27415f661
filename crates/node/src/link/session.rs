//! One open stream with a peer: what changed here goes out, what changed there comes in.

mod comparing;
mod incoming;
mod listening;
mod outgoing;
mod pace;

pub(crate) use comparing::Order;
pub(crate) use outgoing::entitled_changes;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use liandong_core::access::Relation;
use liandong_core::audit::Actor;
use liandong_core::command::Command;
use liandong_core::compare::SCHEME;
use liandong_core::planted::{self, Planted};
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::{Frame, Ping};
use liandong_wire::link::{Hello, LinkAnswer, StreamReader};
use liandong_wire::refusal::RemoteRefusal;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_stream::Stream;
use tonic::Status;

use self::listening::Listening;
use super::status::{Question, Ways};
use super::twins::Pinger;
use crate::commit::Origin;
use crate::context::Context;
use crate::server::Shown;

/// Frames that may wait for a slow line.
const OUTBOX: usize = 16;

/// Questions of one peer that are answered at a time; more are refused.
const ANSWERED_AT_ONCE: usize = 32;

/// How far behind itself an earlier copy of the data can be; what a peer says beyond is nonsense.
pub(super) const FARTHEST_BEHIND: u64 = 1 << 32;

/// How often the peer's certificate is looked at, which ends by itself.
const LOOK: Duration = Duration::from_secs(5);

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
    /// Who the peer is by its certificate.
    pub(crate) actor: Arc<Actor>,
    /// That certificate, where the stream has to look after it by itself: those who dialled are
    /// looked after by the port, which ends all of their streams with the reason.
    pub(crate) shown: Option<Shown>,
    /// What the peer said it holds.
    pub(crate) hello: Hello,
    pub(crate) frames: Frames,
    pub(crate) reader: StreamReader,
    pub(crate) outbox: mpsc::Sender<Said>,
}

/// Answers that are waited for, by the id of their question.
type Waiting = Arc<Mutex<BTreeMap<u64, oneshot::Sender<Result<LinkAnswer, RemoteRefusal>>>>>;

/// An outbox for a new stream, with the end that is given to the transport.
pub(crate) fn outbox() -> (mpsc::Sender<Said>, mpsc::Receiver<Said>) {
    mpsc::channel(OUTBOX)
}

/// This node's hello to a peer.
///
/// # Errors
/// When the node is stopping.
pub(crate) async fn hello(context: &Context, peer: RegionCode) -> Result<Said, Refusal> {
    let read = |state: &State| {
        (
            state.watermark(peer),
            state.incarnation(context.incarnation),
        )
    };
    let (watermark, incarnation) = context.reader.read(read).await?;
    let hello = Hello {
        region: context.config.region,
        incarnation,
        after: watermark.map(|mark| (mark.incarnation, mark.upto)),
        name: context.config.name.clone(),
        process: context.links.process(),
        scheme: if planted::is(Planted::OldIncarnationTrusted) {
            0
        } else {
            SCHEME
        },
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
        actor,
        shown,
        hello,
        frames,
        reader,
        outbox,
    } = session;
    let (questions, to_ask) = mpsc::channel::<Question>(64);
    let (orders, to_compare) = mpsc::channel(4);
    let (pings, to_ping) = mpsc::channel(1);
    let (ponged, pongs) = watch::channel(0);
    // Weak: the stream ends when nobody else can order anything of it.
    let weak_orders = orders.downgrade();
    let ways = Ways {
        questions,
        orders,
        pinger: Pinger { pings, pongs },
        process: hello.process,
        scheme: hello.scheme,
    };
    let stream = context.links.connected(peer, relation, ways);
    tracing::info!(%peer, relation = relation.word(), "link is up");
    if let Err(why) = meet(&context, peer, &actor, &hello).await {
        tracing::warn!(%peer, why, "link is down");
        context.links.disconnected(peer, stream, why.clone());
        return why;
    }
    let waiting = Waiting::default();
    let (acknowledged, acks) = watch::channel(0);
    let (taken, to_acknowledge) = watch::channel(0);
    let (pieces_taken, to_count) = watch::channel(0);
    let (pieces_confirmed, counts) = watch::channel(0);
    let (sent, through) = (AtomicU64::new(0), AtomicU64::new(0));
    let (answers, answered) = mpsc::channel(4);
    let (replies, to_reply) = mpsc::channel(16);
    let awaited = comparing::Awaited::default();
    let sending = outgoing::Sending {
        context: &context,
        peer,
        relation,
        outbox: &outbox,
        sent: &sent,
        through: &through,
    };
    let sending = sending.run(&hello, acks, counts);
    let acknowledging = outgoing::send_acks(to_acknowledge, &outbox);
    let counting = outgoing::send_piece_counts(to_count, &outbox);
    let asking = outgoing::send_questions(to_ask, &outbox, &waiting);
    let comparing = comparing::Comparing {
        context: &context,
        peer,
        relation,
        actor: &actor,
        scheme: hello.scheme,
        outbox: &outbox,
        through: &through,
        awaited: &awaited,
    };
    let comparing = comparing.run(to_compare, answered);
    let pinging = send_pings(to_ping, &outbox);
    let replying = send_replies(to_reply, &outbox);
    let receiving = incoming::Receiving {
        context: &context,
        peer,
        relation,
        actor: &actor,
        incarnation: hello.incarnation,
        outbox: &outbox,
        waiting: &waiting,
        sent: &sent,
        acknowledged: &acknowledged,
        taken: &taken,
        pieces_taken: &pieces_taken,
        pieces_confirmed: &pieces_confirmed,
        answering: Arc::new(Semaphore::new(ANSWERED_AT_ONCE)),
        listening: Listening::new(peer, relation, hello.incarnation, Arc::clone(&actor)),
        answers: &answers,
        orders: &weak_orders,
        awaited: &awaited,
        replies: &replies,
        ponged: &ponged,
    };
    let receiving = receiving.run(frames, reader);
    let why = tokio::select! {
        why = sending => why,
        why = acknowledging => why,
        why = counting => why,
        why = asking => why,
        why = comparing => why,
        why = pinging => why,
        why = replying => why,
        why = receiving => why,
        why = until_not_trusted(&context, shown.as_ref()) => why,
        _ = stopping.wait_for(|stop| *stop) => "the node is stopping".to_owned(),
    };
    tracing::info!(%peer, why, "link is down");
    context.links.disconnected(peer, stream, why.clone());
    why
}

/// Says whether the peer holds what an earlier life of this node told it, and notices that this
/// data is an earlier copy of itself.
///
/// # Errors
/// Why the stream has to end, for a person: the next says hello under another incarnation.
async fn meet(
    context: &Context,
    peer: RegionCode,
    actor: &Arc<Actor>,
    hello: &Hello,
) -> Result<(), String> {
    let submit = |command| async {
        let origin = Origin::of(Arc::clone(actor));
        let submitted = context.committer.submit_waiting(command, origin);
        submitted.await.map_err(|refusal| refusal.to_string())
    };
    let read = |state: &State| {
        let incarnation = state.incarnation(context.incarnation);
        (incarnation, state.last_change())
    };
    let (incarnation, last) = context
        .reader
        .read(read)
        .await
        .map_err(|refusal| refusal.to_string())?;
    if let Some((known, after)) = hello.after
        && known == incarnation
        && after > last
        && after - last < FARTHEST_BEHIND
        && context.links.splits(peer)
    {
        let incarnation = context.surroundings.id().as_u128();
        let above = 0;
        submit(Command::Split { incarnation, above }).await?;
        return Err(format!(
            "{peer} holds change {after} of this node, whose last is {last}: the data is an \
             earlier copy of itself, and goes on under another incarnation"
        ));
    }
    let knows = hello.after.map(|(incarnation, _)| incarnation);
    submit(Command::Meet { peer, knows }).await?;
    Ok(())
}

/// Waits until the peer's certificate is not to be believed any more; says why.
async fn until_not_trusted(context: &Context, shown: Option<&Shown>) -> String {
    let (Some(identities), Some(Shown(certificate))) = (&context.identities, shown) else {
        return std::future::pending().await;
    };
    let mut changes = identities.changes();
    loop {
        if let Err(refused) = identities.check(certificate) {
            return refused.to_string();
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Asks the peer whether it is still there, when somebody wants to know.
async fn send_pings(mut pings: mpsc::Receiver<u64>, outbox: &mpsc::Sender<Said>) -> String {
    while let Some(id) = pings.recv().await {
        if outbox.send(Said::Ping(Ping { id })).await.is_err() {
            return "the stream was closed".to_owned();
        }
    }
    "another stream took over".to_owned()
}

/// Sends what the receiving side has to say, which must not wait for the line itself.
async fn send_replies(mut replies: mpsc::Receiver<Said>, outbox: &mpsc::Sender<Said>) -> String {
    while let Some(said) = replies.recv().await {
        if outbox.send(said).await.is_err() {
            break;
        }
    }
    "the stream was closed".to_owned()
}
