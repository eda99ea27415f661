//! The work: a county's schools report a year, with corrections and repetitions.

use anyhow::{Result, ensure};
use liandong_client::wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_core::indicator::{IndicatorCode, IndicatorKind};
use liandong_core::period::PeriodKind;
use liandong_core::region::RegionKind;
use liandong_tests::settings::{Settings, school};

/// Set to let the node speak in plain text, to see what TLS costs.
const PLAIN: &str = "LIANDONG_BENCH_PLAIN";

/// The region of the node.
pub(crate) const COUNTY: &str = "371524";
/// Reports in one batch.
pub(crate) const ROWS: usize = 512;
/// Indicators that every school reports.
const INDICATORS: usize = 41;
const MONTHS: usize = 12;
/// One of so many reports is corrected later.
const CORRECTED_ONE_OF: usize = 10;
/// One of so many batches is sent again as it was.
const REPEATED_ONE_OF: usize = 50;

/// All that is pushed in one round.
pub(crate) struct Load {
    /// Schools that report.
    pub(crate) schools: usize,
    /// Cells that reports are for.
    pub(crate) cells: usize,
    /// In the order in which they are sent.
    pub(crate) requests: Vec<PushReportsRequest>,
    /// All rows of all requests.
    pub(crate) reports: usize,
}

impl Load {
    /// About `reports` reports, corrections and repetitions among them.
    pub(crate) fn new(reports: usize) -> Result<Self> {
        let indicators = monthly()?;
        let schools = reports.div_ceil(indicators.len() * MONTHS).max(1);
        let mut rows = Vec::new();
        for month in 1..=MONTHS {
            for number in 1..=schools {
                let source = school(COUNTY, number);
                for (place, (code, shared)) in indicators.iter().enumerate() {
                    let numerator = i64::try_from(number * 7 + place * 3 + month)? % 1_000;
                    rows.push(Report {
                        source: source.clone(),
                        indicator: code.to_string(),
                        period: format!("2025-{month:02}"),
                        numerator,
                        denominator: shared.then_some(1_000),
                        revision: 1,
                        ..Report::default()
                    });
                }
            }
        }
        let cells = rows.len();
        let corrected: Vec<Report> = rows
            .iter()
            .step_by(CORRECTED_ONE_OF)
            .map(|row| Report {
                numerator: row.numerator.saturating_sub(1).max(0),
                revision: 2,
                ..row.clone()
            })
            .collect();
        rows.extend(corrected);
        let mut requests = Vec::new();
        for (number, rows) in rows.chunks(ROWS).enumerate() {
            let request = request(number, rows.to_vec());
            if number % REPEATED_ONE_OF == 0 {
                requests.push(request.clone());
            }
            requests.push(request);
        }
        let reports = requests.iter().map(rows_of).sum();
        Ok(Self {
            schools,
            cells,
            requests,
            reports,
        })
    }

    /// The node that takes it: with certificates, as it is shipped, unless plain text is asked for.
    pub(crate) fn settings(&self) -> Settings {
        let settings = Settings::new(COUNTY).schools(COUNTY, self.schools);
        match std::env::var_os(PLAIN) {
            Some(value) if !value.is_empty() => settings.plain(),
            _ => settings,
        }
    }
}

/// How many reports a request has.
pub(crate) fn rows_of(request: &PushReportsRequest) -> usize {
    request.batch.as_ref().map_or(0, |batch| batch.rows.len())
}

fn request(number: usize, rows: Vec<Report>) -> PushReportsRequest {
    PushReportsRequest {
        batch: Some(ReportBatch {
            id: format!("bench-{number}"),
            by: "bench".to_owned(),
            rows,
            ..ReportBatch::default()
        }),
        all_outcomes: false,
    }
}

/// Indicators that primary schools report every month, and whether they are shares.
fn monthly() -> Result<Vec<(IndicatorCode, bool)>> {
    let known = liandong_catalog::builtin_indicators()
        .map_err(|errors| anyhow::anyhow!("the catalogue: {errors:?}"))?;
    let mut monthly = Vec::new();
    for (code, indicator) in known {
        let expected = indicator.reported_by.is_empty()
            || indicator.reported_by.contains(&RegionKind::PrimarySchool);
        let sent = matches!(
            indicator.kind,
            IndicatorKind::Count | IndicatorKind::Ratio | IndicatorKind::Money
        );
        if expected && sent && indicator.period == PeriodKind::Month {
            monthly.push((code, indicator.kind.has_denominator()));
        }
    }
    monthly.truncate(INDICATORS);
    ensure!(!monthly.is_empty(), "no indicator is monthly");
    Ok(monthly)
}
