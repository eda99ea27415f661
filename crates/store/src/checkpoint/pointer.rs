//! The record that says which generation of chunks is the checkpoint.

use crate::journal::Sequence;

const VERSION: u8 = 1;
const LENGTH: usize = 1 + 8 + 8 + 8 + 32 + 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pointer {
    pub(crate) generation: u64,
    pub(crate) sequence: Sequence,
    /// Of the whole checkpoint, in bytes.
    pub(crate) length: u64,
    /// BLAKE3 of the whole checkpoint.
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
