//! What the writer, the syncer and the readers of one journal share, and the rule of syncing.
//!
//! All syncs go through [`Shared::sync`], one at a time: Linux reports a failed write-back once per
//! open file, so two threads syncing side by side could each believe the other's failure did not
//! happen. A failure stops the journal for good; retrying `fdatasync` after an error may succeed
//! without having written anything.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use liandong_core::planted::{self, Planted};

use crate::durable::{Context, FileError, sync_data};
use crate::journal::Sequence;
use crate::journal::error::JournalError;
use crate::journal::index::SegmentTable;

/// The segment being written and how far.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    pub(crate) number: u64,
    pub(crate) main: TailFile,
    /// The same segment in the mirror.
    pub(crate) mirror: Option<TailFile>,
    pub(crate) written: Sequence,
    /// Where what was written ends, in bytes.
    pub(crate) end: u64,
}

impl Tail {
    pub(crate) fn files(&self) -> impl Iterator<Item = &TailFile> {
        std::iter::once(&self.main).chain(&self.mirror)
    }
}

/// One file of the segment being written.
#[derive(Debug, Clone)]
pub(crate) struct TailFile {
    pub(crate) file: Arc<File>,
    pub(crate) path: PathBuf,
    /// Up to where a sync has covered it, in bytes.
    pub(crate) synced: u64,
}

impl TailFile {
    pub(crate) fn new(file: File, path: PathBuf, synced: u64) -> Self {
        let file = Arc::new(file);
        Self { file, path, synced }
    }

    /// `fdatasync`. `synced` says what it covers: all that was written before the call.
    fn sync(&mut self, end: u64) -> Result<(), FileError> {
        if planted::is(Planted::NoSync) {
            return Ok(());
        }
        sync_data(&self.file).context("sync", &self.path)?;
        self.synced = end;
        Ok(())
    }
}

/// A range of a journal file that was written and that no sync has covered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// The file, in the journal or in its mirror.
    pub path: PathBuf,
    /// Number of the segment.
    pub segment: u64,
    /// First byte.
    pub from: u64,
    /// Behind the last byte.
    pub to: u64,
}

/// Tells what a power cut could still take away. Cheap to clone; answers after the journal was
/// dropped, too, with what was so then.
#[derive(Debug, Clone)]
pub struct Unsynced {
    shared: Arc<Shared>,
}

impl Unsynced {
    /// The ranges written but not covered by a sync; the journal's first, then the mirror's.
    pub fn extents(&self) -> Vec<Extent> {
        let tail = self.shared.tail();
        let mut extents = Vec::new();
        for file in tail.files() {
            if file.synced < tail.end {
                extents.push(Extent {
                    path: file.path.clone(),
                    segment: tail.number,
                    from: file.synced,
                    to: tail.end,
                });
            }
        }
        extents
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    pub(crate) mirror: Option<PathBuf>,
    /// Held by who replaces files of full segments, or copies them.
    pub(crate) files: Mutex<()>,
    tail: Mutex<Tail>,
    syncing: Mutex<()>,
    durable: AtomicU64,
    stopped: AtomicBool,
    /// Bytes that the next segment still has to take, 0 once it is made ready.
    ahead: AtomicU64,
    /// Every segment up to this one is known to be sealed.
    sealed: AtomicU64,
    table: RwLock<SegmentTable>,
}

impl Shared {
    /// `tail` must be durable already.
    pub(crate) fn new(
        dir: PathBuf,
        mirror: Option<PathBuf>,
        tail: Tail,
        table: SegmentTable,
    ) -> Self {
        let durable = AtomicU64::new(tail.written);
        Self {
            dir,
            mirror,
            files: Mutex::new(()),
            ahead: AtomicU64::new(0),
            sealed: AtomicU64::new(0),
            tail: Mutex::new(tail),
            syncing: Mutex::new(()),
            durable,
            stopped: AtomicBool::new(false),
            table: RwLock::new(table),
        }
    }

    pub(crate) fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn table(&self) -> RwLockReadGuard<'_, SegmentTable> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn table_mut(&self) -> RwLockWriteGuard<'_, SegmentTable> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn durable(&self) -> Sequence {
        self.durable.load(Ordering::Acquire)
    }

    pub(crate) fn sealed_up_to(&self) -> u64 {
        self.sealed.load(Ordering::Relaxed)
    }

    pub(crate) fn set_sealed_up_to(&self, segment: u64) {
        self.sealed.store(segment, Ordering::Relaxed);
    }

    pub(crate) fn ahead(&self) -> u64 {
        self.ahead.load(Ordering::Relaxed)
    }

    pub(crate) fn set_ahead(&self, bytes: u64) {
        self.ahead.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    pub(crate) fn check(&self) -> Result<(), JournalError> {
        if self.stopped.load(Ordering::Acquire) {
            Err(JournalError::Stopped)
        } else {
            Ok(())
        }
    }

    /// Makes durable what was written before the call and returns the last sequence of it.
    pub(crate) fn sync(&self) -> Result<Sequence, JournalError> {
        let _one_at_a_time = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        self.check()?;
        let mut tail = self.tail().clone();
        if tail.written <= self.durable() {
            return Ok(tail.written);
        }
        let synced = self.sync_files(&mut tail);
        {
            let mut now = self.tail();
            if now.number == tail.number {
                now.main.synced = tail.main.synced;
                if let (Some(now), Some(mirror)) = (&mut now.mirror, &tail.mirror) {
                    now.synced = mirror.synced;
                }
            }
        }
        if let Err(error) = synced {
            self.stop();
            return Err(error.into());
        }
        self.durable.store(tail.written, Ordering::Release);
        Ok(tail.written)
    }

    fn sync_files(&self, tail: &mut Tail) -> Result<(), FileError> {
        let end = tail.end;
        tail.main.sync(end)?;
        match &mut tail.mirror {
            Some(mirror) => mirror.sync(end),
            None => Ok(()),
        }
    }
}

/// Syncs a journal from another thread than the one that appends.
///
/// The appending thread may write frame N + 1 while a sync that covers N runs. A sync promises the
/// frames whose `append` had returned before it began, and says which.
#[derive(Debug, Clone)]
pub struct Syncer {
    pub(crate) shared: Arc<Shared>,
}

impl Syncer {
    /// `fdatasync`; returns the last sequence that is durable by it.
    ///
    /// # Errors
    /// Any failure is final: this and every later call on the journal fails.
    pub fn sync(&self) -> Result<Sequence, JournalError> {
        self.shared.sync()
    }

    /// The last durable sequence, 0 if none.
    pub fn durable(&self) -> Sequence {
        self.shared.durable()
    }

    /// A handle that tells what is not durable yet.
    pub fn unsynced(&self) -> Unsynced {
        Unsynced {
            shared: Arc::clone(&self.shared),
        }
    }
}
