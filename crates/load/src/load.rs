//! The work: the schools of a county report a year, with corrections and repetitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use liandong_client::wire::progress::v1::{PushReportsRequest, Report, ReportBatch};

use crate::error::LoadError;
use crate::indicator::{Reported, monthly};

/// Indicators that every school reports.
const INDICATORS: usize = 41;
const MONTHS: usize = 12;
/// Reports in one batch.
const ROWS: usize = 512;
const CORRECTED_ONE_OF: usize = 10;
const REPEATED_ONE_OF: usize = 50;
/// What every denominator is.
const DENOMINATOR: i64 = 1_000;

/// What a load is to be made of. All fields may be changed before [`LoadPlan::make`].
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// The codes of the units that report; they must stand in the tree of whoever takes the load.
    pub units: Vec<String>,
    /// What each of them reports every month.
    pub indicators: Vec<Reported>,
    /// The year of the months.
    pub year: u16,
    /// Months from January, 1 to 12.
    pub months: usize,
    /// Reports in a batch.
    pub rows: usize,
    /// One of so many cells is corrected later, by a report of the next revision; 0 for none.
    pub corrected_one_of: usize,
    /// One of so many batches is sent again as it was; 0 for none.
    pub repeated_one_of: usize,
    /// The revision of the first report of a cell; its correction has the next. A load over the same
    /// cells with a revision of at least two more is all corrections, with other figures.
    pub first_revision: u32,
    /// Who reports, and the beginning of every batch's id. Two loads for one node need different
    /// names, or the second is a repetition of the first.
    pub name: String,
}

impl LoadPlan {
    /// A year of what these units report: 41 indicators a month, 10 % corrections, 2 % repeated
    /// batches, 512 reports a batch.
    ///
    /// # Errors
    /// Those of [`monthly`].
    pub fn of_units(units: Vec<String>) -> Result<Self, LoadError> {
        Ok(Self {
            units,
            indicators: monthly(INDICATORS)?,
            year: 2025,
            months: MONTHS,
            rows: ROWS,
            corrected_one_of: CORRECTED_ONE_OF,
            repeated_one_of: REPEATED_ONE_OF,
            first_revision: 1,
            name: "bench".to_owned(),
        })
    }

    /// The same of as many schools below a region as it takes for `cells` figures, as
    /// [`unit_code`] numbers them; corrections and repetitions come on top.
    ///
    /// # Errors
    /// Those of [`monthly`].
    pub fn of_cells(region: &str, cells: usize) -> Result<Self, LoadError> {
        let mut plan = Self::of_units(Vec::new())?;
        let schools = cells.div_ceil(plan.indicators.len() * plan.months).max(1);
        plan.units = (1..=schools)
            .map(|number| unit_code(region, number))
            .collect();
        Ok(plan)
    }

    /// Makes every request.
    ///
    /// # Errors
    /// A plan by which nothing would be sent, or of months that a year does not have.
    pub fn make(&self) -> Result<Load, LoadError> {
        for (count, what) in [
            (self.units.len(), "units"),
            (self.indicators.len(), "indicators"),
            (self.rows, "reports in a batch"),
        ] {
            if count == 0 {
                return Err(LoadError::Nothing(what));
            }
        }
        if !(1..=12).contains(&self.months) {
            return Err(LoadError::Months(self.months));
        }
        let mut rows = self.first_reports()?;
        let cells = rows.len();
        if self.corrected_one_of > 0 {
            let corrected: Vec<Report> = rows
                .iter()
                .step_by(self.corrected_one_of)
                .map(|row| Report {
                    numerator: row.numerator.saturating_sub(1).max(0),
                    revision: self.first_revision.saturating_add(1),
                    ..row.clone()
                })
                .collect();
            rows.extend(corrected);
        }
        let mut requests = Vec::new();
        for (number, rows) in rows.chunks(self.rows).enumerate() {
            let request = self.request(number, rows.to_vec());
            let request = Arc::new(request);
            if self.repeated_one_of > 0 && number % self.repeated_one_of == 0 {
                requests.push(Arc::clone(&request));
            }
            requests.push(request);
        }
        let reports = requests.iter().map(|one| rows_of(one)).sum();
        Ok(Load {
            units: self.units.len(),
            indicators: self.indicators.len(),
            months: self.months,
            cells,
            requests: Arc::new(requests),
            reports,
        })
    }

    /// One report for every cell, month by month.
    fn first_reports(&self) -> Result<Vec<Report>, LoadError> {
        let shift = usize::try_from(self.first_revision.saturating_sub(1) % 1_000).unwrap_or(0);
        let mut rows = Vec::with_capacity(self.months * self.units.len() * self.indicators.len());
        for month in 1..=self.months {
            let period = format!("{}-{month:02}", self.year);
            for (number, source) in (1..).zip(&self.units) {
                for (place, indicator) in self.indicators.iter().enumerate() {
                    let numerator = (number * 7 + place * 3 + month + shift) % 1_000;
                    let numerator =
                        i64::try_from(numerator).map_err(|_| LoadError::TooMany(numerator))?;
                    rows.push(Report {
                        source: source.clone(),
                        indicator: indicator.code.to_string(),
                        period: period.clone(),
                        numerator,
                        denominator: indicator.has_denominator.then_some(DENOMINATOR),
                        revision: self.first_revision,
                        ..Report::default()
                    });
                }
            }
        }
        Ok(rows)
    }

    fn request(&self, number: usize, rows: Vec<Report>) -> PushReportsRequest {
        PushReportsRequest {
            batch: Some(ReportBatch {
                id: format!("{}-{number}", self.name),
                by: self.name.clone(),
                rows,
                ..ReportBatch::default()
            }),
            all_outcomes: false,
        }
    }
}

/// What is pushed, in order. Batches are lent to whoever pushes them: what it takes to copy one would be
/// measured with what it takes to push it.
pub type Requests = Arc<Vec<Arc<PushReportsRequest>>>;

/// All that is pushed in one round.
#[derive(Clone, Debug)]
pub struct Load {
    /// Units that report.
    pub units: usize,
    /// Indicators that each of them reports.
    pub indicators: usize,
    /// Months of each.
    pub months: usize,
    /// Figures that reports are for: units by indicators by months.
    pub cells: usize,
    /// In the order in which they are sent: every figure once, then the corrections; a batch that is
    /// repeated stands beside its repetition.
    pub requests: Requests,
    /// All rows of all requests, corrections and repetitions included.
    pub reports: usize,
}

/// What all units together come to, for an indicator and a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Of the numerators that count.
    pub numerator: i64,
    /// Of the denominators that count; 0 where there are none.
    pub denominator: i64,
    /// Units that reported.
    pub reported: u64,
}

impl Load {
    /// The roll-up that whoever took all of it must hold, by indicator and period: of each cell the
    /// report with the highest revision counts, once.
    pub fn sums(&self) -> BTreeMap<(&str, &str), Sum> {
        let mut counting: BTreeMap<(&str, &str, &str), &Report> = BTreeMap::new();
        let batches = self.requests.iter().filter_map(|one| one.batch.as_ref());
        for row in batches.flat_map(|batch| &batch.rows) {
            let cell = (
                row.indicator.as_str(),
                row.period.as_str(),
                row.source.as_str(),
            );
            let held = counting.entry(cell).or_insert(row);
            if held.revision < row.revision {
                *held = row;
            }
        }
        let mut sums: BTreeMap<(&str, &str), Sum> = BTreeMap::new();
        for ((indicator, period, _), row) in counting {
            let sum = sums.entry((indicator, period)).or_default();
            sum.numerator += row.numerator;
            sum.denominator += row.denominator.unwrap_or(0);
            sum.reported += 1;
        }
        sums
    }
}

/// The code of a school below a region, numbered from 1: `371524-001`.
pub fn unit_code(region: &str, number: usize) -> String {
    format!("{region}-{number:03}")
}

/// How many reports a request has.
pub fn rows_of(request: &PushReportsRequest) -> usize {
    request.batch.as_ref().map_or(0, |batch| batch.rows.len())
}

#[cfg(test)]
mod tests;
