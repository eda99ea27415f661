//! The fold: how each event changes the state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cells::{CellKey, Pending, ReportHead};
use super::{SetAside, State, Stored, Watermark};
use crate::document::{Body, CellDocument, Document, DocumentKey, Kind, Roster};
use crate::event::{Event, Received};
use crate::region::{Level, Region, RegionCode, RegionKind};
use crate::report::{ReportBatch, Role, id_fingerprint};
use crate::rollup::Sums;

/// Set-aside changes that are kept for listing; older ones stay in the journal.
const MAX_SET_ASIDE: usize = 1_000;
/// An epoch stands above this many bits of change numbers in a version.
const EPOCH_SHIFT: u32 = 40;

impl State {
    /// Applies one event that stands in journal frame `frame`.
    pub fn apply(&mut self, event: &Event, frame: u64) {
        self.frame = frame;
        match event {
            Event::Hosted { region, epoch } => self.apply_hosted(region, *epoch),
            Event::MovedOut { region } => self.apply_moved_out(*region),
            Event::Reports(batch) => self.apply_reports(batch, frame),
            Event::Put(document) => self.put(Document::clone(document)),
            Event::Received(received) => self.apply_received(received),
        }
    }

    fn apply_hosted(&mut self, region: &Region, epoch: u32) {
        let is_new = self.hosted.insert(region.code, epoch).is_none();
        self.moved.remove(&region.code);
        let key = region_key(region.code);
        let version = self.next_version(&key);
        self.put(Document {
            owner: region.code,
            id: key.id,
            version,
            body: Body::Region(region.clone()),
        });
        if is_new {
            self.add_up_again(region.code);
        }
    }

    /// A region is added up here from now on: what another node said of its cells no longer
    /// counts, what its own reports and the regions below it say does.
    fn add_up_again(&mut self, region: RegionCode) {
        let number = match self.cells.regions.find(region) {
            Some(number) => number,
            // Nothing of it or below it was ever reported: the usual case, which must be cheap.
            None if self.tree.is_leaf(region) => return,
            None => self.cells.regions.number(region),
        };
        let below: BTreeSet<u32> = self
            .tree
            .children(region)
            .iter()
            .filter_map(|child| self.cells.regions.find(*child))
            .collect();
        let mut found: BTreeMap<CellKey, Sums> = BTreeMap::new();
        for (key, cell) in &self.cells.cells {
            let own = CellKey {
                region: number,
                ..*key
            };
            if key.region == number {
                found.entry(own).or_default();
            } else if below.contains(&key.region) {
                let added = cell.sums.since(&Sums::default());
                found.entry(own).or_default().add(&added);
            }
        }
        for (key, sums) in &mut found {
            if let Some(head) = self.cells.reports.get(key) {
                sums.add(&head.sums.since(&Sums::default()));
            }
        }
        let mut pending = Pending::default();
        for (key, sums) in found {
            let kept = self.cells.cells.get(&key).map(|cell| cell.sums);
            pending.add(key, &sums.since(&kept.unwrap_or_default()));
        }
        self.cascade(pending);
    }

    fn apply_moved_out(&mut self, region: RegionCode) {
        for below in self.tree.subtree(region) {
            self.hosted.remove(&below);
            self.moved.insert(below, self.frame);
        }
    }

    fn apply_reports(&mut self, batch: &ReportBatch, frame: u64) {
        // Numbers are looked up once per batch, not once per row.
        let mut pending = Pending::default();
        let mut dirty = Vec::with_capacity(batch.rows.len());
        for row in &batch.rows {
            let source = batch.sources.get(row.source as usize);
            let indicator = batch.indicators.get(row.indicator as usize);
            let (Some(source), Some(indicator)) = (source, indicator) else {
                continue;
            };
            let key = self.cells.key_or_new(*source, *indicator, row.period);
            let counts = row.role.counts();
            let sums = Sums {
                numerator: row.numerator,
                denominator: row.denominator,
                reported: u32::from(counts),
                on_time: u32::from(counts && row.on_time),
            };
            let head = ReportHead {
                id: id_fingerprint(&batch.id, row.row, &row.id),
                revision: row.revision,
                frame,
                role: row.role,
                sums,
                older: Vec::new(),
            };
            let before = self.cells.reports.get(&key).map(|old| old.sums);
            let head = match self.cells.reports.get(&key) {
                Some(old) => old.replaced_by(head),
                None => head,
            };
            self.cells.reports.insert(key, head);
            let delta = sums.since(&before.unwrap_or_default());
            self.cells.add(key, &delta);
            dirty.push(key);
            self.hand_up(key, *source, &delta, &mut pending);
        }
        self.note_cells(&dirty);
        self.cascade(pending);
    }

    fn apply_received(&mut self, received: &Received) {
        for document in &received.documents {
            self.receive_document(document);
        }
        let mut pending = Pending::default();
        for cell in &received.cells {
            self.receive_cell(cell, &mut pending);
        }
        self.cascade(pending);
        for what in &received.quarantined {
            self.set_aside.push(SetAside {
                from: received.from,
                what: what.clone(),
            });
        }
        let excess = self.set_aside.len().saturating_sub(MAX_SET_ASIDE);
        self.set_aside.drain(..excess);
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
        let old = self.cells.cells.get(&key).copied().unwrap_or_default();
        if old.version >= cell.version {
            return;
        }
        let delta = cell.sums.since(&old.sums);
        self.cells.add(key, &delta);
        self.change += 1;
        self.cells.note(key, cell.version, self.change);
        self.hand_up(key, cell.region, &delta, pending);
    }

    /// Lets a cell's change wait for the parent's cell, where the parent is added up here.
    fn hand_up(
        &mut self,
        key: CellKey,
        region: RegionCode,
        delta: &crate::rollup::Delta,
        pending: &mut Pending,
    ) {
        if delta.is_zero() {
            return;
        }
        let Some(parent) = self.tree.parent(region) else {
            return;
        };
        if self.hosted.contains_key(&parent) {
            let above = CellKey {
                region: self.cells.regions.number(parent),
                ..key
            };
            pending.add(above, delta);
        }
    }

    /// Adds what waits to the cells one level up, and so on to the top of what is hosted here.
    fn cascade(&mut self, mut pending: Pending) {
        while !pending.is_empty() {
            let mut above = Pending::default();
            let mut dirty = Vec::new();
            for (key, delta) in pending.drain() {
                if delta.is_zero() {
                    continue;
                }
                self.cells.add(key, &delta);
                dirty.push(key);
                if let Some(region) = self.cells.regions.item(key.region) {
                    self.hand_up(key, region, &delta, &mut above);
                }
            }
            self.note_cells(&dirty);
            pending = above;
        }
    }

    fn note_cells(&mut self, dirty: &[CellKey]) {
        for key in dirty {
            self.change += 1;
            let region = self.cells.regions.item(key.region);
            let version = self.derived_version(region);
            self.cells.note(*key, version, self.change);
        }
    }

    /// The version of something derived: the owner's epoch above this node's change number, so
    /// that it rises with every change and after every move.
    fn derived_version(&self, region: Option<RegionCode>) -> u64 {
        let epoch = region.and_then(|region| self.hosted.get(&region)).copied();
        u64::from(epoch.unwrap_or_default()) << EPOCH_SHIFT | self.change
    }

    /// Keeps a document and lists its change; what depends on it is derived again.
    fn put(&mut self, document: Document) {
        if let Body::Region(region) = &document.body
            && self.tree.check(region).is_err()
        {
            // A cycle is set aside or refused before this; the tree and the documents never
            // disagree, whatever a history from elsewhere says.
            return;
        }
        self.change += 1;
        let key = document.key();
        let is_new = !self.documents.contains_key(&key);
        let region = match &document.body {
            Body::Region(region) => Some(region.clone()),
            _ => None,
        };
        let is_roster = key.kind == Kind::Roster;
        let owner = document.owner;
        self.documents.insert(
            key.clone(),
            Stored {
                document: Arc::new(document),
                change: self.change,
            },
        );
        let documents = &self.documents;
        self.document_changes
            .push(self.change, key, is_new, |key, change| {
                documents
                    .get(key)
                    .is_some_and(|stored| stored.change == change)
            });
        if let Some(region) = region {
            self.put_region(region);
        } else if is_roster {
            self.derive_rosters(self.tree.parent(owner));
        }
    }

    fn put_region(&mut self, region: Region) {
        let code = region.code;
        let old_parent = self.tree.parent(code);
        let new_parent = region.parent;
        let parent_was_unit = new_parent.is_some_and(|parent| self.tree.is_leaf(parent));
        if self.tree.insert(region).is_err() {
            return;
        }
        let mut changed = BTreeSet::from([code]);
        changed.extend(old_parent);
        changed.extend(new_parent);
        if old_parent != new_parent {
            self.move_sums(code, old_parent, new_parent);
        }
        if let Some(parent) = new_parent.filter(|_| parent_was_unit) {
            self.no_longer_a_unit(parent);
        }
        for start in changed {
            self.derive_rosters(Some(start));
        }
    }

    /// A region came under another parent: its sums leave the one and join the other.
    fn move_sums(
        &mut self,
        code: RegionCode,
        old_parent: Option<RegionCode>,
        new_parent: Option<RegionCode>,
    ) {
        let Some(number) = self.cells.regions.find(code) else {
            return;
        };
        let mut own: Vec<(CellKey, Sums)> = Vec::new();
        for (key, cell) in &self.cells.cells {
            if key.region == number {
                own.push((*key, cell.sums));
            }
        }
        own.sort_unstable_by_key(|(key, _)| *key);
        let mut pending = Pending::default();
        for (key, sums) in own {
            let joins = sums.since(&Sums::default());
            let leaves = Sums::default().since(&sums);
            for (parent, delta) in [(old_parent, leaves), (new_parent, joins)] {
                let Some(parent) = parent.filter(|parent| self.hosted.contains_key(parent)) else {
                    continue;
                };
                let above = CellKey {
                    region: self.cells.regions.number(parent),
                    ..key
                };
                pending.add(above, &delta);
            }
        }
        self.cascade(pending);
    }

    /// A region got its first child: what it reported itself is now 本级 and counts no unit.
    fn no_longer_a_unit(&mut self, region: RegionCode) {
        // Another node's region is changed by that node alone, even if it reported here once.
        let number = self.cells.regions.find(region);
        let Some(number) = number.filter(|_| self.hosted.contains_key(&region)) else {
            return;
        };
        let mut own: Vec<CellKey> = Vec::new();
        for (key, head) in &self.cells.reports {
            if key.region == number && head.role == Role::Unit {
                own.push(*key);
            }
        }
        own.sort_unstable();
        let mut pending = Pending::default();
        let mut dirty = Vec::new();
        for key in own {
            let Some(head) = self.cells.reports.get_mut(&key) else {
                continue;
            };
            let before = head.sums;
            head.role = Role::Own;
            head.sums.reported = 0;
            head.sums.on_time = 0;
            let delta = head.sums.since(&before);
            self.cells.add(key, &delta);
            dirty.push(key);
            self.hand_up(key, region, &delta, &mut pending);
        }
        self.note_cells(&dirty);
        self.cascade(pending);
    }

    /// Counts the units again from `start` upwards, as far as regions are hosted here.
    fn derive_rosters(&mut self, start: Option<RegionCode>) {
        let mut next = start;
        while let Some(region) = next {
            if let Some(epoch) = self.hosted.get(&region) {
                let roster = self.count_units(region);
                let key = roster_key(region);
                let known = self.documents.get(&key).map(|stored| &stored.document.body);
                if known == Some(&Body::Roster(roster.clone())) {
                    return;
                }
                let version = u64::from(*epoch) << EPOCH_SHIFT | (self.change + 1);
                // `put` goes on with the parent of the roster's owner.
                self.put(Document {
                    owner: region,
                    id: key.id,
                    version,
                    body: Body::Roster(roster),
                });
                return;
            }
            next = self.tree.parent(region);
        }
    }

    pub(super) fn count_units(&self, region: RegionCode) -> Roster {
        let mut roster = Roster::default();
        let own = self.tree.get(region);
        let is_bureau = own.is_some_and(|own| own.kind == RegionKind::Bureau);
        let children = self.tree.children(region);
        if children.is_empty() {
            match own {
                Some(_) if is_bureau => roster.standing_in = 1,
                Some(own) => {
                    roster.units.insert(own.kind, 1);
                }
                None => {}
            }
            return roster;
        }
        if is_bureau && own.is_some_and(|own| own.level == Level::County) {
            roster.bureaus = 1;
        }
        for child in children {
            let told = self.documents.get(&roster_key(*child));
            if let Some(Body::Roster(below)) = told.map(|stored| &stored.document.body) {
                roster.add(below);
            }
        }
        roster
    }

    /// The version that the next change of this document gets from its owner.
    pub(crate) fn next_version(&self, key: &DocumentKey) -> u64 {
        let next = self
            .documents
            .get(key)
            .map_or(1, |stored| stored.document.version.saturating_add(1));
        // A region that moved or was restored may have lost versions that others have seen.
        let epoch = self.hosted.get(&key.owner).copied().unwrap_or_default();
        next.max(u64::from(epoch.saturating_sub(1)) << EPOCH_SHIFT | 1)
    }
}

pub(super) fn region_key(region: RegionCode) -> DocumentKey {
    DocumentKey {
        kind: Kind::Region,
        owner: region,
        id: region.to_string(),
    }
}

pub(super) fn roster_key(region: RegionCode) -> DocumentKey {
    DocumentKey {
        kind: Kind::Roster,
        owner: region,
        id: region.to_string(),
    }
}
