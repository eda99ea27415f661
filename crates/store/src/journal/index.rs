//! Where frames stand: a sparse index per segment, in memory.
//!
//! One entry for every 64 KiB of a segment (1,024 entries for the default size), whatever the size
//! of the frames, so that a point read is one entry and one short scan. It is a hint: a reader
//! checks the sequence of every frame it passes, so a wrong entry costs time and never wrong data.

use crate::journal::Sequence;

const SPACING: u64 = 64 << 10;

/// Some frames of a segment with their byte offsets, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SparseIndex {
    entries: Vec<(Sequence, u64)>,
}

impl SparseIndex {
    /// An index of entries as [`Self::entries`] gave them.
    pub fn from_entries(entries: Vec<(Sequence, u64)>) -> Self {
        Self { entries }
    }

    /// Sequences and byte offsets, ascending.
    pub fn entries(&self) -> &[(Sequence, u64)] {
        &self.entries
    }

    /// Notes a frame if the last noted one is far enough behind; says whether it did.
    pub(crate) fn note(&mut self, sequence: Sequence, offset: u64) -> bool {
        let due = self.is_due(offset);
        if due {
            self.entries.push((sequence, offset));
        }
        due
    }

    pub(crate) fn is_due(&self, offset: u64) -> bool {
        self.entries
            .last()
            .is_none_or(|&(_, last)| offset >= last.saturating_add(SPACING))
    }

    /// The noted frame nearest before `sequence`, or that frame itself.
    pub(crate) fn before(&self, sequence: Sequence) -> Option<(Sequence, u64)> {
        let behind = self
            .entries
            .partition_point(|&(noted, _)| noted <= sequence);
        self.entries[..behind].last().copied()
    }
}

#[derive(Debug)]
pub(crate) struct SegmentEntry {
    pub(crate) number: u64,
    pub(crate) first: Sequence,
    /// `None` until somebody reads from the segment.
    pub(crate) index: Option<SparseIndex>,
}

/// All segments in order, with what is known of their insides.
#[derive(Debug, Default)]
pub(crate) struct SegmentTable {
    pub(crate) segments: Vec<SegmentEntry>,
}

impl SegmentTable {
    pub(crate) fn holding(&self, sequence: Sequence) -> Option<&SegmentEntry> {
        let behind = self
            .segments
            .partition_point(|segment| segment.first <= sequence);
        self.segments[..behind].last()
    }

    pub(crate) fn entry_mut(&mut self, number: u64) -> Option<&mut SegmentEntry> {
        let at = self
            .segments
            .binary_search_by_key(&number, |segment| segment.number)
            .ok()?;
        self.segments.get_mut(at)
    }
}
