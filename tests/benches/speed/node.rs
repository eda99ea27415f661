//! The node: `liandong serve` with its defaults, with certificates; it asks for every push what its
//! reporter may do. One process for a whole province.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use liandong_client::wire::rollup::v1::{CompareRegionsRequest, WatchRollupRequest};
use liandong_client::{Client, WatchEvent};
use liandong_load::{Sum, connect, process};
use liandong_tests::node::Node;

use crate::province::{PROVINCE, Rollup};

pub(crate) async fn lines(node: &Node, count: usize) -> Result<Vec<Client>> {
    Ok(connect(&node.url().parse()?, &node.options(), count).await?)
}

pub(crate) fn cpu(node: &Node) -> Result<Duration> {
    Ok(process::cpu_time(node.pid()?)?)
}

/// The sums of regions as the node holds them, of all periods.
pub(crate) async fn rollup(node: &Node, regions: &[String]) -> Result<Rollup> {
    let client = node.client().await?;
    let mut watch = client.rollup().watch(WatchRollupRequest {
        regions: regions.to_vec(),
        ..WatchRollupRequest::default()
    });
    let mut rollup = Rollup::new();
    loop {
        let told = match watch.next().await? {
            WatchEvent::Changes(told) => told,
            WatchEvent::StartedOver(_) => bail!("the node's change numbers began anew"),
            WatchEvent::Interrupted { error, .. } => return Err(error.into()),
        };
        for cell in told.cells {
            let sums = cell.sums.unwrap_or_default();
            let sum = Sum {
                numerator: sums.numerator,
                denominator: sums.denominator,
                reported: u64::from(sums.reported),
            };
            rollup.insert((cell.region, cell.indicator, cell.period), sum);
        }
        if told.caught_up {
            return Ok(rollup);
        }
    }
}

/// All cities' cells of one month, as a client gets them: each indicator of the province taken apart,
/// all calls at once on one connection. How many cells there were, and how long it took.
pub(crate) async fn month(
    client: &Client,
    indicators: &[String],
    period: &str,
) -> Result<(usize, Duration)> {
    let request = CompareRegionsRequest {
        region: PROVINCE.to_owned(),
        indicators: indicators.to_vec(),
        period: period.to_owned(),
    };
    let begun = Instant::now();
    let answer = client.rollup().compare_regions(request).await?;
    let took = begun.elapsed();
    let cells = answer.rows.iter().flat_map(|row| &row.cells);
    Ok((cells.filter(|cell| cell.sums.is_some()).count(), took))
}

/// What the journal's segments hold: up to the zeros of the last one.
pub(crate) fn journal_bytes(node: &Node) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(node.path("data/journal"))? {
        let content = std::fs::read(entry?.path())?;
        let used = content.iter().rposition(|&byte| byte != 0);
        bytes += used.map_or(0, |last| last as u64 + 1);
    }
    Ok(bytes)
}
