//! The demonstration's own book of every figure it pushed: what the province has to come to.
//!
//! It is counted from what was sent, never from what a node says, so it can prove a node wrong.

use std::collections::HashMap;

use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::region::RegionCode;
use liandong_core::report::Report;

/// What a cell has to come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) numerator: i64,
    pub(super) denominator: i64,
    pub(super) reported: u32,
}

/// Every figure under one province.
#[derive(Debug, Default)]
pub(super) struct Book {
    figures: HashMap<(RegionCode, IndicatorCode, Period), (i64, i64)>,
    totals: HashMap<(IndicatorCode, Period), Total>,
}

impl Book {
    /// Notes a report that was pushed; a later one of the same cell replaces it.
    pub(super) fn note(&mut self, report: &Report) {
        let denominator = report.denominator.unwrap_or(0);
        let cell = (report.source, report.indicator, report.period);
        let before = self.figures.insert(cell, (report.numerator, denominator));
        let total = self
            .totals
            .entry((report.indicator, report.period))
            .or_default();
        match before {
            None => total.reported += 1,
            Some((numerator, denominator)) => {
                total.numerator -= numerator;
                total.denominator -= denominator;
            }
        }
        total.numerator += report.numerator;
        total.denominator += denominator;
    }

    /// What the province has to show for a cell.
    pub(super) fn total(&self, indicator: IndicatorCode, period: Period) -> Total {
        self.totals
            .get(&(indicator, period))
            .copied()
            .unwrap_or_default()
    }

    /// The figure of one source.
    pub(super) fn figure(
        &self,
        source: RegionCode,
        indicator: IndicatorCode,
        period: Period,
    ) -> Option<(i64, i64)> {
        self.figures.get(&(source, indicator, period)).copied()
    }

    /// How many figures there are.
    pub(super) fn figures(&self) -> usize {
        self.figures.len()
    }

    /// How many figures of a period there are.
    pub(super) fn reported_in(&self, period: Period) -> u64 {
        let of_period = self.totals.iter().filter(|((_, own), _)| *own == period);
        of_period.map(|(_, total)| u64::from(total.reported)).sum()
    }

    /// The indicators of a period, ordered by code.
    pub(super) fn indicators(&self, period: Period) -> Vec<IndicatorCode> {
        let of_period = self.totals.keys().filter(|(_, own)| *own == period);
        let mut indicators: Vec<IndicatorCode> = of_period.map(|(code, _)| *code).collect();
        indicators.sort();
        indicators
    }
}

#[cfg(test)]
mod tests {
    use liandong_core::report::Report;

    use super::{Book, Total};

    #[test]
    fn a_later_figure_replaces_the_one_before() {
        let report = |source: &str, numerator| Report {
            id: String::new(),
            source: source.parse().unwrap(),
            indicator: "campus-meal-coverage".parse().unwrap(),
            period: "2026-06".parse().unwrap(),
            numerator,
            denominator: Some(10),
            revision: 0,
            note: String::new(),
        };
        let mut book = Book::default();
        for report in [
            report("371524S01", 4),
            report("371524S02", 5),
            report("371524S01", 9),
        ] {
            book.note(&report);
        }
        let indicator = "campus-meal-coverage".parse().unwrap();
        let period = "2026-06".parse().unwrap();
        let expected = Total {
            numerator: 14,
            denominator: 20,
            reported: 2,
        };
        assert_eq!(book.total(indicator, period), expected);
        assert_eq!(book.reported_in(period), 2);
        assert_eq!(book.figures(), 2);
    }
}
