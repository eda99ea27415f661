//! What was noted of signers and seals as they came, and what the documents that are held no longer
//! show: newer ones have taken their places.
//!
//! **Signers.** A region's entry is signed by the node that speaks for the region. When another node
//! signs a newer one the region has come to that node, and the word of the former counts no more for
//! what follows. Nobody can see from the entry alone whether the former agreed, so every such turn is
//! kept, with by whom it was told: a former signer that passes the news on itself knows of it, and one
//! that has signed a [handover](crate::handover) agreed to it; any other turn to a node further up is
//! to be asked about.
//!
//! **Seals.** A seal names the highest version among a region's figures, and one with a higher version
//! is newer than the seal. A version is the region's epoch above its node's change number, and any
//! number can be written there, so "newer" must not last: a figure that is held when one seal comes
//! was given before the next seal was made, and that names it. What the next seal does not reach up
//! to was never given by the region's node. Here stands what was ahead of the seal when that came.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::State;
use crate::document::CellDocument;
use crate::region::RegionCode;
use crate::seal::Seal;

/// The most turns that are kept of one region; the first stays, of the others the newest.
const MOST_TURNS: usize = 8;

/// That another node signs for a region than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The region.
    pub region: RegionCode,
    /// The region whose node signed before.
    pub from: RegionCode,
    /// The region whose node signs since.
    pub to: RegionCode,
    /// When that node signed the region's entry, by its own clock, in microseconds since 1970.
    pub at_micros: i64,
    /// The frame of the journal in which the entry came.
    pub frame: u64,
    /// The peer that told of it; `None` where the entry came by no peer's word.
    pub told_by: Option<RegionCode>,
    /// The versions of the last entry of the one and of the first of the other; 0 where an earlier
    /// program did not note them. Stored behind the rest.
    #[serde(skip)]
    pub versions: (u64, u64),
}

impl Turn {
    /// Whether the former signer's own node told of it, and so knows of it.
    pub fn is_told_by_the_former(&self) -> bool {
        self.told_by == Some(self.from)
    }
}

/// What was held ahead of a region's seal when the seal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Ahead {
    /// The highest version.
    highest: u64,
    /// Whether what was ahead of the seal before is ahead of this one, too.
    again: bool,
}

/// What was noted; see the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    turns: BTreeMap<RegionCode, Vec<Turn>>,
    ahead: BTreeMap<RegionCode, Ahead>,
}

impl Noted {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.ahead.is_empty()
    }

    /// The versions of every turn, in order.
    pub fn versions(&self) -> Vec<(u64, u64)> {
        let turns = self.turns.values().flatten();
        turns.map(|turn| turn.versions).collect()
    }

    /// The same as an earlier program noted it, without the versions.
    #[must_use]
    pub fn without_versions(mut self) -> Self {
        for turn in self.turns.values_mut().flatten() {
            turn.versions = (0, 0);
        }
        self
    }

    /// The same with the versions of its turns, in order; `None` where they are not of these turns.
    #[must_use]
    pub fn with_versions(mut self, versions: Vec<(u64, u64)>) -> Option<Self> {
        let mut turns: Vec<&mut Turn> = self.turns.values_mut().flatten().collect();
        if turns.len() != versions.len() {
            return None;
        }
        for (turn, versions) in turns.iter_mut().zip(versions) {
            turn.versions = versions;
        }
        Some(self)
    }

    /// Whether an earlier program noted a turn, and not all that belongs to it.
    pub fn lacks_versions(&self) -> bool {
        let mut turns = self.turns.values().flatten();
        turns.any(|turn| turn.versions == (0, 0))
    }

    pub(super) fn turn(&mut self, turn: Turn) {
        let turns = self.turns.entry(turn.region).or_default();
        if turns.len() >= MOST_TURNS {
            turns.remove(1);
        }
        turns.push(turn);
    }

    /// Of a region that is hosted here from now on nobody else's seals count.
    pub(super) fn hosted(&mut self, region: RegionCode) {
        self.ahead.remove(&region);
    }
}

impl State {
    /// Notes what of a region's figures is ahead of a seal that has just come.
    pub(super) fn note_seal(&mut self, region: RegionCode, seal: &Seal) {
        let before = self.noted.ahead.remove(&region);
        let versions = self.sealed_cells(region);
        let versions = versions.iter().map(|cell: &CellDocument| cell.version);
        let highest = versions.max().unwrap_or(0);
        if highest > seal.upto {
            let again = before.is_some_and(|before| before.highest > seal.upto);
            self.noted.ahead.insert(region, Ahead { highest, again });
        }
    }

    /// The highest version of a region's figures, where its node has sealed since and never gave it.
    pub(super) fn never_given(&self, region: RegionCode) -> Option<u64> {
        let ahead = self.noted.ahead.get(&region)?;
        ahead.again.then_some(ahead.highest)
    }

    /// Every time that another node signed for a region than before, by region, oldest first.
    pub fn turns(&self) -> impl Iterator<Item = &Turn> {
        self.noted.turns.values().flatten()
    }

    /// Whether that node signed for a region before another did.
    pub(super) fn signed_before(&self, region: RegionCode, signer: RegionCode) -> bool {
        let mut turns = self.noted.turns.get(&region).into_iter().flatten();
        turns.any(|turn| turn.from == signer)
    }

    /// Whether the node that signed before has signed, too, that another does so since.
    pub fn is_agreed(&self, turn: &Turn) -> bool {
        let (was, is) = turn.versions;
        let handover = self.handover(turn.region);
        handover
            .is_some_and(|(handover, is_signed)| is_signed && handover.agrees(turn.from, was, is))
    }

    /// The turns to be asked about: of each region the last, where the region went to a node that is
    /// no nearer to it, the former signer has not signed that it agrees, and is not known to know of
    /// it.
    pub fn turns_to_ask_about(&self) -> impl Iterator<Item = &Turn> {
        let last = self.noted.turns.values().filter_map(|turns| turns.last());
        last.filter(|turn| {
            let is_nearer =
                turn.to == turn.region || self.regions.tree.is_within(turn.to, turn.from);
            let is_known = turn.is_told_by_the_former() || self.is_agreed(turn);
            !is_nearer && !is_known && !self.hosts(turn.region)
        })
    }
}
