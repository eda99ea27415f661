//! One segment at the start: its valid frames are replayed, and its tail is settled.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::durable::{Context, sync_data, write_at};
use crate::journal::Sequence;
use crate::journal::cursor::Cursor;
use crate::journal::damage::{Damage, judge};
use crate::journal::error::JournalError;
use crate::journal::frame::FrameFault;
use crate::journal::index::SparseIndex;
use crate::journal::recovery::{Cut, Position, Recovery, Replay, check_frame};
use crate::journal::segment::{self, SegmentHeader};
use crate::journal::source::Source;

pub(crate) struct Scan {
    number: u64,
    pub(crate) path: PathBuf,
    cursor: Cursor,
    pub(crate) position: Position,
    /// The fault the scan ended at; `None` at zeros or the end of the file.
    fault: Option<FrameFault>,
    pub(crate) index: SparseIndex,
    /// Frames that no later frame calls durable, with their offsets.
    pub(crate) unproven: VecDeque<(Sequence, u64)>,
}

impl Scan {
    pub(crate) fn open(dir: &Path, header: &SegmentHeader) -> Result<Self, JournalError> {
        let path = segment::path(dir, header.number);
        let source = Source::open(dir, header.number)?;
        let cursor = Cursor::new(source).context("read", &path)?;
        Ok(Self {
            number: header.number,
            path,
            cursor,
            position: Position {
                next: header.first,
                previous: header.previous,
                offset: segment::HEADER,
            },
            fault: None,
            index: SparseIndex::default(),
            unproven: VecDeque::new(),
        })
    }

    /// Goes through the valid frames.
    pub(crate) fn frames(
        &mut self,
        from: Sequence,
        replay: Replay<'_>,
        recovery: &mut Recovery,
    ) -> Result<(), JournalError> {
        loop {
            let offset = self.position.offset;
            let checked =
                match check_frame(&mut self.cursor, self.position).context("read", &self.path)? {
                    Ok(Some(checked)) => checked,
                    Ok(None) => return Ok(()),
                    Err(fault) => {
                        self.fault = Some(fault);
                        return Ok(());
                    }
                };
            self.index.note(checked.sequence, offset);
            while self
                .unproven
                .front()
                .is_some_and(|&(proven, _)| proven <= checked.durable)
            {
                self.unproven.pop_front();
            }
            self.unproven.push_back((checked.sequence, offset));
            recovery.checked += 1;
            if checked.sequence >= from {
                replay(checked.sequence, checked.payload).map_err(|source| {
                    JournalError::Replay {
                        sequence: checked.sequence,
                        source,
                    }
                })?;
                recovery.replayed += 1;
            }
            self.position = checked.after;
        }
    }

    fn corrupt(&self, fault: FrameFault) -> JournalError {
        JournalError::Corrupt {
            segment: self.number,
            offset: self.position.offset,
            sequence: self.position.next,
            fault,
        }
    }

    /// A segment with one behind it was synced whole and cut to its last frame.
    pub(crate) fn require_full(&self) -> Result<(), JournalError> {
        match self.fault {
            Some(fault) => Err(self.corrupt(fault)),
            None if self.position.offset < self.cursor.length() => {
                Err(self.corrupt(FrameFault::Missing))
            }
            None => Ok(()),
        }
    }

    /// How many bytes behind the last valid frame were never synced.
    pub(crate) fn torn_tail(&mut self) -> Result<Option<u64>, JournalError> {
        // A frame is written only into what was laid out for it, durably: a segment that ends inside
        // one has lost its end to something else than a power cut or a full disk.
        if let Some(
            fault @ (FrameFault::Chain | FrameFault::OutOfOrder { .. } | FrameFault::Short),
        ) = self.fault
        {
            return Err(self.corrupt(fault));
        }
        let offset = self.position.offset;
        let rest = self.cursor.used(offset).context("read", &self.path)?;
        match judge(&rest, offset, self.position.next) {
            Damage::Nothing => Ok(None),
            Damage::Decayed => Err(self.corrupt(self.fault.unwrap_or(FrameFault::Missing))),
            Damage::Torn { bytes } => Ok(Some(bytes)),
        }
    }

    /// Cuts what was never synced and makes durable what is kept.
    pub(crate) fn settle_tail(&mut self, file: &File) -> Result<Option<Cut>, JournalError> {
        let torn = self.torn_tail()?;
        let offset = self.position.offset;
        let cut = match torn {
            None => None,
            Some(bytes) => {
                segment::zero(file, offset, offset + bytes).context("cut", &self.path)?;
                let (segment, sequence) = (self.number, self.position.next);
                Some(Cut {
                    segment,
                    offset,
                    bytes,
                    sequence,
                })
            }
        };
        self.rewrite_unproven(file)
            .context("rewrite the tail of", &self.path)?;
        sync_data(file).context("sync", &self.path)?;
        Ok(cut)
    }

    /// Writes the frames that may not be on disk once more.
    ///
    /// After a failed sync the page cache can show frames as clean that the disk never took; only
    /// writing them again makes the sync that follows mean something.
    fn rewrite_unproven(&mut self, file: &File) -> std::io::Result<()> {
        let Some(&(_, start)) = self.unproven.front() else {
            return Ok(());
        };
        let bytes = self.cursor.range(start, self.position.offset)?;
        write_at(file, &bytes, start)
    }
}
