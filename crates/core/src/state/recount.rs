//! Recount: every sum computed again from the accepted reports and the children's cells.

use std::collections::BTreeMap;

use super::State;
use super::cells::CellKey;
use crate::indicator::IndicatorCode;
use crate::period::Period;
use crate::region::RegionCode;
use crate::rollup::Sums;

/// A cell whose kept sums are not what a recount finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The region.
    pub region: RegionCode,
    /// The indicator.
    pub indicator: IndicatorCode,
    /// The period.
    pub period: Period,
    /// What the cell holds.
    pub kept: Sums,
    /// What the recount finds.
    pub recounted: Sums,
}

impl State {
    /// Recounts every cell of every hosted region: its own report plus the cells of the regions
    /// directly below. Returns how many cells were recounted, and those that differ.
    pub fn recount(&self) -> (usize, Vec<Mismatch>) {
        let mut expected: BTreeMap<CellKey, Sums> = BTreeMap::new();
        for region in self.cells.cells.regions() {
            if !self.is_hosted_number(region) {
                continue;
            }
            for (key, head, _) in self.cells.cells.heads_of(region) {
                add(&mut expected, key, &head.sums);
            }
        }
        for (key, cell) in self.cells.cells.iter() {
            let parent = self
                .cells
                .regions
                .item(key.region)
                .and_then(|region| self.tree.parent(region))
                .filter(|parent| self.hosted.contains_key(parent))
                .and_then(|parent| self.cells.regions.find(parent));
            if let Some(parent) = parent {
                let above = CellKey {
                    region: parent,
                    ..key
                };
                add(&mut expected, above, &cell.sums);
            }
        }
        let mut kept: BTreeMap<CellKey, Sums> = BTreeMap::new();
        for (key, cell) in self.cells.cells.iter() {
            if self.is_hosted_number(key.region) {
                kept.insert(key, cell.sums);
            }
        }
        let mut mismatches = Vec::new();
        for key in kept
            .keys()
            .chain(expected.keys().filter(|key| !kept.contains_key(key)))
        {
            let held = kept.get(key).copied().unwrap_or_default();
            let recounted = expected.get(key).copied().unwrap_or_default();
            let region = self.cells.regions.item(key.region);
            let indicator = self.cells.indicators.item(key.indicator);
            if let (true, Some(region), Some(indicator)) = (held != recounted, region, indicator) {
                mismatches.push(Mismatch {
                    region,
                    indicator,
                    period: key.period,
                    kept: held,
                    recounted,
                });
            }
        }
        (kept.len(), mismatches)
    }

    fn is_hosted_number(&self, number: u32) -> bool {
        self.cells
            .regions
            .item(number)
            .is_some_and(|region| self.hosted.contains_key(&region))
    }
}

fn add(sums: &mut BTreeMap<CellKey, Sums>, key: CellKey, more: &Sums) {
    sums.entry(key)
        .or_default()
        .add(&more.since(&Sums::default()));
}
