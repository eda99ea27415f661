//! Segment files: their names, headers, and how an empty one is made ready.
//!
//! ```text
//! offset size
//!      0    8  magic `LDJOURNL`
//!      8    4  format version: 1 as described here, 2 compressed (`sealed`)
//!     12    4  CRC32C of the header without this field
//!     16    8  number of the segment, from 1
//!     24    8  sequence of its first frame
//!     32   32  hash of the last frame of the segment before; zeros in segment 1
//!     64       frames, then zeros; a full segment is cut to its last frame
//! ```
//!
//! A file gets the name of a segment only after its header and its zeros are durable, so a
//! named segment always has a valid header. The zeros are really written: overwriting them later
//! changes no metadata, which keeps `fdatasync` to one write of the disk, and lets
//! [`super::damage`] see what a power cut left out.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::durable::{Context, FileError, remove_if_there, sync_all, sync_dir, write_at};
use crate::journal::Sequence;
use crate::journal::error::JournalError;
use crate::journal::frame::FrameHash;
use crate::journal::sealed::SealedFile;
use crate::journal::source::Source;

pub(crate) const HEADER: u64 = 64;
pub(crate) const HEADER_BYTES: usize = 64;
const MAGIC: [u8; 8] = *b"LDJOURNL";
const PLAIN_VERSION: u32 = 1;
const SEALED_VERSION: u32 = 2;
/// Written again and again, so that nothing is allocated for it.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
const PROBE: usize = 1024;
const PREPARED: &str = "next.tmp";

/// How a segment file holds its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One after the other, then zeros.
    Plain,
    /// Compressed, complete.
    Sealed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) form: Form,
    pub(crate) number: u64,
    pub(crate) first: Sequence,
    pub(crate) previous: FrameHash,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let version = match self.form {
            Form::Plain => PLAIN_VERSION,
            Form::Sealed => SEALED_VERSION,
        };
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&version.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.number.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.to_le_bytes());
        bytes[32..64].copy_from_slice(&self.previous);
        let checksum = checksum(&bytes);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; HEADER_BYTES], segment: u64) -> Result<Self, JournalError> {
        let damaged = JournalError::SegmentHeader { segment };
        let mut fields = [0; 48];
        fields.copy_from_slice(&bytes[16..64]);
        let (numbers, previous) = fields.split_at(16);
        let (Some(number), Some(first), Ok(previous)) = (
            numbers.first_chunk(),
            numbers.last_chunk(),
            previous.try_into(),
        ) else {
            return Err(damaged);
        };
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        if bytes[0..8] != MAGIC || word(12) != checksum(bytes) {
            return Err(damaged);
        }
        let form = match word(8) {
            PLAIN_VERSION => Form::Plain,
            SEALED_VERSION => Form::Sealed,
            found => {
                return Err(JournalError::SegmentVersion {
                    segment,
                    found,
                    supported: SEALED_VERSION,
                });
            }
        };
        let header = Self {
            form,
            number: u64::from_le_bytes(*number),
            first: u64::from_le_bytes(*first),
            previous,
        };
        if header.number == segment {
            Ok(header)
        } else {
            Err(damaged)
        }
    }
}

fn checksum(bytes: &[u8; HEADER_BYTES]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[0..12]), &bytes[16..])
}

/// Where segment `number` lives.
pub(crate) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:08}.seg"))
}

/// The numbers of the segment files that are there, in order.
pub(crate) fn numbers(dir: &Path) -> Result<Vec<u64>, FileError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).context("list", dir)? {
        let entry = entry.context("list", dir)?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".seg"));
        if let Some(number) = number.and_then(|digits| digits.parse::<u64>().ok()) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The headers of all segments in order. Every number from 1 on must be there.
pub(crate) fn list(dir: &Path) -> Result<Vec<SegmentHeader>, JournalError> {
    let numbers = numbers(dir)?;
    let mut headers = Vec::with_capacity(numbers.len());
    for (expected, &number) in (1..).zip(&numbers) {
        if number != expected {
            return Err(JournalError::MissingSegment {
                segment: expected,
                path: path(dir, expected),
            });
        }
        headers.push(read_header(dir, number)?);
    }
    Ok(headers)
}

/// The header of segment `number`.
pub(crate) fn read_header(dir: &Path, number: u64) -> Result<SegmentHeader, JournalError> {
    let path = path(dir, number);
    let file = File::open(&path).context("open", &path)?;
    header_of(&file, &path, number)
}

/// The form of a file whose header is damaged.
pub(crate) fn form_without_header(file: &File) -> io::Result<Form> {
    let sealed = SealedFile::open(file.try_clone()?)?;
    Ok(sealed.map_or(Form::Plain, |_| Form::Sealed))
}

/// The header in an open file, which must be of segment `number`.
pub(crate) fn header_of(
    file: &File,
    path: &Path,
    number: u64,
) -> Result<SegmentHeader, JournalError> {
    let mut bytes = [0; HEADER_BYTES];
    match file.read_exact_at(&mut bytes, 0) {
        Ok(()) => SegmentHeader::decode(&bytes, number),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(JournalError::SegmentHeader { segment: number })
        }
        other => {
            other.context("read", path)?;
            Err(JournalError::SegmentHeader { segment: number })
        }
    }
}

/// About how many bytes of frames a segment has. In the last one only zeros follow them, so their
/// end is found by halving.
pub(crate) fn frames_length(dir: &Path, number: u64, is_last: bool) -> Result<u64, JournalError> {
    let path = path(dir, number);
    let mut source = Source::open(dir, number)?;
    let mut high = source.length().context("look at", &path)?;
    let mut low = HEADER.min(high);
    let mut piece = [0; PROBE];
    while is_last && high - low > PROBE as u64 {
        let middle = low + (high - low) / 2;
        let read = source.read_at(&mut piece, middle).context("read", &path)?;
        if piece[..read].iter().all(|&byte| byte == 0) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(high.saturating_sub(HEADER))
}

/// Opens a segment for reading and writing.
pub(crate) fn open(dir: &Path, number: u64) -> Result<File, FileError> {
    let path = path(dir, number);
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .context("open", &path)
}

/// Makes a file of `bytes` durable zeros that can become the next segment.
pub(crate) fn prepare(dir: &Path, bytes: u64) -> Result<File, FileError> {
    let path = dir.join(PREPARED);
    let made = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .context("create", &path)
        .and_then(|file| {
            reserve(&file, bytes).context("reserve space for", &path)?;
            fill_with_zeros(&file, bytes).context("fill with zeros", &path)?;
            sync_all(&file).context("sync", &path)?;
            Ok(file)
        });
    if made.is_err() {
        // Space that a failed attempt holds would keep the next one from succeeding.
        let _ = discard_prepared(dir);
    }
    made
}

/// Gives a prepared file its header and its name, durably.
pub(crate) fn adopt(dir: &Path, file: &File, header: &SegmentHeader) -> Result<(), FileError> {
    let prepared = dir.join(PREPARED);
    write_at(file, &header.encode(), 0).context("write", &prepared)?;
    sync_all(file).context("sync", &prepared)?;
    let path = path(dir, header.number);
    fs::rename(&prepared, &path).context("rename into place", &path)?;
    sync_dir(dir)
}

/// Removes a prepared file that a crash left behind.
pub(crate) fn discard_prepared(dir: &Path) -> Result<(), FileError> {
    remove_if_there(&dir.join(PREPARED))
}

/// Overwrites a range with zeros.
pub(crate) fn zero(file: &File, from: u64, to: u64) -> io::Result<()> {
    let mut position = from;
    while position < to {
        let count = ZEROS.len().min((to - position) as usize);
        write_at(file, &ZEROS[..count], position)?;
        position += count as u64;
    }
    Ok(())
}

fn fill_with_zeros(file: &File, bytes: u64) -> io::Result<()> {
    zero(file, 0, bytes)
}

/// Asks for the blocks at once, so that they lie together and a full disk shows early. File
/// systems that cannot do it get their blocks from the zeros.
fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        other => Ok(other?),
    }
}
