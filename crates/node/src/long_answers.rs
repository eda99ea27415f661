//! Turns at making long answers.
//!
//! A list of all regions takes milliseconds to make, and nothing else is done on a thread meanwhile.
//! Where every thread makes one, whoever asks for a single sum, or pushes a figure, waits for all
//! of them; so half of the threads at most make lists, whoever asks for them.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turns of one node.
#[derive(Clone, Debug)]
pub(crate) struct LongAnswers(Arc<Semaphore>);

/// A turn, taken before the state is read for an answer and given back when the answer's bytes
/// are there, or nobody waits for it any more.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    _until_made: Arc<OwnedSemaphorePermit>,
}

impl LongAnswers {
    /// As many turns as half of the threads that this is called on, and one at least.
    pub(crate) fn here() -> Self {
        let threads = Handle::current().metrics().num_workers();
        Self(Arc::new(Semaphore::new((threads / 2).max(1))))
    }

    /// Waits for a turn; in the order of asking.
    pub(crate) async fn turn(&self) -> Option<Turn> {
        // Nobody closes it.
        let permit = Arc::clone(&self.0).acquire_owned().await.ok()?;
        Some(Turn {
            _until_made: Arc::new(permit),
        })
    }
}

#[cfg(test)]
mod tests;
