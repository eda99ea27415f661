//! The roll-up of 656 cells, sixteen cities by 41 indicators of one month, of a system that has just
//! taken the whole load: while nothing else is asked of it, and while it goes on taking corrections at
//! a rate that all of them can take.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use liandong_client::Client;
use liandong_load::{Latencies, Meter, OpenLoop, Target, open_loop};
use liandong_tests::node::Node;
use rusqlite::Connection;

use crate::ingest::CONNECTIONS;
use crate::measures::Measures;
use crate::postgres;
use crate::province::Province;
use crate::{node, sqlite};

/// Queries of each kind and round.
const QUERIES: usize = 200;
/// Corrections each second during the second half.
const BESIDE: u64 = 10_000;
/// How many batches of corrections there are.
const BATCHES: usize = 200;
/// Of the corrections; no report of the load has it.
const REVISION: u32 = 7;

/// The month that is asked for: in turn, so that no answer is just the last one again.
fn month(number: usize) -> usize {
    number % 12 + 1
}

fn cells(province: &Province) -> usize {
    province.cities.len() * province.indicators.len()
}

fn note(measures: &mut Measures, who: &str, latencies: &Latencies) {
    let seen = latencies.quantiles();
    measures.time(&format!("rollup_656_{who}_p50_us"), seen.p50);
    measures.time(&format!("rollup_656_{who}_p99_us"), seen.p99);
    println!(
        "  {who}: roll-up of 656 cells {:?} (p50) {:?} (p99)",
        seen.p50, seen.p99
    );
}

/// Asks in a task like those that a program's own calls are made in: a thread outside of the runtime
/// would have to be woken for every answer.
async fn in_a_task(
    asking: impl Future<Output = Result<Latencies>> + Send + 'static,
) -> Result<Latencies> {
    tokio::spawn(asking).await?
}

/// Asks while corrections come in at the rate that is the same for all.
async fn beside<T: Target>(
    lines: &[T],
    province: &Province,
    asking: impl Future<Output = Result<Latencies>> + Send + 'static,
) -> Result<Latencies> {
    let requests = Arc::new(province.corrected(BATCHES, REVISION));
    let meter = Meter::default();
    let how = OpenLoop {
        meter: meter.clone(),
        ..OpenLoop::at(BESIDE)
    };
    let lines = lines.to_vec();
    let pushing = tokio::spawn(async move { open_loop(&lines, requests, how).await });
    let asked = in_a_task(asking).await;
    meter.stop();
    let pushed = pushing.await??;
    ensure!(pushed.reports > 0, "nothing was pushed beside the queries");
    asked
}

pub(crate) async fn of_node(
    node: &Node,
    province: &Province,
    measures: &mut Measures,
) -> Result<()> {
    let client = node.client().await?;
    let lines = node::lines(node, CONNECTIONS).await?;
    let ask = || ask_node(client.clone(), province.indicators.clone(), cells(province));
    note(measures, "node", &in_a_task(ask()).await?);
    let latencies = beside(&lines, province, ask()).await?;
    note(measures, "node_busy", &latencies);
    Ok(())
}

async fn ask_node(client: Client, indicators: Vec<String>, expected: usize) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for number in 0..QUERIES {
        let period = format!("2025-{:02}", month(number));
        let (found, took) = node::month(&client, &indicators, &period).await?;
        ensure!(found == expected, "{found} cells of {expected}");
        latencies.record(took);
    }
    Ok(latencies)
}

/// The first line asks, the others push beside it.
pub(crate) async fn of_postgres(
    lines: &[postgres::Line],
    province: &Province,
    who: &str,
    measures: &mut Measures,
) -> Result<()> {
    let Some((line, others)) = lines.split_first() else {
        return Ok(());
    };
    let ask = || ask_postgres(line.clone(), cells(province));
    note(measures, who, &in_a_task(ask()).await?);
    let latencies = beside(others, province, ask()).await?;
    note(measures, &format!("{who}_busy"), &latencies);
    Ok(())
}

async fn ask_postgres(line: postgres::Line, expected: usize) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for number in 0..QUERIES {
        let months = [i32::try_from(202_500 + month(number))?];
        let begun = Instant::now();
        let found = line.rollup(&months).await?.len();
        latencies.record(begun.elapsed());
        ensure!(found == expected, "{found} cells of {expected}");
    }
    Ok(latencies)
}

pub(crate) fn of_sqlite(
    reader: &Connection,
    province: &Province,
    measures: &mut Measures,
) -> Result<()> {
    let expected = cells(province);
    let mut latencies = Latencies::default();
    for number in 0..QUERIES {
        let period = i64::try_from(202_500 + month(number))?;
        let begun = Instant::now();
        let found = sqlite::rollup(reader, period, period)?.len();
        latencies.record(begun.elapsed());
        ensure!(found == expected, "{found} cells of {expected}");
    }
    note(measures, "sqlite", &latencies);
    Ok(())
}
