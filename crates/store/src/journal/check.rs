//! Full verification: every frame read again, from the first.

use crate::durable::Context;
use crate::journal::Sequence;
use crate::journal::cursor::Cursor;
use crate::journal::error::JournalError;
use crate::journal::frame::FrameFault;
use crate::journal::reader::JournalReader;
use crate::journal::recovery::{Position, Replay, check_frame};
use crate::journal::segment;
use crate::journal::source::Source;

/// What a full verification found in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Frames checked.
    pub frames: u64,
    /// Bytes of payload checked.
    pub payload_bytes: u64,
}

impl JournalReader {
    /// Checks every durable frame, its place and the chain from the first frame on; `progress`
    /// gets the last sequence checked after each segment.
    pub fn verify(&self, progress: &mut dyn FnMut(Sequence)) -> Result<Verified, JournalError> {
        self.verify_with(&mut |_, _| Ok(()), progress)
    }

    /// Like [`Self::verify`]; `visit` is given every frame that was checked. Its error ends it.
    pub(crate) fn verify_with(
        &self,
        visit: Replay<'_>,
        progress: &mut dyn FnMut(Sequence),
    ) -> Result<Verified, JournalError> {
        let last = self.last();
        let mut verified = Verified {
            frames: 0,
            payload_bytes: 0,
        };
        let mut previous = [0; 32];
        let mut next = 1;
        for header in segment::list(&self.shared.dir)? {
            if next > last {
                break;
            }
            let number = header.number;
            let mut offset = segment::HEADER;
            let corrupt = |offset, sequence, fault| JournalError::Corrupt {
                segment: number,
                offset,
                sequence,
                fault,
            };
            if header.first != next {
                return Err(corrupt(offset, next, FrameFault::Missing));
            }
            if header.previous != previous {
                return Err(corrupt(offset, next, FrameFault::Chain));
            }
            let path = segment::path(&self.shared.dir, number);
            let source = Source::open(&self.shared.dir, number)?;
            let mut cursor = Cursor::new(source).context("read", &path)?;
            while next <= last {
                let position = Position {
                    next,
                    previous,
                    offset,
                };
                match check_frame(&mut cursor, position).context("read", &path)? {
                    Ok(Some(checked)) => {
                        visit(checked.sequence, checked.payload).map_err(|source| {
                            JournalError::Replay {
                                sequence: checked.sequence,
                                source,
                            }
                        })?;
                        verified.frames += 1;
                        verified.payload_bytes += checked.payload.len() as u64;
                        next = checked.after.next;
                        previous = checked.after.previous;
                        offset = checked.after.offset;
                    }
                    Ok(None) => break,
                    Err(fault) => return Err(corrupt(offset, next, fault)),
                }
            }
            progress(next - 1);
        }
        if next > last {
            return Ok(verified);
        }
        Err(JournalError::NoSuchFrame {
            sequence: next,
            last: next - 1,
        })
    }
}
