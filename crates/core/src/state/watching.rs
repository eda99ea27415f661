//! What a watcher of some regions is told: their cells in the order in which they changed last.
//!
//! A node may hold millions of cells and be asked for those of one county. Who has not heard for long
//! is served from the cells of its regions, who has from the change index, whichever is shorter.

use std::collections::BTreeSet;

use super::State;
use super::cells::{Cell, CellKey};
use crate::document::CellDocument;
use crate::region::RegionCode;

/// How many cells of regions are looked at for one answer, in terms of what an answer may look
/// through of the change index: a cell that stands beside its like is found several times as fast.
const BESIDE: usize = 4;

/// Cells that changed, oldest change first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellChanges {
    /// The cells.
    pub cells: Vec<ChangedCell>,
    /// The last change that was looked at: where to go on.
    pub upto: u64,
}

/// A cell with its last change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedCell {
    /// The cell as it is now.
    pub cell: CellDocument,
    /// This node's number of the change.
    pub change: u64,
}

impl State {
    /// Cells of these regions that changed after `change`, looking through no more than `limit`
    /// changes.
    pub fn cell_changes(
        &self,
        regions: &BTreeSet<RegionCode>,
        change: u64,
        limit: usize,
    ) -> CellChanges {
        let numbers = regions.iter();
        let numbers = numbers.filter_map(|region| self.cells.regions.find(*region));
        let numbers: BTreeSet<u32> = numbers.collect();
        let of_regions: usize = numbers
            .iter()
            .map(|number| self.cells.cells.len_of(*number))
            .sum();
        let missed = self.change.saturating_sub(change);
        let is_shorter = u64::try_from(of_regions).is_ok_and(|cells| cells < missed);
        if is_shorter && of_regions <= limit.saturating_mul(BESIDE) {
            self.changes_of_regions(&numbers, change, limit)
        } else {
            self.changes_of_index(&numbers, change, limit)
        }
    }

    fn changes_of_regions(
        &self,
        regions: &BTreeSet<u32>,
        change: u64,
        limit: usize,
    ) -> CellChanges {
        let mut found: Vec<(CellKey, Cell)> = Vec::new();
        for region in regions {
            let cells = self.cells.cells.of(*region);
            found.extend(cells.filter(|(_, cell)| cell.change > change));
        }
        found.sort_unstable_by_key(|(_, cell)| cell.change);
        let upto = match found.get(limit) {
            None => self.change,
            Some(_) => {
                found.truncate(limit);
                found.last().map_or(change, |(_, cell)| cell.change)
            }
        };
        let cells = found.into_iter();
        CellChanges {
            cells: cells
                .filter_map(|(key, cell)| self.changed(key, cell))
                .collect(),
            upto,
        }
    }

    fn changes_of_index(&self, regions: &BTreeSet<u32>, change: u64, limit: usize) -> CellChanges {
        let mut cells = Vec::new();
        let mut upto = change;
        let mut listed = self.cells.changes.after(change);
        for (number, key) in listed.by_ref().take(limit) {
            upto = number;
            if !regions.contains(&key.region) {
                continue;
            }
            // What changed again is listed again.
            let cell = self.cells.cells.get(key);
            let cell = cell.filter(|cell| cell.change == number);
            cells.extend(cell.and_then(|cell| self.changed(*key, cell)));
        }
        if listed.next().is_none() {
            upto = self.change;
        }
        CellChanges { cells, upto }
    }

    fn changed(&self, key: CellKey, cell: Cell) -> Option<ChangedCell> {
        Some(ChangedCell {
            cell: CellDocument {
                region: self.cells.regions.item(key.region)?,
                indicator: self.cells.indicators.item(key.indicator)?,
                period: key.period,
                sums: cell.sums,
                version: cell.version,
            },
            change: cell.change,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CellChanges, ChangedCell};
    use crate::region::RegionCode;
    use crate::report::Report;
    use crate::state::State;
    use crate::testing::{Node, bureau, code, report, school};

    /// Two counties with a school each, whose figures come, and some come again.
    fn county() -> Node {
        let mut node = Node::new(&[
            bureau("371500", None),
            bureau("371524", Some("371500")),
            bureau("371525", Some("371500")),
            school("371524S1", "371524"),
            school("371525S1", "371525"),
        ]);
        for month in [1, 2, 1, 3] {
            let rows = ["371524S1", "371525S1", "371524"].map(|source| Report {
                period: format!("2025-{month:02}").parse().unwrap(),
                ..report(source, month)
            });
            node.push(rows.to_vec());
            node.push(vec![report("371525S1", 10 + month)]);
        }
        node
    }

    /// What there is, by looking at every cell.
    fn all(state: &State, regions: &BTreeSet<RegionCode>, after: u64) -> Vec<ChangedCell> {
        let cells = state.cells.cells.iter();
        let found = cells.filter_map(|(key, cell)| state.changed(key, cell));
        let mut found: Vec<_> = found
            .filter(|one| one.change > after && regions.contains(&one.cell.region))
            .collect();
        found.sort_by_key(|one| one.change);
        found
    }

    /// Looks until there is no more, by one of the ways.
    fn followed(state: &State, after: u64, look: impl Fn(u64) -> CellChanges) -> Vec<ChangedCell> {
        let mut seen = Vec::new();
        let mut upto = after;
        while upto < state.last_change() {
            let found = look(upto);
            assert!(found.upto > upto, "it stands at {upto}");
            upto = found.upto;
            seen.extend(found.cells);
        }
        assert_eq!(upto, state.last_change());
        seen
    }

    #[test]
    fn each_way_finds_every_cell_once_and_in_order() {
        let node = county();
        let state = &node.state;
        let some: BTreeSet<RegionCode> = ["371500", "371525S1", "371599"].map(code).into();
        for regions in [some, [code("371524")].into(), BTreeSet::new()] {
            let numbers = regions.iter();
            let numbers = numbers.filter_map(|region| state.cells.regions.find(*region));
            let numbers = numbers.collect();
            for after in 0..=state.last_change() {
                let expected = all(state, &regions, after);
                for limit in [1, 3, 1_000] {
                    let by_region = followed(state, after, |upto| {
                        state.changes_of_regions(&numbers, upto, limit)
                    });
                    assert_eq!(by_region, expected, "regions, {after}, {limit}");
                    let by_index = followed(state, after, |upto| {
                        state.changes_of_index(&numbers, upto, limit)
                    });
                    assert_eq!(by_index, expected, "index, {after}, {limit}");
                    let chosen = followed(state, after, |upto| {
                        state.cell_changes(&regions, upto, limit)
                    });
                    assert_eq!(chosen, expected, "chosen, {after}, {limit}");
                }
            }
        }
        assert!(all(state, &[code("371500")].into(), 0).len() >= 3);
    }
}
