//! The lineages of what was told by files: those that this node gave, and those that it took.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::State;
use crate::event::{Marked, Parted, PeerHolds, Traced};
use crate::lineage::{Lineage, Mark};
use crate::region::RegionCode;

/// What is kept of lineages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineages {
    /// What this node gave peers in the life that it is in.
    given: BTreeMap<RegionCode, Lineage>,
    /// What peers gave.
    taken: BTreeMap<RegionCode, Taken>,
}

/// What a peer gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    /// In which incarnation.
    incarnation: u128,
    lineage: Lineage,
    /// Whether a file of that incarnation came that does not go on from those before it.
    parted: bool,
}

/// A peer that told two histories by files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartedPeer {
    /// The peer.
    pub peer: RegionCode,
    /// The incarnation in which it did.
    pub incarnation: u128,
    /// The last of its changes in that incarnation that is held, with nothing missing before it; 0
    /// where none is.
    pub held_upto: u64,
}

impl Lineages {
    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.given.is_empty() && self.taken.is_empty()
    }
}

impl State {
    /// The marks that this node gave a peer with its files in the life that it is in.
    pub fn lineage_given(&self, peer: RegionCode) -> Lineage {
        let given = self.lineages.given.get(&peer);
        given.cloned().unwrap_or_default()
    }

    /// The marks that a peer's files ended with, and the incarnation that they are of.
    pub fn lineage_taken(&self, peer: RegionCode) -> Option<(u128, &Lineage)> {
        let taken = self.lineages.taken.get(&peer);
        taken.map(|taken| (taken.incarnation, &taken.lineage))
    }

    /// The incarnation of a peer that told two histories by files. Nothing of it is taken any more; a
    /// later one is.
    pub fn parted(&self, peer: RegionCode) -> Option<u128> {
        let taken = self.lineages.taken.get(&peer);
        let parted = taken.filter(|taken| taken.parted);
        parted.map(|taken| taken.incarnation)
    }

    /// Peers of whose files nothing is taken any more, in order. Not one that has gone on under a later
    /// incarnation: where that is told by a stream it is not heard of in files.
    pub fn all_parted(&self) -> impl Iterator<Item = PartedPeer> {
        let parted = self.lineages.taken.iter().filter(|(_, taken)| taken.parted);
        parted.filter_map(|(peer, taken)| {
            let incarnation = taken.incarnation;
            let mark = self.watermark(*peer);
            let held = mark.filter(|mark| mark.incarnation == incarnation);
            let has_gone_on = mark.is_some_and(|mark| mark.incarnation > incarnation);
            (!has_gone_on).then_some(PartedPeer {
                peer: *peer,
                incarnation,
                held_upto: held.map_or(0, |mark| mark.upto),
            })
        })
    }

    /// Whether a mark that a peer has taken of this node's incarnation says that this data is an
    /// earlier copy of itself: it was never given, as far as the data goes.
    pub fn lacks_mark(&self, peer: RegionCode, mark: Mark) -> bool {
        !self.lineage_given(peer).can_have_given(mark)
    }

    pub(super) fn apply_marked(&mut self, marked: &Marked) {
        let given = self.lineages.given.entry(marked.peer).or_default();
        given.add(marked.mark);
    }

    pub(super) fn apply_traced(&mut self, traced: &Traced) {
        let taken = Taken {
            incarnation: traced.incarnation,
            lineage: traced.lineage.clone(),
            parted: false,
        };
        self.lineages.taken.insert(traced.peer, taken);
    }

    pub(super) fn apply_parted(&mut self, parted: &Parted) {
        let taken = self.lineages.taken.get_mut(&parted.peer);
        if let Some(taken) = taken.filter(|taken| taken.incarnation == parted.incarnation) {
            taken.parted = true;
        }
    }

    /// Lets go of the marks below what a peer holds, which it does not need any more.
    pub(super) fn forget_lineage_before(&mut self, holds: &PeerHolds) {
        if let Some(given) = self.lineages.given.get_mut(&holds.peer) {
            given.forget_before(holds.upto);
        }
    }

    /// A life begins: peers know its marks by its incarnation, and none of those before.
    pub(super) fn forget_lineages_given(&mut self) {
        self.lineages.given.clear();
    }
}
