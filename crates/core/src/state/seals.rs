//! Figures and their seals.

use std::collections::BTreeSet;

use super::{Reviewed, State};
use crate::document::{Body, CellDocument, DocumentKey, Kind};
use crate::region::RegionCode;
use crate::seal::{Fit, Seal};

impl State {
    /// What a region's node said last of its figures.
    pub fn seal(&self, region: RegionCode) -> Option<&Seal> {
        let key = Reviewed::seal_of(region);
        match &self.document(&key)?.document.body {
            Body::Seal(seal) => Some(seal),
            _ => None,
        }
    }

    /// What is to be said of a region's figures now; `None` when there are none.
    pub fn seal_now(&self, region: RegionCode) -> Option<Seal> {
        Seal::of(self.sealed_cells(region))
    }

    /// Of each region of other nodes that has a seal, how the figures that are held of it stand to
    /// that.
    pub fn seal_fits(&self) -> impl Iterator<Item = (RegionCode, Fit)> {
        let lowest = DocumentKey {
            kind: Kind::Seal,
            owner: RegionCode::LOWEST,
            id: String::new(),
        };
        let seals = self.documents.range(lowest..);
        seals.filter_map(|(key, stored)| match &stored.document.body {
            Body::Seal(seal) if !self.hosts(key.owner) && !self.has_moved_out(key.owner) => {
                let fit = seal.fit(self.sealed_cells(key.owner));
                let fit = match (fit, self.never_given(key.owner)) {
                    (Fit::Newer { .. }, Some(version)) => Fit::Beyond { version },
                    (fit, _) => fit,
                };
                Some((key.owner, fit))
            }
            _ => None,
        })
    }

    /// Regions with figures that changed after a change number, and the last change number.
    pub fn figures_changed_after(&self, change: u64) -> (BTreeSet<RegionCode>, u64) {
        let mut seen = Vec::new();
        for (_, key) in self.cells.changes.after(change) {
            let number = key.region as usize;
            if seen.len() <= number {
                seen.resize(number + 1, false);
            }
            seen[number] = true;
        }
        let numbers = (0u32..).zip(seen).filter(|(_, seen)| *seen);
        let regions = numbers.filter_map(|(number, _)| self.cells.regions.item(number));
        (regions.collect(), self.change)
    }

    /// A region's figures as they are sealed: all that its node has told.
    pub(super) fn sealed_cells(&self, region: RegionCode) -> Vec<CellDocument> {
        let held = self.cells_held(region);
        let told = held
            .filter(|cell| self.unowned_cells.is_empty() || !self.is_unowned_cell(&cell.name()));
        told.collect()
    }
}
