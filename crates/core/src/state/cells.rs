//! Cells: exact sums per region, indicator and period, kept by difference.
//!
//! Region and indicator codes are numbered once, so that a cell's key is twelve bytes. Nothing
//! here iterates a hash map where the order could be seen.

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

/// The report that counts for a unit's cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Fingerprints of the last superseded ids, newest first.
    pub older: Vec<u64>,
}

impl ReportHead {
    /// Whether a superseded report had this id.
    pub fn was_superseded(&self, id: u64) -> bool {
        self.older.contains(&id)
    }

    /// The head that replaces this one.
    pub(super) fn replaced_by(&self, mut next: Self) -> Self {
        next.older = Vec::with_capacity(self.older.len() + 1);
        next.older.push(self.id);
        next.older.extend(self.older.iter().take(OLDER_IDS - 1));
        next
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
    pub(super) reports: FxHashMap<CellKey, ReportHead>,
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

    /// Adds a difference to a cell, without noting the change.
    pub(super) fn add(&mut self, key: CellKey, delta: &Delta) {
        self.cells.get_or_new(key).sums.add(delta);
    }

    /// Gives a cell its version and lists its change.
    pub(super) fn note(&mut self, key: CellKey, version: u64, change: u64) {
        let cell = self.cells.get_or_new(key);
        let is_new = cell.change == 0;
        cell.version = version;
        cell.change = change;
        let cells = &self.cells;
        self.changes.push(change, key, is_new, |key, change| {
            cells.get(key).is_some_and(|cell| cell.change == change)
        });
    }
}

/// Differences that wait to be added one level up, in the order in which they came.
#[derive(Default)]
pub(super) struct Pending {
    order: Vec<CellKey>,
    deltas: FxHashMap<CellKey, Delta>,
}

impl Pending {
    pub(super) fn add(&mut self, key: CellKey, delta: &Delta) {
        if let Some(waiting) = self.deltas.get_mut(&key) {
            if planted::is(Planted::LastOfBatchCounts) {
                *waiting = *delta;
                return;
            }
            waiting.merge(delta);
        } else {
            self.order.push(key);
            self.deltas.insert(key, *delta);
        }
    }

    pub(super) fn drain(self) -> impl Iterator<Item = (CellKey, Delta)> {
        let deltas = self.deltas;
        self.order
            .into_iter()
            .filter_map(move |key| deltas.get(&key).map(|delta| (key, *delta)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}
