//! One frame of the journal: its bytes and its checks.
//!
//! ```text
//! offset size
//!      0    4  mark, `LDf1`; no byte of it is zero
//!      4    4  CRC32C of the header without this field
//!      8    4  payload length in bytes, at least 1
//!     12    4  CRC32C of the payload
//!     16    8  sequence, from 1, without gaps
//!     24    8  the highest sequence that was durable when this frame was written
//!     32   32  BLAKE3 of the previous frame (header and payload); zeros before frame 1
//!     64    n  payload
//! 64 + n    1  end mark, never zero
//! ```
//!
//! Integers are little endian. The hash is kept whole, not truncated: the journal is evidence, and
//! a frame holds a whole batch, so 16 bytes less would not show in its size. The marks at both
//! ends are not zero so that a frame on a segment of zeros shows whether it was written to its
//! end; [`super::damage`] lives on that.

use liandong_core::planted::{self, Planted};

use crate::journal::Sequence;

pub(crate) const HEADER: usize = 64;
pub(crate) const END: u8 = 0x5a;
pub(crate) const MARK: [u8; 4] = *b"LDf1";
/// Bytes of a frame besides its payload.
pub(crate) const OVERHEAD: usize = HEADER + 1;
/// The largest payload of one frame in bytes.
pub const MAX_PAYLOAD: usize = 64 << 20;

/// BLAKE3 of a frame, named by the frame that follows it.
pub type FrameHash = [u8; 32];

/// What is wrong with the bytes where a frame should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// The header is not what was written.
    #[error("the frame header does not match its checksum")]
    Header,
    /// The payload is not what was written.
    #[error("the payload does not match its checksum")]
    Payload,
    /// Header and payload are whole, but the end mark is not.
    #[error("the end mark is missing")]
    EndMark,
    /// The file ends inside the frame.
    #[error("the file ends inside the frame")]
    Short,
    /// A whole frame, but not the one that belongs here.
    #[error("frame {found} stands where another belongs")]
    OutOfOrder {
        /// The sequence found.
        found: Sequence,
    },
    /// A whole frame whose predecessor is not the one before it.
    #[error("the frame does not follow from the frame before it")]
    Chain,
    /// The compressed block that the frame is in is not what was written.
    #[error("the compressed block does not match its checksum")]
    Block,
    /// Nothing, or not a frame, where one is known to have been.
    #[error("the frame is missing")]
    Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) payload_length: u32,
    pub(crate) payload_checksum: u32,
    pub(crate) sequence: Sequence,
    pub(crate) durable: Sequence,
    pub(crate) previous: FrameHash,
}

impl FrameHeader {
    pub(crate) fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0..4].copy_from_slice(&MARK);
        bytes[8..12].copy_from_slice(&self.payload_length.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.payload_checksum.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.durable.to_le_bytes());
        bytes[32..64].copy_from_slice(&self.previous);
        let checksum = header_checksum(&bytes);
        bytes[4..8].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The header in these bytes, if its mark, checksum and length are right.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER] = bytes.first_chunk()?;
        if bytes[0..4] != MARK || le32(bytes, 4) != header_checksum(bytes) {
            return None;
        }
        let mut previous = [0; 32];
        previous.copy_from_slice(&bytes[32..64]);
        let header = Self {
            payload_length: le32(bytes, 8),
            payload_checksum: le32(bytes, 12),
            sequence: le64(bytes, 16),
            durable: le64(bytes, 24),
            previous,
        };
        let length = header.payload_length as usize;
        (1..=MAX_PAYLOAD).contains(&length).then_some(header)
    }

    /// Bytes from the first of the header to the end mark.
    pub(crate) fn frame_length(&self) -> usize {
        OVERHEAD + self.payload_length as usize
    }

    /// Checks payload and end mark; `frame` is the whole frame.
    pub(crate) fn payload_of<'a>(&self, frame: &'a [u8]) -> Result<&'a [u8], FrameFault> {
        let end = HEADER + self.payload_length as usize;
        let Some(payload) = frame.get(HEADER..end) else {
            return Err(FrameFault::Short);
        };
        if planted::is(Planted::TornTailAccepted) {
            return Ok(payload);
        }
        if crc32c::crc32c(payload) != self.payload_checksum {
            return Err(FrameFault::Payload);
        }
        match frame.get(end) {
            Some(&END) => Ok(payload),
            Some(_) => Err(FrameFault::EndMark),
            None => Err(FrameFault::Short),
        }
    }
}

/// The hash the next frame names.
pub(crate) fn hash_of(frame: &[u8]) -> FrameHash {
    let hashed = frame.len().saturating_sub(1);
    *blake3::hash(&frame[..hashed]).as_bytes()
}

/// Lays a frame into `buffer`, replacing what was there, and returns its hash.
pub(crate) fn lay(
    buffer: &mut Vec<u8>,
    parts: &[&[u8]],
    payload_length: u32,
    place: (Sequence, Sequence),
    previous: FrameHash,
) -> FrameHash {
    let (sequence, durable) = place;
    buffer.clear();
    buffer.resize(HEADER, 0);
    for part in parts {
        buffer.extend_from_slice(part);
    }
    let payload_checksum = crc32c::crc32c(&buffer[HEADER..]);
    let header = FrameHeader {
        payload_length,
        payload_checksum,
        sequence,
        durable,
        previous,
    };
    buffer[..HEADER].copy_from_slice(&header.encode());
    buffer.push(END);
    hash_of(buffer)
}

fn header_checksum(bytes: &[u8; HEADER]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[0..4]), &bytes[8..])
}

fn le32(bytes: &[u8; HEADER], at: usize) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(value)
}

fn le64(bytes: &[u8; HEADER], at: usize) -> u64 {
    let mut value = [0; 8];
    value.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(value)
}
