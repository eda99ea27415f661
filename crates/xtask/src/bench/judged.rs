//! How the rows came out: what was measured, held against the targets.

use super::results::Results;
use super::row::{Program, Row, Side, Value};

/// What is to be measured now; everything else is shown as it was measured before.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The programs.
    pub(super) programs: Vec<Program>,
    /// Only these parts of them, by their own names; all when there are none.
    pub(super) parts: Vec<String>,
}

/// How a row came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Beyond the target.
    Stretch,
    /// As it is to be.
    Met,
    /// Not.
    Missed,
    /// There is no target.
    Shown,
    /// Some measure of it is not there; a miss when it was asked for.
    NotMeasured,
}

/// A row with what was measured.
#[derive(Debug)]
pub(super) struct Judged<'a> {
    /// The row.
    pub(super) row: &'a Row,
    /// Its value, in the row's unit.
    pub(super) value: Option<u64>,
    /// How it came out.
    pub(super) verdict: Verdict,
    /// Whether its program was asked for.
    pub(super) is_asked: bool,
    /// Whether it was asked for whole, so that all of it should have been measured.
    is_whole: bool,
}

impl Judged<'_> {
    /// Whether the whole run is to fail for it.
    pub(super) fn is_missed(&self) -> bool {
        let is_bad = match self.verdict {
            Verdict::Missed => true,
            Verdict::NotMeasured => self.is_whole,
            _ => false,
        };
        self.is_asked && is_bad && self.row.target.is_some()
    }
}

/// Judges rows by results.
pub(super) fn judge<'a>(rows: &'a [Row], results: &Results, asked: &Asked) -> Vec<Judged<'a>> {
    let judged = |row: &'a Row| {
        let value = compute(row.value, results);
        let verdict = match (value, row.target) {
            (None, _) => Verdict::NotMeasured,
            (Some(_), None) => Verdict::Shown,
            (Some(value), Some(target)) => {
                let reaches = |bound: u64| match row.side {
                    Side::AtLeast => value >= bound,
                    Side::AtMost => value <= bound,
                };
                if row.stretch.is_some_and(reaches) {
                    Verdict::Stretch
                } else if reaches(target) {
                    Verdict::Met
                } else {
                    Verdict::Missed
                }
            }
        };
        Judged {
            row,
            value,
            verdict,
            is_asked: asked.programs.contains(&row.program),
            is_whole: asked.parts.is_empty(),
        }
    };
    rows.iter().map(judged).collect()
}

fn compute(value: Value, results: &Results) -> Option<u64> {
    let median = |name: &str| results.get(name).map(|measure| measure.median);
    let thousandths = |above: u64, below: u64| {
        let ratio = u128::from(above) * 1_000 / u128::from(below.max(1));
        u64::try_from(ratio).unwrap_or(u64::MAX)
    };
    match value {
        Value::Of(name) => median(name),
        Value::Ratio(above, below) => Some(thousandths(median(above)?, median(below)?)),
        Value::Worst(names, below) => {
            let below = median(below)?;
            let mut worst = 0;
            for name in names {
                worst = worst.max(thousandths(median(name)?, below));
            }
            Some(worst)
        }
        Value::Excess(more, less) => {
            let (more, less) = (median(more)?, median(less)?);
            Some(thousandths(more.saturating_sub(less), more))
        }
    }
}

#[cfg(test)]
mod tests;
