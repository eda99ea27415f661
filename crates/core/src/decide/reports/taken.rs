//! Which cells a push has taken a report of so far.
//!
//! A file mostly has the figures of a source and a period together, each once. As long as it does,
//! one bit for each indicator tells that a cell is new; from the first row on that goes back, cells are
//! looked up.

use rustc_hash::FxHashMap;

use crate::period::Period;
use crate::report::ReportRow;

/// A cell by the places of its source and indicator in the push.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) source: u32,
    pub(super) period: Period,
    pub(super) indicator: u32,
}

impl Place {
    fn of(row: &ReportRow) -> Self {
        Self {
            source: row.source,
            period: row.period,
            indicator: row.indicator,
        }
    }
}

/// The cells of one source and period.
#[derive(Clone, Copy, Default)]
pub(super) struct Run {
    of: Option<(u32, Period)>,
    /// A bit for each indicator.
    indicators: u128,
}

impl Run {
    /// Whether the cell at that place is surely none of those up to here.
    fn is_new(&self, place: Place) -> bool {
        let Some(bit) = 1_u128.checked_shl(place.indicator) else {
            return false;
        };
        let next = (place.source, place.period);
        self.of
            .is_none_or(|of| of < next || of == next && self.indicators & bit == 0)
    }

    fn note(&mut self, place: Place) {
        let of = Some((place.source, place.period));
        if self.of != of {
            *self = Self { of, indicators: 0 };
        }
        self.indicators |= 1_u128.checked_shl(place.indicator).unwrap_or_default();
    }
}

/// Where among the accepted rows the last one of a cell stands.
pub(super) enum Taken {
    /// Every row so far was of a new cell. Runs came in the order of their sources and periods; this
    /// is the last.
    InOrder(Run),
    /// By cell.
    Anyhow(FxHashMap<Place, usize>),
}

impl Taken {
    /// None yet.
    pub(super) fn nothing() -> Self {
        Self::InOrder(Run::default())
    }

    /// The last row of a cell among those that were noted, which are all of `rows`.
    pub(super) fn find<'r>(
        &mut self,
        place: Place,
        rows: &'r [ReportRow],
    ) -> Option<(usize, &'r ReportRow)> {
        let by_cell = match self {
            Self::InOrder(run) if run.is_new(place) => return None,
            Self::InOrder(_) => {
                let by_cell = rows.iter().map(Place::of).zip(0..).collect();
                *self = Self::Anyhow(by_cell);
                return self.find(place, rows);
            }
            Self::Anyhow(by_cell) => by_cell,
        };
        let at = *by_cell.get(&place)?;
        Some((at, rows.get(at)?))
    }

    /// Notes the row that is about to be accepted, `at` its place among the rows; its cell was looked
    /// for before.
    pub(super) fn note(&mut self, place: Place, at: usize) {
        match self {
            Self::InOrder(run) => run.note(place),
            Self::Anyhow(by_cell) => {
                by_cell.insert(place, at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Taken};
    use crate::report::{ReportRow, Role};

    fn row(indicator: u32) -> ReportRow {
        ReportRow {
            source: 0,
            indicator,
            period: "2025-03".parse().unwrap(),
            numerator: 0,
            denominator: 0,
            id: String::new(),
            row: indicator + 1,
            revision: 1,
            role: Role::Unit,
            on_time: true,
            replaces: 0,
            note: String::new(),
        }
    }

    #[test]
    fn more_indicators_than_there_are_bits_are_told_apart() {
        let mut taken = Taken::nothing();
        let mut rows: Vec<ReportRow> = Vec::new();
        for indicator in 0..300 {
            let next = row(indicator);
            let place = Place::of(&next);
            assert!(taken.find(place, &rows).is_none(), "{indicator}");
            taken.note(place, rows.len());
            rows.push(next);
        }
        // The last ones first: a row that goes back has all of them looked up from then on.
        for (at, again) in rows.iter().enumerate().rev() {
            let found = taken.find(Place::of(again), &rows);
            assert_eq!(found, Some((at, again)));
        }
    }
}
