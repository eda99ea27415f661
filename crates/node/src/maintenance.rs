//! What an operator does to the files of a node from outside it: back up, restore, verify, repair.
//!
//! A backup reads a running node's files beside it; everything else needs a node that is stopped,
//! which the lock of its data directory proves. Nothing here decides what is damaged or how it is
//! mended: that is the store's. Errors are told in both languages.

mod error;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use liandong_core::state::State;
use liandong_store::history::History;
use liandong_store::journal::JournalReader;
use liandong_store::{BackupLabel, DirLock, Incarnation, LockError, ManifestError, RestoreError};

pub use error::MaintenanceError;

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

/// Takes a data directory that must not be in use.
///
/// # Errors
/// As [`usage`], and [`MaintenanceError::Lock`] where a node is running.
pub fn hold(data: &Path) -> Result<Held, MaintenanceError> {
    match usage(data)? {
        Use::Free(held) => Ok(held),
        Use::Running(running) => Err(running.error.into()),
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

/// What a check of files found.
#[derive(Debug)]
pub struct Checked {
    /// What was checked.
    pub what: Check,
    /// How many: frames or cells.
    pub count: u64,
    /// The first thing that does not fit.
    pub wrong: Option<MaintenanceError>,
}

/// What can be checked of files at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Every frame of the journal, and the chain.
    Journal,
    /// Every frame of the second copy of the journal.
    Mirror,
    /// A backup, file by file and frame by frame.
    Backup,
    /// Every cell, counted again from the accepted reports.
    Cells,
}

/// Checks the files of a node that is stopped: the journal, its second copy if one is named, and
/// every cell that the journal folds to.
///
/// # Errors
/// When the directory is in use or is none; what is damaged is no error but stands in the result.
pub fn verify_data(
    data: &Path,
    mirror: Option<&Path>,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Checked>, MaintenanceError> {
    let _held = hold(data)?;
    let mut found = vec![journal(&data.join(JOURNAL), Check::Journal, progress)];
    if let Some(mirror) = mirror {
        found.push(journal(mirror, Check::Mirror, progress));
    }
    if found.iter().all(|checked| checked.wrong.is_none()) {
        found.push(cells(&data.join(JOURNAL)));
    }
    Ok(found)
}

/// Checks a backup: every file against the manifest, every frame, and the chain.
///
/// # Errors
/// When there is no backup; what is damaged is no error but stands in the result.
pub fn verify_backup(
    backup: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Checked>, MaintenanceError> {
    let mut count = 0;
    let verified = liandong_store::verify_backup(backup, &mut |checked| {
        count = checked.frame;
        progress(checked.frame);
    });
    let wrong = match verified {
        Ok(_) => None,
        Err(RestoreError::Manifest(error @ ManifestError::Missing { .. })) => {
            return Err(error.into());
        }
        Err(error) => Some(error.into()),
    };
    Ok(vec![Checked {
        what: Check::Backup,
        count,
        wrong,
    }])
}

fn journal(dir: &Path, what: Check, progress: &mut dyn FnMut(u64)) -> Checked {
    let mut count = 0;
    let verified = JournalReader::at_rest(dir).and_then(|reader| {
        reader.verify(&mut |frame| {
            count = frame;
            progress(frame);
        })
    });
    Checked {
        what,
        count,
        wrong: verified.err().map(MaintenanceError::from),
    }
}

fn cells(dir: &Path) -> Checked {
    let mut checked = Checked {
        what: Check::Cells,
        count: 0,
        wrong: None,
    };
    match fold(dir) {
        Ok(state) => {
            let (count, mismatches) = state.recount();
            checked.count = count as u64;
            checked.wrong = mismatches.first().map(|first| MaintenanceError::Cell {
                region: first.region,
                indicator: first.indicator.to_string(),
                period: first.period.to_string(),
                differing: mismatches.len(),
            });
        }
        Err(error) => checked.wrong = Some(error),
    }
    checked
}

fn fold(dir: &Path) -> Result<State, MaintenanceError> {
    let history = History::of(JournalReader::at_rest(dir)?);
    let mut state = State::default();
    for batch in history.iter_from(1) {
        let (frame, events) = batch?;
        for event in events {
            state.apply(&event, frame);
        }
    }
    Ok(state)
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
