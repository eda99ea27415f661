//! What an operator does to the files of a node from outside it: back up, restore, verify, repair.
//!
//! A backup reads a running node's files beside it; everything else needs a node that is stopped,
//! which the lock of its data directory proves. Nothing here decides what is damaged or how it is
//! mended: that is the store's. Errors are told in both languages.

mod error;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use liandong_identity::Folder;
use liandong_store::journal::{FrameFault, JournalReader};
use liandong_store::{
    BackupLabel, DirLock, Fault, Incarnation, Judge, LockError, Manifest, Report, VerifyOptions,
};

use crate::evidence::ByTrust;

pub use error::{MaintenanceError, fault_message};

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
    let before = liandong_store::Manifest::read(&target).map_or(0, |manifest| manifest.last());
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

/// One part of a check of files.
#[derive(Debug)]
pub struct Checked {
    /// What was checked.
    pub what: Check,
    /// How many frames or cells; the frame of a checkpoint.
    pub count: u64,
    /// Whether it is as it should be; `None` when it could not be checked.
    pub fits: Option<bool>,
    /// The first thing that does not fit.
    pub wrong: Option<Fault>,
}

/// What can be checked of files at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The identity.
    Identity,
    /// Every frame of the journal, and the chain.
    Journal,
    /// Every frame of the second copy of the journal.
    Mirror,
    /// A backup, file by file and frame by frame.
    Backup,
    /// The state in the checkpoint, compared with what the journal folds to.
    Checkpoint,
    /// Every cell, counted again from the accepted reports.
    Cells,
    /// Who signed the documents that other nodes told of.
    Evidence,
    /// The figures of other nodes' regions, compared with what those sealed.
    Seals,
    /// Times that another node signed for a region than before.
    Turns,
    /// Changes that the former signer has signed, too.
    Handovers,
}

/// Checks the files of a node that is stopped, or a backup: the journal or the files of the backup,
/// the second copy if one is named, the checkpoint, and every cell that the journal folds to.
/// Nothing is written. With an `identity` folder, who signed what came from other nodes is checked
/// by whom that folder trusts.
///
/// # Errors
/// When the directory is in use or is none; what is damaged is no error but stands in the result.
pub fn verify(
    dir: &Path,
    mirror: Option<&Path>,
    kind: Files,
    identity: Option<&Path>,
    progress: Progress<'_>,
) -> Result<Vec<Checked>, MaintenanceError> {
    match kind {
        Files::OfANode => require_store(dir)?,
        Files::OfABackup => {
            Manifest::read(dir)?;
        }
    }
    let judge = match identity {
        Some(folder) => {
            let trust = Folder::at(folder).trust()?;
            Some(Arc::new(ByTrust(trust)) as Arc<dyn Judge>)
        }
        None => None,
    };
    let options = VerifyOptions {
        mirror: mirror.map(Path::to_path_buf),
        judge,
        ..VerifyOptions::default()
    };
    let mut reached = 0;
    let report = liandong_store::verify(dir, &options, &mut |done| {
        reached = done.frame;
        progress(done.done, done.total);
    })?;
    Ok(parts(
        report,
        kind,
        mirror.is_some(),
        identity.is_some(),
        reached,
    ))
}

/// What files are to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// A data directory.
    OfANode,
    /// A backup.
    OfABackup,
}

/// The report part by part, each with the first thing of it that does not fit.
fn parts(report: Report, kind: Files, mirrored: bool, judged: bool, reached: u64) -> Vec<Checked> {
    let Report {
        frames,
        mirror,
        checkpoint,
        cells,
        faults,
        reviewed,
        evidence,
        ..
    } = report;
    let whole = match kind {
        Files::OfANode => Check::Journal,
        Files::OfABackup => Check::Backup,
    };
    let mut wanted = vec![(whole, frames)];
    if mirrored {
        wanted.push((Check::Mirror, mirror.unwrap_or(0)));
    }
    if let Some(frame) = checkpoint {
        wanted.push((Check::Checkpoint, frame));
    }
    wanted.push((Check::Cells, cells as u64));
    let mut found: Vec<Checked> = Vec::with_capacity(wanted.len());
    for (what, count) in wanted {
        found.push(Checked {
            what,
            count,
            fits: Some(true),
            wrong: None,
        });
    }
    let reviewed = reviewed.unwrap_or_default();
    let signed = reviewed.signed + reviewed.unsigned.len() as u64;
    if judged || reviewed.signed > 0 {
        found.push(Checked {
            what: Check::Evidence,
            count: if judged { evidence } else { signed },
            // Without roots nobody can tell whose signatures they are.
            fits: judged.then_some(true),
            wrong: None,
        });
    }
    if reviewed.seals > 0 {
        found.push(Checked {
            what: Check::Seals,
            count: reviewed.seals,
            fits: Some(true),
            wrong: None,
        });
    }
    if reviewed.turns > 0 {
        found.push(Checked {
            what: Check::Turns,
            count: reviewed.turns,
            fits: Some(true),
            wrong: None,
        });
    }
    if !reviewed.agreed.is_empty() {
        found.push(Checked {
            what: Check::Handovers,
            count: reviewed.agreed.len() as u64,
            fits: Some(true),
            wrong: None,
        });
    }
    for fault in faults {
        let what = match &fault {
            Fault::Identity(_) => Check::Identity,
            Fault::Journal(_) | Fault::Backup(_) => whole,
            Fault::Mirror(_) => Check::Mirror,
            Fault::Checkpoint(_) | Fault::OtherState { .. } | Fault::JournalBehind { .. } => {
                Check::Checkpoint
            }
            Fault::Recount { .. } => Check::Cells,
            Fault::Evidence { .. } | Fault::Unsigned { .. } => Check::Evidence,
            Fault::Sealed { .. } | Fault::Beyond { .. } => Check::Seals,
            Fault::Turned { .. } => Check::Turns,
        };
        // That a former signer agreed cannot be told here, and no more that it did not.
        let fits = (what != Check::Turns).then_some(false);
        let place = found.iter_mut().find(|part| part.what == what);
        match place {
            Some(part) => {
                part.fits = fits;
                part.wrong = Some(fault);
            }
            None => found.push(Checked {
                what,
                count: 0,
                fits,
                wrong: Some(fault),
            }),
        }
    }
    let damaged = found
        .iter()
        .any(|part| part.what == whole && part.wrong.is_some());
    if damaged {
        for part in &mut found {
            if part.what == whole {
                part.count = reached;
            } else if part.wrong.is_none() {
                // The fold ended at the damage.
                part.fits = None;
                part.count = 0;
            }
        }
    }
    found
}

/// Frames that were put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The segment.
    pub segment: u64,
    /// The first of the frames.
    pub first: u64,
    /// How many.
    pub frames: u64,
    /// What was wrong with the first; `None` where the journal only ended before it.
    pub fault: Option<FrameFault>,
}

/// What a repair took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Whole segments that were not there.
    pub segments: u64,
    /// Frames that were put back.
    pub mended: Vec<Mended>,
    /// The last frame of the journal, all of which is whole now.
    pub last: u64,
}

/// Mends the journal of a stopped node from a mirror, a backup, or another data directory of the
/// same node, and verifies all of it.
///
/// # Errors
/// See [`MaintenanceError`].
pub fn repair(
    data: &Path,
    from: &Path,
    progress: Progress<'_>,
) -> Result<Repaired, MaintenanceError> {
    require_store(data)?;
    let repaired = liandong_store::repair(data, from, &mut |done| {
        progress(done.done, done.total);
    })?;
    let mended = repaired.repairs.iter().map(|repair| Mended {
        segment: repair.segment,
        first: repair.first,
        frames: repair.frames,
        fault: repair.fault,
    });
    Ok(Repaired {
        segments: repaired.segments,
        mended: mended.collect(),
        last: repaired.last,
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
