//! The lineage of what a node tells a peer by files: by it two histories are told apart that use the
//! same change numbers in the same incarnation.
//!
//! Nothing compares what both sides hold where only files go between them. So a node writes a mark
//! into its journal with every file, under a name that nobody else has, and every file ends with the
//! marks of those before it. Data that was put back by hand from an earlier copy lacks the marks that
//! were written after the copy was made: whoever has taken a file with one of those knows that what
//! comes now does not go on from what came then, whatever its change numbers are.

use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// That a node's history up to a change is the one that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The node's last change when the mark was made.
    pub upto: u64,
    /// A name that no other mark has.
    pub name: u128,
}

/// The marks that a node gave one peer in one incarnation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// The change from which on none is left out.
    from: u64,
    /// The change before which none is left out.
    until: u64,
    /// In the order of their changes, which all differ.
    marks: Vec<Mark>,
}

impl Lineage {
    /// The most marks that are kept; the oldest go first.
    pub const MOST: usize = 64;

    /// Marks in the order of their changes, none left out from change `from` on; `None` where they
    /// are not so, or too many.
    pub fn new(from: u64, marks: Vec<Mark>) -> Option<Self> {
        let rises = marks.windows(2).all(|two| two[0].upto < two[1].upto);
        let begins = marks.first().is_none_or(|first| first.upto >= from);
        let until = marks.last().map_or(0, |last| last.upto.saturating_add(1));
        let lineage = Self { from, until, marks };
        (rises && begins && lineage.marks.len() <= Self::MOST).then_some(lineage)
    }

    /// The same where changes up to `upto` were told with it: no mark of a change below is left out,
    /// also where the last one says less because there was no room to write another.
    #[must_use]
    pub fn told_upto(self, upto: u64) -> Self {
        let until = self.until.max(upto);
        Self { until, ..self }
    }

    /// The change from which on none is left out.
    pub fn from(&self) -> u64 {
        self.from
    }

    /// The marks, in the order of their changes.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The change before which none is left out.
    pub fn until(&self) -> u64 {
        self.until
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// The last mark.
    pub fn last(&self) -> Option<Mark> {
        self.marks.last().copied()
    }

    /// Whether a mark that a peer took can have come from here: it is here, or from a time of which
    /// marks are not kept any more.
    pub fn can_have_given(&self, mark: Mark) -> bool {
        mark.upto < self.from || self.marks.contains(&mark)
    }

    /// Whether both can be of one history: they have the same marks wherever both leave none out.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let both = self.from.max(other.from)..self.until.min(other.until);
        let ours = self.marks.iter().filter(|mark| both.contains(&mark.upto));
        let theirs = other.marks.iter().filter(|mark| both.contains(&mark.upto));
        ours.eq(theirs)
    }

    /// One more mark, of a later change than the last.
    pub(crate) fn add(&mut self, mark: Mark) {
        self.until = self.until.max(mark.upto.saturating_add(1));
        self.marks.push(mark);
        self.forget(self.marks.len().saturating_sub(Self::MOST));
    }

    /// Lets go of marks that say less than one that says no more than up to `change`.
    pub(crate) fn forget_before(&mut self, change: u64) {
        let below = self.marks.partition_point(|mark| mark.upto <= change);
        self.forget(below.saturating_sub(1));
    }

    fn forget(&mut self, count: usize) {
        if count > 0 {
            self.marks.drain(..count);
            self.from = self.marks.first().map_or(self.from, |first| first.upto);
        }
    }
}
