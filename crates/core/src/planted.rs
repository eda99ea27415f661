//! Bugs that are put in on purpose, one at a time, to prove that the simulator finds such bugs.
//!
//! A simulator whose invariants cannot fail proves nothing. So the feature `planted`, which no
//! shipped build has, lets a test switch on one of ten bugs of the kind that has cost other systems
//! data. Without the feature [`is`] is a constant `false`, and the compiler drops every branch that
//! asks it: the program that ships has none of this in it. The bugs stand at the very places where
//! they could be made by mistake, in whichever crate that is, and this module is at the bottom of
//! them all, so that one switch serves them.
//!
//! The switch is one for the process, which is right for its only user: a simulator runs one seed
//! in one process. Nothing but a test may set it, and nothing may ask it to do anything right.

/// A bug that can be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Planted {
    /// A sync of the journal does nothing and says that all is durable. Seen as: an acknowledged
    /// report that is gone after a power cut, or a journal that does not open because it calls
    /// frames durable that are not there.
    NoSync = 1,
    /// Intake does not know a report again by its id. Seen as: a report that is sent again after
    /// a correction of it takes the correction's place.
    NoDeduplication,
    /// A receiver compares the versions of cells without their last bits. Seen as: an ancestor
    /// that keeps a figure which was corrected below.
    StaleVersionWins,
    /// A receiver writes the peer's watermark down at once, and the changes it stands for a little
    /// later. Seen as: changes that only a comparison brings, or none, when a stream breaks or the
    /// node is killed in between.
    WatermarkFirst,
    /// A receiver takes what a peer numbers up to its watermark for known, although the watermark
    /// is of another life of the peer's data. Seen as: an ancestor that misses what a node took
    /// after it was restored or emptied. Comparisons, which would mend it, are off meanwhile.
    OldIncarnationTrusted,
    /// A correction is added to the sums without taking away what it corrects. Seen as: a roll-up
    /// that is not its recount.
    CorrectionAdds,
    /// The change index does not list a document that changes again. Seen as: a partner, or a node
    /// below or above, that keeps the first version.
    RechangeUnlisted,
    /// Of what several regions below hand up in one batch, the last counts. Seen as: a roll-up that
    /// is not its recount.
    LastOfBatchCounts,
    /// Opening a journal takes the last frame without looking at its checksum or its end. Seen as:
    /// a node that does not start after a power cut, or reports that nobody made.
    TornTailAccepted,
    /// A stream that is opened again goes on from the last change there is, instead of from what
    /// the peer holds. Seen as: changes made while a link was down that never arrive.
    ReconnectSkips,
}

impl Planted {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NoSync,
        Self::NoDeduplication,
        Self::StaleVersionWins,
        Self::WatermarkFirst,
        Self::OldIncarnationTrusted,
        Self::CorrectionAdds,
        Self::RechangeUnlisted,
        Self::LastOfBatchCounts,
        Self::TornTailAccepted,
        Self::ReconnectSkips,
    ];

    /// What it is called where one is chosen by name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoSync => "no-sync",
            Self::NoDeduplication => "no-deduplication",
            Self::StaleVersionWins => "stale-version-wins",
            Self::WatermarkFirst => "watermark-first",
            Self::OldIncarnationTrusted => "old-incarnation-trusted",
            Self::CorrectionAdds => "correction-adds",
            Self::RechangeUnlisted => "rechange-unlisted",
            Self::LastOfBatchCounts => "last-of-batch-counts",
            Self::TornTailAccepted => "torn-tail-accepted",
            Self::ReconnectSkips => "reconnect-skips",
        }
    }
}

#[cfg(feature = "planted")]
mod switch {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::Planted;

    static IN_PLACE: AtomicU8 = AtomicU8::new(0);

    /// Switches one bug on for the rest of the process, in place of another.
    pub fn plant(bug: Planted) {
        IN_PLACE.store(bug as u8, Ordering::Relaxed);
    }

    /// Whether a bug is switched on.
    pub fn is(bug: Planted) -> bool {
        IN_PLACE.load(Ordering::Relaxed) == bug as u8
    }
}

#[cfg(feature = "planted")]
pub use switch::{is, plant};

/// Whether a bug is switched on: never, in a build without the feature.
#[cfg(not(feature = "planted"))]
#[inline(always)]
pub const fn is(_: Planted) -> bool {
    false
}

/// Whether a version is newer than another.
pub(crate) fn is_newer(version: u64, than: u64) -> bool {
    if is(Planted::StaleVersionWins) {
        return version >> 6 > than >> 6;
    }
    version > than
}
