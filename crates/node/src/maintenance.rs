//! What an operator does to the files of a node from outside it: back up, restore, verify, repair.
//!
//! A backup reads a running node's files beside it; everything else needs a node that is stopped,
//! which the lock of its data directory proves. Nothing here decides what is damaged or how it is
//! mended: that is the store's. Errors are told in both languages.

mod backup;
mod check;
mod error;
mod repair;

use std::net::SocketAddr;
use std::path::Path;

use liandong_store::{DirLock, LockError};

pub use backup::{BackupMade, Restored, backup, restore};
pub use check::{Check, Checked, Files, verify};
pub use error::{MaintenanceError, fault_message};
pub use repair::{Mended, Repaired, repair};

/// Progress of a copy or a check: bytes done, and bytes in all.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// The right to read a data directory that no node is using. Dropping it gives it back.
#[derive(Debug)]
pub struct Held {
    _lock: Option<DirLock>,
}

/// Whether a node is using a data directory.
#[derive(Debug)]
pub enum Use {
    /// None is, and none can begin to while this is held.
    Free(Held),
    /// One is.
    Running(Running),
}

/// A node that is using a data directory.
#[derive(Debug)]
pub struct Running {
    /// Where it listens; `None` while it starts or stops.
    pub address: Option<SocketAddr>,
    /// Who it is.
    pub error: LockError,
}

/// Looks whether a node is using a data directory, without writing into it.
///
/// # Errors
/// [`MaintenanceError::NotAStore`] where there is no journal; what the file system says.
pub fn usage(data: &Path) -> Result<Use, MaintenanceError> {
    require_store(data)?;
    match DirLock::look(data) {
        Ok(lock) => Ok(Use::Free(Held { _lock: lock })),
        Err(error @ LockError::InUse { .. }) => {
            let address = liandong_store::announced(data)?;
            Ok(Use::Running(Running { address, error }))
        }
        Err(error) => Err(error.into()),
    }
}

fn require_store(data: &Path) -> Result<(), MaintenanceError> {
    let journal = data.join(JOURNAL);
    let found = journal.try_exists();
    match found {
        Ok(true) => Ok(()),
        Ok(false) => Err(MaintenanceError::NotAStore {
            dir: data.to_owned(),
        }),
        Err(source) => Err(MaintenanceError::Unreadable {
            path: journal,
            source,
        }),
    }
}

const JOURNAL: &str = "journal";
