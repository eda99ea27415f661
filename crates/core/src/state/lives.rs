//! The life that the data is in, and what is known of those before it.

use super::{Life, State, Stored};
use crate::region::RegionCode;

impl State {
    /// The life that the data is in.
    pub fn life(&self) -> Option<Life> {
        self.life
    }

    /// The incarnation that peers are told; `identity` is that of the store.
    pub fn incarnation(&self, identity: u128) -> u128 {
        let life = self.life.filter(|life| life.identity == identity);
        life.map_or(identity, |life| life.incarnation)
    }

    /// Whether a peer was met in this life; true while it holds what an earlier one told it.
    pub fn met(&self, peer: RegionCode) -> Option<bool> {
        self.met.get(&peer).copied()
    }

    /// Whether this data was found to be an earlier copy of itself: what it was told to write before
    /// that is gone here, and peers may hold it.
    pub(crate) fn is_copy(&self) -> bool {
        self.life
            .is_some_and(|life| life.incarnation != life.identity)
    }

    /// Up to which change of this node what is held of a peer is of an earlier life of it than the one
    /// of that incarnation; `None` where none is known.
    pub(crate) fn earlier_life_of(&self, peer: RegionCode, incarnation: u128) -> Option<u64> {
        if self.is_another_life(peer, incarnation) {
            return Some(self.change);
        }
        self.earlier_lives.get(&peer).copied()
    }

    /// Notes of what life a peer's changes are; `before` is the last change before them.
    pub(super) fn note_life_of(&mut self, peer: RegionCode, incarnation: u128, before: u64) {
        if self.is_another_life(peer, incarnation) {
            self.earlier_lives.insert(peer, before);
        }
    }

    /// In the history of a region that moved, 0 stands for a peer that was never heard here.
    fn is_another_life(&self, peer: RegionCode, incarnation: u128) -> bool {
        let known = self.watermarks.get(&peer).map(|mark| mark.incarnation);
        known.is_some_and(|known| known != 0 && incarnation != 0 && known != incarnation)
    }

    /// Whether a document of a hosted region was written in this life. What a peer gave back was
    /// not: another peer may hold a newer version of the same lost time.
    pub(crate) fn is_written_in_this_life(&self, stored: &Stored) -> bool {
        let began = self.life.map_or(0, |life| life.began);
        stored.change > began && !self.taken_back.contains_key(&stored.document.key())
    }
}
