//! The commit loop: the one writer of a node.
//!
//! It takes the commands that wait, decides each against the state plus what this batch has
//! decided so far, and appends the whole batch as one journal frame. A second thread makes frames
//! durable and only then answers, so the next batch is decided while the disk works. A failed sync
//! ends the process: nothing that is unsure is ever answered. A command that finds nothing else under
//! way is decided and made durable by its caller's thread, which saves a quiet node the waking of
//! two others. Where there are no threads the two halves are tasks, and what would end the process
//! stops the node.
//!
//! What holds throughout, and what the code here must never break:
//! - whatever was applied to the state is appended, in the same order and as one frame, or the
//!   process ends; so everything that can refuse a command (the rules, the room on the disk, the
//!   size of a frame) is asked before anything of it is applied;
//! - every command that was handed in before [`Committer::stop`] is answered;
//! - an answer, a refusal too, waits until the state it was decided against is durable;
//! - below the free-space floor only what would change something is refused.

mod batch;
mod borrowed;
mod direct;
mod driver;
mod fatal;
mod origin;
mod syncer;

use std::fmt::{Debug, Formatter};
use std::sync::Arc;

use liandong_core::catalogue::Catalogue;
use liandong_core::command::{Answer, Command};
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_store::journal::Journal;
use tokio::sync::{mpsc, oneshot};
use tracing::Span;

use crate::granted::Granted;
use crate::reader::SharedState;
use crate::surroundings::Surroundings;
use crate::trace::Traces;

use borrowed::Borrowed;
use direct::{Direct, UnderWay};

pub(crate) use driver::{CommitLoop, Failure, start};
pub(crate) use origin::{Origin, actor};

/// What the deciding thread is told.
pub(crate) enum Message {
    /// Decide a command.
    Decide(Box<Request>),
    /// Answer what waits, then end.
    Stop,
}

/// Something that waits to be decided.
pub(crate) struct Request {
    command: Command,
    origin: Origin,
    span: Span,
    reply: oneshot::Sender<Result<Answer, Refusal>>,
}

/// An answer that waits for its frame to be durable.
struct Reply {
    to: oneshot::Sender<Result<Answer, Refusal>>,
    answer: Result<Answer, Refusal>,
}

/// The answers of one batch with the frame they wait for.
struct Decided {
    frame: u64,
    replies: Vec<Reply>,
}

/// What the commit loop is given.
pub(crate) struct Parts {
    pub(crate) journal: Journal,
    pub(crate) state: SharedState,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) here: RegionCode,
    pub(crate) grace_days: u16,
    pub(crate) traces: Arc<Traces>,
    pub(crate) granted: Arc<Granted>,
    pub(crate) queue: usize,
    pub(crate) surroundings: Surroundings,
}

/// Hands commands to the commit loop. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Committer {
    messages: mpsc::Sender<Message>,
    /// Where the loop runs on threads.
    direct: Option<Arc<Direct>>,
}

impl Debug for Committer {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Committer")
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

impl Committer {
    /// Hands in a command and waits until what it led to is durable.
    ///
    /// # Errors
    /// The rule's [`Refusal`]; [`Reason::Overloaded`] at once when too many commands wait;
    /// [`Reason::Stopping`] when the node stops.
    pub(crate) async fn submit(&self, command: Command, origin: Origin) -> Result<Answer, Refusal> {
        let (request, answer) = request(command, origin);
        let under_way = self.direct.as_ref().map(|direct| direct.begin());
        let Some(request) = self.at_once(under_way.as_ref(), request).await else {
            return answer.await.unwrap_or_else(|_| Err(stopping()));
        };
        self.messages
            .try_send(Message::Decide(request))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => {
                    metrics::counter!("liandong_commands_shed_total").increment(1);
                    Refusal::advise(
                        Reason::Overloaded,
                        "",
                        "",
                        "请稍后重试",
                        "try again shortly",
                    )
                }
                mpsc::error::TrySendError::Closed(_) => stopping(),
            })?;
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// Like [`Committer::submit`], but waits for a place in the queue: for links and for clients
    /// that stream, which are slowed down instead of refused.
    ///
    /// # Errors
    /// The rule's [`Refusal`]; [`Reason::Stopping`] when the node stops.
    pub(crate) async fn submit_waiting(
        &self,
        command: Command,
        origin: Origin,
    ) -> Result<Answer, Refusal> {
        let (request, answer) = request(command, origin);
        let under_way = self.direct.as_ref().map(|direct| direct.begin());
        let Some(request) = self.at_once(under_way.as_ref(), request).await else {
            return answer.await.unwrap_or_else(|_| Err(stopping()));
        };
        let message = Message::Decide(request);
        self.messages.send(message).await.map_err(|_| stopping())?;
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }

    /// Has a request answered in this thread if nothing else is under way; gives it back otherwise.
    async fn at_once(
        &self,
        under_way: Option<&UnderWay<'_>>,
        request: Box<Request>,
    ) -> Option<Box<Request>> {
        let Some(under_way) = under_way.filter(|under_way| under_way.may_serve(&request)) else {
            return Some(request);
        };
        Borrowed::make_way().await;
        if self.messages.is_closed() {
            return Some(request);
        }
        under_way.serve(request)
    }

    /// Lets the loop answer what waits and end.
    pub(crate) async fn stop(&self) {
        // A loop that has ended already needs no telling.
        let _ = self.messages.send(Message::Stop).await;
    }

    /// How many commands wait.
    pub(crate) fn waiting(&self) -> usize {
        self.messages.max_capacity() - self.messages.capacity()
    }
}

fn request(
    command: Command,
    origin: Origin,
) -> (Box<Request>, oneshot::Receiver<Result<Answer, Refusal>>) {
    let (reply, answer) = oneshot::channel();
    let request = Request {
        command,
        origin,
        span: Span::current(),
        reply,
    };
    (Box::new(request), answer)
}

fn stopping() -> Refusal {
    Refusal::advise(
        Reason::Stopping,
        "",
        "",
        "请稍后重试",
        "try again when it is back",
    )
}

#[cfg(test)]
mod tests;
