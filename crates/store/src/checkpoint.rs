//! Checkpoints: the state at one sequence, so that a restart replays little of the journal.
//!
//! A checkpoint is a blob cut into chunks; a pointer names the one that counts. A new one is
//! written under a new generation, made durable, then pointed to, durably; then the old one goes.
//! Each chunk and the pointer carry CRC32C and the pointer BLAKE3 of the whole, so no answer of
//! the engine is believed. A checkpoint is never the only place of anything: whatever is wrong
//! with it, it is dropped with the whole engine directory and a [`CheckpointLoss`] says why.
//!
//! ```text
//! tree `chunks`   key: generation u64, chunk u32 (big endian)   value: CRC32C of key and data (4), data (up to 4092)
//! tree `pointer`  key: `current`   value: version 1 (1), generation (8), sequence (8), length (8), BLAKE3 (32), CRC32C (4)
//! ```

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::durable::FileError;
use crate::engine::{self, Engine, EngineFault};
use crate::journal::Sequence;
use crate::lock::DirLock;

mod error;
mod pointer;
#[cfg(test)]
mod tests;

pub use error::{CheckpointLoss, CheckpointsUnusable, LossReason, SaveError};

use pointer::Pointer;

const CHUNKS: &str = "chunks";
const POINTER: &str = "pointer";
const CURRENT: &[u8] = b"current";
/// Values above 8 KiB can end up in files that sled never syncs; 4 KiB stays clear of that.
const VALUE_BYTES: usize = 4096;
const DATA_BYTES: usize = VALUE_BYTES - 4;

/// A state that was read back whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last frame the state contains.
    pub sequence: Sequence,
    /// The bytes that were saved.
    pub bytes: Vec<u8>,
}

/// A checkpoint that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The last frame the state contains.
    pub sequence: Sequence,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The checkpoints of one data directory. Cheap to clone; may be used from any thread.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    data: PathBuf,
    engine: Arc<Mutex<Option<Engine>>>,
    _lock: Option<Arc<DirLock>>,
}

impl Checkpoints {
    /// Opens the checkpoints in a data directory and loads the one that counts.
    ///
    /// A damaged one is set aside and reported, not an error.
    ///
    /// # Errors
    /// Only if not even a new, empty database can be made.
    pub fn open(
        data: &Path,
        lock: Option<Arc<DirLock>>,
    ) -> Result<(Self, Option<Checkpoint>, Option<CheckpointLoss>), CheckpointsUnusable> {
        let existed = engine::exists(data);
        let loaded = if existed {
            open_and_load(data)
        } else {
            Ok((begin(data)?, None))
        };
        let (engine, checkpoint, loss) = match loaded {
            Ok((engine, checkpoint)) => (engine, checkpoint, None),
            Err(reason) => {
                let set_aside = engine::set_aside(data)?;
                (
                    begin(data)?,
                    None,
                    Some(CheckpointLoss { reason, set_aside }),
                )
            }
        };
        let engine = Arc::new(Mutex::new(Some(engine)));
        Ok((
            Self {
                data: data.to_path_buf(),
                engine,
                _lock: lock,
            },
            checkpoint,
            loss,
        ))
    }

    /// Reads the checkpoint that counts, if there is one.
    pub fn load(&self) -> Result<Option<Checkpoint>, LossReason> {
        let mut engine = self.engine();
        load(self.ready(&mut engine)?)
    }

    /// Writes a checkpoint of the state after frame `sequence`, which must be durable. When this
    /// returns it survives a power cut.
    pub fn save(&self, sequence: Sequence, state: &mut dyn Read) -> Result<Saved, SaveError> {
        let mut engine = self.engine();
        let result = match self.ready(&mut engine) {
            Ok(ready) => save(ready, sequence, state),
            Err(fault) => Err(fault.into()),
        };
        if matches!(result, Err(SaveError::Engine(_))) {
            *engine = None;
            engine::set_aside(&self.data)?;
        }
        result
    }

    /// Gives up what is stored, because its reader does not accept it.
    pub fn reject(
        &self,
        error: Box<dyn std::error::Error + Send + Sync>,
    ) -> Result<CheckpointLoss, FileError> {
        let mut engine = self.engine();
        *engine = None;
        let set_aside = engine::set_aside(&self.data)?;
        Ok(CheckpointLoss {
            reason: LossReason::Rejected(error),
            set_aside,
        })
    }

    pub(crate) fn with_engine<T>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, EngineFault>,
    ) -> Result<T, EngineFault> {
        let mut engine = self.engine();
        work(self.ready(&mut engine)?)
    }

    fn engine(&self) -> MutexGuard<'_, Option<Engine>> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open engine; opens a new one after the last was set aside.
    fn ready<'a>(&self, engine: &'a mut Option<Engine>) -> Result<&'a Engine, EngineFault> {
        match engine {
            Some(ready) => Ok(ready),
            None => Ok(engine.insert(begin(&self.data)?)),
        }
    }
}

fn chunk_key(generation: u64, chunk: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&generation.to_be_bytes());
    key[8..].copy_from_slice(&chunk.to_be_bytes());
    key
}

fn chunk_checksum(key: &[u8; 12], data: &[u8]) -> [u8; 4] {
    crc32c::crc32c_append(crc32c::crc32c(key), data).to_le_bytes()
}

fn open_and_load(data: &Path) -> Result<(Engine, Option<Checkpoint>), LossReason> {
    let engine = Engine::open(data)?;
    let checkpoint = load(&engine)?;
    Ok((engine, checkpoint))
}

/// Opens an empty engine. It gets a pointer to nothing, so that one without any pointer is known
/// to have lost it.
fn begin(data: &Path) -> Result<Engine, EngineFault> {
    let engine = Engine::open(data)?;
    let hash = *blake3::hash(&[]).as_bytes();
    let nothing = Pointer {
        generation: 0,
        sequence: 0,
        length: 0,
        hash,
    };
    engine.run(POINTER, |tree| tree.insert(CURRENT, nothing.encode()))?;
    engine.flush()?;
    Ok(engine)
}

fn load(engine: &Engine) -> Result<Option<Checkpoint>, LossReason> {
    let pointer = read_pointer(engine)?;
    if pointer.generation == 0 {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let mut number = 0;
    let whole = engine.run(CHUNKS, |tree| {
        for item in tree.scan_prefix(pointer.generation.to_be_bytes()) {
            let (key, value) = item?;
            let expected = chunk_key(pointer.generation, number);
            let Some((checksum, data)) = value.split_first_chunk::<4>() else {
                return Ok(false);
            };
            if *key != expected || *checksum != chunk_checksum(&expected, data) {
                return Ok(false);
            }
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
    Ok(Some(Checkpoint {
        sequence: pointer.sequence,
        bytes,
    }))
}

fn read_pointer(engine: &Engine) -> Result<Pointer, LossReason> {
    let value = engine.run(POINTER, |tree| tree.get(CURRENT))?;
    value
        .and_then(|value| Pointer::decode(&value))
        .ok_or(LossReason::Pointer)
}

fn save(engine: &Engine, sequence: Sequence, state: &mut dyn Read) -> Result<Saved, SaveError> {
    let current = match read_pointer(engine) {
        Ok(pointer) => Some(pointer.generation),
        Err(LossReason::Engine(fault)) => return Err(fault.into()),
        // A damaged pointer is about to be replaced.
        Err(_) => None,
    };
    // A crash may have left a part of a generation that no pointer names.
    let highest = remove_generations(engine, current)?;
    let generation = highest.max(current.unwrap_or(0)) + 1;
    let mut hasher = blake3::Hasher::new();
    let mut length = 0;
    let mut value = Vec::with_capacity(VALUE_BYTES);
    for number in 0.. {
        value.clear();
        value.resize(4, 0);
        let taken = state
            .take(DATA_BYTES as u64)
            .read_to_end(&mut value)
            .map_err(SaveError::Source)?;
        if taken == 0 {
            break;
        }
        if number == u32::MAX {
            return Err(SaveError::TooLarge);
        }
        let key = chunk_key(generation, number);
        let checksum = chunk_checksum(&key, &value[4..]);
        value[..4].copy_from_slice(&checksum);
        hasher.update(&value[4..]);
        length += taken as u64;
        engine.run(CHUNKS, |tree| tree.insert(key, value.as_slice()))?;
    }
    engine.flush()?;
    let hash = *hasher.finalize().as_bytes();
    let pointer = Pointer {
        generation,
        sequence,
        length,
        hash,
    };
    engine.run(POINTER, |tree| tree.insert(CURRENT, pointer.encode()))?;
    engine.flush()?;
    remove_generations(engine, Some(generation))?;
    Ok(Saved {
        sequence,
        bytes: length,
    })
}

/// Removes the chunks of every generation but one; returns the highest number removed.
fn remove_generations(engine: &Engine, kept: Option<u64>) -> Result<u64, EngineFault> {
    engine.run(CHUNKS, |tree| {
        let mut highest = 0;
        for key in tree.iter().keys() {
            let key = key?;
            let generation = key.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
            if generation.is_none() || generation != kept {
                tree.remove(&key)?;
                highest = highest.max(generation.unwrap_or(0));
            }
        }
        Ok(highest)
    })
}
