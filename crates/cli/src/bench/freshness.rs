//! Freshness: from sending one report until the sum that it changes is seen, where it was sent or
//! further up.

use std::time::{Duration, Instant};

use liandong_client::Client;
use liandong_client::wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_core::region::RegionCode;
use liandong_load::{Latencies, Target};

use super::error::BenchError;
use super::outcome::Seen;
use super::query::sums;
use crate::watched::WatchedCell;

/// Reports that are sent for each way of seeing them.
const SAMPLES: i64 = 100;
/// Reports that one measurement sends, the one that begins it included.
pub(super) const SENT: usize = 2 * SAMPLES as usize + 1;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Figures begin here: smaller ones may be hidden from whoever asks.
const FIRST: i64 = 1_000;

/// The cell whose figure changes, and who changes it.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// The school that reports.
    pub(super) source: String,
    /// A count.
    pub(super) indicator: String,
    /// A month of which nothing else is reported.
    pub(super) period: String,
    /// Who reports, and the beginning of every batch's id.
    pub(super) name: String,
}

/// Sends report after report to one node, each after the last was seen at another, or the same one.
pub(super) async fn measure(
    from: &Client,
    at: &Client,
    region: RegionCode,
    cell: &Cell,
) -> Result<Seen, BenchError> {
    let Cell {
        source,
        indicator,
        period,
        ..
    } = cell;
    let held = sums(from, source, indicator, period).await?.numerator;
    let first = held.max(FIRST);
    // What others have in the same sum, as it stands: nobody else reports there meanwhile.
    let others = sums(at, region.as_str(), indicator, period).await?;
    let others = others.numerator - held;
    let mut watched = WatchedCell::at(at, region.as_str(), indicator, period);
    push(from, cell, first).await?;
    wait_to_see(&mut watched, region, first + others).await?;
    let mut acknowledged = Latencies::default();
    let mut read = Latencies::default();
    let mut told = Latencies::default();
    for number in first + 1..=first + SAMPLES {
        let sent = Instant::now();
        let pushing = async {
            push(from, cell, number).await?;
            Ok::<Duration, BenchError>(sent.elapsed())
        };
        let watching = async {
            wait_to_see(&mut watched, region, number + others).await?;
            Ok::<Duration, BenchError>(sent.elapsed())
        };
        let (answer, sight) = tokio::try_join!(pushing, watching)?;
        acknowledged.record(answer);
        told.record(sight);
    }
    let first = first + SAMPLES;
    for number in first + 1..=first + SAMPLES {
        let sent = Instant::now();
        let pushing = async {
            push(from, cell, number).await?;
            Ok::<Duration, BenchError>(sent.elapsed())
        };
        let reading = async {
            wait_to_read(at, region, cell, number + others).await?;
            Ok::<Duration, BenchError>(sent.elapsed())
        };
        let (answer, sight) = tokio::try_join!(pushing, reading)?;
        acknowledged.record(answer);
        read.record(sight);
        // What was not watched is told, so that the watch does not fall behind.
        wait_to_see(&mut watched, region, number + others).await?;
    }
    Ok(Seen {
        acknowledged: acknowledged.quantiles(),
        read: read.quantiles(),
        watched: told.quantiles(),
    })
}

async fn push(client: &Client, cell: &Cell, number: i64) -> Result<(), BenchError> {
    let report = Report {
        source: cell.source.clone(),
        indicator: cell.indicator.clone(),
        period: cell.period.clone(),
        numerator: number,
        ..Report::default()
    };
    let request = PushReportsRequest {
        batch: Some(ReportBatch {
            id: format!("{}-one-{number}", cell.name),
            by: cell.name.clone(),
            rows: vec![report],
            ..ReportBatch::default()
        }),
        all_outcomes: false,
    };
    client.push(request.into()).await?;
    Ok(())
}

/// Reads until the sum is there.
async fn wait_to_read(
    client: &Client,
    region: RegionCode,
    cell: &Cell,
    expected: i64,
) -> Result<(), BenchError> {
    let begun = Instant::now();
    loop {
        let found = sums(client, region.as_str(), &cell.indicator, &cell.period).await?;
        if found.numerator == expected {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err(not_seen(region));
        }
    }
}

/// Waits until the watch tells the sum.
async fn wait_to_see(
    watched: &mut WatchedCell,
    region: RegionCode,
    expected: i64,
) -> Result<(), BenchError> {
    if watched.shows(expected, PATIENCE).await? {
        return Ok(());
    }
    Err(not_seen(region))
}

fn not_seen(region: RegionCode) -> BenchError {
    BenchError::NotSeen {
        region,
        seconds: PATIENCE.as_secs(),
    }
}
