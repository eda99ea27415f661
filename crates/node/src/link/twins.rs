//! Two nodes under one identity: a copy that was started by mistake beside the original.
//!
//! A process draws a number when it starts and says it with every hello. A peer that comes back
//! with the same number takes over from its old stream at once. One that comes with another is
//! either its successor, and then the old stream is dead, or its twin, and then the old stream
//! still answers: the twin is refused, and whoever came first stays.

use std::time::Duration;

use jiff::Timestamp;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_wire::link::Hello;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::context::Context;

/// How long an old stream has for its answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Two nodes that act under one identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TwinStatus {
    /// The region; this node's own when it is one of the two.
    pub(crate) region: RegionCode,
    /// What is known of the two, for a person.
    pub(crate) message: String,
    /// When it was noticed last.
    pub(crate) noticed_at: Timestamp,
}

/// What an open stream is asked with whether its peer is still there.
#[derive(Clone, Debug)]
pub(crate) struct Pinger {
    /// The ids of pings on their way out.
    pub(crate) pings: mpsc::Sender<u64>,
    /// The id of the last pong; closed when the stream ends.
    pub(crate) pongs: watch::Receiver<u64>,
}

impl Pinger {
    /// Whether the peer at the other end of the stream answers.
    pub(crate) async fn answers(mut self, id: u64) -> bool {
        if self.pings.try_send(id).is_err() {
            // A stream that has ended, or so slow a line that nothing has gone out for long.
            return false;
        }
        let deadline = Instant::now() + PATIENCE;
        let answered = self.pongs.wait_for(|last| *last >= id);
        matches!(tokio::time::timeout_at(deadline, answered).await, Ok(Ok(_)))
    }
}

/// Refuses a peer that says hello while another process of the same region is there.
///
/// # Errors
/// [`Reason::IdentityInUse`].
pub(crate) async fn check(context: &Context, hello: &Hello) -> Result<(), Refusal> {
    let peer = hello.region;
    let Some((pinger, id)) = context.links.other_process(peer, hello.process) else {
        return Ok(());
    };
    if !pinger.answers(id).await {
        return Ok(());
    }
    let message = format!(
        "two nodes say that they are {peer}: one is connected, another (incarnation {:032x}) was \
         refused; stop the one that is a copy",
        hello.incarnation
    );
    context.links.twin(peer, message);
    Err(Refusal::advise(
        Reason::IdentityInUse,
        "hello.region",
        peer,
        "另一个节点正以此身份连接：请停止其中的副本，再等几秒",
        "another node is connected under it: stop the one that is a copy, then wait a few seconds",
    ))
}
