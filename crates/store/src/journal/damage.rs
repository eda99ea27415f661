//! Tells a tail that was never synced from data that has decayed.
//!
//! Segments are filled with zeros before use, and a frame has no zero at either end. A power cut
//! leaves some sectors of the frames that were not synced yet as zeros, in any order. So a bad
//! frame is *torn* if part of it is still zeros, and only if no later frame testifies that it was
//! durable once; then it was never acknowledged and may be cut. A frame that is there to its last
//! byte and yet fails its checksum has *decayed*, wherever it stands: cutting it would lose an
//! acknowledged write. A valid frame behind a torn one is no proof by itself, because frames are
//! written while the ones before them are still being synced; that it names the torn one as
//! durable is.

use crate::journal::Sequence;
use crate::journal::frame::{FrameHeader, HEADER, MARK};

/// The smallest unit a disk writes whole.
const SECTOR: u64 = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// All zeros: the journal ends here.
    Nothing,
    /// Never synced; so many bytes up to the last one that is not zero.
    Torn { bytes: u64 },
    /// Was whole once.
    Decayed,
}

/// Judges the bytes from where frame `sequence` should begin, at `offset` in the last segment, to
/// the end of the file; zeros at the end may be left out, but not from a header.
pub(crate) fn judge(rest: &[u8], offset: u64, sequence: Sequence) -> Damage {
    let Some(last) = rest.iter().rposition(|&byte| byte != 0) else {
        return Damage::Nothing;
    };
    let used = last + 1;
    let header = FrameHeader::decode(rest);
    let (extent, cut_short) = match header {
        // A frame can be of the wrong sequence or chain only by decay.
        Some(header) if header.sequence != sequence => return Damage::Decayed,
        Some(header) => (header.frame_length(), used < header.frame_length()),
        None => (HEADER, used <= HEADER),
    };
    let present = &rest[..extent.min(rest.len())];
    let torn = cut_short || has_empty_sector(present, offset);
    if !torn || testified(&rest[..used], sequence) {
        return Damage::Decayed;
    }
    Damage::Torn { bytes: used as u64 }
}

/// Whether the part of the frame in any one sector is all zeros.
fn has_empty_sector(frame: &[u8], offset: u64) -> bool {
    let mut remaining = frame;
    let mut position = offset;
    while !remaining.is_empty() {
        let to_boundary = (SECTOR - position % SECTOR) as usize;
        let (piece, behind) = remaining.split_at(to_boundary.min(remaining.len()));
        if piece.iter().all(|&byte| byte == 0) {
            return true;
        }
        position += piece.len() as u64;
        remaining = behind;
    }
    false
}

/// Whether a later frame says that `sequence` was durable when it was written.
fn testified(rest: &[u8], sequence: Sequence) -> bool {
    rest.windows(MARK.len())
        .enumerate()
        .filter(|(_, window)| *window == MARK)
        .filter_map(|(position, _)| FrameHeader::decode(&rest[position..]))
        .any(|header| header.sequence > sequence && header.durable >= sequence)
}
