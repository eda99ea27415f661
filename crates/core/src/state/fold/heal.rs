//! The fold: lives of the node's data, and what comparisons with peers lead to.

use crate::compare::CellName;
use crate::document::{CellDocument, Document, DocumentKey};
use crate::event::{Healed, LifeBegan, Met};
use crate::region::RegionCode;
use crate::rollup::Sums;
use crate::state::cells::{CellKey, Pending};
use crate::state::{Life, State};

impl State {
    pub(super) fn apply_life(&mut self, began: &LifeBegan) {
        let same_data = self
            .life
            .is_some_and(|life| life.identity == began.identity);
        self.life = Some(Life {
            identity: began.identity,
            incarnation: began.incarnation,
            began: self.change,
        });
        self.taken_back.clear();
        self.forget_lineages_given();
        if !same_data {
            // Of a life that has just begun nobody has been asked yet.
            self.met.clear();
        }
    }

    pub(super) fn apply_met(&mut self, met: &Met) {
        self.met.insert(met.peer, met.holds_earlier_life);
    }

    pub(super) fn apply_healed(&mut self, healed: &Healed) {
        self.proven.told_by(healed.from);
        for document in &healed.documents {
            if !self.told_anew(document) {
                self.put(document.clone());
            }
        }
        for cell in &healed.cells {
            if !self.cell_told_anew(cell) {
                self.heal_cell(cell);
            }
        }
        for key in &healed.found_documents {
            self.unowned_documents.remove(key);
            if self.hosts(key.owner) {
                self.taken_back.insert(key.clone(), healed.from);
            }
        }
        for name in &healed.found_cells {
            if let Some(key) = self.find_cell(name) {
                self.unowned_cells.remove(&key);
            }
        }
        for key in &healed.missing_documents {
            self.unowned_documents.insert(key.clone(), healed.from);
        }
        for name in &healed.missing_cells {
            if let Some(key) = self.find_cell(name) {
                self.unowned_cells.insert(key, healed.from);
            }
        }
    }

    /// Lists a document as changed that is held just so, for it is told in a new life of its teller;
    /// false when it is not held so.
    fn told_anew(&mut self, document: &Document) -> bool {
        let key = document.key();
        let change = self.change + 1;
        let Some(held) = self.documents.get_mut(&key) else {
            return false;
        };
        if *held.document != *document {
            return false;
        }
        held.change = change;
        self.change = change;
        self.no_longer_unowned(&key);
        let documents = &self.documents;
        self.document_changes
            .push(change, key, false, |key, change| {
                documents
                    .get(key)
                    .is_some_and(|stored| stored.change == change)
            });
        true
    }

    /// The same of a cell.
    fn cell_told_anew(&mut self, cell: &CellDocument) -> bool {
        let key = self.find_cell(&cell.name());
        let held = key.and_then(|key| Some((key, self.cells.cells.get(&key)?)));
        let Some((key, held)) = held else {
            return false;
        };
        if (held.version, held.sums) != (cell.version, cell.sums) {
            return false;
        }
        self.unowned_cells.remove(&key);
        self.change += 1;
        self.cells.note(key, cell.version, self.change);
        true
    }

    /// Takes a cell as it is told, whatever is held of it, and adds up what stands above it again:
    /// after a divergence the difference to what was held proves nothing.
    fn heal_cell(&mut self, cell: &CellDocument) {
        let key = self
            .cells
            .key_or_new(cell.region, cell.indicator, cell.period);
        self.unowned_cells.remove(&key);
        self.change += 1;
        self.cells
            .cells
            .change(key, |kept| kept.cell.sums = cell.sums);
        self.cells.note(key, cell.version, self.change);
        let parent = self.regions.tree.parent(cell.region);
        let Some(parent) = parent.filter(|parent| self.hosts(*parent)) else {
            return;
        };
        let above = CellKey {
            region: self.cells.regions.number(parent),
            ..key
        };
        let mut sums = Sums::default();
        for child in self.regions.tree.children(parent) {
            let below = self.cells.regions.find(*child);
            let below = below.map(|region| CellKey { region, ..key });
            if let Some(held) = below.and_then(|below| self.cells.cells.get(&below)) {
                sums.add(&held.sums.since(&Sums::default()));
            }
        }
        if let Some(head) = self.cells.cells.head(&above) {
            sums.add(&head.sums.since(&Sums::default()));
        }
        let kept = self.cells.cells.get(&above).map(|cell| cell.sums);
        let mut pending = Pending::default();
        pending.add(above, &sums.since(&kept.unwrap_or_default()));
        self.cascade(pending);
    }

    /// Cells that their region no longer has a figure for are told as nothing, so that whoever
    /// holds one stops counting it.
    pub(super) fn apply_withdrawn(&mut self, cells: &[CellName]) {
        let mut dirty = Vec::with_capacity(cells.len());
        for name in cells {
            let key = self
                .cells
                .key_or_new(name.region, name.indicator, name.period);
            if self.cells.cells.get(&key).is_none() {
                dirty.push(key);
            }
        }
        self.note_cells(&dirty);
    }

    pub(super) fn no_longer_unowned(&mut self, key: &DocumentKey) {
        for marks in [&mut self.unowned_documents, &mut self.taken_back] {
            if !marks.is_empty() {
                marks.remove(key);
            }
        }
    }

    /// What is hosted here is owned here.
    pub(super) fn owned_here(&mut self, region: RegionCode) {
        self.unowned_documents.retain(|key, _| key.owner != region);
        if let Some(number) = self.cells.regions.find(region) {
            self.unowned_cells.retain(|key, _| key.region != number);
        }
    }

    fn find_cell(&self, name: &CellName) -> Option<CellKey> {
        let key = self.cells.key(name.region, name.indicator, name.period)?;
        self.cells.cells.get(&key).map(|_| key)
    }
}
