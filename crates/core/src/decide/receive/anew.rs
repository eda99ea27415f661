//! What is held of an earlier life of the peer, and told in this one just as it is held: that it is of
//! this life now is noted, so that what remains is what the peer has not told since.

use crate::document::{CellDocument, Document};
use crate::event::Healed;
use crate::region::RegionCode;
use crate::state::State;

/// What of a batch is held already, of an earlier life of the peer.
pub(super) struct Anew<'a> {
    state: &'a State,
    /// The change number of this node up to which what is held is of an earlier life of the peer.
    earlier: Option<u64>,
    told: Healed,
}

impl<'a> Anew<'a> {
    /// Of a batch that follows what was taken before; `None` for one that does not, which says
    /// nothing of what stands between.
    pub(super) fn of(state: &'a State, from: RegionCode, follows: Option<u128>) -> Self {
        let earlier = follows.and_then(|incarnation| state.earlier_life_of(from, incarnation));
        Self {
            state,
            earlier,
            told: Healed::of(from),
        }
    }

    /// Looks at a document of which a version as new is held.
    pub(super) fn document(&mut self, document: &Document) {
        let Some(earlier) = self.earlier else {
            return;
        };
        let key = document.key();
        let is_held = self.state.document(&key).is_some_and(|held| {
            let is_of_then = held.change <= earlier || self.state.is_unowned(&key);
            is_of_then && *held.document == *document
        });
        if is_held && !self.state.hosts(document.owner) {
            self.told.documents.push(document.clone());
        }
    }

    /// Looks at a cell of which a version as new is held.
    pub(super) fn cell(&mut self, cell: &CellDocument) {
        let Some(earlier) = self.earlier else {
            return;
        };
        let held = self.state.cell(cell.region, cell.indicator, cell.period);
        let is_held = held.is_some_and(|held| {
            let is_of_then = held.change <= earlier || self.state.is_unowned_cell(&cell.name());
            is_of_then && held.version == cell.version && held.sums == cell.sums
        });
        if is_held {
            self.told.cells.push(*cell);
        }
    }

    /// What is to be noted; `None` for nothing.
    pub(super) fn done(self) -> Option<Healed> {
        let is_nothing = self.told.documents.is_empty() && self.told.cells.is_empty();
        (!is_nothing).then_some(self.told)
    }
}
