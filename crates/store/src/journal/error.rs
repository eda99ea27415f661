//! What can go wrong in the journal, typed.

use std::path::PathBuf;

use crate::durable::FileError;
use crate::journal::Sequence;
use crate::journal::frame::{FrameFault, MAX_PAYLOAD};

/// What the consumer of a replay may fail with.
pub type ReplayError = Box<dyn std::error::Error + Send + Sync>;

/// Why the journal refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Stored bytes are not what was written. Nothing was changed; repair from a mirror, a backup
    /// or a peer.
    #[error("journal segment {segment} is corrupt at byte {offset}, frame {sequence}: {fault}")]
    Corrupt {
        /// Number of the segment file.
        segment: u64,
        /// Byte offset of the frame in the file.
        offset: u64,
        /// The frame that should be there.
        sequence: Sequence,
        /// What is wrong with it.
        fault: FrameFault,
    },
    /// The header of a segment file is not what was written.
    #[error("journal segment {segment} has a damaged header")]
    SegmentHeader {
        /// Number of the segment file.
        segment: u64,
    },
    /// The table of blocks of a sealed segment is not what was written.
    #[error("sealed journal segment {segment} has a damaged table")]
    SealedTable {
        /// Number of the segment file.
        segment: u64,
    },
    /// A segment was written by a version of the format this program does not read.
    #[error(
        "journal segment {segment} has format version {found}, this program reads up to {supported}"
    )]
    SegmentVersion {
        /// Number of the segment file.
        segment: u64,
        /// Version found in the file.
        found: u32,
        /// The highest version this program reads.
        supported: u32,
    },
    /// A segment file is not there although later ones, or the identity file, are.
    #[error("journal segment {segment} is missing: {} does not exist", path.display())]
    MissingSegment {
        /// Number of the segment file.
        segment: u64,
        /// Where it should be.
        path: PathBuf,
    },
    /// Two copies of the journal went on differently: each has a whole frame here that follows from
    /// the one before, and they are not the same. Nothing was changed.
    #[error(
        "the copies of the journal differ from frame {sequence} on (segment {segment}, byte {offset}): \
         if the mirror is of another node or out of date, empty its directory"
    )]
    Diverged {
        /// Number of the segment.
        segment: u64,
        /// Byte offset of the frame in the plain segment.
        offset: u64,
        /// The frame.
        sequence: Sequence,
    },
    /// Free space is below the floor; nothing was written. Appending works again once there is
    /// more space.
    #[error("free space is {free} bytes, the floor is {floor}: nothing was written")]
    NoSpace {
        /// Bytes free on the file system of the journal.
        free: u64,
        /// Bytes that must stay free.
        floor: u64,
    },
    /// A payload of no bytes, or of more than [`MAX_PAYLOAD`].
    #[error("a payload of {bytes} bytes is not between 1 and {MAX_PAYLOAD}")]
    PayloadSize {
        /// Bytes offered.
        bytes: usize,
    },
    /// No such frame, or it is not durable yet.
    #[error("there is no frame {sequence}, the last is {last}")]
    NoSuchFrame {
        /// The sequence asked for.
        sequence: Sequence,
        /// The last durable one.
        last: Sequence,
    },
    /// An earlier write or sync failed; what is on disk is unknown, so the journal stopped for
    /// good. Restart the process.
    #[error("the journal stopped after a failed write or sync")]
    Stopped,
    /// Whoever receives replayed frames failed.
    #[error("frame {sequence} cannot be replayed: {source}")]
    Replay {
        /// The frame.
        sequence: Sequence,
        /// What the receiver said.
        #[source]
        source: ReplayError,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}
