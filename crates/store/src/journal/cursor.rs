//! Reads frames one after the other from a segment file through a window of bounded size.

use std::io;

use crate::journal::frame::{FrameFault, FrameHeader, HEADER};
use crate::journal::source::Source;

const WINDOW: usize = 256 << 10;

/// What stands at an offset.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// A header with a valid checksum and the whole frame, unchecked beyond the header.
    Frame(FrameHeader, &'a [u8]),
    /// Only zeros, or the end of the file, where a header would be.
    Nothing,
    /// Something else.
    Bad(FrameFault),
}

/// A segment with the piece of it that was read last.
#[derive(Debug)]
pub(crate) struct Cursor {
    source: Source,
    length: u64,
    window: Vec<u8>,
    window_start: u64,
}

impl Cursor {
    pub(crate) fn new(source: Source) -> io::Result<Self> {
        let length = source.length()?;
        Ok(Self {
            source,
            length,
            window: Vec::new(),
            window_start: 0,
        })
    }

    /// Length of the plain segment when the cursor was made, in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Forgets what was read, for a file that is still being written.
    pub(crate) fn refresh(&mut self) -> io::Result<()> {
        self.window.clear();
        self.length = self.source.length()?;
        Ok(())
    }

    /// Looks at the frame that begins at `offset`.
    pub(crate) fn at(&mut self, offset: u64) -> io::Result<Found<'_>> {
        // Asked for first, so that a block that cannot be unpacked is told from a failing disk.
        match self.look(offset) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Ok(Found::Bad(FrameFault::Block));
            }
            Err(error) => return Err(error),
            Ok(()) => {}
        }
        let header = match self.bytes(offset, HEADER)? {
            None => {
                let rest = self.length.saturating_sub(offset).min(HEADER as u64) as usize;
                let empty = self.bytes(offset, rest)?.is_none_or(is_zero);
                return Ok(if empty {
                    Found::Nothing
                } else {
                    Found::Bad(FrameFault::Short)
                });
            }
            Some(bytes) if is_zero(bytes) => return Ok(Found::Nothing),
            Some(bytes) => FrameHeader::decode(bytes),
        };
        let Some(header) = header else {
            return Ok(Found::Bad(FrameFault::Header));
        };
        match self.bytes(offset, header.frame_length())? {
            Some(frame) => Ok(Found::Frame(header, frame)),
            None => Ok(Found::Bad(FrameFault::Short)),
        }
    }

    /// What stands from `offset` to the last byte of the file that is not zero, with at least the
    /// length of a header where the file has it. Most of a segment is still zeros, so the end is
    /// looked for in pieces.
    pub(crate) fn used(&mut self, offset: u64) -> io::Result<Vec<u8>> {
        let mut end = self.length.min(offset + HEADER as u64);
        let mut piece = vec![0; WINDOW];
        let mut position = offset;
        while position < self.length {
            let count = piece.len().min((self.length - position) as usize);
            self.source.read_exact_at(&mut piece[..count], position)?;
            if let Some(last) = piece[..count].iter().rposition(|&byte| byte != 0) {
                end = end.max(position + last as u64 + 1);
            }
            position += count as u64;
        }
        self.range(offset, end)
    }

    /// The bytes from one offset to another, at once.
    pub(crate) fn range(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; to.saturating_sub(from) as usize];
        self.source.read_exact_at(&mut bytes, from)?;
        Ok(bytes)
    }

    /// Reads the frame at `offset`, or what there is of it, into the window.
    fn look(&mut self, offset: u64) -> io::Result<()> {
        if let Some(bytes) = self.bytes(offset, HEADER)?
            && let Some(header) = FrameHeader::decode(bytes)
        {
            self.bytes(offset, header.frame_length())?;
        }
        Ok(())
    }

    fn bytes(&mut self, offset: u64, count: usize) -> io::Result<Option<&[u8]>> {
        if offset.saturating_add(count as u64) > self.length {
            return Ok(None);
        }
        let within = offset
            .checked_sub(self.window_start)
            .map(|start| start as usize);
        if let Some(start) = within.filter(|start| start + count <= self.window.len()) {
            return Ok(Some(&self.window[start..start + count]));
        }
        let wanted = count.max(WINDOW).min((self.length - offset) as usize);
        self.fill(offset, wanted, count)?;
        Ok(self.window.get(..count))
    }

    /// Reads a window, of which `needed` bytes matter. A segment that is cut to its last frame
    /// meanwhile gives a shorter one.
    fn fill(&mut self, offset: u64, wanted: usize, needed: usize) -> io::Result<()> {
        self.window.clear();
        self.window_start = offset;
        let mut bytes = vec![0; wanted];
        let mut filled = 0;
        while filled < wanted {
            match self
                .source
                .read_at(&mut bytes[filled..], offset + filled as u64)
            {
                Ok(0) => {
                    self.length = offset + filled as u64;
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The damage is in a block further on.
                Err(_) if filled >= needed => break,
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        self.window = bytes;
        Ok(())
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}
