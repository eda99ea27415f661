//! The fold: how each event changes the state.

mod aside;
mod bureaus;
mod heal;
mod rosters;
mod sums;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::cells::{CellKey, Pending, ReportHead};
use super::{State, Stored, Watermark};
use crate::document::{Body, CellDocument, Document, DocumentKey, Kind};
use crate::event::{Event, Received};
use crate::planted::{self, Planted, is_newer};
use crate::region::{Region, RegionCode};
use crate::report::ReportBatch;
use crate::rollup::Sums;

/// An epoch stands above this many bits of change numbers in a version.
pub(crate) const EPOCH_SHIFT: u32 = 40;

/// No node lives so often; a peer that says it holds something above is not followed there.
pub(crate) const MOST_EPOCHS: u64 = 1 << 20;

/// No version is so high, not even where nodes followed each other as far as they may: what stands
/// above was written to be the last word for ever.
pub(crate) const NO_VERSION: u64 = MOST_EPOCHS << 2 << EPOCH_SHIFT;

/// A source as a batch's rows need it.
struct Source {
    number: u32,
    /// The part of its cells' versions that stands above the change number.
    epoch: u64,
    /// The number of the region above, if that is added up here. Asked for when something goes up:
    /// regions are numbered in the order in which they are first needed.
    above: OnceCell<Option<u32>>,
}

impl State {
    /// Applies one event that stands in journal frame `frame`.
    pub fn apply(&mut self, event: &Event, frame: u64) {
        if self.frame != frame {
            self.proven.frame_begins();
        }
        self.frame = frame;
        match event {
            Event::Hosted { region, epoch } => self.apply_hosted(region, *epoch),
            Event::MovedOut { region } => self.apply_moved_out(*region),
            Event::Reports(batch) => self.apply_reports(batch, frame),
            Event::Put(document) => self.put(Document::clone(document)),
            Event::Received(received) => self.apply_received(received),
            Event::SetAside(batch) => {
                self.apply_set_aside(batch);
                self.bound_set_aside();
            }
            Event::SetAsideFairly(batch) => {
                self.apply_set_aside(batch);
                self.bound_set_aside_fairly();
            }
            Event::Released(released) => self.apply_released(released),
            Event::PeerHolds(holds) => {
                self.forget_lineage_before(holds);
                self.peer_holds.insert(holds.peer, holds.clone());
            }
            Event::LifeBegan(began) => self.apply_life(began),
            Event::Met(met) => self.apply_met(met),
            Event::Marked(marked) => self.apply_marked(marked),
            Event::Traced(traced) => self.apply_traced(traced),
            Event::Parted(parted) => self.apply_parted(parted),
            Event::Healed(healed) => self.apply_healed(healed),
            Event::Withdrawn(cells) => self.apply_withdrawn(cells),
            Event::Overtaken(overtaken) => {
                self.overtaken.insert(overtaken.region, overtaken.version);
            }
            Event::Attested(attested) => self.apply_attested(attested),
            Event::Repeated(repeated) => self.repeated.remember(repeated),
            Event::BureauReports(reports) => self.apply_bureau_reports(reports),
        }
    }

    fn apply_hosted(&mut self, region: &Region, epoch: u32) {
        let before = Arc::make_mut(&mut self.regions.hosted).insert(region.code, epoch);
        self.moved.remove(&region.code);
        self.owned_here(region.code);
        self.noted.hosted(region.code);
        let key = region_key(region.code);
        let version = self.next_version(&key);
        self.put(Document {
            owner: region.code,
            id: key.id,
            version,
            body: Body::Region(region.clone()),
        });
        match before {
            None => self.add_up_again(region.code),
            Some(before) if before < epoch => self.tell_again(region.code),
            Some(_) => {}
        }
    }

    fn apply_moved_out(&mut self, region: RegionCode) {
        for below in self.regions.tree.subtree(region) {
            Arc::make_mut(&mut self.regions.hosted).remove(&below);
            self.taken_back.retain(|key, _| key.owner != below);
            self.moved.insert(below, self.frame);
        }
    }

    fn apply_reports(&mut self, batch: &ReportBatch, frame: u64) {
        // What is the same for many rows is looked up once per batch.
        let mut sources: Vec<Option<Source>> = Vec::new();
        sources.resize_with(batch.sources.len(), || None);
        let mut indicators: Vec<Option<u32>> = vec![None; batch.indicators.len()];
        let mut pending = Pending::default();
        for (place, row) in batch.rows.iter().enumerate() {
            let named = (row.source as usize, row.indicator as usize);
            let (Some(code), Some(indicator)) =
                (batch.sources.get(named.0), batch.indicators.get(named.1))
            else {
                continue;
            };
            let source = sources[named.0].get_or_insert_with(|| self.source(*code));
            let key = CellKey {
                region: source.number,
                indicator: *indicators[named.1]
                    .get_or_insert_with(|| self.cells.indicators.number(*indicator)),
                period: row.period,
            };
            let counts = row.role.counts();
            let sums = Sums {
                numerator: row.numerator,
                denominator: row.denominator,
                reported: u32::from(counts),
                on_time: u32::from(counts && row.on_time),
            };
            let head = ReportHead {
                id: batch.fingerprint(place, row),
                revision: row.revision,
                frame,
                role: row.role,
                sums,
            };
            self.change += 1;
            let version = source.epoch | self.change;
            let delta = self.cells.report(key, head, version, self.change);
            if delta.is_zero() {
                continue;
            }
            let above = source.above.get_or_init(|| self.number_above(*code));
            if let Some(region) = *above {
                pending.add(CellKey { region, ..key }, &delta);
            }
        }
        self.cascade(pending);
    }

    fn source(&mut self, code: RegionCode) -> Source {
        Source {
            number: self.cells.regions.number(code),
            epoch: self.epoch_bits(Some(code)),
            above: OnceCell::new(),
        }
    }

    fn apply_received(&mut self, received: &Received) {
        self.proven.told_by(received.from);
        let before = self.change;
        let is_seal = |document: &&Document| matches!(document.body, Body::Seal(_));
        for document in received.documents.iter().filter(|one| !is_seal(one)) {
            self.receive_document(document);
        }
        let mut pending = Pending::default();
        for cell in &received.cells {
            self.receive_cell(cell, &mut pending);
        }
        self.cascade(pending);
        // Behind the figures that they seal, so that whoever is told of these in order holds those.
        for document in received.documents.iter().filter(is_seal) {
            self.receive_document(document);
        }
        self.release_received(received);
        self.keep_as_written_before(received.from, &received.quarantined);
        self.note_life_of(received.from, received.incarnation, before);
        self.watermarks.insert(
            received.from,
            Watermark {
                incarnation: received.incarnation,
                upto: received.upto,
            },
        );
    }

    fn receive_document(&mut self, document: &Document) {
        let known = self.documents.get(&document.key());
        if known.is_none_or(|known| known.document.version < document.version) {
            self.put(document.clone());
        }
    }

    fn receive_cell(&mut self, cell: &CellDocument, pending: &mut Pending) {
        let key = self
            .cells
            .key_or_new(cell.region, cell.indicator, cell.period);
        let old = self.cells.cells.get(&key).unwrap_or_default();
        if !is_newer(cell.version, old.version) {
            return;
        }
        let delta = cell.sums.since(&old.sums);
        self.change += 1;
        self.cells.add(key, &delta, cell.version, self.change);
        self.unowned_cells.remove(&key);
        self.hand_up(key, cell.region, &delta, pending);
    }

    /// Keeps a document and lists its change; what depends on it is derived again.
    fn put(&mut self, document: Document) {
        if let Body::Region(region) = &document.body
            && self.regions.tree.check(region).is_err()
        {
            // A cycle is set aside or refused before this; the tree and the documents never
            // disagree, whatever a history from elsewhere says.
            return;
        }
        self.change += 1;
        let key = document.key();
        self.no_longer_unowned(&key);
        self.proven.forget(&key);
        let is_new = !self.documents.contains_key(&key);
        let region = match &document.body {
            Body::Region(region) => Some(region.clone()),
            _ => None,
        };
        let seal = match &document.body {
            Body::Seal(seal) if !self.hosts(key.owner) => Some(*seal),
            _ => None,
        };
        let is_roster = key.kind == Kind::Roster;
        let owner = document.owner;
        let before = self.documents.insert(
            key.clone(),
            Stored {
                document: Arc::new(document),
                change: self.change,
            },
        );
        if is_roster {
            self.replace_roster(&key, before.as_ref());
        }
        let documents = &self.documents;
        if is_new || !planted::is(Planted::RechangeUnlisted) {
            self.document_changes
                .push(self.change, key, is_new, |key, change| {
                    documents
                        .get(key)
                        .is_some_and(|stored| stored.change == change)
                });
        }
        if let Some(region) = region {
            self.put_region(region);
        } else if is_roster {
            self.derive_rosters(self.regions.tree.parent(owner));
        } else if let Some(seal) = seal {
            self.note_seal(owner, &seal);
        }
    }

    fn put_region(&mut self, region: Region) {
        let code = region.code;
        let old_parent = self.regions.tree.parent(code);
        let new_parent = region.parent;
        let parent_was_unit = new_parent.is_some_and(|parent| self.regions.tree.is_leaf(parent));
        if Arc::make_mut(&mut self.regions.tree)
            .insert(region)
            .is_err()
        {
            return;
        }
        let mut changed = BTreeSet::from([code]);
        changed.extend(old_parent);
        changed.extend(new_parent);
        if old_parent != new_parent {
            self.move_roster(code, old_parent, new_parent);
            self.move_sums(code, old_parent, new_parent);
        }
        if let Some(parent) = new_parent.filter(|_| parent_was_unit) {
            self.no_longer_a_unit(parent);
        }
        for start in changed {
            self.derive_rosters(Some(start));
        }
    }

    /// The version that the next change of this document gets from its owner.
    pub(crate) fn next_version(&self, key: &DocumentKey) -> u64 {
        let next = self
            .documents
            .get(key)
            .map_or(1, |stored| stored.document.version.saturating_add(1));
        // A region that moved or was restored may have lost versions that others have seen.
        let epoch = self
            .regions
            .hosted
            .get(&key.owner)
            .copied()
            .unwrap_or_default();
        next.max(u64::from(epoch.saturating_sub(1)) << EPOCH_SHIFT | 1)
    }
}

pub(crate) fn region_key(region: RegionCode) -> DocumentKey {
    DocumentKey {
        kind: Kind::Region,
        owner: region,
        id: region.to_string(),
    }
}

pub(crate) fn roster_key(region: RegionCode) -> DocumentKey {
    DocumentKey {
        kind: Kind::Roster,
        owner: region,
        id: region.to_string(),
    }
}
