//! Checkpoints: the state at one sequence, so that a restart replays little of the journal.
//!
//! A checkpoint is a state, compressed and cut into chunks, in a database of its own: a new one is written beside
//! the one that counts and made durable; then the file `current` is switched to it, durably, and
//! the old database goes. So space is bounded by two checkpoints while one is written, and the
//! database never has to clean up after itself. It is open only while one is written or read. Each
//! chunk carries CRC32C and the whole BLAKE3, so no answer of the engine is believed. A checkpoint
//! is never the only place of anything: whatever is wrong with it, it is dropped with the whole
//! directory and a [`CheckpointLoss`] says why.
//!
//! ```text
//! <data>/sled/current      `LDCHKPT1`, generation u64, CRC32C of both (4)
//! <data>/sled/<number>/    the database of one generation
//!
//! tree `chunks`   key: generation u64, chunk u32 (big endian)   value: CRC32C of key and data (4), data (up to 4092)
//! tree `pointer`  key: `current`   value: version 2 (1), generation (8), sequence (8), length (8), BLAKE3 (32), CRC32C (4)
//! tree `history`  see [`crate::history`]
//! tree `audit`    see [`crate::audit`]
//! ```

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::durable::{Context, FileError, create_dir};
use crate::engine::{self, Engine, EngineFault};
use crate::journal::Sequence;
use crate::lock::DirLock;

mod beside;
mod error;
mod pointer;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use beside::Beside;
pub use error::{CheckpointLoss, LossReason, SaveError};

use pointer::Pointer;
use writer::ChunkWriter;

const CHUNKS: &str = "chunks";
const POINTER: &str = "pointer";
const CURRENT: &[u8] = b"current";
/// Quick rather than small.
const LEVEL: i32 = 1;

/// A state that was read back whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last frame the state contains.
    pub sequence: Sequence,
    /// The bytes that were saved.
    pub bytes: Vec<u8>,
    /// What was kept with it.
    pub(crate) beside: Beside,
}

/// A checkpoint that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The last frame the state contains.
    pub sequence: Sequence,
    /// Its size in bytes.
    pub bytes: u64,
    /// What is stored of it after compression, in bytes.
    pub stored_bytes: u64,
}

/// Writes a state, piece by piece.
pub type WriteState<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

/// The checkpoints of one data directory. Cheap to clone; may be used from any thread.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    data: PathBuf,
    one_at_a_time: Arc<Mutex<()>>,
    _lock: Option<Arc<DirLock>>,
}

impl Checkpoints {
    /// Opens the checkpoints in a data directory and loads the one that counts.
    ///
    /// A damaged one is set aside and reported, not an error.
    ///
    /// # Errors
    /// Only if what is damaged cannot be moved.
    pub fn open(
        data: &Path,
        lock: Option<Arc<DirLock>>,
    ) -> Result<(Self, Option<Checkpoint>, Option<CheckpointLoss>), FileError> {
        let checkpoints = Self {
            data: data.to_path_buf(),
            one_at_a_time: Arc::new(Mutex::new(())),
            _lock: lock,
        };
        match checkpoints.load() {
            Ok(checkpoint) => Ok((checkpoints, checkpoint, None)),
            Err(reason) => {
                let set_aside = engine::set_aside(data)?;
                let loss = CheckpointLoss { reason, set_aside };
                Ok((checkpoints, None, Some(loss)))
            }
        }
    }

    /// Reads the checkpoint that counts, if there is one.
    pub fn load(&self) -> Result<Option<Checkpoint>, LossReason> {
        let one_at_a_time = self.one_at_a_time.lock();
        let _guard = one_at_a_time.unwrap_or_else(PoisonError::into_inner);
        load_from(&engine::root(&self.data))
    }

    /// Writes a checkpoint of the state after frame `sequence`, which must be durable. When this
    /// returns it survives a power cut.
    ///
    /// # Errors
    /// The checkpoint before still counts.
    pub(crate) fn save(
        &self,
        sequence: Sequence,
        beside: &Beside,
        state: WriteState<'_>,
    ) -> Result<Saved, SaveError> {
        let one_at_a_time = self.one_at_a_time.lock();
        let _guard = one_at_a_time.unwrap_or_else(PoisonError::into_inner);
        let root = engine::root(&self.data);
        create_dir(&root)?;
        // A damaged pointer is about to be replaced.
        let current = pointer::read(&root)?.unwrap_or_default();
        let highest = remove_others(&root, current)?;
        let generation = highest.max(current.unwrap_or(0)) + 1;
        let dir = engine::generation(&root, generation);
        let written = write_generation(&dir, generation, sequence, beside, state);
        let saved = match written {
            Ok(saved) => saved,
            Err(error) => {
                // Space that a failed attempt holds would keep the next one from succeeding.
                let _ = engine::remove(&dir);
                return Err(error);
            }
        };
        pointer::write(&root, generation)?;
        remove_others(&root, Some(generation))?;
        Ok(saved)
    }

    /// Gives up what is stored, because its reader does not accept it.
    pub fn reject(
        &self,
        error: Box<dyn std::error::Error + Send + Sync>,
    ) -> Result<CheckpointLoss, FileError> {
        let set_aside = engine::set_aside(&self.data)?;
        Ok(CheckpointLoss {
            reason: LossReason::Rejected(error),
            set_aside,
        })
    }
}

/// Reads the checkpoint that counts in `<data>/sled`, or a copy of that.
pub(crate) fn load_from(root: &Path) -> Result<Option<Checkpoint>, LossReason> {
    if fs::symlink_metadata(root).is_err() {
        return Ok(None);
    }
    if !root.is_dir() {
        return Err(LossReason::Pointer);
    }
    let generation = match pointer::read(root).map_err(EngineFault::from)? {
        Some(Some(generation)) => generation,
        // Nothing was completed yet; a format before this one had its files here.
        Some(None) if !root.join("db").exists() => return Ok(None),
        Some(None) => return Err(LossReason::OldLayout),
        None => return Err(LossReason::Pointer),
    };
    let dir = engine::generation(root, generation);
    if !dir.is_dir() {
        return Err(LossReason::Pointer);
    }
    let engine = Engine::open(&dir)?;
    let loaded = load(&engine, generation);
    engine.close()?;
    loaded.map(Some)
}

fn load(engine: &Engine, generation: u64) -> Result<Checkpoint, LossReason> {
    let value = engine.run(POINTER, |tree| tree.get(CURRENT))?;
    let pointer = value
        .and_then(|value| Pointer::decode(&value))
        .filter(|pointer| pointer.generation == generation)
        .ok_or(LossReason::Pointer)?;
    let mut bytes = Vec::new();
    let mut number = 0;
    let whole = engine.run(CHUNKS, |tree| {
        for item in tree.iter() {
            let (key, value) = item?;
            let expected = writer::chunk_key(generation, number);
            let data = writer::chunk_data(&expected, &value).filter(|_| *key == expected);
            let Some(data) = data else {
                return Ok(false);
            };
            bytes.extend_from_slice(data);
            number += 1;
        }
        Ok(bytes.len() as u64 == pointer.length)
    })?;
    if !whole {
        return Err(LossReason::Chunk { number });
    }
    if *blake3::hash(&bytes).as_bytes() != pointer.hash {
        return Err(LossReason::Whole);
    }
    let bytes = zstd::stream::decode_all(bytes.as_slice()).map_err(|_| LossReason::Whole)?;
    Ok(Checkpoint {
        sequence: pointer.sequence,
        bytes,
        beside: Beside::read(engine)?,
    })
}

fn write_generation(
    dir: &Path,
    generation: u64,
    sequence: Sequence,
    beside: &Beside,
    state: WriteState<'_>,
) -> Result<Saved, SaveError> {
    let engine = Engine::open(dir)?;
    let mut writer = ChunkWriter::new(&engine, generation);
    let mut bytes = 0;
    let written = write_compressed(&mut writer, &mut bytes, state);
    let (length, hash) = writer.finish(written)?;
    let pointer = Pointer {
        generation,
        sequence,
        length,
        hash,
    };
    beside.write(&engine)?;
    engine.run(POINTER, |tree| tree.insert(CURRENT, pointer.encode()))?;
    engine.flush()?;
    engine.close()?;
    Ok(Saved {
        sequence,
        bytes,
        stored_bytes: length,
    })
}

/// Compressed, the state makes up for the room that the database needs beside it.
fn write_compressed(
    writer: &mut dyn Write,
    bytes: &mut u64,
    state: WriteState<'_>,
) -> io::Result<()> {
    let mut compressed = zstd::stream::write::Encoder::new(writer, LEVEL)?;
    let mut counted = Counted {
        target: &mut compressed,
        bytes,
    };
    let mut buffered = BufWriter::with_capacity(64 << 10, &mut counted);
    state(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    compressed.finish()?;
    Ok(())
}

/// Counts what goes through.
struct Counted<'a> {
    target: &'a mut dyn Write,
    bytes: &'a mut u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.target.write(bytes)?;
        *self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

/// Removes every generation but one, and what older programs left; returns the highest number that
/// was there.
fn remove_others(root: &Path, kept: Option<u64>) -> Result<u64, FileError> {
    let mut highest = 0;
    for entry in fs::read_dir(root).context("list", root)? {
        let entry = entry.context("list", root)?;
        let name = entry.file_name();
        let number: Option<u64> = name.to_str().and_then(|name| name.parse().ok());
        highest = highest.max(number.unwrap_or(0));
        if number.is_none() && name == pointer::FILE || number.is_some() && number == kept {
            continue;
        }
        engine::remove(&entry.path())?;
    }
    Ok(highest)
}
