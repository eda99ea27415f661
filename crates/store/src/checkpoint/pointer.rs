//! Which generation is the checkpoint, and what it must be.

use std::fs;
use std::io;
use std::path::Path;

use crate::durable::{Context, FileError, replace_file};
use crate::journal::Sequence;

/// Names the generation that counts.
pub(crate) const FILE: &str = "current";
const MAGIC: [u8; 8] = *b"LDCHKPT1";
const FILE_BYTES: usize = 20;

/// The generation that counts: `Some(None)` if none was completed yet, `None` if the file is not
/// what was written.
pub(crate) fn read(root: &Path) -> Result<Option<Option<u64>>, FileError> {
    let path = root.join(FILE);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(None)),
        read => read.context("read", &path)?,
    };
    Ok(decode(&bytes).map(Some))
}

fn decode(bytes: &[u8]) -> Option<u64> {
    let bytes: &[u8; FILE_BYTES] = bytes.try_into().ok()?;
    let (body, checksum) = bytes.split_last_chunk::<4>()?;
    if u32::from_le_bytes(*checksum) != crc32c::crc32c(body) {
        return None;
    }
    let number = body.strip_prefix(&MAGIC)?;
    Some(u64::from_le_bytes(number.try_into().ok()?))
}

/// Switches to another generation, durably.
pub(crate) fn write(root: &Path, generation: u64) -> Result<(), FileError> {
    let mut bytes = Vec::with_capacity(FILE_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&generation.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    replace_file(&root.join(FILE), &bytes)
}

const VERSION: u8 = 2;
const LENGTH: usize = 1 + 8 + 8 + 8 + 32 + 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pointer {
    pub(crate) generation: u64,
    pub(crate) sequence: Sequence,
    /// Of the compressed state, in bytes.
    pub(crate) length: u64,
    /// BLAKE3 of the compressed state.
    pub(crate) hash: [u8; 32],
}

impl Pointer {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(VERSION);
        for number in [self.generation, self.sequence, self.length] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.hash);
        let checksum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// `None` for anything [`Self::encode`] did not make.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; LENGTH] = bytes.try_into().ok()?;
        let (body, checksum) = bytes.split_last_chunk::<4>()?;
        if u32::from_le_bytes(*checksum) != crc32c::crc32c(body) {
            return None;
        }
        let body = body.strip_prefix(&[VERSION])?;
        let (generation, body) = body.split_first_chunk()?;
        let (sequence, body) = body.split_first_chunk()?;
        let (length, hash) = body.split_first_chunk()?;
        Some(Self {
            generation: u64::from_le_bytes(*generation),
            sequence: u64::from_le_bytes(*sequence),
            length: u64::from_le_bytes(*length),
            hash: hash.try_into().ok()?,
        })
    }
}
