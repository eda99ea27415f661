//! Verification of a stopped node's data, or of a backup, without changing anything.
//!
//! Everything that was stored is read: the chain of every segment, the mirror, the checkpoint; the
//! journal is folded from its first frame, the state on the way must be the one in the checkpoint,
//! and every cell is counted again at the end. A report names the first thing that does not fit, of
//! each kind.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use liandong_core::evidence::{Batch, Digest};
use liandong_core::refusal::Refusal;

use crate::backup::{Manifest, ManifestError};
use crate::durable::FileError;
use crate::identity::{self, Incarnation};
use crate::journal::{self, JournalError, JournalReader, Sequence};
use crate::lock::{DirLock, LockError};
use crate::progress::{Progress, Work};
use crate::restore::check_backup;

mod evidence;
mod fold;
mod report;
mod scratch;
#[cfg(test)]
mod tests;

pub use report::{Fault, Report};

use fold::Fold;
use scratch::load_copy;

/// What besides the directory itself is verified, and how.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// The directory of the mirror, if there is one.
    pub mirror: Option<PathBuf>,
    /// Where the database of the checkpoint is copied to, because opening it would change it; the
    /// directory for temporary files if `None`.
    pub scratch: Option<PathBuf>,
    /// Who says whose signatures are good; without one no signature is checked.
    pub judge: Option<Arc<dyn Judge>>,
}

/// Says whose signatures are good.
pub trait Judge: std::fmt::Debug + Send + Sync {
    /// Whether a batch was signed for that root, by a certificate that is to be believed.
    ///
    /// # Errors
    /// A refusal says why not.
    fn judge(&self, batch: &Batch, root: &Digest) -> Result<(), Refusal>;
}

/// Why nothing was verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A node runs in the data directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The directory has neither a journal nor a backup.
    #[error("{} has neither a journal nor a backup", dir.display())]
    NothingThere {
        /// The directory.
        dir: PathBuf,
    },
    /// The manifest of the backup cannot be used.
    #[error(transparent)]
    Manifest(ManifestError),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Verifies a data directory or a backup.
///
/// # Errors
/// Only if nothing can be verified; what does not fit is in [`Report::faults`].
pub fn verify(
    dir: &Path,
    options: &VerifyOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, VerifyError> {
    match Manifest::read(dir) {
        Ok(manifest) => return verify_backup(dir, &manifest, options, progress),
        Err(ManifestError::Missing { .. }) => {}
        Err(error) => return Err(VerifyError::Manifest(error)),
    }
    if !dir.join("journal").is_dir() {
        return Err(VerifyError::NothingThere {
            dir: dir.to_path_buf(),
        });
    }
    let _lock = DirLock::look(dir)?;
    verify_data(dir, options, progress)
}

fn verify_backup(
    dir: &Path,
    manifest: &Manifest,
    options: &VerifyOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, VerifyError> {
    let mut report = Report {
        segments: manifest.segments.len() as u64,
        chain: manifest.chain(),
        ..Report::default()
    };
    let mut done = Progress {
        work: Work::Check,
        frame: 0,
        done: 0,
        total: 2 * manifest.bytes(),
    };
    let checked = check_backup(manifest, dir, &mut |frame, bytes| {
        done.frame = frame;
        done.done += bytes;
        progress(done);
    });
    if let Err(error) = checked {
        report.faults.push(Fault::Backup(error));
        return Ok(report);
    }
    done.work = Work::Fold;
    let mut fold = Fold::new(manifest.incarnation, None, options.judge.clone());
    for segment in &manifest.segments {
        let path = segment.path(dir);
        let folded = journal::check_file_with(&path, segment.number, &mut |sequence, payload| {
            fold.frame(sequence, payload)
        });
        if let Err(error) = folded {
            report.faults.push(Fault::Journal(error));
            return Ok(report);
        }
        done.frame = segment.last;
        done.done += segment.bytes;
        progress(done);
    }
    fold.finish(&mut report);
    Ok(report)
}

fn verify_data(
    data: &Path,
    options: &VerifyOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, VerifyError> {
    let mut report = Report::default();
    let incarnation = match identity::read(data) {
        Ok(known) => known.unwrap_or(Incarnation([0; 16])),
        Err(error) => {
            report.faults.push(Fault::Identity(error));
            Incarnation([0; 16])
        }
    };
    let checkpoint = match load_copy(data, options.scratch.as_deref()) {
        Ok(checkpoint) => checkpoint,
        Err(reason) => {
            report.faults.push(Fault::Checkpoint(reason));
            None
        }
    };
    let journal = data.join("journal");
    let mut fold = Fold::new(incarnation, checkpoint, options.judge.clone());
    report.checkpoint = fold.checkpoint.as_ref().map(|(at, _)| *at);
    let last = match fold_journal(&journal, &mut fold, &mut report, progress) {
        Ok(last) => last,
        Err(error) => {
            report.faults.push(Fault::Journal(error));
            return Ok(report);
        }
    };
    if let Some(checkpoint) = report.checkpoint.filter(|at| *at > last) {
        report.faults.push(Fault::JournalBehind {
            journal: last,
            checkpoint,
        });
    }
    if let Some(mirror) = &options.mirror {
        match verify_mirror(&journal, mirror, progress) {
            Ok(last) => report.mirror = Some(last),
            Err(error) => report.faults.push(Fault::Mirror(error)),
        }
    }
    fold.finish(&mut report);
    Ok(report)
}

fn fold_journal(
    dir: &Path,
    fold: &mut Fold,
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
) -> Result<Sequence, JournalError> {
    let total = journal::Journal::bytes_from(dir, 1)?;
    let reader = JournalReader::at_rest(dir)?;
    report.segments = reader.sealed_segments().len() as u64 + 1;
    let mut done = 0;
    let verified = reader.verify_with(
        &mut |sequence, payload| {
            done += journal::frame_bytes(payload);
            progress(Progress {
                work: Work::Fold,
                frame: sequence,
                done,
                total,
            });
            fold.frame(sequence, payload)
        },
        &mut |_| {},
    )?;
    report.frames = verified.frames;
    report.payload_bytes = verified.payload_bytes;
    if verified.frames > 0 {
        report.chain = reader.hash_of(verified.frames)?;
    }
    Ok(verified.frames)
}

/// Checks the chain of the mirror and that it is the same history.
fn verify_mirror(
    journal: &Path,
    mirror: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Sequence, JournalError> {
    let total = journal::Journal::bytes_from(mirror, 1)?;
    let (here, there) = (
        JournalReader::at_rest(journal)?,
        JournalReader::at_rest(mirror)?,
    );
    let mut done = 0;
    there.verify_with(
        &mut |sequence, payload| {
            done += journal::frame_bytes(payload);
            progress(Progress {
                work: Work::Check,
                frame: sequence,
                done,
                total,
            });
            Ok(())
        },
        &mut |_| {},
    )?;
    let common = here.last().min(there.last());
    if common > 0 && here.hash_of(common)? != there.hash_of(common)? {
        return Err(JournalError::Diverged {
            segment: 0,
            offset: 0,
            sequence: common,
        });
    }
    Ok(there.last())
}
