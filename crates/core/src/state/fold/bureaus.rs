//! The fold: reports of bureaus that get their first region below them.

use std::collections::BTreeSet;

use crate::event::BureauReports;
use crate::indicator::IndicatorCode;
use crate::region::RegionCode;
use crate::report::Role;
use crate::state::State;
use crate::state::cells::CellKey;

impl State {
    /// Notes what counts as a bureau's. No sum changes by it: the one that stood in for its units
    /// counted as much.
    pub(super) fn apply_bureau_reports(&mut self, reports: &BureauReports) {
        let Some(number) = self.cells.regions.find(reports.region) else {
            return;
        };
        let indicators = reports.indicators.iter();
        let indicators: BTreeSet<u32> = indicators
            .filter_map(|indicator| self.cells.indicators.find(*indicator))
            .collect();
        let mut keys: Vec<CellKey> = Vec::new();
        for (key, head, _) in self.cells.cells.heads_of(number) {
            if head.role == Role::Unit && indicators.contains(&key.indicator) {
                keys.push(key);
            }
        }
        for key in keys {
            self.cells.cells.change(key, |kept| {
                if let Some(head) = kept.head.as_mut() {
                    head.role = Role::Bureau;
                }
            });
        }
    }

    /// The indicators of which a region's own report counts as that of a unit.
    pub(crate) fn reported_as_unit(&self, region: RegionCode) -> BTreeSet<IndicatorCode> {
        let mut indicators = BTreeSet::new();
        if let Some(number) = self.cells.regions.find(region) {
            for (key, head, _) in self.cells.cells.heads_of(number) {
                if head.role == Role::Unit {
                    indicators.insert(key.indicator);
                }
            }
        }
        let numbers = indicators.into_iter();
        numbers
            .filter_map(|number| self.cells.indicators.item(number))
            .collect()
    }
}
