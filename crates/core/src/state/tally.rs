//! What a node holds of one direction of a link, bucket by bucket, a step at a time: nobody waits
//! for the whole of a province to be added up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::State;
use super::cells::CellKey;
use super::fold::EPOCH_SHIFT;
use crate::compare::{Bucket, CellHasher, CellName, Direction, Range, Side, Tally, document_hash};
use crate::document::{CellDocument, Document, DocumentKey, Kind};
use crate::evidence::Proof;
use crate::region::RegionCode;

/// How many cells a document weighs when the work of a step is measured.
const DOCUMENT_WEIGHT: usize = 20;

/// Buckets with their tallies, as far as a step came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallied {
    /// Buckets that hold anything.
    pub buckets: BTreeMap<Bucket, Tally>,
    /// The last bucket that was looked at; `None` when there is nothing behind it.
    pub until: Option<Bucket>,
}

/// A bucket's whole content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Its documents.
    pub documents: Vec<Arc<Document>>,
    /// What they came with to show who signed them, as in a [`super::ChangeSet`].
    pub proofs: Vec<Option<Proof>>,
    /// Its cells.
    pub cells: Vec<CellDocument>,
}

impl State {
    /// Adds up what this node, being that side, holds of the buckets in `range`; looks at no more
    /// than about `budget` cells (a document weighs twenty), and at one bucket at least. `contents`
    /// says whether what is held is compared whole, or keys and versions alone.
    pub fn tally(&self, side: Side, range: Range, contents: bool, budget: usize) -> Tallied {
        let mut tallied = Tallied::default();
        let mut work = 0;
        if !matches!(range.after, Some(Bucket::Cells(_))) {
            for (key, stored) in self.documents.range((self.lowest(range), Bound::Unbounded)) {
                let bucket = Bucket::Documents(key.kind, key.owner);
                if !range.contains(&bucket) {
                    if range.after.is_some_and(|after| bucket <= after) {
                        continue;
                    }
                    return tallied;
                }
                if tallied.until != Some(bucket) {
                    if work >= budget {
                        return tallied;
                    }
                    tallied.until = Some(bucket);
                }
                work += DOCUMENT_WEIGHT;
                if self.holds_document(side, &stored.document) {
                    let hash = document_hash(&stored.document, contents);
                    tallied.buckets.entry(bucket).or_default().add(hash);
                }
            }
        }
        let mut hasher = CellHasher::new(contents);
        for (region, number) in self.regions_told_of(side.direction()) {
            let bucket = Bucket::Cells(region);
            if !range.contains(&bucket) || !self.holds_cells(side, region) {
                continue;
            }
            if work >= budget && tallied.until.is_some() {
                return tallied;
            }
            tallied.until = Some(bucket);
            work += self.cells.cells.len_of(number);
            let mut tally = Tally::default();
            for cell in self.cells_of(side, region, number) {
                tally.add(hasher.hash(&cell));
            }
            if tally.count > 0 {
                tallied.buckets.insert(bucket, tally);
            }
        }
        tallied.until = None;
        tallied
    }

    /// What this node, being that side, holds of a bucket.
    pub fn content(&self, side: Side, bucket: Bucket) -> Content {
        let mut content = Content::default();
        match bucket {
            Bucket::Documents(kind, owner) => {
                for document in self.documents_of(kind, owner) {
                    if self.holds_document(side, document) {
                        content.documents.push(Arc::clone(document));
                    }
                }
                content.proofs = self.proofs_of(&content.documents);
            }
            Bucket::Cells(region) => {
                let number = self.cells.regions.find(region);
                if let Some(number) = number.filter(|_| self.holds_cells(side, region)) {
                    content.cells.extend(self.cells_of(side, region, number));
                    content
                        .cells
                        .sort_unstable_by_key(|cell| (cell.period, cell.indicator));
                }
            }
        }
        content
    }

    /// The version that a region's node has to rise above, because a peer of this node holds it and
    /// what was told here stands below; `None` once the node has risen.
    pub(crate) fn overtaken(&self, region: RegionCode) -> Option<u64> {
        let version = *self.overtaken.get(&region)?;
        let key = super::fold::roster_key(region);
        let told = self.documents.get(&key);
        let told = told.map_or(0, |told| told.document.version);
        // Every new epoch of a region is told with its roster.
        (version >> EPOCH_SHIFT >= told >> EPOCH_SHIFT).then_some(version)
    }

    /// The buckets of a range that have to be told again although both sides hold the same of them:
    /// a peer of the listener holds what the teller no longer knows of.
    pub fn overtaken_buckets(&self, direction: &Direction, range: Range) -> Vec<Bucket> {
        let mut buckets = Vec::new();
        for region in self.overtaken.keys() {
            let bucket = Bucket::Documents(Kind::Roster, *region);
            let told =
                !self.hosts(*region) && self.regions.tree.is_within(*region, direction.teller);
            if told && range.contains(&bucket) && self.overtaken(*region).is_some() {
                buckets.push(bucket);
            }
        }
        buckets
    }

    /// The buckets of a range in which this node, listening, holds what the teller has no more. That
    /// is not added up, but a teller that was told of it on a stream that broke may not know it.
    pub fn unowned_buckets(&self, direction: &Direction, range: Range) -> BTreeSet<Bucket> {
        let mut buckets = BTreeSet::new();
        for (key, from) in self.unowned_documents() {
            let stored = self.documents.get(key);
            let is_told = stored.is_some_and(|held| self.is_told(direction, &held.document));
            if from == direction.teller && is_told {
                buckets.insert(Bucket::Documents(key.kind, key.owner));
            }
        }
        for (name, from) in self.unowned_cells() {
            let is_told = self.holds_cells(Side::Listener(*direction), name.region);
            if from == direction.teller && is_told {
                buckets.insert(Bucket::Cells(name.region));
            }
        }
        buckets.retain(|bucket| range.contains(bucket));
        buckets
    }

    /// Whether a document belongs to what this node, being that side, holds of the direction.
    pub(super) fn holds_document(&self, side: Side, document: &Document) -> bool {
        match side {
            Side::Teller(direction) => direction.tells(&self.regions.tree, document),
            Side::Listener(direction) => {
                self.is_told(&direction, document) && !self.is_unowned(&document.key())
            }
        }
    }

    /// Whether this node listens to what is told of a document in that direction.
    pub(super) fn is_told(&self, direction: &Direction, document: &Document) -> bool {
        direction.tells(&self.regions.tree, document)
            && !self.hosts(document.owner)
            && direction.believes(&self.regions.tree, document)
    }

    pub(super) fn holds_cells(&self, side: Side, region: RegionCode) -> bool {
        let told = side.direction().tells_cells(&self.regions.tree, region);
        told && (matches!(side, Side::Teller(_)) || !self.hosts(region))
    }

    /// A region's cells as far as they belong to the direction, in no order.
    fn cells_of(
        &self,
        side: Side,
        region: RegionCode,
        number: u32,
    ) -> impl Iterator<Item = CellDocument> {
        let listens = matches!(side, Side::Listener(_));
        let cells = self.cells.cells.of(number);
        let told = cells.filter(move |(key, cell)| {
            cell.change > 0 && !(listens && self.unowned_cells.contains_key(key))
        });
        told.filter_map(move |(key, cell)| {
            Some(CellDocument {
                region,
                indicator: self.cells.indicators.item(key.indicator)?,
                period: key.period,
                sums: cell.sums,
                version: cell.version,
            })
        })
    }

    /// The regions whose cells may be told of, ordered by code, with their numbers.
    pub(super) fn regions_told_of(&self, direction: &Direction) -> BTreeMap<RegionCode, u32> {
        let mut regions = BTreeMap::new();
        if direction.tells_cells(&self.regions.tree, direction.teller) {
            for region in self.regions.tree.subtree(direction.teller) {
                if let Some(number) = self.cells.regions.find(region) {
                    regions.insert(region, number);
                }
            }
        }
        regions
    }

    /// The first key that can lie in a range.
    fn lowest(&self, range: Range) -> Bound<DocumentKey> {
        match range.after {
            Some(Bucket::Documents(kind, owner)) => Bound::Included(DocumentKey {
                kind,
                owner,
                id: String::new(),
            }),
            _ => Bound::Unbounded,
        }
    }

    /// Whether a document is held here and its teller no longer has it.
    pub(crate) fn is_unowned(&self, key: &DocumentKey) -> bool {
        !self.unowned_documents.is_empty() && self.unowned_documents.contains_key(key)
    }

    /// Whether a cell is held here and its teller no longer has it.
    pub(crate) fn is_unowned_cell(&self, name: &CellName) -> bool {
        let key = self.cells.key(name.region, name.indicator, name.period);
        key.is_some_and(|key| self.unowned_cells.contains_key(&key))
    }

    /// A region's cells as they would be told, in no order; marked ones too.
    pub(crate) fn cells_held(&self, region: RegionCode) -> impl Iterator<Item = CellDocument> {
        let number = self.cells.regions.find(region);
        let cells = number
            .into_iter()
            .flat_map(|number| self.cells.cells.of(number));
        cells.filter_map(move |(key, cell)| {
            let indicator = self.cells.indicators.item(key.indicator)?;
            (cell.change > 0).then_some(CellDocument {
                region,
                indicator,
                period: key.period,
                sums: cell.sums,
                version: cell.version,
            })
        })
    }

    /// Cells that this node holds and the node that told of them does not any more, with that node.
    /// They go on counting until their owner tells of them again or withdraws them.
    pub fn unowned_cells(&self) -> impl Iterator<Item = (CellName, RegionCode)> {
        let named = self.unowned_cells.iter();
        named.filter_map(|(key, from)| Some((self.cell_name(*key)?, *from)))
    }

    /// Documents that this node holds and the node that told of them does not any more, with that
    /// node.
    pub fn unowned_documents(&self) -> impl Iterator<Item = (&DocumentKey, RegionCode)> {
        self.unowned_documents
            .iter()
            .map(|(key, from)| (key, *from))
    }

    fn cell_name(&self, key: CellKey) -> Option<CellName> {
        Some(CellName {
            region: self.cells.regions.item(key.region)?,
            indicator: self.cells.indicators.item(key.indicator)?,
            period: key.period,
        })
    }

    /// Whether a kind is derived by its owner's node from other things and never written by hand.
    pub(crate) fn is_derived(kind: Kind) -> bool {
        matches!(
            kind,
            Kind::Region | Kind::Roster | Kind::AidSummary | Kind::Seal
        )
    }
}
