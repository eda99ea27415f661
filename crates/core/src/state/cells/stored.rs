//! The cells as checkpoints hold them: a list of cells and a list of reports, each ordered by key,
//! so that the same state always gives the same bytes.
//!
//! A table is written as it is, region by region: nothing as large as the state is built for it.

use std::iter::Peekable;
use std::sync::Arc;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Cell, CellKey, CellTable, Kept, ReportHead};
use crate::report::Role;
use crate::rollup::Sums;

/// A report as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::state) struct StoredHead {
    id: u64,
    revision: u32,
    frame: u64,
    role: Role,
    sums: Sums,
    older: Vec<u64>,
}

/// What the lists hold of each cell.
pub(in crate::state) trait Item: Sized {
    /// How many there are in a table.
    fn count(table: &CellTable) -> usize;
    /// Those of one region, in no order.
    fn of(table: &CellTable, region: u32) -> Vec<(CellKey, Self)>;
}

/// One of the two lists: not yet written, or read.
#[derive(Clone, Debug)]
pub(in crate::state) enum Listed<T> {
    /// What the list is written of.
    Table(Arc<CellTable>),
    /// What was read.
    Read(Vec<(CellKey, T)>),
}

impl Item for Cell {
    fn count(table: &CellTable) -> usize {
        table.len()
    }

    fn of(table: &CellTable, region: u32) -> Vec<(CellKey, Self)> {
        table.of(region).collect()
    }
}

impl Item for StoredHead {
    fn count(table: &CellTable) -> usize {
        table.reports()
    }

    fn of(table: &CellTable, region: u32) -> Vec<(CellKey, Self)> {
        let heads = table.heads_of(region);
        let stored = heads.map(|(key, head, older)| {
            let stored = Self {
                id: head.id,
                revision: head.revision,
                frame: head.frame,
                role: head.role,
                sums: head.sums,
                older: older.to_vec(),
            };
            (key, stored)
        });
        stored.collect()
    }
}

impl<T> Listed<T> {
    /// Whether `is_known` holds for every key that was read.
    pub(in crate::state) fn names_only(&self, is_known: impl Fn(&CellKey) -> bool) -> bool {
        match self {
            Self::Table(table) => table.iter().all(|(key, _)| is_known(&key)),
            Self::Read(list) => list.iter().all(|(key, _)| is_known(key)),
        }
    }
}

impl<T: Item + Serialize> Serialize for Listed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let table = match self {
            Self::Table(table) => table,
            Self::Read(list) => return list.serialize(serializer),
        };
        let mut written = serializer.serialize_seq(Some(T::count(table)))?;
        for region in table.regions() {
            let mut items = T::of(table, region);
            items.sort_unstable_by_key(|(key, _)| *key);
            for item in &items {
                written.serialize_element(item)?;
            }
        }
        written.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::Read)
    }
}

/// The table that both lists are of.
pub(in crate::state) fn table_of(cells: Listed<Cell>, reports: Listed<StoredHead>) -> CellTable {
    let (cells, reports) = match (cells, reports) {
        (Listed::Read(cells), Listed::Read(reports)) => (cells, reports),
        (Listed::Table(table), other) => {
            drop(other);
            return Arc::unwrap_or_clone(table);
        }
        (Listed::Read(_), Listed::Table(table)) => return Arc::unwrap_or_clone(table),
    };
    let mut table = CellTable::default();
    let mut both = Both::new(cells, reports);
    let mut region: Vec<(CellKey, Kept)> = Vec::new();
    while let Some((key, kept)) = both.next() {
        if region
            .last()
            .is_some_and(|(last, _)| last.region != key.region)
        {
            fill(&mut table, &mut region);
        }
        region.push((key, kept));
    }
    fill(&mut table, &mut region);
    table
}

/// Fills sheet after sheet.
fn fill(table: &mut CellTable, region: &mut Vec<(CellKey, Kept)>) {
    region.sort_by_key(|(key, _)| (key.period, key.indicator));
    for (key, kept) in region.drain(..) {
        table.change(key, |known| *known = kept);
    }
}

/// Walks through both lists at once.
struct Both {
    cells: Peekable<std::vec::IntoIter<(CellKey, Cell)>>,
    reports: Peekable<std::vec::IntoIter<(CellKey, StoredHead)>>,
}

impl Both {
    fn new(mut cells: Vec<(CellKey, Cell)>, mut reports: Vec<(CellKey, StoredHead)>) -> Self {
        // They are in order already unless somebody else than this program wrote them.
        cells.sort_by_key(|(key, _)| *key);
        reports.sort_by_key(|(key, _)| *key);
        Self {
            cells: cells.into_iter().peekable(),
            reports: reports.into_iter().peekable(),
        }
    }

    /// The next cell with its report.
    fn next(&mut self) -> Option<(CellKey, Kept)> {
        let of_cell = self.cells.peek().map(|(key, _)| *key);
        let of_report = self.reports.peek().map(|(key, _)| *key);
        let key = match (of_cell, of_report) {
            (Some(cell), Some(report)) => cell.min(report),
            (Some(key), None) | (None, Some(key)) => key,
            (None, None) => return None,
        };
        let mut kept = Kept::default();
        if let Some((_, cell)) = self.cells.next_if(|(next, _)| *next == key) {
            kept.cell = cell;
        }
        if let Some((_, stored)) = self.reports.next_if(|(next, _)| *next == key) {
            kept.head = Some(ReportHead {
                id: stored.id,
                revision: stored.revision,
                frame: stored.frame,
                role: stored.role,
                sums: stored.sums,
            });
            kept.older = stored.older;
        }
        Some((key, kept))
    }
}
