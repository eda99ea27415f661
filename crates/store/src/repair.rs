//! Repair: what is damaged or missing in a stopped node's journal, taken from another copy of it.
//!
//! The copy is a mirror, a backup, or the data directory of a twin. Only frames that fit the chain
//! before them are taken, and the whole journal is verified afterwards; a copy of another history is
//! refused. What the copy does not have and the journal has lost cannot be repaired, and is said.

use std::path::{Path, PathBuf};

use crate::backup::{Manifest, ManifestError};
use crate::durable::{Context, FileError, create_dir};
use crate::journal::{self, JournalError, JournalReader, Repair, Sequence};
use crate::lock::{DirLock, LockError};
use crate::progress::Progress;

#[cfg(test)]
mod tests;

/// What a repair took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// Whole segments that were not there.
    pub segments: u64,
    /// Frames that were written anew.
    pub repairs: Vec<Repair>,
    /// The last frame of the journal, all of which is whole now.
    pub last: Sequence,
}

/// Why a journal was not repaired, or not completely.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// A node runs in the data directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The directory to repair from has no copy of a journal.
    #[error("{} is no backup, mirror or data directory", dir.display())]
    NoCopy {
        /// The directory.
        dir: PathBuf,
    },
    /// The manifest of the backup cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The copy cannot be used, or is of another history. What was taken from it before fits.
    #[error(transparent)]
    Copy(JournalError),
    /// The copy does not have what the journal lost.
    #[error("the copy does not have what is damaged: {0}")]
    NotCovered(JournalError),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Repairs the journal in `data` from the copy in `from`. May be repeated, with other copies, too.
///
/// # Errors
/// See [`RepairError`]; [`RepairError::NotCovered`] names the first place that is still damaged.
pub fn repair(
    data: &Path,
    from: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Repaired, RepairError> {
    let copy = find_copy(from)?;
    create_dir(data)?;
    let _lock = DirLock::take(data)?;
    let dir = data.join("journal");
    create_dir(&dir)?;
    let mut repaired = Repaired {
        segments: 0,
        repairs: Vec::new(),
        last: 0,
    };
    let (segments, repairs) =
        journal::mend_from(&dir, &copy, progress).map_err(|error| match error {
            JournalError::File(error) => RepairError::File(error),
            error @ JournalError::Corrupt { .. } => RepairError::NotCovered(error),
            error => RepairError::Copy(error),
        })?;
    repaired.segments = segments;
    repaired.repairs = repairs;
    let reader = JournalReader::at_rest(&dir).map_err(RepairError::NotCovered)?;
    let verified = reader.verify(&mut |_| {});
    repaired.last = verified.map_err(RepairError::NotCovered)?.frames;
    Ok(repaired)
}

/// The segment files of a copy, in order.
fn find_copy(from: &Path) -> Result<Vec<PathBuf>, RepairError> {
    match Manifest::read(from) {
        Ok(manifest) => {
            let segments = manifest.segments.iter();
            return Ok(segments.map(|segment| segment.path(from)).collect());
        }
        Err(ManifestError::Missing { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    for dir in [from.to_path_buf(), from.join("journal")] {
        let mut files = Vec::new();
        for number in 1.. {
            let path = journal::Journal::segment_path(&dir, number);
            if !path.try_exists().context("look for", &path)? {
                break;
            }
            files.push(path);
        }
        if !files.is_empty() {
            return Ok(files);
        }
    }
    Err(RepairError::NoCopy {
        dir: from.to_path_buf(),
    })
}
