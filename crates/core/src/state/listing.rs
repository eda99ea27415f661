//! What a peer is sent: the changes since a number, with every owner known in time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::State;
use crate::document::{CellDocument, Document};
use crate::evidence::Proof;
use crate::region::{Level, Region, RegionCode};

/// Changes after some number, as far as they were looked through.
#[derive(Clone, Debug, Default)]
pub struct ChangeSet {
    /// Documents, oldest change first.
    pub documents: Vec<Arc<Document>>,
    /// What each of them came with to show who signed it; as many, or none at all where nothing is
    /// signed.
    pub proofs: Vec<Option<Proof>>,
    /// Roll-up cells, oldest change first.
    pub cells: Vec<CellDocument>,
    /// The last change number that was looked at: where to go on.
    pub upto: u64,
}

impl State {
    /// Documents and cells that changed after `change`, oldest first, looking at no more than
    /// `limit` changes; `wants` chooses the documents, `with_cells` and `wants_cell` the cells.
    ///
    /// Regions that own any of it and are listed only later, because they changed again, stand
    /// before it: whoever takes the changes in order knows every owner in time.
    pub fn changes_after(
        &self,
        change: u64,
        limit: usize,
        wants: impl Fn(&Document) -> bool,
        wants_cell: impl Fn(RegionCode) -> bool,
        with_cells: bool,
    ) -> ChangeSet {
        let mut found = self.listed_after(change, limit, &wants, wants_cell, with_cells);
        let mut owners: BTreeSet<RegionCode> = BTreeSet::new();
        owners.extend(found.documents.iter().map(|document| document.owner));
        owners.extend(found.cells.iter().map(|cell| cell.region));
        let mut later = BTreeMap::new();
        for owner in owners {
            let above = self.regions.tree.ancestors(owner);
            for region in std::iter::once(owner).chain(above) {
                let stored = self.documents.get(&super::fold::region_key(region));
                let Some(stored) = stored.filter(|stored| stored.change > found.upto) else {
                    continue;
                };
                if wants(&stored.document) {
                    later.insert(region, Arc::clone(&stored.document));
                }
            }
        }
        if !later.is_empty() {
            let listed = std::mem::take(&mut found.documents);
            found.documents = later.into_values().chain(listed).collect();
        }
        found.proofs = self.proofs_of(&found.documents);
        found
    }

    fn listed_after(
        &self,
        change: u64,
        limit: usize,
        wants: impl Fn(&Document) -> bool,
        wants_cell: impl Fn(RegionCode) -> bool,
        with_cells: bool,
    ) -> ChangeSet {
        let mut found = ChangeSet {
            proofs: Vec::new(),
            upto: change,
            ..ChangeSet::default()
        };
        let mut documents = self.document_changes.after(change).peekable();
        let mut cells = self.cells.changes.after(change).peekable();
        for _ in 0..limit {
            let next_document = documents.peek().map(|(number, _)| *number);
            let next_cell = if with_cells {
                cells.peek().map(|(number, _)| *number)
            } else {
                None
            };
            let take_document = match (next_document, next_cell) {
                (None, None) => {
                    // All seen: even numbers whose entries went stale need not be asked for again.
                    found.upto = self.change;
                    return found;
                }
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (Some(document), Some(cell)) => document < cell,
            };
            if take_document {
                let Some((number, key)) = documents.next() else {
                    break;
                };
                found.upto = number;
                let stored = self.documents.get(key);
                if let Some(stored) = stored.filter(|stored| stored.change == number)
                    && wants(&stored.document)
                {
                    found.documents.push(Arc::clone(&stored.document));
                }
            } else {
                let Some((number, key)) = cells.next() else {
                    break;
                };
                found.upto = number;
                let Some(cell) = self
                    .cells
                    .cells
                    .get(key)
                    .filter(|cell| cell.change == number)
                else {
                    continue;
                };
                let region = self.cells.regions.item(key.region);
                let indicator = self.cells.indicators.item(key.indicator);
                if let (Some(region), Some(indicator)) = (region, indicator)
                    && wants_cell(region)
                {
                    found.cells.push(CellDocument {
                        region,
                        indicator,
                        period: key.period,
                        sums: cell.sums,
                        version: cell.version,
                    });
                }
            }
        }
        found
    }

    /// Whether a region's cells go up from a node whose own region is `here`: those of units stay
    /// where they were reported, except a unit's own node telling the node above.
    pub fn cell_goes_up(&self, here: RegionCode, region: RegionCode) -> bool {
        let is_administered = |known: &Region| known.level != Level::Unit;
        // A region that has left this branch is no longer this branch's to tell of.
        region == here
            || self.regions.tree.get(region).is_some_and(is_administered)
                && self.regions.tree.is_within(region, here)
    }
}
