//! The journal: the truth of a node, kept for ever.
//!
//! A directory of segment files holding one chain of frames (`frame`, `segment`). One writer
//! appends a committed batch as one frame and makes it durable; only then may anybody be told. A
//! frame is never changed or removed, except that opening cuts a tail that no sync covered.
//!
//! The journal never looks into a payload, never retries a failed sync, and never repairs decayed
//! data but from a mirror: it says where the damage is and stops.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::durable::{Context, FileError, free_space, write_at};
use crate::lock::DirLock;

mod beside;
mod check;
mod cursor;
mod damage;
mod error;
mod frame;
mod index;
mod iterator;
mod mend;
mod mirror;
mod opening;
mod options;
mod place;
mod reader;
mod recovery;
mod rollover;
mod scan;
mod seal;
mod sealed;
mod segment;
mod shared;
mod size;
mod source;
#[cfg(test)]
mod tests;

pub use check::Verified;
pub use error::{JournalError, ReplayError};
pub use frame::{FrameFault, FrameHash, MAX_PAYLOAD};
pub use index::SparseIndex;
pub use iterator::JournalIter;
pub use mend::{CopyOf, Repair};
pub use mirror::Mirrored;
pub use options::JournalOptions;
pub use reader::{JournalReader, OnDisk, Space};
pub use recovery::{Cut, Recovery, Replay};
pub use seal::{Sealed, Sealer};
pub use shared::{Extent, Syncer, Unsynced};

pub(crate) use mirror::mend_from;
pub(crate) use reader::Span;
pub(crate) use seal::{check_file, check_file_with};

use rollover::Prepared;
use shared::Shared;

/// The place of a frame in the journal: 1 for the first, without gaps. 0 stands for "none yet".
pub type Sequence = u64;

/// The writing end of a journal. There is one.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    options: JournalOptions,
    number: u64,
    /// Where the next frame goes.
    offset: u64,
    /// Up to where the current segment is laid out with durable zeros, in the mirror, too: a frame is
    /// written only where it fits, and never makes a file longer.
    room: u64,
    hash: FrameHash,
    buffer: Vec<u8>,
    prepared: Option<JoinHandle<Result<Prepared, FileError>>>,
    lock: Option<Arc<DirLock>>,
}

impl Journal {
    /// Writes one frame and returns its sequence. It is durable only after a sync.
    ///
    /// # Errors
    /// [`JournalError::NoSpace`] and [`JournalError::PayloadSize`] leave the journal as it was;
    /// appending may be tried again. After a failed write it may, too, unless the next call says
    /// [`JournalError::Stopped`].
    pub fn append(&mut self, payload: &[u8]) -> Result<Sequence, JournalError> {
        self.append_parts(&[payload])
    }

    /// Like [`Self::append`]; the parts together are the payload.
    pub fn append_parts(&mut self, parts: &[&[u8]]) -> Result<Sequence, JournalError> {
        let floor = self.options.free_floor;
        self.require_space(floor, 0)?;
        self.append_above(floor, parts)
    }

    /// Like [`Self::append_parts`], for what was decided after [`Self::check_space`] and has to be
    /// kept: it may go below the floor, which is there for it.
    pub fn append_checked(&mut self, parts: &[&[u8]]) -> Result<Sequence, JournalError> {
        self.append_above(0, parts)
    }

    fn append_above(&mut self, floor: u64, parts: &[&[u8]]) -> Result<Sequence, JournalError> {
        self.shared.check()?;
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        let length = u32::try_from(bytes)
            .ok()
            .filter(|_| (1..=MAX_PAYLOAD).contains(&bytes));
        let Some(length) = length else {
            return Err(JournalError::PayloadSize { bytes });
        };
        let frame_bytes = (frame::OVERHEAD + bytes) as u64;
        let empty = self.offset == segment::HEADER;
        let end = self.offset + frame_bytes;
        if end > self.room {
            if empty {
                self.lengthen(end, floor)?;
            } else {
                self.change_segment(segment::HEADER + frame_bytes, floor)?;
            }
        }
        let sequence = self.last() + 1;
        let place = (sequence, self.shared.durable());
        let hash = frame::lay(&mut self.buffer, parts, length, place, self.hash);
        self.write_frame()?;
        self.note(sequence);
        self.shared.tail().written = sequence;
        self.hash = hash;
        self.offset += frame_bytes;
        self.prepare_next();
        Ok(sequence)
    }

    /// Whether a frame may be appended now, even one that needs the next segment; asked before a
    /// batch is decided, so that nothing is decided that could not be kept.
    ///
    /// # Errors
    /// [`JournalError::NoSpace`] below the free-space floor, [`JournalError::Stopped`] after a
    /// failed sync.
    pub fn check_space(&self) -> Result<(), JournalError> {
        self.shared.check()?;
        // A segment that is being made ready takes its space by itself.
        let next_segment = match self.prepared {
            Some(_) => 0,
            None => self.next_bytes(),
        };
        self.shared.set_ahead(next_segment);
        self.require_space(self.options.free_floor, next_segment)
    }

    fn require_space(&self, floor: u64, wanted: u64) -> Result<(), JournalError> {
        require_space(&self.shared.dir, floor, wanted)?;
        match &self.shared.mirror {
            Some(mirror) => require_space(mirror, floor, wanted),
            None => Ok(()),
        }
    }

    /// Makes everything appended so far durable and returns its last sequence.
    ///
    /// # Errors
    /// Any failure is final: this and every later call on the journal fails.
    pub fn sync(&mut self) -> Result<Sequence, JournalError> {
        self.shared.sync()
    }

    /// A handle that syncs from another thread.
    pub fn syncer(&self) -> Syncer {
        Syncer {
            shared: Arc::clone(&self.shared),
        }
    }

    /// A handle that tells which bytes a power cut could still take away.
    pub fn unsynced(&self) -> Unsynced {
        self.syncer().unsynced()
    }

    /// A handle that reads from any thread.
    pub fn reader(&self) -> JournalReader {
        JournalReader {
            shared: Arc::clone(&self.shared),
        }
    }

    /// A handle that compresses old segments from another thread.
    pub fn sealer(&self) -> Sealer {
        Sealer {
            shared: Arc::clone(&self.shared),
            plain_segments: self.options.plain_segments,
            _lock: self.lock.clone(),
        }
    }

    /// The last sequence appended, durable or not; 0 if none.
    pub fn last(&self) -> Sequence {
        self.shared.tail().written
    }

    /// The last durable sequence; 0 if none.
    pub fn durable(&self) -> Sequence {
        self.shared.durable()
    }

    /// How many segment files there are.
    pub fn segments(&self) -> u64 {
        self.number
    }

    /// Hash of the last frame appended: names the whole history up to it.
    pub fn hash(&self) -> FrameHash {
        self.hash
    }

    /// Changes the floor of [`JournalOptions::free_floor`].
    pub fn set_free_floor(&mut self, bytes: u64) {
        self.options.free_floor = bytes;
    }

    /// Keeps the data directory locked for as long as the journal lives.
    pub(crate) fn hold(&mut self, lock: Arc<DirLock>) {
        self.lock = Some(lock);
    }

    fn write_frame(&mut self) -> Result<(), JournalError> {
        let end = self.offset + self.buffer.len() as u64;
        let tail = {
            let mut tail = self.shared.tail();
            tail.end = end;
            tail.clone()
        };
        let mut result = Ok(());
        for file in tail.files() {
            result = write_at(&file.file, &self.buffer, self.offset).context("write", &file.path);
            if result.is_err() {
                break;
            }
        }
        let Err(error) = result else {
            return Ok(());
        };
        // A piece of a frame must not stay: a shorter one in its place would leave its end behind.
        for file in tail.files() {
            if segment::zero(&file.file, self.offset, end).is_err() {
                self.shared.stop();
            }
        }
        Err(error.into())
    }

    fn note(&self, sequence: Sequence) {
        let due = {
            let table = self.shared.table();
            let index = table
                .segments
                .last()
                .and_then(|segment| segment.index.as_ref());
            index.is_some_and(|index| index.is_due(self.offset))
        };
        if !due {
            return;
        }
        let mut table = self.shared.table_mut();
        if let Some(index) = table
            .segments
            .last_mut()
            .and_then(|segment| segment.index.as_mut())
        {
            index.note(sequence, self.offset);
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // A thread that outlives the journal could truncate the file its successor prepares.
        if let Some(thread) = self.prepared.take() {
            let _ = thread.join();
        }
    }
}

/// Bytes that a frame with this payload takes.
pub(crate) fn frame_bytes(payload: &[u8]) -> u64 {
    (frame::OVERHEAD + payload.len()) as u64
}

fn require_space(dir: &Path, floor: u64, wanted: u64) -> Result<(), JournalError> {
    let free = free_space(dir)?;
    let floor = floor.saturating_add(wanted);
    if free < floor {
        Err(JournalError::NoSpace { free, floor })
    } else {
        Ok(())
    }
}
