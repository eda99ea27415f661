//! Sealed segments: full ones, compressed in blocks.
//!
//! ```text
//! offset size
//!      0   64  header as of a plain segment, format version 2
//!     64       blocks: each the zstd of 256 KiB of the plain segment from its byte 64 on
//!              table: for each block its compressed length (4) and CRC32C (4)
//!              trailer:
//!      0    8    magic `LDSEALED`
//!      8    4    bytes of the plain segment in each block but the last
//!     12    4    number of blocks
//!     16    8    length of the plain segment in bytes
//!     24    8    sequence of its last frame
//!     32   32    hash of its last frame
//!     64    4    CRC32C of the table
//!     68    4    CRC32C of the trailer up to here
//! ```
//!
//! Integers are little endian. Offsets of frames mean the plain segment, so the index of frames
//! stays true when a segment is sealed. Frames keep their checksums and their chain inside; what is
//! here guards the bytes outside. Nothing here trusts a length it has not bounded.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::journal::Sequence;
use crate::journal::frame::FrameHash;
use crate::journal::segment::{HEADER, HEADER_BYTES};

pub(crate) const BLOCK: usize = 256 << 10;
const MAGIC: [u8; 8] = *b"LDSEALED";
const TRAILER: usize = 72;
const ENTRY: usize = 8;
/// Far above what a block can compress to; bounds what a damaged table may ask for.
const MAX_COMPRESSED: u64 = 2 * BLOCK as u64;
const LEVEL: i32 = 6;

/// What a sealed segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trailer {
    block_bytes: u32,
    blocks: u32,
    pub(crate) plain_length: u64,
    pub(crate) last: Sequence,
    pub(crate) hash: FrameHash,
}

impl Trailer {
    fn encode(&self, table: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(TRAILER);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.block_bytes.to_le_bytes());
        bytes.extend_from_slice(&self.blocks.to_le_bytes());
        bytes.extend_from_slice(&self.plain_length.to_le_bytes());
        bytes.extend_from_slice(&self.last.to_le_bytes());
        bytes.extend_from_slice(&self.hash);
        bytes.extend_from_slice(&crc32c::crc32c(table).to_le_bytes());
        let checksum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The trailer and the checksum of the table before it; `None` for anything else.
    fn decode(bytes: &[u8]) -> Option<(Self, u32)> {
        let (body, checksum) = bytes.split_last_chunk::<4>()?;
        if u32::from_le_bytes(*checksum) != crc32c::crc32c(body) {
            return None;
        }
        let body = body.strip_prefix(&MAGIC)?;
        let (block_bytes, body) = body.split_first_chunk()?;
        let (blocks, body) = body.split_first_chunk()?;
        let (plain_length, body) = body.split_first_chunk()?;
        let (last, body) = body.split_first_chunk()?;
        let (hash, body) = body.split_first_chunk()?;
        let trailer = Self {
            block_bytes: u32::from_le_bytes(*block_bytes),
            blocks: u32::from_le_bytes(*blocks),
            plain_length: u64::from_le_bytes(*plain_length),
            last: u64::from_le_bytes(*last),
            hash: *hash,
        };
        let expected = trailer
            .plain_length
            .checked_sub(HEADER)?
            .div_ceil(BLOCK as u64);
        let whole = trailer.block_bytes == BLOCK as u32 && u64::from(trailer.blocks) == expected;
        whole.then(|| Some((trailer, u32::from_le_bytes(body.try_into().ok()?))))?
    }
}

#[derive(Debug, Clone, Copy)]
struct Block {
    offset: u64,
    compressed: usize,
    checksum: u32,
}

/// A sealed segment, read as if it were plain.
#[derive(Debug)]
pub(crate) struct SealedFile {
    file: File,
    trailer: Trailer,
    blocks: Vec<Block>,
    /// The block that was unpacked last.
    unpacked: Option<(usize, Vec<u8>)>,
}

impl SealedFile {
    /// `Ok(None)` if table or trailer is not what was written.
    pub(crate) fn open(file: File) -> io::Result<Option<Self>> {
        let length = file.metadata()?.len();
        let Some(trailer_at) = length.checked_sub(TRAILER as u64) else {
            return Ok(None);
        };
        let mut bytes = [0; TRAILER];
        file.read_exact_at(&mut bytes, trailer_at)?;
        let Some((trailer, table_checksum)) = Trailer::decode(&bytes) else {
            return Ok(None);
        };
        let table_bytes = u64::from(trailer.blocks) * ENTRY as u64;
        let Some(table_at) = trailer_at.checked_sub(table_bytes) else {
            return Ok(None);
        };
        let mut table = vec![0; table_bytes as usize];
        file.read_exact_at(&mut table, table_at)?;
        if crc32c::crc32c(&table) != table_checksum {
            return Ok(None);
        }
        let mut blocks = Vec::with_capacity(table.len() / ENTRY);
        let mut offset = HEADER;
        for entry in table.chunks_exact(ENTRY) {
            let (Some(compressed), Some(checksum)) = (entry.first_chunk(), entry.last_chunk())
            else {
                return Ok(None);
            };
            let compressed = u32::from_le_bytes(*compressed);
            blocks.push(Block {
                offset,
                compressed: compressed as usize,
                checksum: u32::from_le_bytes(*checksum),
            });
            offset += u64::from(compressed);
            if u64::from(compressed) > MAX_COMPRESSED {
                return Ok(None);
            }
        }
        let whole = offset == table_at;
        Ok(whole.then_some(Self {
            file,
            trailer,
            blocks,
            unpacked: None,
        }))
    }

    pub(crate) fn trailer(&self) -> &Trailer {
        &self.trailer
    }

    /// Like `read_at` of a plain file; gives at most the rest of one block.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for a block that is not what was written.
    pub(crate) fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let Some(within) = offset.checked_sub(HEADER) else {
            let header = buffer.len().min((HEADER - offset) as usize);
            return self.file.read_at(&mut buffer[..header], offset);
        };
        if offset >= self.trailer.plain_length {
            return Ok(0);
        }
        let number = (within / BLOCK as u64) as usize;
        let start = (within % BLOCK as u64) as usize;
        let block = self.block(number)?;
        let piece = block.get(start..).unwrap_or_default();
        let count = piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&piece[..count]);
        Ok(count)
    }

    fn block(&mut self, number: usize) -> io::Result<&[u8]> {
        if self.unpacked.as_ref().is_none_or(|(at, _)| *at != number) {
            let bytes = self.unpack(number)?;
            self.unpacked = Some((number, bytes));
        }
        let unpacked = self.unpacked.as_ref();
        Ok(unpacked.map_or(&[], |(_, bytes)| bytes))
    }

    fn unpack(&self, number: usize) -> io::Result<Vec<u8>> {
        let Some(block) = self.blocks.get(number) else {
            return Err(damaged());
        };
        let mut compressed = vec![0; block.compressed];
        self.file.read_exact_at(&mut compressed, block.offset)?;
        if crc32c::crc32c(&compressed) != block.checksum {
            return Err(damaged());
        }
        let before = number as u64 * BLOCK as u64;
        let rest = self.trailer.plain_length - HEADER - before;
        let expected = rest.min(BLOCK as u64) as usize;
        let plain = zstd::bulk::decompress(&compressed, expected).map_err(|_| damaged())?;
        if plain.len() == expected {
            Ok(plain)
        } else {
            Err(damaged())
        }
    }
}

fn damaged() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}

/// Builds a sealed segment from the frames of a plain one, given in order.
pub(crate) struct Packer<'a> {
    target: &'a mut dyn io::Write,
    compressor: zstd::bulk::Compressor<'static>,
    pending: Vec<u8>,
    table: Vec<u8>,
    plain_length: u64,
    written: u64,
}

impl<'a> Packer<'a> {
    /// `header` must say that the segment is sealed.
    pub(crate) fn new(
        target: &'a mut dyn io::Write,
        header: &[u8; HEADER_BYTES],
    ) -> io::Result<Self> {
        target.write_all(header)?;
        let compressor = zstd::bulk::Compressor::new(LEVEL)?;
        Ok(Self {
            target,
            compressor,
            pending: Vec::with_capacity(BLOCK),
            table: Vec::new(),
            plain_length: HEADER,
            written: HEADER,
        })
    }

    pub(crate) fn push(&mut self, frame: &[u8]) -> io::Result<()> {
        let mut rest = frame;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.len().min(BLOCK - self.pending.len()));
            self.pending.extend_from_slice(piece);
            rest = behind;
            if self.pending.len() == BLOCK {
                self.pack()?;
            }
        }
        self.plain_length += frame.len() as u64;
        Ok(())
    }

    fn pack(&mut self) -> io::Result<()> {
        let compressed = self.compressor.compress(&self.pending)?;
        let length = compressed.len() as u32;
        self.table.extend_from_slice(&length.to_le_bytes());
        let checksum = crc32c::crc32c(&compressed);
        self.table.extend_from_slice(&checksum.to_le_bytes());
        self.target.write_all(&compressed)?;
        self.written += compressed.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Ends the segment behind its last frame; returns the size of the file in bytes.
    pub(crate) fn finish(mut self, last: Sequence, hash: FrameHash) -> io::Result<u64> {
        if !self.pending.is_empty() {
            self.pack()?;
        }
        let trailer = Trailer {
            block_bytes: BLOCK as u32,
            blocks: (self.table.len() / ENTRY) as u32,
            plain_length: self.plain_length,
            last,
            hash,
        };
        let trailer = trailer.encode(&self.table);
        self.target.write_all(&self.table)?;
        self.target.write_all(&trailer)?;
        Ok(self.written + (self.table.len() + trailer.len()) as u64)
    }
}
