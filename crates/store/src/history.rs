//! History: committed batches by their sequence, for good.
//!
//! Which frame holds the version before another is written in the records themselves; what is
//! kept here is only where frames stand, so that the first read from an old segment after a
//! restart need not walk through it. The indexes of complete segments live beside the checkpoints
//! and are disposable: a missing or wrong one costs a walk, never wrong data.
//!
//! ```text
//! tree `history`  key: segment u64, part u16 (big endian)   value: CRC32C of key and entries (4), entries of sequence u64 and byte offset u64
//! ```

use liandong_core::event::Event;

use crate::audit::Stretches;
use crate::engine::{Engine, EngineFault};
use crate::journal::{JournalError, JournalIter, JournalReader, Sequence, SparseIndex};
use crate::record::{self, DecodeError};

const TREE: &str = "history";
const ENTRY_BYTES: usize = 16;
/// Keeps a value below 4 KiB.
const ENTRIES_PER_PART: usize = 255;

/// Why a batch of the past cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The journal has no such frame, or it is damaged.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The frame is whole, but not readable by this program.
    #[error("frame {sequence}: {source}")]
    Record {
        /// The frame.
        sequence: Sequence,
        /// What is wrong.
        #[source]
        source: DecodeError,
    },
}

/// Reads committed batches. Cheap to clone; may be used from any thread.
#[derive(Debug, Clone)]
pub struct History {
    reader: JournalReader,
    pub(crate) stretches: Stretches,
}

impl History {
    pub(crate) fn new(reader: JournalReader) -> Self {
        Self {
            reader,
            stretches: Stretches::default(),
        }
    }

    /// The last batch that can be read, 0 if none.
    pub fn last(&self) -> Sequence {
        self.reader.last()
    }

    /// The batch that was committed as frame `sequence`.
    pub fn read(&self, sequence: Sequence) -> Result<Vec<Event>, HistoryError> {
        let payload = self.reader.read(sequence)?;
        record::decode(&payload).map_err(|source| HistoryError::Record { sequence, source })
    }

    /// Batches in order from `from` on, up to those durable when each is asked for.
    pub fn iter_from(&self, from: Sequence) -> HistoryIter {
        HistoryIter {
            frames: self.reader.iter_from(from),
        }
    }

    /// The journal underneath, for verification and copies.
    pub fn journal(&self) -> &JournalReader {
        &self.reader
    }
}

/// See [`History::iter_from`]. Ends after an error of the journal.
#[derive(Debug)]
pub struct HistoryIter {
    frames: JournalIter,
}

impl Iterator for HistoryIter {
    type Item = Result<(Sequence, Vec<Event>), HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (sequence, payload) = match self.frames.next()? {
            Ok(frame) => frame,
            Err(error) => return Some(Err(error.into())),
        };
        let decoded = record::decode(&payload);
        Some(
            decoded
                .map(|events| (sequence, events))
                .map_err(|source| HistoryError::Record { sequence, source }),
        )
    }
}

/// A segment that is complete, with where frames stand in it.
pub(crate) type SegmentIndex = (u64, SparseIndex);

/// The indexes of complete segments that are known.
pub(crate) fn known_indexes(reader: &JournalReader) -> Vec<SegmentIndex> {
    let mut known = Vec::new();
    for segment in reader.sealed_segments() {
        if let Some(index) = reader.sealed_index(segment) {
            known.push((segment, index));
        }
    }
    known
}

/// Stores indexes beside a checkpoint.
pub(crate) fn write_indexes(engine: &Engine, indexes: &[SegmentIndex]) -> Result<(), EngineFault> {
    engine.run(TREE, |tree| {
        for (segment, index) in indexes {
            for (part, entries) in (0..).zip(index.entries().chunks(ENTRIES_PER_PART)) {
                let key = part_key(*segment, part);
                tree.insert(key, encode_part(&key, entries))?;
            }
        }
        Ok(())
    })
}

/// The indexes stored beside a checkpoint; a damaged part is left out.
pub(crate) fn read_indexes(engine: &Engine) -> Result<Vec<SegmentIndex>, EngineFault> {
    engine.run(TREE, |tree| {
        let mut indexes: Vec<(u64, Vec<(Sequence, u64)>)> = Vec::new();
        for item in tree.iter() {
            let (key, value) = item?;
            let segment = key.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
            let (Some(segment), Some(mut entries)) = (segment, decode_part(&key, &value)) else {
                continue;
            };
            match indexes.last_mut().filter(|(last, _)| *last == segment) {
                Some((_, before)) => before.append(&mut entries),
                None => indexes.push((segment, entries)),
            }
        }
        let mut whole = Vec::with_capacity(indexes.len());
        for (segment, entries) in indexes {
            whole.push((segment, SparseIndex::from_entries(entries)));
        }
        Ok(whole)
    })
}

fn part_key(segment: u64, part: u16) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&segment.to_be_bytes());
    key[8..].copy_from_slice(&part.to_be_bytes());
    key
}

fn encode_part(key: &[u8], entries: &[(Sequence, u64)]) -> Vec<u8> {
    let mut value = vec![0; 4];
    for (sequence, offset) in entries {
        value.extend_from_slice(&sequence.to_le_bytes());
        value.extend_from_slice(&offset.to_le_bytes());
    }
    let checksum = crc32c::crc32c_append(crc32c::crc32c(key), &value[4..]);
    value[..4].copy_from_slice(&checksum.to_le_bytes());
    value
}

fn decode_part(key: &[u8], value: &[u8]) -> Option<Vec<(Sequence, u64)>> {
    let (checksum, body) = value.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*checksum) != crc32c::crc32c_append(crc32c::crc32c(key), body) {
        return None;
    }
    let mut entries = Vec::with_capacity(body.len() / ENTRY_BYTES);
    for entry in body.chunks_exact(ENTRY_BYTES) {
        let sequence = entry.first_chunk()?;
        let offset = entry.last_chunk()?;
        entries.push((u64::from_le_bytes(*sequence), u64::from_le_bytes(*offset)));
    }
    Some(entries)
}
