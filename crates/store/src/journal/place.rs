//! A place in a segment from which frames are read without checking the chain.

use std::path::{Path, PathBuf};

use crate::durable::Context;
use crate::journal::Sequence;
use crate::journal::cursor::{Cursor, Found};
use crate::journal::error::JournalError;
use crate::journal::frame::{FrameFault, FrameHash, hash_of};
use crate::journal::segment;
use crate::journal::source::Source;

/// An open segment and the frame in it that comes next.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) number: u64,
    path: PathBuf,
    next: Sequence,
    offset: u64,
    cursor: Cursor,
}

impl Place {
    pub(crate) fn open(
        dir: &Path,
        number: u64,
        next: Sequence,
        offset: u64,
    ) -> Result<Self, JournalError> {
        let path = segment::path(dir, number);
        let cursor = Cursor::new(Source::open(dir, number)?).context("read", &path)?;
        Ok(Self {
            number,
            path,
            next,
            offset,
            cursor,
        })
    }

    fn corrupt(&self, fault: FrameFault) -> JournalError {
        let (segment, offset, sequence) = (self.number, self.offset, self.next);
        JournalError::Corrupt {
            segment,
            offset,
            sequence,
            fault,
        }
    }

    /// Passes the frames before `sequence`; checks headers, its own too, and no payloads.
    pub(crate) fn walk_to(
        &mut self,
        sequence: Sequence,
        visit: &mut dyn FnMut(Sequence, u64),
    ) -> Result<(), JournalError> {
        loop {
            visit(self.next, self.offset);
            let length = match self.cursor.at(self.offset).context("read", &self.path)? {
                Found::Frame(header, _) if header.sequence == self.next => header.frame_length(),
                Found::Frame(header, _) => {
                    let found = header.sequence;
                    return Err(self.corrupt(FrameFault::OutOfOrder { found }));
                }
                Found::Nothing => return Err(self.corrupt(FrameFault::Missing)),
                Found::Bad(fault) => return Err(self.corrupt(fault)),
            };
            if self.next == sequence {
                return Ok(());
            }
            self.next += 1;
            self.offset += length as u64;
        }
    }

    /// The payload of the next frame, which is known to be durable; goes on behind it.
    pub(crate) fn payload(&mut self) -> Result<Vec<u8>, JournalError> {
        let fault = match self.try_payload()? {
            Ok(payload) => return Ok(payload),
            Err(fault) => fault,
        };
        Err(self.corrupt(fault))
    }

    pub(crate) fn try_payload(&mut self) -> Result<Result<Vec<u8>, FrameFault>, JournalError> {
        let (length, payload) = match self.cursor.at(self.offset).context("read", &self.path)? {
            Found::Frame(header, frame) if header.sequence == self.next => {
                match header.payload_of(frame) {
                    Ok(payload) => (frame.len(), payload.to_vec()),
                    Err(fault) => return Ok(Err(fault)),
                }
            }
            Found::Frame(header, _) => {
                return Ok(Err(FrameFault::OutOfOrder {
                    found: header.sequence,
                }));
            }
            Found::Nothing => return Ok(Err(FrameFault::Missing)),
            Found::Bad(fault) => return Ok(Err(fault)),
        };
        self.next += 1;
        self.offset += length as u64;
        Ok(Ok(payload))
    }

    /// The hash of the next frame, whose payload is checked, too.
    pub(crate) fn hash(&mut self) -> Result<FrameHash, JournalError> {
        let fault = match self.cursor.at(self.offset).context("read", &self.path)? {
            Found::Frame(header, frame) => match header.payload_of(frame) {
                Ok(_) => return Ok(hash_of(frame)),
                Err(fault) => fault,
            },
            Found::Nothing => FrameFault::Missing,
            Found::Bad(fault) => fault,
        };
        Err(self.corrupt(fault))
    }

    /// Where the next frame begins, in bytes from the beginning of the file.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Forgets what was read ahead, which may be from before a frame was written.
    pub(crate) fn refresh(&mut self) -> Result<(), JournalError> {
        Ok(self.cursor.refresh().context("read", &self.path)?)
    }
}
