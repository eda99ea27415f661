//! Where work is done that blocks: on threads, or in turn with everything else.

use std::time::Duration;

use tokio::task::JoinError;

/// How a node spends time that would hold others up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// Threads of the system. A commit loop that fails ends the process.
    System,
    /// Tasks of the runtime that the node is started on, and no thread besides: what blocks is done
    /// at once and takes no simulated time. A commit loop that fails stops the node.
    Tasks {
        /// How long a sync is waited for before it is done, so that a crash can come between
        /// appending and syncing.
        sync_takes: Duration,
    },
}

impl Threads {
    /// Does work that blocks where it holds nobody up.
    ///
    /// # Errors
    /// When the work panicked, or the runtime ended first.
    pub(crate) async fn blocking<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        match self {
            Self::System => tokio::task::spawn_blocking(work).await,
            Self::Tasks { .. } => Ok(work()),
        }
    }
}
