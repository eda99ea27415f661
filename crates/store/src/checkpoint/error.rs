//! What can go wrong with checkpoints, typed. None of it costs data.

use std::io;
use std::path::PathBuf;

use crate::durable::FileError;
use crate::engine::EngineFault;

/// Why a stored checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LossReason {
    /// The embedded database does not work.
    #[error(transparent)]
    Engine(#[from] EngineFault),
    /// The pointer is missing or not what was written.
    #[error("the pointer to the checkpoint is missing or damaged")]
    Pointer,
    /// A chunk is missing or not what was written.
    #[error("chunk {number} of the checkpoint is missing or damaged")]
    Chunk {
        /// Counted from 0.
        number: u32,
    },
    /// All chunks are right, but not the whole.
    #[error("the checkpoint does not match its checksum")]
    Whole,
    /// Written by a program that kept checkpoints in another way.
    #[error("the checkpoint is kept in a way that this program no longer reads")]
    OldLayout,
    /// The bytes are what was written, but the reader of the state does not accept them.
    #[error("the state in the checkpoint cannot be used: {0}")]
    Rejected(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A checkpoint was given up; the state must be rebuilt from the journal.
#[derive(Debug, thiserror::Error)]
#[error("checkpoint lost, rebuilding from the journal: {reason}")]
pub struct CheckpointLoss {
    /// What was wrong.
    #[source]
    pub reason: LossReason,
    /// Where the damaged directory is now, if there was one.
    pub set_aside: Option<PathBuf>,
}

/// Why a checkpoint could not be saved. The one before still counts.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The state could not be written down.
    #[error("cannot put the state into bytes: {0}")]
    Source(#[source] io::Error),
    /// More than the format can count.
    #[error("the state is too large for a checkpoint")]
    TooLarge,
    /// The embedded database failed.
    #[error(transparent)]
    Engine(#[from] EngineFault),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}
