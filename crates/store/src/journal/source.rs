//! Where the bytes of a segment come from: a plain file, or a sealed one that is unpacked on the
//! way. Everything that reads frames sees the bytes of the plain segment.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::durable::Context;
use crate::journal::error::JournalError;
use crate::journal::sealed::{SealedFile, Trailer};
use crate::journal::segment::{self, Form};

/// An open segment file, for reading.
#[derive(Debug)]
pub(crate) enum Source {
    Plain(File),
    Sealed(Box<SealedFile>),
}

impl Source {
    /// Opens segment `number`, whatever its form.
    pub(crate) fn open(dir: &Path, number: u64) -> Result<Self, JournalError> {
        Self::open_file(&segment::path(dir, number), number)
    }

    /// Opens the segment `number` in a file of any name.
    pub(crate) fn open_file(path: &Path, number: u64) -> Result<Self, JournalError> {
        let file = File::open(path).context("open", path)?;
        let header = segment::header_of(&file, path, number)?;
        match header.form {
            Form::Plain => Ok(Self::Plain(file)),
            Form::Sealed => match SealedFile::open(file).context("read", path)? {
                Some(sealed) => Ok(Self::Sealed(Box::new(sealed))),
                None => Err(JournalError::SealedTable { segment: number }),
            },
        }
    }

    /// Length of the plain segment in bytes.
    pub(crate) fn length(&self) -> io::Result<u64> {
        match self {
            Self::Plain(file) => Ok(file.metadata()?.len()),
            Self::Sealed(sealed) => Ok(sealed.trailer().plain_length),
        }
    }

    /// Reads up to a buffer's length; `Ok(0)` at the end.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] where a sealed segment is damaged.
    pub(crate) fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read_at(buffer, offset),
            Self::Sealed(sealed) => sealed.read_at(buffer, offset),
        }
    }

    /// Fills the buffer.
    pub(crate) fn read_exact_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What a sealed segment says of its end; `None` for a plain one.
    pub(crate) fn trailer(&self) -> Option<&Trailer> {
        match self {
            Self::Plain(_) => None,
            Self::Sealed(sealed) => Some(sealed.trailer()),
        }
    }
}
