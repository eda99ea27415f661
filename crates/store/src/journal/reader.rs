//! Reading a journal beside its writer: point reads, iteration, full verification.
//!
//! A reader sees durable frames only and checks every byte it returns; it can be cloned and used
//! from any thread while the writer appends.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::durable::{Context, free_space};
use crate::journal::Sequence;
use crate::journal::error::JournalError;
use crate::journal::frame::FrameHash;
use crate::journal::index::SparseIndex;
use crate::journal::iterator::JournalIter;
use crate::journal::place::Place;
use crate::journal::segment::{self, Form};
use crate::journal::shared::Shared;

/// Reads durable frames.
#[derive(Debug, Clone)]
pub struct JournalReader {
    pub(crate) shared: Arc<Shared>,
}

/// What a journal takes on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnDisk {
    /// Segment files.
    pub segments: u64,
    /// How many of them are sealed.
    pub sealed: u64,
    /// Their size in bytes, with what is laid out ahead of writing.
    pub bytes: u64,
}

/// The space that a journal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes free on its file system, or on that of its mirror where there are fewer.
    pub free: u64,
    /// Bytes that the next segment still has to take, above the floor that stays free.
    pub ahead: u64,
}

/// A piece of the journal in one file.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) number: u64,
    pub(crate) first: Sequence,
    pub(crate) last: Sequence,
    pub(crate) path: PathBuf,
    /// How many bytes of the file belong to it.
    pub(crate) bytes: u64,
    /// Whether more may follow in the file.
    pub(crate) is_open: bool,
    /// Hash of the last frame.
    pub(crate) chain: FrameHash,
}

impl JournalReader {
    /// The last frame that can be read, 0 if none.
    pub fn last(&self) -> Sequence {
        self.shared.durable()
    }

    /// Bytes that the segment files take on disk, with what is laid out ahead of writing.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn bytes_on_disk(&self) -> Result<u64, JournalError> {
        Ok(self.on_disk()?.bytes)
    }

    /// What the segment files take on disk.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn on_disk(&self) -> Result<OnDisk, JournalError> {
        let mut on_disk = OnDisk::default();
        for header in segment::list(&self.shared.dir)? {
            let path = segment::path(&self.shared.dir, header.number);
            on_disk.segments += 1;
            on_disk.sealed += u64::from(header.form == Form::Sealed);
            on_disk.bytes += std::fs::metadata(&path).context("read", &path)?.len();
        }
        Ok(on_disk)
    }

    /// The space on the file systems of the journal and of its mirror.
    ///
    /// # Errors
    /// When a file system does not say.
    pub fn space(&self) -> Result<Space, JournalError> {
        let mut free = free_space(&self.shared.dir)?;
        if let Some(mirror) = &self.shared.mirror {
            free = free.min(free_space(mirror)?);
        }
        let ahead = self.shared.ahead();
        Ok(Space { free, ahead })
    }

    /// The payload of one frame.
    ///
    /// # Errors
    /// [`JournalError::NoSuchFrame`] if there is none or it is not durable yet;
    /// [`JournalError::Corrupt`] if it is not what was written.
    pub fn read(&self, sequence: Sequence) -> Result<Vec<u8>, JournalError> {
        self.find(sequence)?.payload()
    }

    /// The frames from `from` on, up to those durable when each is asked for.
    pub fn iter_from(&self, from: Sequence) -> JournalIter {
        JournalIter {
            reader: self.clone(),
            next: from.max(1),
            place: None,
            failed: false,
        }
    }

    /// The index of a segment that is complete, if it is known; for keeping it elsewhere.
    pub fn sealed_index(&self, number: u64) -> Option<SparseIndex> {
        let table = self.shared.table();
        let is_last = table
            .segments
            .last()
            .is_none_or(|segment| segment.number == number);
        let entry = table
            .segments
            .iter()
            .find(|segment| segment.number == number)?;
        if is_last { None } else { entry.index.clone() }
    }

    /// Hands over an index kept elsewhere. A wrong one costs time and never wrong data.
    pub fn offer_index(&self, number: u64, index: SparseIndex) {
        let mut table = self.shared.table_mut();
        if let Some(entry) = table
            .entry_mut(number)
            .filter(|entry| entry.index.is_none())
        {
            entry.index = Some(index);
        }
    }

    /// Numbers of the segments that are complete.
    pub fn sealed_segments(&self) -> Vec<u64> {
        let table = self.shared.table();
        let count = table.segments.len().saturating_sub(1);
        table.segments[..count]
            .iter()
            .map(|segment| segment.number)
            .collect()
    }

    /// The hash of a durable frame: names the whole history up to it.
    ///
    /// # Errors
    /// See [`Self::read`].
    pub fn hash_of(&self, sequence: Sequence) -> Result<FrameHash, JournalError> {
        let mut place = self.find(sequence)?;
        place.hash()
    }

    /// The segments that hold the frames up to `last`, which is durable, as far as they do.
    pub(crate) fn spans_up_to(&self, last: Sequence) -> Result<Vec<Span>, JournalError> {
        let mut place = self.find(last)?;
        let chain = place.hash()?;
        place.payload()?;
        let dir = &self.shared.dir;
        let mut spans: Vec<Span> = Vec::new();
        for header in segment::list(dir)? {
            let number = header.number;
            if let Some(before) = spans.last_mut() {
                before.last = header.first - 1;
                before.chain = header.previous;
            }
            if number > place.number || header.first > last {
                break;
            }
            let path = segment::path(dir, number);
            let mut bytes = std::fs::metadata(&path).context("look at", &path)?.len();
            let is_open = number == place.number && header.form == Form::Plain;
            if is_open {
                bytes = place.offset();
            }
            spans.push(Span {
                number,
                first: header.first,
                last,
                path,
                bytes,
                is_open,
                chain,
            });
        }
        Ok(spans)
    }

    /// Held by who copies files of full segments, so that they are not replaced meanwhile.
    pub(crate) fn files(&self) -> &Mutex<()> {
        &self.shared.files
    }

    pub(super) fn find(&self, sequence: Sequence) -> Result<Place, JournalError> {
        let last = self.last();
        let missing = JournalError::NoSuchFrame { sequence, last };
        if sequence == 0 || sequence > last {
            return Err(missing);
        }
        let (number, first, index_known) = {
            let table = self.shared.table();
            let Some(entry) = table.holding(sequence) else {
                return Err(missing);
            };
            (entry.number, entry.first, entry.index.is_some())
        };
        if !index_known {
            self.index_segment(number, first)?;
        }
        let hint = {
            let table = self.shared.table();
            let index = table
                .holding(sequence)
                .and_then(|entry| entry.index.as_ref());
            index.and_then(|index| index.before(sequence))
        };
        if let Some((at, offset)) = hint {
            let mut place = Place::open(&self.shared.dir, number, at, offset)?;
            match place.walk_to(sequence, &mut |_, _| {}) {
                // Perhaps only the index is wrong: look from the beginning of the segment.
                Err(JournalError::Corrupt { .. }) => {}
                other => return other.map(|()| place),
            }
        }
        let mut place = Place::open(&self.shared.dir, number, first, segment::HEADER)?;
        place.walk_to(sequence, &mut |_, _| {})?;
        Ok(place)
    }

    /// Walks through a complete segment once so that later reads find their way.
    fn index_segment(&self, number: u64, first: Sequence) -> Result<(), JournalError> {
        let behind = {
            let table = self.shared.table();
            let behind = table
                .segments
                .iter()
                .find(|segment| segment.number == number + 1);
            behind.map(|segment| segment.first)
        };
        let Some(last) = behind.and_then(|behind| behind.checked_sub(1)) else {
            return Ok(());
        };
        let mut index = SparseIndex::default();
        let mut place = Place::open(&self.shared.dir, number, first, segment::HEADER)?;
        // A damaged frame is reported by the read that needs it, not by one that passes by.
        match place.walk_to(last, &mut |sequence, offset| {
            index.note(sequence, offset);
        }) {
            Ok(()) | Err(JournalError::Corrupt { .. }) => self.offer_index(number, index),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
