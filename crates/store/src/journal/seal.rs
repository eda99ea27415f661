//! Sealing: full segments that are older than the newest few are compressed, beside the writer.
//!
//! The sealed file takes the place of the plain one by one rename, so a crash leaves either. It is
//! read back and its whole chain checked before it does. A segment that is damaged stays as it is.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, PoisonError, TryLockError};

use crate::durable::{Context, FileError, NewFile, remove_if_there};
use crate::journal::Sequence;
use crate::journal::cursor::Cursor;
use crate::journal::error::JournalError;
use crate::journal::frame::{self, FrameFault, FrameHash};
use crate::journal::recovery::{Position, Replay, check_frame};
use crate::journal::sealed::Packer;
use crate::journal::segment::{self, Form, SegmentHeader};
use crate::journal::shared::Shared;
use crate::journal::source::Source;
use crate::lock::DirLock;

const UNFINISHED: &str = "seal.tmp";

/// A segment that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Number of the segment.
    pub segment: u64,
    /// Its frames.
    pub frames: u64,
    /// Size of the file before, in bytes.
    pub plain_bytes: u64,
    /// Size of the file now, in bytes.
    pub sealed_bytes: u64,
}

/// Seals segments of one journal. Cheap to clone; runs on any thread, and the writer never waits
/// for it.
#[derive(Debug, Clone)]
pub struct Sealer {
    pub(crate) shared: Arc<Shared>,
    /// How many full segments stay plain.
    pub(crate) plain_segments: u64,
    pub(crate) _lock: Option<Arc<DirLock>>,
}

impl Sealer {
    /// Seals the oldest segment that is due, in the mirror, too; `None` if none is, or while a
    /// backup copies the files. Call again until `None`.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`] names damage that was met; the segment stays as it was, as it
    /// does after any other error, and this may be tried again.
    pub fn run(&self) -> Result<Option<Sealed>, JournalError> {
        let _alone = match self.shared.files.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        let full = {
            let table = self.shared.table();
            table.segments.len().saturating_sub(1) as u64
        };
        let newest_due = full.saturating_sub(self.plain_segments);
        for number in self.shared.sealed_up_to() + 1..=newest_due {
            let sealed = self.seal(number)?;
            self.shared.set_sealed_up_to(number);
            if sealed.is_some() {
                return Ok(sealed);
            }
        }
        Ok(None)
    }

    fn seal(&self, number: u64) -> Result<Option<Sealed>, JournalError> {
        let dir = &self.shared.dir;
        let header = segment::read_header(dir, number)?;
        let sealed = match header.form {
            Form::Plain => Some(pack(dir, &header)?),
            Form::Sealed => None,
        };
        if let Some(mirror) = &self.shared.mirror {
            let mirrored = segment::read_header(mirror, number)?;
            if mirrored.form == Form::Plain {
                let (from, to) = (segment::path(dir, number), segment::path(mirror, number));
                if sealed.is_none() {
                    // Sealed some time ago, without the mirror: what has decayed since must not take
                    // the place of a copy that may be whole.
                    check_file(&from, number)?;
                }
                copy(&from, &mirror.join(UNFINISHED), &to)?;
            }
        }
        Ok(sealed)
    }
}

/// Removes what a crash left of an unfinished sealing.
pub(crate) fn clean(dir: &Path) -> Result<(), FileError> {
    remove_if_there(&dir.join(UNFINISHED))
}

fn pack(dir: &Path, header: &SegmentHeader) -> Result<Sealed, JournalError> {
    let number = header.number;
    let path = segment::path(dir, number);
    let unfinished = dir.join(UNFINISHED);
    let sealed_header = SegmentHeader {
        form: Form::Sealed,
        ..*header
    };
    let mut file = NewFile::create(&unfinished)?;
    let result = pack_into(&mut file, dir, &sealed_header);
    let (end, sealed_bytes) = match result {
        Ok(packed) => packed,
        Err(error) => {
            // Space that a failed attempt holds would be missed.
            let _ = clean(dir);
            return Err(error);
        }
    };
    let source = Source::open_file(&unfinished, number)?;
    let read_back = check_whole(source, &path, header, &mut |_| Ok(()))?;
    let trailer_agrees = read_back.next == end.next && read_back.previous == end.previous;
    if !trailer_agrees {
        return Err(corrupt(number, read_back, FrameFault::Chain));
    }
    file.finish(&path)?;
    Ok(Sealed {
        segment: number,
        frames: end.next - header.first,
        plain_bytes: end.offset,
        sealed_bytes,
    })
}

fn pack_into(
    file: &mut NewFile,
    dir: &Path,
    header: &SegmentHeader,
) -> Result<(Position, u64), JournalError> {
    let number = header.number;
    let path = segment::path(dir, number);
    let mut target = BufWriter::with_capacity(64 << 10, file);
    let mut packer = Packer::new(&mut target, &header.encode()).context("write", &path)?;
    let source = Source::open(dir, number)?;
    let end = check_whole(source, &path, header, &mut |frame| {
        Ok(packer.push(frame).context("write", &path)?)
    })?;
    // What the next segment says of this one is the proof that nothing is missing.
    let next = segment::read_header(dir, number + 1)?;
    if next.first != end.next {
        return Err(corrupt(number, end, FrameFault::Missing));
    }
    if next.previous != end.previous {
        return Err(corrupt(number, end, FrameFault::Chain));
    }
    let bytes = packer
        .finish(end.next - 1, end.previous)
        .context("write", &path)?;
    target.flush().context("write", &path)?;
    Ok((end, bytes))
}

/// Checks every frame of segment `number` in a file that ends with its last frame; returns the
/// sequence and the hash of that.
pub(crate) fn check_file(path: &Path, number: u64) -> Result<(Sequence, FrameHash), JournalError> {
    check_file_with(path, number, &mut |_, _| Ok(()))
}

/// Like [`check_file`]; `visit` is given every frame that was checked. Its error ends it.
pub(crate) fn check_file_with(
    path: &Path,
    number: u64,
    visit: Replay<'_>,
) -> Result<(Sequence, FrameHash), JournalError> {
    let file = File::open(path).context("open", path)?;
    let header = segment::header_of(&file, path, number)?;
    let source = Source::open_file(path, number)?;
    let mut sequence = header.first;
    let end = check_whole(source, path, &header, &mut |frame| {
        let payload = &frame[frame::HEADER..frame.len() - 1];
        let visited = visit(sequence, payload);
        visited.map_err(|source| JournalError::Replay { sequence, source })?;
        sequence += 1;
        Ok(())
    })?;
    Ok((end.next - 1, end.previous))
}

/// Checks every frame of a full segment and hands on its bytes; returns where it ends.
pub(crate) fn check_whole(
    source: Source,
    path: &Path,
    header: &SegmentHeader,
    visit: &mut dyn FnMut(&[u8]) -> Result<(), JournalError>,
) -> Result<Position, JournalError> {
    let said: Option<(Sequence, FrameHash)> =
        source.trailer().map(|trailer| (trailer.last, trailer.hash));
    let mut cursor = Cursor::new(source).context("read", path)?;
    let mut position = Position {
        next: header.first,
        previous: header.previous,
        offset: segment::HEADER,
    };
    while position.offset < cursor.length() {
        let checked = check_frame(&mut cursor, position).context("read", path)?;
        match checked {
            Ok(Some(checked)) => {
                visit(checked.frame)?;
                position = checked.after;
            }
            Ok(None) => return Err(corrupt(header.number, position, FrameFault::Missing)),
            Err(fault) => return Err(corrupt(header.number, position, fault)),
        }
    }
    if said.is_some_and(|said| said != (position.next - 1, position.previous)) {
        return Err(JournalError::SealedTable {
            segment: header.number,
        });
    }
    Ok(position)
}

fn corrupt(segment: u64, position: Position, fault: FrameFault) -> JournalError {
    JournalError::Corrupt {
        segment,
        offset: position.offset,
        sequence: position.next,
        fault,
    }
}

/// Copies a file durably, first under another name.
pub(crate) fn copy(from: &Path, unfinished: &Path, to: &Path) -> Result<u64, FileError> {
    let mut source = File::open(from).context("open", from)?;
    let mut target = NewFile::create(unfinished)?;
    let copied = io::copy(&mut source, &mut target).context("copy to", unfinished);
    match copied {
        Ok(_) => target.finish(to),
        Err(error) => {
            let _ = fs::remove_file(unfinished);
            Err(error)
        }
    }
}
