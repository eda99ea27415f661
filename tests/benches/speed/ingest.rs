//! Pushing the whole load to everybody in turn: each a fresh one, each checked against what was
//! reported, the roll-up asked of each while it is there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use liandong_load::{
    ClosedLoop, OpenLoop, Pushed, Requests, Target, closed_loop, open_loop, process,
};
use liandong_tests::node::Node;

use crate::jetstream::{self, JetStream};
use crate::limit::Limit;
use crate::measures::Measures;
use crate::postgres::{Kept, Postgres};
use crate::province::{Province, ensure_same};
use crate::sqlite::{self, Sqlite};
use crate::{node, query};

/// Batches that are not yet answered at any time.
pub(crate) const UNDER_WAY: usize = 16;
/// Connections over which they are pushed; PostgreSQL has one for each batch under way, because one
/// of its connections does one thing at a time.
pub(crate) const CONNECTIONS: usize = 4;

/// One round of everybody.
pub(crate) async fn round(
    province: &Province,
    requests: &Requests,
    measures: &mut Measures,
) -> Result<()> {
    limit(requests, measures).await?;
    node(province, requests, measures).await?;
    half(province, requests, measures).await?;
    for kept in [Kept::Summary, Kept::GroupBy] {
        postgres(province, requests, kept, measures).await?;
    }
    for (keeps, who) in [
        (sqlite::VERSIONS, "sqlite"),
        (sqlite::NEWEST, "sqlite_newest"),
    ] {
        over_sqlite(province, requests, keeps, who, measures).await?;
    }
    for (rows, who) in [(512, "jetstream_512"), (64, "jetstream_64")] {
        over_jetstream(province, requests, rows, who, measures).await?;
    }
    Ok(())
}

pub(crate) async fn push<T: Target>(lines: &[T], requests: &Requests) -> Result<Pushed> {
    let how = ClosedLoop::of(UNDER_WAY);
    Ok(closed_loop(lines, Arc::clone(requests), how).await?)
}

async fn limit(requests: &Requests, measures: &mut Measures) -> Result<()> {
    let limit = Limit::start().await?;
    let lines = limit.lines(CONNECTIONS).await?;
    let before = limit.server.cpu()?;
    let pushed = push(&lines, requests).await?;
    let cpu = limit.server.cpu()?.saturating_sub(before);
    measures.ingest("limit", &pushed, cpu);
    limit.server.stop().await
}

async fn node(province: &Province, requests: &Requests, measures: &mut Measures) -> Result<()> {
    let mut node = Node::start(province.settings()).await?;
    let empty = process::resident(node.pid()?)?;
    let lines = node::lines(&node, CONNECTIONS).await?;
    let before = node::cpu(&node)?;
    let pushed = push(&lines, requests).await?;
    let cpu = node::cpu(&node)?.saturating_sub(before);
    measures.ingest("node", &pushed, cpu);
    let resident = process::resident(node.pid()?)?.saturating_sub(empty);
    let cells = u64::try_from(province.load.cells)?;
    measures.add("resident_node_bytes_per_cell", "B", resident / cells.max(1));
    let journal = node::journal_bytes(&node)?;
    measures.add(
        "journal_node_bytes_per_report",
        "B",
        journal / pushed.reports.max(1),
    );
    ensure_same(
        "the node",
        &province.rollup,
        &node::rollup(&node, &province.cities).await?,
    )?;
    node.kill()?;
    let begun = Instant::now();
    node.resume().await?;
    measures.time("restart_node_us", begun.elapsed());
    ensure_same(
        "the node after kill -9",
        &province.rollup,
        &node::rollup(&node, &province.cities).await?,
    )?;
    // Last: it is corrected meanwhile.
    query::of_node(&node, province, measures).await
}

/// Half of what the node took in this round, at a fixed rate, to a fresh one.
async fn half(province: &Province, requests: &Requests, measures: &mut Measures) -> Result<()> {
    let full = measures.last("ingest_node_reports_per_second");
    let rate = full.unwrap_or_default() / 2;
    ensure!(rate > 0, "the node took nothing");
    let node = Node::start(province.settings()).await?;
    let lines = node::lines(&node, CONNECTIONS).await?;
    let pushed = open_loop(&lines, Arc::clone(requests), OpenLoop::at(rate)).await?;
    let (acks, late) = (pushed.acks.quantiles(), pushed.sent_late.quantiles());
    measures.add("half_load_node_reports_per_second", "1/s", rate);
    measures.time("half_load_node_ack_p50_us", acks.p50);
    measures.time("half_load_node_ack_p99_us", acks.p99);
    measures.time("half_load_sender_late_p99_us", late.p99);
    println!(
        "  node at {rate} reports/s, open loop: answered after {:?} (p50) {:?} (p99), of which the \
         sender was late {:?} (p99)",
        acks.p50, acks.p99, late.p99
    );
    Ok(())
}

async fn postgres(
    province: &Province,
    requests: &Requests,
    kept: Kept,
    measures: &mut Measures,
) -> Result<()> {
    let who = match kept {
        Kept::Summary => "postgres_summary",
        Kept::GroupBy => "postgres_group_by",
    };
    let server = Postgres::start(province, kept).await?;
    let lines = server.lines(UNDER_WAY).await?;
    let before = server.cpu()?;
    let pushed = push(&lines, requests).await?;
    let cpu = server.cpu()?.saturating_sub(before);
    measures.ingest(who, &pushed, cpu);
    let held = lines[0].year(province).await?;
    ensure_same(who, &province.rollup, &held)?;
    server.analyze().await?;
    query::of_postgres(&lines, province, who, measures).await
}

async fn over_sqlite(
    province: &Province,
    requests: &Requests,
    keeps: &str,
    who: &str,
    measures: &mut Measures,
) -> Result<()> {
    let database = Sqlite::start(keeps).await?;
    let lines = database.lines(CONNECTIONS).await?;
    let before = database.server.cpu()?;
    let pushed = push(&lines, requests).await?;
    let cpu = database.server.cpu()?.saturating_sub(before);
    measures.ingest(who, &pushed, cpu);
    let reader = database.reader()?;
    let held = sqlite::rollup(&reader, 202_501, 202_512)?;
    ensure_same(who, &province.rollup, &held)?;
    if keeps == sqlite::VERSIONS {
        query::of_sqlite(&reader, province, measures)?;
    }
    drop(reader);
    database.server.stop().await
}

async fn over_jetstream(
    province: &Province,
    requests: &Requests,
    rows: usize,
    who: &str,
    measures: &mut Measures,
) -> Result<()> {
    let mut server = JetStream::start().await?;
    let lines = server.lines(CONNECTIONS).await?;
    let messages = jetstream::messages(requests, rows);
    // As many reports under way as elsewhere, however small the messages are.
    let how = ClosedLoop::of(UNDER_WAY * messages.len() / requests.len().max(1));
    let before = server.cpu()?;
    let begun = Instant::now();
    let pushed = closed_loop(&lines, messages, how).await?;
    let acknowledged = begun.elapsed();
    let held = server.rollup().await?;
    let behind = begun.elapsed().saturating_sub(acknowledged);
    let after = server.cpu()?;
    measures.ingest(who, &pushed, after.0.saturating_sub(before.0));
    let consumer = after.1.saturating_sub(before.1);
    let per_million = liandong_load::cpu_ms_per_million(consumer, pushed.reports);
    measures.add(
        &format!("cpu_{who}_consumer_ms_per_million"),
        "ms",
        per_million,
    );
    measures.time(&format!("rollup_{who}_behind_us"), behind);
    // Everybody else has a report in its sums, or need not keep any, when it acknowledges it.
    let summed = Pushed {
        took: pushed.took + behind,
        ..pushed
    };
    let rate = summed.per_second();
    measures.add(&format!("summed_{who}_reports_per_second"), "1/s", rate);
    ensure_same(who, &province.rollup, &held)?;
    // Its port and its files are to be gone before the next begins.
    drop(server);
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(())
}
