//! A node under the load of a county whose schools report year after year, for somebody who looks at
//! its process meanwhile; `cargo xtask profile` does.
//!
//! ```text
//! ingest SECONDS     prints "node: PID" when the load begins, and what was taken when it ends
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use liandong_client::Client;
use liandong_client::wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_core::indicator::{IndicatorCode, IndicatorKind};
use liandong_core::period::PeriodKind;
use liandong_core::region::RegionKind;
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};
use tokio::task::JoinSet;

const COUNTY: &str = "371524";
const SCHOOLS: usize = 200;
const INDICATORS: usize = 41;
const MONTHS: usize = 12;
/// Years of which figures are reported; then those are corrected, again and again.
const YEARS: usize = 5;
const LAST_YEAR: usize = 2025;
const ROWS: usize = 512;
/// One of so many batches is sent again as it was.
const REPEATED_ONE_OF: usize = 50;
const CONNECTIONS: usize = 4;
/// Batches that are not yet answered at any time.
const UNDER_WAY: usize = 16;

#[tokio::main]
async fn main() -> Result<()> {
    let seconds = std::env::args().nth(1).context("usage: ingest SECONDS")?;
    let lasts = Duration::from_secs(seconds.parse().context("usage: ingest SECONDS")?);
    let year = Arc::new(Year::new()?);
    let node = Node::start(Settings::new(COUNTY).schools(COUNTY, SCHOOLS)).await?;
    let address = node.url().parse()?;
    println!("node: {}", node.pid()?);
    let begun = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect_with(&address, node.options()).await?);
    }
    let mut pushing = JoinSet::new();
    for number in 0..UNDER_WAY {
        let progress = clients[number % CONNECTIONS].progress();
        let (year, next) = (Arc::clone(&year), Arc::clone(&next));
        pushing.spawn(async move {
            while begun.elapsed() < lasts {
                let batch = next.fetch_add(1, Ordering::Relaxed);
                let answer = progress.push_reports(year.request(batch)).await?;
                let counts = answer.counts.unwrap_or_default();
                ensure!(counts.refused == 0, "refused: {:?}", answer.outcomes);
                if batch % REPEATED_ONE_OF == 0 {
                    progress.push_reports(year.request(batch)).await?;
                }
            }
            Ok(())
        });
    }
    while let Some(done) = pushing.join_next().await {
        done??;
    }
    let reports = next.load(Ordering::Relaxed) * ROWS;
    let seconds = begun.elapsed().as_secs().max(1);
    println!("measured: {} reports/s taken", reports as u64 / seconds);
    Ok(())
}

/// What the schools of the county report.
struct Year {
    /// Codes, and whether they are shares.
    indicators: Vec<(IndicatorCode, bool)>,
}

impl Year {
    fn new() -> Result<Self> {
        let known = liandong_catalog::builtin_indicators()
            .map_err(|errors| anyhow::anyhow!("the catalogue: {errors:?}"))?;
        let mut indicators = Vec::new();
        for (code, indicator) in known {
            let reporters = &indicator.reported_by;
            let expected = reporters.is_empty() || reporters.contains(&RegionKind::PrimarySchool);
            let sent = matches!(
                indicator.kind,
                IndicatorKind::Count | IndicatorKind::Ratio | IndicatorKind::Money
            );
            if expected && sent && indicator.period == PeriodKind::Month {
                indicators.push((code, indicator.kind.has_denominator()));
            }
        }
        ensure!(!indicators.is_empty(), "no indicator is monthly");
        indicators.truncate(INDICATORS);
        Ok(Self { indicators })
    }

    fn request(&self, batch: usize) -> PushReportsRequest {
        let rows = (batch * ROWS..).take(ROWS).map(|place| self.report(place));
        PushReportsRequest {
            batch: Some(ReportBatch {
                id: format!("ingest-{batch}"),
                by: "ingest".to_owned(),
                rows: rows.collect(),
                ..ReportBatch::default()
            }),
            all_outcomes: false,
        }
    }

    fn report(&self, place: usize) -> Report {
        let (place, indicator) = (place / self.indicators.len(), place % self.indicators.len());
        let (place, number) = (place / SCHOOLS, place % SCHOOLS);
        let (place, month) = (place / MONTHS, place % MONTHS + 1);
        let (round, years_ago) = (place / YEARS, place % YEARS);
        let (code, is_share) = self.indicators[indicator];
        let figure = (number * 7 + indicator * 3 + month + round) % 1_000;
        Report {
            source: school(COUNTY, number + 1),
            indicator: code.to_string(),
            period: format!("{}-{month:02}", LAST_YEAR - years_ago),
            numerator: figure.cast_signed() as i64,
            denominator: is_share.then_some(1_000),
            revision: u32::try_from(round + 1).unwrap_or(u32::MAX),
            ..Report::default()
        }
    }
}
