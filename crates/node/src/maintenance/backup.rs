//! Copying a node's journal to another place, and making a data directory of the copy.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use liandong_store::journal::JournalReader;
use liandong_store::{BackupLabel, Incarnation, Manifest};

use super::{JOURNAL, MaintenanceError, Progress};

/// A backup that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupMade {
    /// The last frame in it.
    pub last: u64,
    /// The last frame of the backup that was there before; 0 for none.
    pub before: u64,
    /// Files that had to be copied.
    pub copied_files: u64,
    /// Bytes that had to be copied.
    pub copied_bytes: u64,
    /// Segments in the whole backup.
    pub segments: u64,
    /// Size of the whole backup in bytes.
    pub bytes: u64,
}

/// Copies to `target` what a backup there does not hold yet. `durable` is what a running node says
/// of its journal; without one the caller holds the directory.
///
/// # Errors
/// See [`MaintenanceError`]; a backup that was there before is still whole.
pub fn backup(
    data: &Path,
    target: &Path,
    durable: Option<u64>,
    progress: Progress<'_>,
) -> Result<BackupMade, MaintenanceError> {
    let (data, target) = (absolute(data)?, absolute(target)?);
    if target.starts_with(&data) {
        return Err(MaintenanceError::InsideData { dir: target });
    }
    let before = Manifest::read(&target).map_or(0, |manifest| manifest.last());
    let label = BackupLabel {
        made_micros: Timestamp::now().as_microsecond(),
        incarnation: liandong_store::incarnation(&data)?.unwrap_or(Incarnation([0; 16])),
    };
    let journal = data.join(JOURNAL);
    let mut copy = || {
        let reader = match durable {
            Some(durable) => JournalReader::beside(&journal, durable)?,
            None => JournalReader::at_rest(&journal)?,
        };
        let made = liandong_store::backup(&reader, &target, label, &mut |copied| {
            progress(copied.done, copied.total);
        })?;
        Ok::<_, MaintenanceError>(made)
    };
    let made = match copy() {
        // The node may have filled and sealed a segment after it was looked at.
        Err(error) if durable.is_some() && error.is_of_the_journal() => copy()?,
        made => made?,
    };
    Ok(BackupMade {
        last: made.last,
        before,
        copied_files: made.copied,
        copied_bytes: made.copied_bytes,
        segments: made.segments,
        bytes: made.bytes,
    })
}

/// A data directory that was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Its last frame.
    pub last: u64,
    /// When the backup was made.
    pub made: Timestamp,
    /// Size of its journal in bytes.
    pub bytes: u64,
}

/// Verifies a backup and makes a data directory of it, which must be new or empty.
///
/// # Errors
/// See [`MaintenanceError`]; nothing that a node would open is left then.
pub fn restore(
    from: &Path,
    data: &Path,
    progress: Progress<'_>,
) -> Result<Restored, MaintenanceError> {
    let mut bytes = 0;
    let restored = liandong_store::restore(from, data, &mut |done| {
        // Read and then written.
        bytes = done.total / 2;
        progress(done.done, done.total);
    })?;
    Ok(Restored {
        last: restored.last,
        made: Timestamp::from_microsecond(restored.made_micros).unwrap_or_default(),
        bytes,
    })
}

/// The same place however it is named, as far as it exists.
fn absolute(path: &Path) -> Result<PathBuf, MaintenanceError> {
    let unreadable = |source| MaintenanceError::Unreadable {
        path: path.to_owned(),
        source,
    };
    if path.exists() {
        return path.canonicalize().map_err(unreadable);
    }
    let whole = std::path::absolute(path).map_err(unreadable)?;
    match (whole.parent(), whole.file_name()) {
        (Some(parent), Some(name)) if parent.exists() => {
            Ok(parent.canonicalize().map_err(unreadable)?.join(name))
        }
        _ => Ok(whole),
    }
}
