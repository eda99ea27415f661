//! Recount: every sum computed again from the accepted reports and the children's cells, one region
//! after the other. It shares nothing with how the fold keeps them.

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

/// Which of a region's cells: the number of the indicator, and the period.
type Figure = (u32, Period);

impl State {
    /// Recounts every cell of every hosted region: its own report plus the cells of the regions
    /// directly below. Returns how many cells were recounted, and those that differ. One region is
    /// recounted after the other, so that what it takes beside the state is what the largest takes.
    pub fn recount(&self) -> (usize, Vec<Mismatch>) {
        let mut checked = 0;
        let mut mismatches = Vec::new();
        for region in self.regions.hosted.keys() {
            let expected = self.expected(*region);
            let mut kept: BTreeMap<Figure, Sums> = BTreeMap::new();
            if let Some(own) = self.cells.regions.find(*region) {
                for (key, cell) in self.cells.cells.of(own) {
                    kept.insert((key.indicator, key.period), cell.sums);
                }
            }
            checked += kept.len();
            let uncounted = expected.keys().filter(|figure| !kept.contains_key(figure));
            for figure in kept.keys().chain(uncounted) {
                let held = kept.get(figure).copied().unwrap_or_default();
                let recounted = expected.get(figure).copied().unwrap_or_default();
                let indicator = self.cells.indicators.item(figure.0);
                if let (true, Some(indicator)) = (held != recounted, indicator) {
                    mismatches.push(Mismatch {
                        region: *region,
                        indicator,
                        period: figure.1,
                        kept: held,
                        recounted,
                    });
                }
            }
        }
        (checked, mismatches)
    }

    /// What a hosted region's cells have to hold: its own reports and the cells directly below.
    fn expected(&self, region: RegionCode) -> BTreeMap<Figure, Sums> {
        let mut expected = BTreeMap::new();
        if let Some(own) = self.cells.regions.find(region) {
            for (key, head, _) in self.cells.cells.heads_of(own) {
                add(&mut expected, &key, &head.sums);
            }
        }
        let children = self.regions.tree.children(region).iter();
        for below in children.filter_map(|child| self.cells.regions.find(*child)) {
            for (key, cell) in self.cells.cells.of(below) {
                add(&mut expected, &key, &cell.sums);
            }
        }
        expected
    }
}

fn add(sums: &mut BTreeMap<Figure, Sums>, key: &CellKey, more: &Sums) {
    sums.entry((key.indicator, key.period))
        .or_default()
        .add(&more.since(&Sums::default()));
}
