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

use crate::durable::Context;
use crate::journal::Sequence;
use crate::journal::error::JournalError;
use crate::journal::index::SegmentTable;

/// The segment being written and how far.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    pub(crate) file: Arc<File>,
    pub(crate) path: PathBuf,
    pub(crate) written: Sequence,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    tail: Mutex<Tail>,
    syncing: Mutex<()>,
    durable: AtomicU64,
    stopped: AtomicBool,
    table: RwLock<SegmentTable>,
}

impl Shared {
    /// `tail` must be durable already.
    pub(crate) fn new(dir: PathBuf, tail: Tail, table: SegmentTable) -> Self {
        let durable = AtomicU64::new(tail.written);
        Self {
            dir,
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
        let tail = self.tail().clone();
        if tail.written <= self.durable() {
            return Ok(tail.written);
        }
        if let Err(error) = tail.file.sync_data().context("sync", &tail.path) {
            self.stop();
            return Err(error.into());
        }
        self.durable.store(tail.written, Ordering::Release);
        Ok(tail.written)
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
}
