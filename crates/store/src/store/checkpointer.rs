//! Saving the state of an open store from time to time.

use std::io;

use liandong_core::state::Snapshot;

use crate::checkpoint::{Beside, Checkpoints, SaveError, Saved};
use crate::history::{self, History};
use crate::identity::Incarnation;
use crate::journal::Sequence;
use crate::record;

/// Why a checkpoint was not written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The state contains frames that are not durable; sync first.
    #[error("the state stands at frame {state}, but only {durable} are durable")]
    NotDurable {
        /// Frame of the state.
        state: Sequence,
        /// Last durable frame.
        durable: Sequence,
    },
    /// The state could not be saved.
    #[error(transparent)]
    Save(#[from] SaveError),
}

/// Saves states. Cheap to clone; may be used from any thread.
#[derive(Debug, Clone)]
pub struct Checkpointer {
    /// `None` where checkpoints go nowhere.
    pub(super) checkpoints: Option<Checkpoints>,
    pub(super) history: History,
    pub(super) incarnation: Incarnation,
}

impl Checkpointer {
    /// Saves a snapshot, durably, in place of the one before; `None` when checkpoints go nowhere.
    ///
    /// # Errors
    /// Whatever goes wrong, the journal is not touched and saving may be tried again.
    pub fn save(&self, snapshot: &Snapshot) -> Result<Option<Saved>, CheckpointError> {
        let Some(checkpoints) = &self.checkpoints else {
            return Ok(None);
        };
        let (state, durable) = (snapshot.frame(), self.history.last());
        if state > durable {
            return Err(CheckpointError::NotDurable { state, durable });
        }
        let beside = Beside {
            indexes: history::known_indexes(self.history.journal()),
            stretches: self.history.stretches.up_to(state),
        };
        let mut write = |writer: &mut dyn io::Write| {
            record::write_state(self.incarnation, snapshot, writer).map_err(io::Error::other)
        };
        Ok(Some(checkpoints.save(state, &beside, &mut write)?))
    }
}

#[cfg(test)]
impl Checkpointer {
    /// Saves what another program would have.
    pub(crate) fn save_bytes(&self, at: Sequence, bytes: &[u8]) -> Result<(), SaveError> {
        let Some(checkpoints) = &self.checkpoints else {
            return Ok(());
        };
        let mut write = |writer: &mut dyn io::Write| writer.write_all(bytes);
        checkpoints.save(at, &Beside::default(), &mut write)?;
        Ok(())
    }
}
