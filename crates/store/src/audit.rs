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

/// The stretches that were read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stretches {
    read: Arc<Mutex<ReadStretches>>,
}

#[derive(Debug, Default)]
struct ReadStretches {
    /// By their first frames.
    known: BTreeMap<Sequence, Summary>,
    /// For each stretch from the first one on, as far as all are known, the last moment that it or
    /// any before it tells of, in microseconds since 1970; the least number where nothing is told.
    /// A clock may have gone back in between.
    latest: Vec<i64>,
}

impl ReadStretches {
    /// Brings `latest` up to what is known.
    fn follow(&mut self) {
        loop {
            let first = self.latest.len() as u64 * STRETCH + 1;
            let Some(summary) = self.known.get(&first) else {
                return;
            };
            let before = self.latest.last().copied().unwrap_or(i64::MIN);
            let here = summary.times.map_or(i64::MIN, |(_, last)| last);
            self.latest.push(before.max(here));
        }
    }
}

impl Stretches {
    /// Those that end with a frame or before it, in order.
    pub(crate) fn up_to(&self, last: Sequence) -> Vec<Known> {
        let read = self.read();
        let ended = read.known.range(..=last.saturating_sub(STRETCH - 1));
        ended.map(|(first, one)| (*first, *one)).collect()
    }

    /// Takes over what was kept elsewhere.
    pub(crate) fn offer(&self, kept: Vec<Known>) {
        let mut read = self.read();
        read.known.extend(kept);
        read.follow();
    }

    fn read(&self) -> MutexGuard<'_, ReadStretches> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.stretches
            .read()
            .known
            .get(stretch(frame).start())
            .copied()
    }

    /// Whether nothing was done at a moment, in microseconds since 1970, or after it, in all frames
    /// up to the end of the stretch that a frame stands in; `false`, too, while one of their
    /// stretches was not read yet. A clock that was put back hides nothing.
    pub fn is_all_before(&self, moment: i64, frame: Sequence) -> bool {
        let number = frame.saturating_sub(1) / STRETCH;
        let read = self.stretches.read();
        let latest = usize::try_from(number)
            .ok()
            .and_then(|number| read.latest.get(number));
        latest.is_some_and(|latest| *latest < moment)
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
            self.stretches.offer(vec![(*frames.start(), summary)]);
        }
        Ok(())
    }
}
