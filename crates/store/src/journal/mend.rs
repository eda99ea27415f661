//! Two copies of one journal, side by side: what is damaged or missing in one comes from the other.
//!
//! Frames are compared one by one along the chain. A frame that is whole in one copy and not in the
//! other is written there; two whole frames that differ mean two histories, and nothing is changed
//! then. What is taken from the other copy has passed every check a reader makes.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::durable::{Context, NewFile, sync_all, write_at};
use crate::journal::Sequence;
use crate::journal::cursor::Cursor;
use crate::journal::error::JournalError;
use crate::journal::frame::{FrameFault, FrameHash};
use crate::journal::recovery::{Position, check_frame};
use crate::journal::segment::{self, Form, SegmentHeader};
use crate::journal::source::Source;

const UNFINISHED: &str = "mend.tmp";

/// Which copy of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyOf {
    /// The journal itself.
    Journal,
    /// Its mirror.
    Mirror,
}

/// Frames that were written anew in one copy, from the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The copy that was mended.
    pub mended: CopyOf,
    /// Number of the segment.
    pub segment: u64,
    /// Byte offset of the first of the frames in the plain segment.
    pub offset: u64,
    /// The first of the frames.
    pub first: Sequence,
    /// How many.
    pub frames: u64,
    /// What was wrong with the first; `None` if the copy only ended before it.
    pub fault: Option<FrameFault>,
}

/// One segment in both copies.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) number: u64,
    pub(crate) journal: PathBuf,
    pub(crate) other: PathBuf,
    /// Whether the other copy is mended, too.
    pub(crate) both: bool,
}

/// Where a walk through both copies ended.
#[derive(Debug)]
pub(crate) struct Walked {
    pub(crate) end: Position,
    /// What stands there in the journal, if anything.
    pub(crate) fault: Option<FrameFault>,
    journal_broken: bool,
    other_broken: bool,
}

/// Which copy a frame has to be taken from, `None` if both have it.
type Owner = Option<CopyOf>;

/// Is given a frame, its owner, what stands in its place in the other copy, and where that is.
type Visit<'a> =
    &'a mut dyn FnMut(Owner, Option<FrameFault>, Position, &[u8]) -> Result<(), JournalError>;

impl Pair {
    /// Compares the headers and mends a damaged one; says whether it did.
    pub(crate) fn mend_headers(&self) -> Result<(SegmentHeader, bool), JournalError> {
        let damaged = |result: &Result<SegmentHeader, JournalError>| {
            matches!(result, Err(JournalError::SegmentHeader { .. }))
        };
        let journal = self.header(&self.journal);
        let other = self.header(&self.other);
        if damaged(&journal) && other.is_ok() {
            let header = self.write_header(&self.journal, &other?)?;
            return Ok((header, true));
        }
        if self.both && damaged(&other) && journal.is_ok() {
            let header = journal?;
            self.write_header(&self.other, &header)?;
            return Ok((header, true));
        }
        let (journal, other) = (journal?, other?);
        if (journal.first, journal.previous) == (other.first, other.previous) {
            Ok((journal, false))
        } else {
            Err(JournalError::Diverged {
                segment: self.number,
                offset: segment::HEADER,
                sequence: journal.first,
            })
        }
    }

    fn header(&self, path: &Path) -> Result<SegmentHeader, JournalError> {
        let file = File::open(path).context("open", path)?;
        segment::header_of(&file, path, self.number)
    }

    fn write_header(
        &self,
        path: &Path,
        model: &SegmentHeader,
    ) -> Result<SegmentHeader, JournalError> {
        let file = writable(path)?;
        let header = SegmentHeader {
            form: segment::form_without_header(&file).context("read", path)?,
            ..*model
        };
        write_at(&file, &header.encode(), 0).context("write", path)?;
        sync_all(&file).context("sync", path)?;
        Ok(header)
    }

    /// Mends the frames of both copies. `end` is where the segment is known to end, if another
    /// follows it.
    pub(crate) fn mend_frames(
        &self,
        header: &SegmentHeader,
        end: Option<(Sequence, FrameHash)>,
        repairs: &mut Vec<Repair>,
    ) -> Result<Walked, JournalError> {
        let mut journal = Target::open(&self.journal, self.number)?;
        let mut other = match self.both {
            true => Target::open(&self.other, self.number)?,
            false => Target::default(),
        };
        let walked = self.walk(header, &mut |from, fault, position, frame| {
            let Some(from) = from else {
                return Ok(());
            };
            let (mended, target) = match from {
                CopyOf::Journal if !self.both => return Ok(()),
                CopyOf::Journal => (CopyOf::Mirror, &mut other),
                CopyOf::Mirror => (CopyOf::Journal, &mut journal),
            };
            target.write(frame, position.offset)?;
            note(
                repairs,
                Repair {
                    mended,
                    segment: self.number,
                    offset: position.offset,
                    first: position.next,
                    frames: 1,
                    fault,
                },
            );
            Ok(())
        })?;
        if let Some((last, hash)) = end
            && (walked.end.next, walked.end.previous) != (last + 1, hash)
        {
            return Err(JournalError::Corrupt {
                segment: self.number,
                offset: walked.end.offset,
                sequence: walked.end.next,
                fault: walked.fault.unwrap_or(FrameFault::Missing),
            });
        }
        if walked.journal_broken && journal.file.is_none() {
            self.write_anew(header, &self.journal)?;
        }
        if self.both && walked.other_broken && other.file.is_none() {
            self.write_anew(header, &self.other)?;
        }
        journal.finish(end.map(|_| walked.end.offset))?;
        other.finish(end.map(|_| walked.end.offset))?;
        Ok(walked)
    }

    /// Goes along the chain as far as either copy has it.
    fn walk(&self, header: &SegmentHeader, visit: Visit<'_>) -> Result<Walked, JournalError> {
        let mut journal = cursor(&self.journal, self.number)?;
        let mut other = cursor(&self.other, self.number)?;
        let mut walked = Walked {
            end: Position {
                next: header.first,
                previous: header.previous,
                offset: segment::HEADER,
            },
            fault: None,
            journal_broken: false,
            other_broken: false,
        };
        loop {
            let position = walked.end;
            let diverged = JournalError::Diverged {
                segment: self.number,
                offset: position.offset,
                sequence: position.next,
            };
            let here = frame_at(&mut journal, position, &self.journal)?;
            let there = frame_at(&mut other, position, &self.other)?;
            let (after, owner, fault, frame) = match (here, there) {
                (Ok(Some(here)), Ok(Some(there))) => {
                    if here.after.previous != there.after.previous {
                        return Err(diverged);
                    }
                    (here.after, None, None, here.frame)
                }
                // A whole frame of another chain is no damage.
                (Err(FrameFault::Chain), Ok(Some(_))) | (Ok(Some(_)), Err(FrameFault::Chain)) => {
                    return Err(diverged);
                }
                (Ok(Some(here)), there) => {
                    walked.other_broken = true;
                    (here.after, Some(CopyOf::Journal), there.err(), here.frame)
                }
                (here, Ok(Some(there))) => {
                    walked.journal_broken = true;
                    (there.after, Some(CopyOf::Mirror), here.err(), there.frame)
                }
                (here, _) => {
                    walked.fault = here.err();
                    return Ok(walked);
                }
            };
            visit(owner, fault, position, frame)?;
            walked.end = after;
        }
    }

    /// Replaces a sealed file that is damaged by a plain one with the frames of both.
    fn write_anew(&self, header: &SegmentHeader, path: &Path) -> Result<(), JournalError> {
        let unfinished = path.with_file_name(UNFINISHED);
        let mut file = NewFile::create(&unfinished)?;
        let header = SegmentHeader {
            form: Form::Plain,
            ..*header
        };
        file.write_all(&header.encode()).context("write", path)?;
        self.walk(&header, &mut |_, _, _, frame| {
            Ok(file.write_all(frame).context("write", path)?)
        })?;
        file.finish(path)?;
        Ok(())
    }
}

/// Removes what a crash left of an unfinished mending.
pub(crate) fn clean(dir: &Path) -> Result<(), crate::durable::FileError> {
    crate::durable::remove_if_there(&dir.join(UNFINISHED))
}

/// A plain segment that frames are written into; one that is sealed is written anew instead.
#[derive(Debug, Default)]
struct Target {
    file: Option<File>,
    path: PathBuf,
    changed: bool,
}

impl Target {
    fn open(path: &Path, number: u64) -> Result<Self, JournalError> {
        let file = writable(path)?;
        let header = segment::header_of(&file, path, number)?;
        Ok(Self {
            file: (header.form == Form::Plain).then_some(file),
            path: path.to_path_buf(),
            changed: false,
        })
    }

    fn write(&mut self, frame: &[u8], offset: u64) -> Result<(), JournalError> {
        if let Some(file) = &self.file {
            write_at(file, frame, offset).context("write", &self.path)?;
            self.changed = true;
        }
        Ok(())
    }

    /// Makes durable what was written, and cuts a full segment to its last frame.
    fn finish(&mut self, end: Option<u64>) -> Result<(), JournalError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        if let Some(end) = end {
            let length = file.metadata().context("look at", &self.path)?.len();
            if length != end {
                file.set_len(end).context("cut to length", &self.path)?;
                self.changed = true;
            }
        }
        if self.changed {
            sync_all(file).context("sync", &self.path)?;
        }
        Ok(())
    }
}

fn writable(path: &Path) -> Result<File, JournalError> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    Ok(file.context("open", path)?)
}

/// `None` for a sealed file whose table is damaged: no frame can be found in it.
fn cursor(path: &Path, number: u64) -> Result<Option<Cursor>, JournalError> {
    match Source::open_file(path, number) {
        Ok(source) => Ok(Some(Cursor::new(source).context("read", path)?)),
        Err(JournalError::SealedTable { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

type Looked<'a> = Result<Option<crate::journal::recovery::Checked<'a>>, FrameFault>;

fn frame_at<'a>(
    cursor: &'a mut Option<Cursor>,
    position: Position,
    path: &Path,
) -> Result<Looked<'a>, JournalError> {
    match cursor {
        Some(cursor) => Ok(check_frame(cursor, position).context("read", path)?),
        None => Ok(Err(FrameFault::Block)),
    }
}

/// Adds a mended frame to the ones before it.
fn note(repairs: &mut Vec<Repair>, repair: Repair) {
    if let Some(before) = repairs.last_mut()
        && before.mended == repair.mended
        && before.segment == repair.segment
        && before.first + before.frames == repair.first
    {
        before.frames += 1;
        return;
    }
    repairs.push(repair);
}
