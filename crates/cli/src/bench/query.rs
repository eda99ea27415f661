//! Reading, and whether what is read is what was sent.

use std::time::{Duration, Instant};

use liandong_client::wire::rollup::v1;
use liandong_client::wire::rollup::v1::get_rollup_request::Subject;
use liandong_client::{Client, WatchEvent};
use liandong_core::region::RegionCode;
use liandong_load::{Latencies, Load};

use super::error::BenchError;
use super::outcome::Query;

/// How often each is asked, and how long at the most.
const ROWS: usize = 1_000;
const DRILLS: usize = 200;
const TABLES: usize = 100;
const LONGEST: Duration = Duration::from_secs(5);

/// The sums of one cell of a region.
pub(super) async fn sums(
    client: &Client,
    region: &str,
    indicator: &str,
    period: &str,
) -> Result<v1::Sums, BenchError> {
    let request = v1::GetRollupRequest {
        region: region.to_owned(),
        subject: Some(Subject::Indicator(indicator.to_owned())),
        period: period.to_owned(),
    };
    let answer = client.rollup().get_rollup(request).await?;
    let row = answer.rows.into_iter().next();
    Ok(row.and_then(|row| row.sums).unwrap_or_default())
}

/// Asks in three ways, one question after the other.
pub(super) async fn measure(
    client: &Client,
    region: RegionCode,
    load: &Load,
) -> Result<Query, BenchError> {
    let sums_of_load = load.sums();
    let cells: Vec<(&str, &str)> = sums_of_load.keys().copied().collect();
    let mut row = Latencies::default();
    let begun = Instant::now();
    for (indicator, period) in cells.iter().cycle().take(ROWS) {
        let asked = Instant::now();
        sums(client, region.as_str(), indicator, period).await?;
        row.record(asked.elapsed());
        if begun.elapsed() > LONGEST {
            break;
        }
    }
    let mut drill = Latencies::default();
    let mut drill_rows = 0;
    let begun = Instant::now();
    for (indicator, period) in cells.iter().cycle().take(DRILLS) {
        let request = v1::DrillRollupRequest {
            region: region.to_string(),
            indicator: (*indicator).to_owned(),
            period: (*period).to_owned(),
            live: false,
        };
        let asked = Instant::now();
        let answer = client.rollup().drill_rollup(request).await?;
        drill.record(asked.elapsed());
        drill_rows = answer.drill.map_or(0, |drill| drill.rows.len());
        if begun.elapsed() > LONGEST {
            break;
        }
    }
    let mut table = Latencies::default();
    let mut table_cells = 0;
    let begun = Instant::now();
    for _ in 0..TABLES {
        let asked = Instant::now();
        table_cells = all_cells(client, region).await?;
        table.record(asked.elapsed());
        if begun.elapsed() > LONGEST {
            break;
        }
    }
    Ok(Query {
        row: row.quantiles(),
        drill: drill.quantiles(),
        drill_rows,
        table: table.quantiles(),
        table_cells,
    })
}

/// Reads every cell of a region once; how many there are.
async fn all_cells(client: &Client, region: RegionCode) -> Result<usize, BenchError> {
    let mut watch = client.rollup().watch(v1::WatchRollupRequest {
        regions: vec![region.to_string()],
        ..v1::WatchRollupRequest::default()
    });
    let mut cells = 0;
    loop {
        match watch.next().await? {
            WatchEvent::Changes(changes) => {
                cells += changes.cells.len();
                if changes.caught_up {
                    return Ok(cells);
                }
            }
            // Whatever is told again is counted anew.
            WatchEvent::StartedOver(changes) => cells = changes.cells.len(),
            WatchEvent::Interrupted { error, .. } => return Err(error.into()),
        }
    }
}

/// Compares every sum of a region with what was sent; how many there are.
pub(super) async fn compare(
    client: &Client,
    region: RegionCode,
    load: &Load,
) -> Result<usize, BenchError> {
    let expected = load.sums();
    for ((indicator, period), sum) in &expected {
        let found = sums(client, region.as_str(), indicator, period).await?;
        let is_same = found.numerator == sum.numerator
            && found.denominator == sum.denominator
            && u64::from(found.reported) == sum.reported;
        if !is_same {
            return Err(BenchError::Differs {
                region,
                indicator: (*indicator).to_owned(),
                period: (*period).to_owned(),
                expected: sum.numerator,
                found: found.numerator,
            });
        }
    }
    Ok(expected.len())
}
