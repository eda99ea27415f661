//! What a verification found.

use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::state::{Mismatch, Reviewed};

use crate::checkpoint::LossReason;
use crate::identity::IdentityError;
use crate::journal::{FrameHash, JournalError, Sequence};
use crate::restore::RestoreError;

/// What a verification read and found.
#[derive(Debug, Default)]
pub struct Report {
    /// Segments of the journal.
    pub segments: u64,
    /// Frames read, all of one chain.
    pub frames: u64,
    /// Bytes of payload in them.
    pub payload_bytes: u64,
    /// Hash of the last frame.
    pub chain: FrameHash,
    /// The last frame of the mirror, if it was verified.
    pub mirror: Option<Sequence>,
    /// The frame of the checkpoint, if there is one.
    pub checkpoint: Option<Sequence>,
    /// Cells counted again.
    pub cells: usize,
    /// What was found of evidence and seals; `None` when the journal could not be read to its end.
    pub reviewed: Option<Reviewed>,
    /// How many signed documents were checked, those that newer ones took the place of included; 0
    /// without a judge.
    pub evidence: u64,
    /// The first thing of each kind that does not fit; empty if all does.
    pub faults: Vec<Fault>,
}

/// Something that does not fit.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The identity file is damaged.
    #[error(transparent)]
    Identity(IdentityError),
    /// The journal is damaged, or a frame cannot be read by this program.
    #[error("journal: {0}")]
    Journal(JournalError),
    /// The mirror is damaged or has another history.
    #[error("mirror: {0}")]
    Mirror(JournalError),
    /// A file of the backup is not what its manifest says.
    #[error("backup: {0}")]
    Backup(RestoreError),
    /// The checkpoint is damaged. The next start builds the state from the journal instead.
    #[error("checkpoint: {0}")]
    Checkpoint(LossReason),
    /// The state in the checkpoint is not what the journal says.
    #[error(
        "the state in the checkpoint is not the one that the journal gives at frame {sequence}"
    )]
    OtherState {
        /// The frame.
        sequence: Sequence,
    },
    /// The journal ends before its checkpoint.
    #[error("the journal ends at frame {journal}, but a checkpoint stands at {checkpoint}")]
    JournalBehind {
        /// Last frame of the journal.
        journal: Sequence,
        /// Frame of the checkpoint.
        checkpoint: Sequence,
    },
    /// Cells whose sums a recount does not find.
    #[error("{} cells are not what a recount finds", cells.len())]
    Recount {
        /// The cells.
        cells: Vec<Mismatch>,
    },
    /// A document is not shown to be from its owner by what it came with.
    #[error("frame {sequence}: {document}: {refusal}")]
    Evidence {
        /// The frame that it came in.
        sequence: Sequence,
        /// Which, for a person.
        document: String,
        /// Why not.
        refusal: Box<Refusal>,
        /// How many there are among what is held.
        count: u64,
    },
    /// Documents came with nothing to show whose they are.
    #[error("frame {sequence}: {document} came without a signature, {count} in all")]
    Unsigned {
        /// The frame that the first came in.
        sequence: Sequence,
        /// Which, for a person.
        document: String,
        /// How many there are.
        count: u64,
    },
    /// A region's figures are not what its node sealed.
    #[error(
        "frame {sequence}: {held} figures of {region} are held and {sealed} were sealed, and they \
         are not the same"
    )]
    Sealed {
        /// The frame that the seal came in.
        sequence: Sequence,
        /// The region.
        region: RegionCode,
        /// How many figures are held.
        held: u64,
        /// How many were sealed.
        sealed: u64,
        /// How many regions there are of which that holds.
        count: u64,
    },
    /// A region's figures have a version that its node, which has sealed them since, never gave.
    #[error(
        "frame {sequence}: figures of {region} are held in version {version}, which its node never \
         gave: it has sealed its figures since, and those end before it"
    )]
    Beyond {
        /// The frame that the seal came in.
        sequence: Sequence,
        /// The region.
        region: RegionCode,
        /// The version.
        version: u64,
        /// How many regions there are whose figures are not what was sealed.
        count: u64,
    },
    /// Another node signs for a region than before, and nothing shows that the former agreed.
    #[error(
        "frame {sequence}: {to} signs for {region} where {from} did before, told by {}: nothing shows \
         that {from} agreed, {count} in all",
        told_by.map_or_else(|| "nobody".to_owned(), |peer| peer.to_string())
    )]
    Turned {
        /// The frame that the region's new entry came in.
        sequence: Sequence,
        /// The region.
        region: RegionCode,
        /// Whose node signed before.
        from: RegionCode,
        /// Whose node signs since.
        to: RegionCode,
        /// The peer that told of it.
        told_by: Option<RegionCode>,
        /// How many regions there are of which that holds.
        count: u64,
    },
}
