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
use liandong_core::region::RegionCode;
use liandong_core::state::{Mismatch, Reviewed};

use crate::backup::{Manifest, ManifestError};
use crate::checkpoint::LossReason;
use crate::durable::FileError;
use crate::identity::{self, IdentityError, Incarnation};
use crate::journal::{self, FrameHash, JournalError, JournalReader, Sequence};
use crate::lock::{DirLock, LockError};
use crate::progress::{Progress, Work};
use crate::restore::{RestoreError, check_backup};

mod evidence;
mod fold;
mod scratch;
#[cfg(test)]
mod tests;

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

/// What a verification read and found.
#[derive(Debug, Default)]
pub struct Report {
    /// Segments of the journal.
    pub segments: u64,
    /// Frames read, all of one chain.
    pub frames: u64,
    /// Bytes of payload in them.
    pub payload_bytes: u64,
    /// Hash of the last frame.
    pub chain: FrameHash,
    /// The last frame of the mirror, if it was verified.
    pub mirror: Option<Sequence>,
    /// The frame of the checkpoint, if there is one.
    pub checkpoint: Option<Sequence>,
    /// Cells counted again.
    pub cells: usize,
    /// What was found of evidence and seals; `None` when the journal could not be read to its end.
    pub reviewed: Option<Reviewed>,
    /// How many signed documents were checked, those that newer ones took the place of included; 0
    /// without a judge.
    pub evidence: u64,
    /// The first thing of each kind that does not fit; empty if all does.
    pub faults: Vec<Fault>,
}

/// Something that does not fit.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The identity file is damaged.
    #[error(transparent)]
    Identity(IdentityError),
    /// The journal is damaged, or a frame cannot be read by this program.
    #[error("journal: {0}")]
    Journal(JournalError),
    /// The mirror is damaged or has another history.
    #[error("mirror: {0}")]
    Mirror(JournalError),
    /// A file of the backup is not what its manifest says.
    #[error("backup: {0}")]
    Backup(RestoreError),
    /// The checkpoint is damaged. The next start builds the state from the journal instead.
    #[error("checkpoint: {0}")]
    Checkpoint(LossReason),
    /// The state in the checkpoint is not what the journal says.
    #[error(
        "the state in the checkpoint is not the one that the journal gives at frame {sequence}"
    )]
    OtherState {
        /// The frame.
        sequence: Sequence,
    },
    /// The journal ends before its checkpoint.
    #[error("the journal ends at frame {journal}, but a checkpoint stands at {checkpoint}")]
    JournalBehind {
        /// Last frame of the journal.
        journal: Sequence,
        /// Frame of the checkpoint.
        checkpoint: Sequence,
    },
    /// Cells whose sums a recount does not find.
    #[error("{} cells are not what a recount finds", cells.len())]
    Recount {
        /// The cells.
        cells: Vec<Mismatch>,
    },
    /// A document is not shown to be from its owner by what it came with.
    #[error("frame {sequence}: {document}: {refusal}")]
    Evidence {
        /// The frame that it came in.
        sequence: Sequence,
        /// Which, for a person.
        document: String,
        /// Why not.
        refusal: Box<Refusal>,
        /// How many there are among what is held.
        count: u64,
    },
    /// Documents came with nothing to show whose they are.
    #[error("frame {sequence}: {document} came without a signature, {count} in all")]
    Unsigned {
        /// The frame that the first came in.
        sequence: Sequence,
        /// Which, for a person.
        document: String,
        /// How many there are.
        count: u64,
    },
    /// A region's figures are not what its node sealed.
    #[error(
        "frame {sequence}: {held} figures of {region} are held and {sealed} were sealed, and they \
         are not the same"
    )]
    Sealed {
        /// The frame that the seal came in.
        sequence: Sequence,
        /// The region.
        region: RegionCode,
        /// How many figures are held.
        held: u64,
        /// How many were sealed.
        sealed: u64,
        /// How many regions there are of which that holds.
        count: u64,
    },
    /// A region's figures have a version that its node, which has sealed them since, never gave.
    #[error(
        "frame {sequence}: figures of {region} are held in version {version}, which its node never \
         gave: it has sealed its figures since, and those end before it"
    )]
    Beyond {
        /// The frame that the seal came in.
        sequence: Sequence,
        /// The region.
        region: RegionCode,
        /// The version.
        version: u64,
        /// How many regions there are whose figures are not what was sealed.
        count: u64,
    },
    /// Another node signs for a region than before, and nothing shows that the former agreed.
    #[error(
        "frame {sequence}: {to} signs for {region} where {from} did before, told by {}: nothing shows \
         that {from} agreed, {count} in all",
        told_by.map_or_else(|| "nobody".to_owned(), |peer| peer.to_string())
    )]
    Turned {
        /// The frame that the region's new entry came in.
        sequence: Sequence,
        /// The region.
        region: RegionCode,
        /// Whose node signed before.
        from: RegionCode,
        /// Whose node signs since.
        to: RegionCode,
        /// The peer that told of it.
        told_by: Option<RegionCode>,
        /// How many regions there are of which that holds.
        count: u64,
    },
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
