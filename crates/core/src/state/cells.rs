//! Cells: exact sums per region, indicator and period, kept by difference.
//!
//! Region and indicator codes are numbered once, so that a cell's key is twelve bytes. Nothing
//! here iterates a hash map where the order could be seen.

mod packed;
mod stored;
mod table;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::changes::Changes;
use crate::indicator::IndicatorCode;
use crate::period::Period;
use crate::planted::{self, Planted};
use crate::region::RegionCode;
use crate::report::Role;
use crate::rollup::{Delta, Sums};

pub(super) use stored::{Listed, StoredHead, table_of};
pub(super) use table::CellTable;

/// Ids of superseded reports that a cell remembers, so that a late retry of one changes nothing.
const OLDER_IDS: usize = 32;

/// Names a cell by numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct CellKey {
    pub(super) region: u32,
    pub(super) indicator: u32,
    pub(super) period: Period,
}

/// One cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cell {
    pub(super) sums: Sums,
    pub(super) version: u64,
    /// The node's change number of its last change; 0 for a cell that has not changed yet.
    pub(super) change: u64,
}

impl Cell {
    /// Gives it the version and number of a change; whether it is its first.
    fn note(&mut self, version: u64, change: u64) -> bool {
        let is_first = self.change == 0;
        self.version = version;
        self.change = change;
        is_first
    }
}

/// The report that counts for a unit's cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportHead {
    /// Fingerprint of its id.
    pub id: u64,
    /// Its revision.
    pub revision: u32,
    /// The journal frame it stands in.
    pub frame: u64,
    /// As what its source reported.
    pub role: Role,
    /// What it adds to the cell.
    pub sums: Sums,
}

/// A cell with all that is kept of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) cell: Cell,
    /// The report of the region itself that counts.
    pub(super) head: Option<ReportHead>,
    /// Fingerprints of the last superseded ids, newest first.
    pub(super) older: Vec<u64>,
}

impl Kept {
    /// Lets another report count.
    pub(super) fn replace(&mut self, head: ReportHead) {
        if let Some(superseded) = self.head.replace(head) {
            // No room to spare: a cell is corrected seldom.
            let mut older = Vec::with_capacity(OLDER_IDS.min(self.older.len() + 1));
            older.push(superseded.id);
            older.extend(self.older.iter().take(OLDER_IDS - 1));
            self.older = older;
        }
    }
}

/// Codes numbered in the order of their first appearance.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<T>", into = "Vec<T>")]
pub(super) struct Numbered<T>
where
    T: Copy + Eq + std::hash::Hash,
{
    items: Vec<T>,
    numbers: FxHashMap<T, u32>,
}

impl<T: Copy + Eq + std::hash::Hash> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            numbers: FxHashMap::default(),
        }
    }
}

impl<T: Copy + Eq + std::hash::Hash> From<Vec<T>> for Numbered<T> {
    fn from(items: Vec<T>) -> Self {
        let numbers = items.iter().copied().zip(0u32..).collect();
        Self { items, numbers }
    }
}

impl<T: Copy + Eq + std::hash::Hash> From<Numbered<T>> for Vec<T> {
    fn from(numbered: Numbered<T>) -> Self {
        numbered.items
    }
}

impl<T: Copy + Eq + std::hash::Hash> Numbered<T> {
    pub(super) fn number(&mut self, item: T) -> u32 {
        if let Some(number) = self.numbers.get(&item) {
            return *number;
        }
        let number = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.items.push(item);
        self.numbers.insert(item, number);
        number
    }

    pub(super) fn find(&self, item: T) -> Option<u32> {
        self.numbers.get(&item).copied()
    }

    pub(super) fn item(&self, number: u32) -> Option<T> {
        self.items.get(number as usize).copied()
    }
}

/// All cells of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    pub(super) regions: Numbered<RegionCode>,
    pub(super) indicators: Numbered<IndicatorCode>,
    pub(super) cells: CellTable,
    pub(super) changes: Changes<CellKey>,
}

impl Cells {
    pub(super) fn key(
        &self,
        region: RegionCode,
        indicator: IndicatorCode,
        period: Period,
    ) -> Option<CellKey> {
        Some(CellKey {
            region: self.regions.find(region)?,
            indicator: self.indicators.find(indicator)?,
            period,
        })
    }

    pub(super) fn key_or_new(
        &mut self,
        region: RegionCode,
        indicator: IndicatorCode,
        period: Period,
    ) -> CellKey {
        CellKey {
            region: self.regions.number(region),
            indicator: self.indicators.number(indicator),
            period,
        }
    }

    /// Adds a difference to a cell, and lists the change.
    pub(super) fn add(&mut self, key: CellKey, delta: &Delta, version: u64, change: u64) {
        let is_new = self.cells.change(key, |kept| {
            kept.cell.sums.add(delta);
            kept.cell.note(version, change)
        });
        self.list(key, change, is_new);
    }

    /// Lets a report count for its cell, and lists the change; what it adds to what was there.
    pub(super) fn report(
        &mut self,
        key: CellKey,
        head: ReportHead,
        version: u64,
        change: u64,
    ) -> Delta {
        let first = Cell {
            sums: head.sums,
            version,
            change,
        };
        let changed = self.cells.begin_or_change(key, (first, head), |kept| {
            let before = kept.head.map(|before| before.sums);
            let before = before.filter(|_| !planted::is(Planted::CorrectionAdds));
            let delta = head.sums.since(&before.unwrap_or_default());
            kept.replace(head);
            kept.cell.sums.add(&delta);
            (delta, kept.cell.note(version, change))
        });
        let (delta, is_new) = changed.unwrap_or_else(|| (head.sums.since(&Sums::default()), true));
        self.list(key, change, is_new);
        delta
    }

    /// Gives a cell its version and lists its change.
    pub(super) fn note(&mut self, key: CellKey, version: u64, change: u64) {
        let noted = |kept: &mut Kept| kept.cell.note(version, change);
        let is_new = self.cells.change(key, noted);
        self.list(key, change, is_new);
    }

    fn list(&mut self, key: CellKey, change: u64, is_new: bool) {
        let cells = &self.cells;
        self.changes.push(change, key, is_new, |key, change| {
            cells.get(key).is_some_and(|cell| cell.change == change)
        });
    }
}

/// Differences that wait to be added one level up, in the order in which they came.
#[derive(Default)]
pub(super) struct Pending {
    deltas: Vec<(CellKey, Delta)>,
    /// Where each cell's stands.
    places: FxHashMap<CellKey, usize>,
    /// Behind the one that came last: units mostly report the same figures in the same order.
    next: usize,
}

impl Pending {
    pub(super) fn add(&mut self, key: CellKey, delta: &Delta) {
        let place = match self.deltas.get(self.next) {
            Some((expected, _)) if *expected == key => self.next,
            _ => *self.places.entry(key).or_insert(self.deltas.len()),
        };
        self.next = place + 1;
        match self.deltas.get_mut(place) {
            None => self.deltas.push((key, *delta)),
            Some((_, waiting)) if planted::is(Planted::LastOfBatchCounts) => *waiting = *delta,
            Some((_, waiting)) => waiting.merge(delta),
        }
    }

    pub(super) fn drain(self) -> impl Iterator<Item = (CellKey, Delta)> {
        self.deltas.into_iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.deltas.is_empty()
    }
}
