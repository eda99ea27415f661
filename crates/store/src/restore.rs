//! Restore: a data directory from a backup.
//!
//! The backup is verified as a whole before anything is written. The segments appear under their
//! name all at once; until then the directory cannot be opened as a store. It has no identity, so
//! opening it begins a new incarnation, and peers notice.

use std::fs;
use std::path::{Path, PathBuf};

use crate::backup::{Manifest, ManifestError};
use crate::durable::{Context, FileError, NewFile, create_dir, remove_if_there, sync_dir};
use crate::identity::Incarnation;
use crate::journal::{FrameFault, FrameHash, Journal, JournalError, Sequence, check_file};
use crate::lock::{DirLock, LockError};
use crate::progress::{Progress, Work};

#[cfg(test)]
mod tests;

/// What the segments are called until all are there.
pub(crate) const UNFINISHED: &str = "journal.restoring";
const MARKER: &str = "restored";

/// A data directory that was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Its last frame.
    pub last: Sequence,
    /// Hash of that frame.
    pub chain: FrameHash,
    /// When the backup was made, in microseconds since 1970.
    pub made_micros: i64,
    /// The life of the data that the backup was made from.
    pub incarnation: Incarnation,
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is something in the data directory.
    #[error(
        "{} is not empty: restore into a new directory, or move away what is there",
        dir.display()
    )]
    NotEmpty {
        /// The data directory.
        dir: PathBuf,
    },
    /// A node runs in the data directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file of the backup is not what the manifest says.
    #[error("{} is not what the manifest says", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The frames in the backup are damaged.
    #[error("the backup is damaged: {0}")]
    Journal(#[from] JournalError),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Verifies a backup and makes a data directory of it. `progress` counts bytes, read and then
/// written.
pub fn restore(
    backup: &Path,
    data: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, RestoreError> {
    let manifest = Manifest::read(backup)?;
    let mut done = Progress {
        work: Work::Check,
        frame: 0,
        done: 0,
        total: 2 * manifest.bytes(),
    };
    check_backup(&manifest, backup, &mut |segment_last, bytes| {
        done.frame = segment_last;
        done.done += bytes;
        progress(done);
    })?;
    refuse_unless_empty(data)?;
    create_dir(data)?;
    let _lock = DirLock::take(data)?;
    refuse_unless_empty(data)?;
    let unfinished = data.join(UNFINISHED);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).context("remove", &unfinished)?;
    }
    create_dir(&unfinished)?;
    done.work = Work::Copy;
    for segment in &manifest.segments {
        let from = segment.path(backup);
        let to = Journal::segment_path(&unfinished, segment.number);
        copy(&from, &to)?;
        done.frame = segment.last;
        done.done += segment.bytes;
        progress(done);
    }
    let (last, chain) = (manifest.last(), manifest.chain());
    Journal::continue_sealed(&unfinished, last, chain)?;
    sync_dir(&unfinished)?;
    let journal = data.join("journal");
    fs::rename(&unfinished, &journal).context("rename into place", &journal)?;
    sync_dir(data)?;
    Ok(Restored {
        last,
        chain,
        made_micros: manifest.made_micros,
        incarnation: manifest.incarnation,
    })
}

/// Checks that every file of a backup is what the manifest says and that the frames in them are one
/// chain; `visit` is told the last frame and the size of each.
pub(crate) fn check_backup(
    manifest: &Manifest,
    backup: &Path,
    visit: &mut dyn FnMut(Sequence, u64),
) -> Result<(), RestoreError> {
    let mut next = 1;
    let mut previous = [0; 32];
    for segment in &manifest.segments {
        let path = segment.path(backup);
        let mut hasher = blake3::Hasher::new();
        let mut file = fs::File::open(&path).context("open", &path)?;
        let bytes = std::io::copy(&mut file, &mut hasher).context("read", &path)?;
        if bytes != segment.bytes || *hasher.finalize().as_bytes() != segment.digest {
            return Err(RestoreError::Changed { path });
        }
        let begins = Journal::beginning(&path, segment.number)?;
        let ends = check_file(&path, segment.number)?;
        if begins != (next, previous) || ends != (segment.last, segment.chain) {
            return Err(RestoreError::Journal(JournalError::Corrupt {
                segment: segment.number,
                offset: 0,
                sequence: next,
                fault: FrameFault::Chain,
            }));
        }
        next = segment.last + 1;
        previous = segment.chain;
        visit(segment.last, bytes);
    }
    Ok(())
}

fn refuse_unless_empty(data: &Path) -> Result<(), RestoreError> {
    if !data.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(data).context("list", data)? {
        let name = entry.context("list", data)?.file_name();
        // What a restore leaves that was cut short.
        if name != UNFINISHED && name != "lock" {
            let dir = data.to_path_buf();
            return Err(RestoreError::NotEmpty { dir });
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    let mut source = fs::File::open(from).context("open", from)?;
    let mut target = NewFile::create(to)?;
    std::io::copy(&mut source, &mut target).context("copy to", to)?;
    target.sync()
}

/// Writes down that a new life of older data has begun.
pub(crate) fn mark(data: &Path) -> Result<(), FileError> {
    crate::durable::replace_file(&data.join(MARKER), b"")
}

/// Whether peers have still to be told of a new life of older data.
pub(crate) fn is_marked(data: &Path) -> bool {
    data.join(MARKER).exists()
}

/// Ends what [`crate::Opened::restored`] says: call once peers will be told, durably. Until then
/// every opening says so again.
///
/// # Errors
/// When the marker cannot be removed.
pub fn confirm_restored(data: &Path) -> Result<(), FileError> {
    remove_if_there(&data.join(MARKER))?;
    sync_dir(data)
}
