//! Cuts a state into chunks while it is being written, so that it is never in memory as a whole.

use std::io::{self, Write};

use crate::checkpoint::{CHUNKS, SaveError};
use crate::engine::{Engine, EngineFault};

/// Values above 8 KiB can end up in files that sled never syncs; 4 KiB stays clear of that.
const VALUE_BYTES: usize = 4096;
const CHECKSUM: usize = 4;

pub(crate) fn chunk_key(generation: u64, chunk: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&generation.to_be_bytes());
    key[8..].copy_from_slice(&chunk.to_be_bytes());
    key
}

fn checksum(key: &[u8; 12], data: &[u8]) -> [u8; CHECKSUM] {
    crc32c::crc32c_append(crc32c::crc32c(key), data).to_le_bytes()
}

/// The data in a chunk, if it is what was written under this key.
pub(crate) fn chunk_data<'a>(key: &[u8; 12], value: &'a [u8]) -> Option<&'a [u8]> {
    let (stored, data) = value.split_first_chunk::<CHECKSUM>()?;
    (*stored == checksum(key, data)).then_some(data)
}

/// Why a chunk was not stored.
enum Failure {
    Engine(EngineFault),
    TooLarge,
}

pub(crate) struct ChunkWriter<'a> {
    engine: &'a Engine,
    generation: u64,
    number: u32,
    /// Checksum and data of the chunk that is being filled.
    value: Vec<u8>,
    length: u64,
    hasher: blake3::Hasher,
    failure: Option<Failure>,
}

impl<'a> ChunkWriter<'a> {
    pub(crate) fn new(engine: &'a Engine, generation: u64) -> Self {
        let mut value = Vec::with_capacity(VALUE_BYTES);
        value.resize(CHECKSUM, 0);
        Self {
            engine,
            generation,
            number: 0,
            value,
            length: 0,
            hasher: blake3::Hasher::new(),
            failure: None,
        }
    }

    fn store(&mut self) -> io::Result<()> {
        let key = chunk_key(self.generation, self.number);
        let data = &self.value[CHECKSUM..];
        self.hasher.update(data);
        self.length += data.len() as u64;
        let checksum = checksum(&key, data);
        self.value[..CHECKSUM].copy_from_slice(&checksum);
        let value = self.value.as_slice();
        let inserted = self.engine.run(CHUNKS, |tree| tree.insert(key, value));
        self.failure = match (inserted, self.number.checked_add(1)) {
            (Err(fault), _) => Some(Failure::Engine(fault)),
            (Ok(_), None) => Some(Failure::TooLarge),
            (Ok(_), Some(next)) => {
                self.number = next;
                self.value.truncate(CHECKSUM);
                return Ok(());
            }
        };
        Err(io::ErrorKind::Other.into())
    }

    /// Stores the last chunk; returns length and BLAKE3 of the whole. `written` is how the writing
    /// of the state ended.
    pub(crate) fn finish(mut self, written: io::Result<()>) -> Result<(u64, [u8; 32]), SaveError> {
        let stored = written.and_then(|()| match self.value.len() {
            CHECKSUM => Ok(()),
            _ => self.store(),
        });
        match (self.failure, stored) {
            (Some(Failure::Engine(fault)), _) => Err(fault.into()),
            (Some(Failure::TooLarge), _) => Err(SaveError::TooLarge),
            (None, Err(error)) => Err(SaveError::Source(error)),
            (None, Ok(())) => Ok((self.length, *self.hasher.finalize().as_bytes())),
        }
    }
}

impl Write for ChunkWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.value.len() == VALUE_BYTES {
            self.store()?;
        }
        let count = bytes.len().min(VALUE_BYTES - self.value.len());
        self.value.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
