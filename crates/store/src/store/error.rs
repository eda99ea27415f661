//! Why a store is not opened, or a batch not committed.

use std::path::PathBuf;

use crate::durable::FileError;
use crate::identity::IdentityError;
use crate::journal::{JournalError, Sequence};
use crate::lock::LockError;
use crate::record::EncodeError;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A restore was cut short.
    #[error("a backup was not restored completely into {}: restore it again", dir.display())]
    UnfinishedRestore {
        /// The data directory.
        dir: PathBuf,
    },
    /// Another process has the directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The identity file is damaged.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The journal is damaged or cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal ends before a state that was saved from it: durable frames are gone.
    #[error(
        "the journal ends at frame {journal}, but a checkpoint stands at {checkpoint}: \
         durable frames are missing, restore the journal from a backup"
    )]
    JournalBehind {
        /// Last frame of the journal.
        journal: Sequence,
        /// Frame of the checkpoint.
        checkpoint: Sequence,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Why a batch was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The events cannot be put into bytes.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The journal refused or failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}
