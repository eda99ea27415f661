//! Reading the state: never blocked by a disk, never ahead of it.
//!
//! The commit loop applies events before they are durable, so that the next command sees them. A
//! reader computes its answer, notes the journal frame the state stood at, and gives the answer
//! away only once that frame is durable.
//!
//! A closure that reads must be short and must not block: the commit loop waits for it, and whoever
//! reads next waits for the commit loop. Whatever may take long copies what it needs, or looks
//! through the change index in steps.

use std::sync::{Arc, PoisonError, RwLock};

use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::state::State;
use tokio::sync::watch;

/// The state, shared between the one writer and any number of readers.
pub(crate) type SharedState = Arc<RwLock<State>>;

/// Reads the state.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    state: SharedState,
    durable: watch::Receiver<u64>,
}

impl Reader {
    pub(crate) fn new(state: SharedState, durable: watch::Receiver<u64>) -> Self {
        Self { state, durable }
    }

    /// Computes an answer from the state and waits until what it was computed from is durable.
    ///
    /// # Errors
    /// [`Reason::Stopping`] when the node stops before that.
    pub(crate) async fn read<T>(&self, answer: impl FnOnce(&State) -> T) -> Result<T, Refusal> {
        let (answer, frame) = {
            // A writer that panics ends the process, so a poisoned lock is never seen for long.
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            (answer(&state), state.frame())
        };
        self.wait_for(frame).await?;
        Ok(answer)
    }

    /// Looks at the state as it is, durable or not; for what decides how a call goes on and is not
    /// part of its answer.
    pub(crate) fn glance<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        // See `read`.
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        look(&state)
    }

    /// Waits until a frame is durable.
    ///
    /// # Errors
    /// [`Reason::Stopping`] when the node stops before that.
    pub(crate) async fn wait_for(&self, frame: u64) -> Result<(), Refusal> {
        let mut durable = self.durable.clone();
        match durable.wait_for(|reached| *reached >= frame).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Refusal::new(Reason::Stopping, "", "", Accepted::Nothing)),
        }
    }

    /// Tells of each frame that becomes durable.
    pub(crate) fn durable(&self) -> watch::Receiver<u64> {
        self.durable.clone()
    }
}

#[cfg(test)]
mod tests;
