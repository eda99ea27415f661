//! Ids of reports that said again what counted already.
//!
//! Such a report changes no figure, and a cell does not remember its id. But when its answer is lost
//! it comes again, and if the figure was corrected in the meantime it would look like a correction of
//! the correction. So its id is remembered here, for all cells together: a cell that is told the same
//! every day must not grow by it.

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::{FxHashMap, FxHashSet};

use super::State;
use crate::indicator::IndicatorCode;
use crate::period::Period;
use crate::region::RegionCode;
use crate::report::{RepeatedReport, repeated_name};

/// How many are remembered: of a county whose two hundred schools send everything again every day,
/// those of a month.
const MOST: usize = 1 << 18;

/// The last of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Repeated {
    /// By name: what counted.
    counted: FxHashMap<u64, u64>,
    /// Names in the order in which they came, each once.
    order: VecDeque<u64>,
}

impl Repeated {
    pub(super) fn remember(&mut self, repeated: &[RepeatedReport]) {
        for report in repeated {
            if self.counted.insert(report.name, report.counted).is_some() {
                continue;
            }
            self.order.push_back(report.name);
            if self.order.len() > MOST
                && let Some(oldest) = self.order.pop_front()
            {
                self.counted.remove(&oldest);
            }
        }
    }

    /// As it is stored, oldest first.
    pub(super) fn listed(&self) -> Vec<RepeatedReport> {
        let names = self.order.iter();
        names
            .filter_map(|name| {
                let counted = *self.counted.get(name)?;
                Some(RepeatedReport {
                    name: *name,
                    counted,
                })
            })
            .collect()
    }
}

impl From<&[RepeatedReport]> for Repeated {
    fn from(listed: &[RepeatedReport]) -> Self {
        let mut repeated = Self::default();
        repeated.remember(listed);
        repeated
    }
}

impl State {
    /// Those that said what counts, or counted, in these regions, oldest first: a name does not tell
    /// of which region it is, the report that counted does.
    pub fn repeated_in(&self, regions: &BTreeSet<RegionCode>) -> Vec<RepeatedReport> {
        let mut listed = self.repeated.listed();
        if listed.is_empty() {
            return listed;
        }
        let mut counted: FxHashSet<u64> = FxHashSet::default();
        let numbers = regions.iter();
        for number in numbers.filter_map(|region| self.cells.regions.find(*region)) {
            for (_, head, superseded) in self.cells.cells.heads_of(number) {
                counted.insert(head.id);
                counted.extend(superseded);
            }
        }
        listed.retain(|report| counted.contains(&report.counted));
        listed
    }

    /// The id of the report that counted when the one of this id said the same, if it did; ids are
    /// fingerprints, and those of long ago are forgotten.
    pub(crate) fn repeated(
        &self,
        id: u64,
        source: RegionCode,
        indicator: IndicatorCode,
        period: Period,
    ) -> Option<u64> {
        if self.repeated.counted.is_empty() {
            return None;
        }
        let name = repeated_name(id, source, indicator, period);
        self.repeated.counted.get(&name).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{MOST, Repeated};
    use crate::report::{RepeatedReport, id_fingerprint};
    use crate::testing::{self, Node, bureau, code, school};

    fn report(number: u64) -> RepeatedReport {
        RepeatedReport {
            name: number,
            counted: number + 1,
        }
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut repeated = Repeated::default();
        let most = MOST as u64;
        let reports: Vec<_> = (0..most).map(report).collect();
        repeated.remember(&reports);
        assert_eq!(repeated.listed(), reports);
        // What comes again takes no more room.
        repeated.remember(&reports[..1]);
        assert_eq!(repeated.listed(), reports);
        repeated.remember(&[report(most)]);
        assert_eq!(repeated.listed().len(), MOST);
        assert_eq!(repeated.listed()[0], report(1));
        assert_eq!(repeated.counted.len(), MOST);
    }
    #[test]
    fn those_of_a_region_are_those_that_said_what_its_sources_have_reported() {
        let mut county = Node::new(&[
            bureau("371502", None),
            school("s1", "371502"),
            school("s2", "371502"),
        ]);
        let named = |source: &str, numerator, id: &str| {
            let mut named = testing::report(source, numerator);
            named.id = id.to_owned();
            named
        };
        county.push(vec![named("s1", 5, "a"), named("s2", 6, "b")]);
        county.push(vec![named("s1", 5, "c"), named("s2", 6, "d")]);
        county.push(vec![named("s1", 7, "e")]);
        assert_eq!(county.state.repeated.listed().len(), 2);
        for (source, counted) in [("s1", "a"), ("s2", "b")] {
            let listed = county.state.repeated_in(&BTreeSet::from([code(source)]));
            let listed: Vec<u64> = listed.iter().map(|report| report.counted).collect();
            assert_eq!(listed, [id_fingerprint("", 0, counted)]);
        }
        let none = county.state.repeated_in(&BTreeSet::from([code("371502")]));
        assert_eq!(none, []);
    }
}
