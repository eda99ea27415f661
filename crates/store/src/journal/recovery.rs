//! What opening a journal finds: checks, replays, and cuts a tail that was never synced.
//!
//! Every segment must be there with a valid header. From the segment that holds the first frame to
//! replay on, every frame is checked (checksums, sequence, chain) and the segments must follow
//! from each other. Older segments, which a checkpoint covers, are checked frame by frame when
//! they are read and by [`super::reader::JournalReader::verify`]; otherwise starting would read
//! the whole history each time.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::journal::Sequence;
use crate::journal::cursor::{Cursor, Found};
use crate::journal::error::{JournalError, ReplayError};
use crate::journal::frame::{FrameFault, FrameHash, hash_of};
use crate::journal::index::{SegmentEntry, SegmentTable};
use crate::journal::mirror::Mirrored;
use crate::journal::scan::Scan;
use crate::journal::segment::{self, Form, SegmentHeader};

/// Receives replayed frames in order.
pub type Replay<'a> = &'a mut dyn FnMut(Sequence, &[u8]) -> Result<(), ReplayError>;

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The last frame of the journal, 0 if it is empty.
    pub last: Sequence,
    /// Frames handed to the replay.
    pub replayed: u64,
    /// Frames checked in full, replayed or not.
    pub checked: u64,
    /// Segment files.
    pub segments: u64,
    /// The unsynced tail that was removed, if there was one.
    pub cut: Option<Cut>,
    /// What bringing the mirror and the journal together took, if there is a mirror.
    pub mirrored: Option<Mirrored>,
}

/// A tail that a crash left unsynced, and that was therefore never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Number of the segment file.
    pub segment: u64,
    /// Byte offset the journal now ends at.
    pub offset: u64,
    /// Bytes overwritten with zeros.
    pub bytes: u64,
    /// The first frame that did not survive.
    pub sequence: Sequence,
}

/// Where writing goes on.
#[derive(Debug)]
pub(crate) struct End {
    /// Open for writing, in the last segment.
    pub(crate) file: Option<File>,
    pub(crate) path: PathBuf,
    pub(crate) number: u64,
    pub(crate) offset: u64,
    pub(crate) last: Sequence,
    pub(crate) hash: FrameHash,
    /// Where the frames begin that no later frame calls durable.
    pub(crate) unproven: u64,
}

/// Where a scan stands between two frames.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    pub(crate) next: Sequence,
    pub(crate) previous: FrameHash,
    pub(crate) offset: u64,
}

/// A frame that passed all checks.
pub(crate) struct Checked<'a> {
    pub(crate) sequence: Sequence,
    pub(crate) durable: Sequence,
    pub(crate) payload: &'a [u8],
    /// The whole frame.
    pub(crate) frame: &'a [u8],
    pub(crate) after: Position,
}

/// Checks the frame at a position in full; `Ok(None)` where only zeros follow in its header.
pub(crate) fn check_frame(
    cursor: &mut Cursor,
    position: Position,
) -> std::io::Result<Result<Option<Checked<'_>>, FrameFault>> {
    let (header, frame) = match cursor.at(position.offset)? {
        Found::Nothing => return Ok(Ok(None)),
        Found::Bad(fault) => return Ok(Err(fault)),
        Found::Frame(header, frame) => (header, frame),
    };
    if header.sequence != position.next {
        return Ok(Err(FrameFault::OutOfOrder {
            found: header.sequence,
        }));
    }
    if header.previous != position.previous {
        return Ok(Err(FrameFault::Chain));
    }
    Ok(header.payload_of(frame).map(|payload| {
        Some(Checked {
            sequence: header.sequence,
            durable: header.durable,
            payload,
            frame,
            after: Position {
                next: header.sequence + 1,
                previous: hash_of(frame),
                offset: position.offset + frame.len() as u64,
            },
        })
    }))
}

/// Checks and replays all that is to be; `headers` is not empty.
pub(crate) fn recover(
    dir: &Path,
    headers: &[SegmentHeader],
    from: Sequence,
    replay: Replay<'_>,
) -> Result<(End, SegmentTable, Recovery), JournalError> {
    let scan_from = headers
        .partition_point(|header| header.first <= from)
        .saturating_sub(1);
    let mut table = SegmentTable::default();
    for header in &headers[..scan_from] {
        table.segments.push(SegmentEntry {
            number: header.number,
            first: header.first,
            index: None,
        });
    }
    let mut recovery = Recovery {
        last: 0,
        replayed: 0,
        checked: 0,
        segments: headers.len() as u64,
        cut: None,
        mirrored: None,
    };
    let mut end: Option<End> = None;
    for (at, header) in headers.iter().enumerate().skip(scan_from) {
        if let Some(before) = &end {
            follows(before, header)?;
        }
        let is_last = at + 1 == headers.len();
        if is_last && header.form == Form::Sealed {
            // Only a segment with another behind it is sealed.
            let segment = header.number + 1;
            let path = segment::path(dir, segment);
            return Err(JournalError::MissingSegment { segment, path });
        }
        let mut scan = Scan::open(dir, header)?;
        scan.frames(from, replay, &mut recovery)?;
        let mut file = None;
        if is_last {
            let last = segment::open(dir, header.number)?;
            recovery.cut = scan.settle_tail(&last)?;
            file = Some(last);
        } else {
            scan.require_full()?;
        }
        let (number, first) = (header.number, header.first);
        table.segments.push(SegmentEntry {
            number,
            first,
            index: Some(scan.index),
        });
        end = Some(End {
            file,
            path: scan.path,
            number,
            offset: scan.position.offset,
            last: scan.position.next - 1,
            hash: scan.position.previous,
            unproven: scan
                .unproven
                .front()
                .map_or(scan.position.offset, |&(_, offset)| offset),
        });
    }
    let Some(end) = end else {
        return Err(JournalError::MissingSegment {
            segment: 1,
            path: segment::path(dir, 1),
        });
    };
    recovery.last = end.last;
    Ok((end, table, recovery))
}

/// The last frame of a journal that nobody has open, found without changing anything: the last
/// that opening would keep. `header` is that of the last segment.
pub(crate) fn last_at_rest(dir: &Path, header: &SegmentHeader) -> Result<Sequence, JournalError> {
    let mut scan = Scan::open(dir, header)?;
    let mut recovery = Recovery {
        last: 0,
        replayed: 0,
        checked: 0,
        segments: 1,
        cut: None,
        mirrored: None,
    };
    scan.frames(Sequence::MAX, &mut |_, _| Ok(()), &mut recovery)?;
    scan.torn_tail()?;
    Ok(scan.position.next - 1)
}

/// A segment must begin where the one before ended.
fn follows(before: &End, header: &SegmentHeader) -> Result<(), JournalError> {
    let fault = if header.first != before.last + 1 {
        FrameFault::Missing
    } else if header.previous != before.hash {
        FrameFault::Chain
    } else {
        return Ok(());
    };
    Err(JournalError::Corrupt {
        segment: before.number,
        offset: before.offset,
        sequence: before.last + 1,
        fault,
    })
}
