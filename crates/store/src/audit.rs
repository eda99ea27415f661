//! Finding the way through the audit trail: what stands in which stretch of the journal.
//!
//! The trail itself stands in the frames. A stretch is [`STRETCH`] frames; whoever has read a whole
//! one leaves a [`Summary`] of it, so that the next who looks for an administrator's doings of years
//! ago passes over the stretches that have none. They are few bytes each,
//! kept in memory and beside the checkpoints; what is missing costs the reading of frames.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use liandong_core::audit::Trail;
use liandong_core::identity::Role;

use crate::history::{History, HistoryError};
use crate::journal::Sequence;
use crate::record::{self, Audited, DecodeError};

mod kept;
#[cfg(test)]
mod tests;

pub(crate) use kept::{Known, read as read_known, write as write_known};

/// How many frames stand in a stretch.
pub const STRETCH: u64 = 64;

/// What is known of a stretch without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// One bit for each kind of actor that is named in it.
    kinds: u8,
    /// The first and the last moment of its frames, in microseconds since 1970, as far as they have
    /// a trail.
    times: Option<(i64, i64)>,
}

impl Summary {
    fn add(&mut self, trail: &Trail) {
        if trail.entries.is_empty() {
            return;
        }
        for actor in &trail.actors {
            self.kinds |= kind(actor.role());
        }
        let at = trail.at_micros;
        let (first, last) = self.times.unwrap_or((at, at));
        self.times = Some((first.min(at), last.max(at)));
    }

    /// Whether anybody of that role is named; `None` for somebody at the node's own machine.
    pub fn names(&self, role: Option<Role>) -> bool {
        self.kinds & kind(role) != 0
    }

    /// Whether anybody but nodes is named.
    pub fn names_people(&self) -> bool {
        self.kinds & !kind(Some(Role::Node)) != 0
    }

    /// The first and the last moment that it tells of, in microseconds since 1970; `None` where
    /// nothing is told.
    pub fn times(&self) -> Option<(i64, i64)> {
        self.times
    }
}

/// The bit of a kind of actor. A node's own doing is that of a node.
fn kind(role: Option<Role>) -> u8 {
    match role {
        None => 1,
        Some(Role::Node) => 2,
        Some(Role::Admin) => 4,
        Some(Role::Reviewer) => 8,
        Some(Role::Reporter) => 16,
        Some(Role::Viewer) => 32,
    }
}

/// The stretches that were read, by their numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stretches {
    known: Arc<Mutex<BTreeMap<u64, Summary>>>,
}

impl Stretches {
    /// Those that end with a frame or before it, in order.
    pub(crate) fn up_to(&self, last: Sequence) -> Vec<Known> {
        let known = self.known();
        let ended = known.range(..=last.saturating_sub(STRETCH - 1));
        ended.map(|(first, one)| (*first, *one)).collect()
    }

    /// Takes over what was kept elsewhere.
    pub(crate) fn offer(&self, kept: Vec<Known>) {
        self.known().extend(kept);
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<u64, Summary>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stretch that a frame stands in, as the first and the last of its frames.
pub fn stretch(frame: Sequence) -> RangeInclusive<Sequence> {
    let before = frame.saturating_sub(1) / STRETCH * STRETCH;
    before + 1..=before + STRETCH
}

impl History {
    /// What is known of the stretch that a frame stands in; `None` where it was not read yet.
    pub fn summary(&self, frame: Sequence) -> Option<Summary> {
        self.stretches.known().get(stretch(frame).start()).copied()
    }

    /// The moment of the first frame of a stretch that has a trail, in microseconds since 1970.
    ///
    /// # Errors
    /// A frame that cannot be read.
    pub fn moment(&self, frame: Sequence) -> Result<Option<i64>, HistoryError> {
        let stretch = stretch(frame);
        for frame in self.journal().iter_from(*stretch.start()) {
            let (sequence, payload) = frame?;
            if !stretch.contains(&sequence) {
                break;
            }
            let audited = record::read(&payload);
            let audited = audited.map_err(|source| HistoryError::Record { sequence, source })?;
            if !audited.trail.entries.is_empty() {
                return Ok(Some(audited.trail.at_micros));
            }
        }
        Ok(None)
    }

    /// The first frame of a stretch before which everything stands that was done before a moment,
    /// in microseconds since 1970, or more: found by looking into a few stretches. The clock is
    /// taken to have gone forwards.
    ///
    /// # Errors
    /// A frame that cannot be read.
    pub fn behind(&self, moment: i64) -> Result<Sequence, HistoryError> {
        let number = |stretch: u64| stretch * STRETCH + 1;
        // All from `high` on is later; where nothing is told, it may be earlier.
        let (mut low, mut high) = (0, self.last() / STRETCH + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.moment(number(middle))? {
                Some(at) if at >= moment => high = middle,
                Some(_) | None => low = middle + 1,
            }
        }
        Ok(number(high))
    }

    /// Shows frames with their trails, oldest first.
    ///
    /// # Errors
    /// A frame that cannot be read.
    pub fn trails(
        &self,
        frames: RangeInclusive<Sequence>,
        mut show: impl FnMut(Sequence, &Audited<'_>) -> Result<(), DecodeError>,
    ) -> Result<(), HistoryError> {
        let whole = stretch(*frames.start()) == frames && *frames.end() <= self.last();
        let mut summary = Summary::default();
        for frame in self.journal().iter_from(*frames.start()) {
            let (sequence, payload) = frame?;
            let shown = record::read(&payload).and_then(|audited| {
                summary.add(&audited.trail);
                show(sequence, &audited)
            });
            shown.map_err(|source| HistoryError::Record { sequence, source })?;
            // Not after the next was read, which nobody asked for.
            if sequence == *frames.end() {
                break;
            }
        }
        if whole {
            self.stretches.known().insert(*frames.start(), summary);
        }
        Ok(())
    }
}
