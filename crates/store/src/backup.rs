//! Backup: a copy of the journal up to a durable frame, with a manifest that proves it.
//!
//! Made while the node runs. A second backup into the same directory copies only what is new: full
//! segments are known again by the hash of their last frame. Files that the manifest names are
//! never written to, so that a crash leaves the backup before or the one after. Checkpoints are not
//! copied, because they follow from the journal, and neither is the identity: whoever restores a
//! backup begins a new incarnation, so that peers notice.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use crate::durable::{Context, FileError, NewFile, create_dir, remove_if_there, sync_dir};
use crate::identity::Incarnation;
use crate::journal::{FrameHash, JournalError, JournalReader, Sequence, Span, check_file};
use crate::progress::{Progress, Work};

mod manifest;
#[cfg(test)]
mod tests;

pub use manifest::{BackedSegment, Manifest, ManifestError};
use manifest::{FILE, SEGMENTS};

const UNFINISHED: &str = "segment.tmp";

/// What is written down about a backup, besides what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupLabel {
    /// When it is made, in microseconds since 1970.
    pub made_micros: i64,
    /// The incarnation of the store it is made from.
    pub incarnation: Incarnation,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The last frame in it.
    pub last: Sequence,
    /// Hash of that frame.
    pub chain: FrameHash,
    /// Segments in it.
    pub segments: u64,
    /// Segments that had to be copied.
    pub copied: u64,
    /// Bytes that had to be copied.
    pub copied_bytes: u64,
    /// Size of all segment files in bytes.
    pub bytes: u64,
}

/// Why there is no backup. One that was there before is still whole.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target has something in it that is not a backup.
    #[error(
        "{} is not empty and not a backup: name a new directory, or one with a backup of this node",
        dir.display()
    )]
    NotEmpty {
        /// The target.
        dir: PathBuf,
    },
    /// The target has a backup of another journal, or of one that went on differently.
    #[error(
        "{} holds a backup of another history, up to frame {last}: name another directory",
        dir.display()
    )]
    OtherHistory {
        /// The target.
        dir: PathBuf,
        /// The last frame of the backup there.
        last: Sequence,
    },
    /// There is nothing to copy yet.
    #[error("the journal is empty")]
    Empty,
    /// The backup that is there cannot be gone on with.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The journal, or the copy, is damaged or cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Copies the durable frames to `target`: a new or empty directory, or one with an earlier backup
/// of the same journal. Every copied frame is checked.
pub fn backup(
    reader: &JournalReader,
    target: &Path,
    label: BackupLabel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Backup, BackupError> {
    let last = reader.last();
    if last == 0 {
        return Err(BackupError::Empty);
    }
    create_dir(target)?;
    let before = earlier(reader, target)?;
    create_dir(&target.join(SEGMENTS))?;
    // Segments must not be sealed while they are copied.
    let files = reader.files().lock();
    let _files = files.unwrap_or_else(PoisonError::into_inner);
    let spans = reader.spans_up_to(last)?;
    let mut known = before.iter().flat_map(|manifest| &manifest.segments);
    let mut done = Progress {
        work: Work::Copy,
        frame: 0,
        done: 0,
        total: spans.iter().map(|span| span.bytes).sum(),
    };
    let mut manifest = Manifest {
        made_micros: label.made_micros,
        incarnation: label.incarnation,
        segments: Vec::with_capacity(spans.len()),
    };
    let (mut copied, mut copied_bytes) = (0, 0);
    for span in &spans {
        let kept = known.next().filter(|segment| {
            let same =
                (segment.first, segment.last, segment.chain) == (span.first, span.last, span.chain);
            let there = fs::metadata(segment.path(target));
            same && there.is_ok_and(|file| file.len() == segment.bytes)
        });
        let segment = match kept {
            Some(kept) => kept.clone(),
            None => {
                let made = copy(span, target)?;
                copied += 1;
                copied_bytes += made.bytes;
                made
            }
        };
        manifest.segments.push(segment);
        done.frame = span.last;
        done.done += span.bytes;
        progress(done);
    }
    sync_dir(&target.join(SEGMENTS))?;
    manifest.write(target)?;
    remove_others(&manifest, target)?;
    Ok(Backup {
        last,
        chain: manifest.chain(),
        segments: manifest.segments.len() as u64,
        copied,
        copied_bytes,
        bytes: manifest.bytes(),
    })
}

/// The backup that is in the target already, if it can be gone on with.
fn earlier(reader: &JournalReader, target: &Path) -> Result<Option<Manifest>, BackupError> {
    let dir = target.to_path_buf();
    if !target.join(FILE).exists() {
        for entry in fs::read_dir(target).context("list", target)? {
            let name = entry.context("list", target)?.file_name();
            // What a first backup leaves that was cut short.
            if name != SEGMENTS && name != "manifest.tmp" {
                return Err(BackupError::NotEmpty { dir });
            }
        }
        return Ok(None);
    }
    let manifest = Manifest::read(target)?;
    let last = manifest.last();
    if last > reader.last() || reader.hash_of(last)? != manifest.chain() {
        return Err(BackupError::OtherHistory { dir, last });
    }
    Ok(Some(manifest))
}

fn copy(span: &Span, target: &Path) -> Result<BackedSegment, BackupError> {
    // A full segment is taken as it is now: sealing may have made it smaller.
    let limit = if span.is_open { span.bytes } else { u64::MAX };
    let mut from = File::open(&span.path)
        .context("open", &span.path)?
        .take(limit);
    let unfinished = target.join(SEGMENTS).join(UNFINISHED);
    let mut to = NewFile::create(&unfinished)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let count = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => {
                return Err(BackupError::File(FileError {
                    action: "read",
                    path: span.path.clone(),
                    source,
                }));
            }
        };
        hasher.update(&piece[..count]);
        to.write_all(&piece[..count])
            .context("write", &unfinished)?;
        bytes += count as u64;
    }
    let end = check_file(&unfinished, span.number)?;
    if end != (span.last, span.chain) {
        return Err(JournalError::NoSuchFrame {
            sequence: span.last,
            last: end.0,
        }
        .into());
    }
    let segment = BackedSegment {
        number: span.number,
        first: span.first,
        last: span.last,
        bytes,
        chain: span.chain,
        digest: *hasher.finalize().as_bytes(),
    };
    to.finish(&segment.path(target))?;
    Ok(segment)
}

/// Removes what the manifest does not name: shorter copies of a segment that has grown.
fn remove_others(manifest: &Manifest, target: &Path) -> Result<(), FileError> {
    let dir = target.join(SEGMENTS);
    let mut named: Vec<PathBuf> = Vec::with_capacity(manifest.segments.len());
    for segment in &manifest.segments {
        named.push(segment.path(target));
    }
    for entry in fs::read_dir(&dir).context("list", &dir)? {
        let path = entry.context("list", &dir)?.path();
        if !named.contains(&path) {
            remove_if_there(&path)?;
        }
    }
    Ok(())
}
