//! Nodes of its own: a county's alone for ingest, queries and restart, then a county, its city and
//! its province for two hops.

use std::path::Path;
use std::time::Instant;

use liandong_client::Client;
use liandong_client::wire::admin::v1::{GetStatusRequest, GetStatusResponse};
use liandong_core::language::Language;
use liandong_core::region::RegionCode;
use liandong_load::{FileSystem, Load, LoadPlan, Machine, connect, disk};

use super::error::BenchError;
use super::freshness::{self, Cell};
use super::ingest::{self, millis};
use super::nodes::Nodes;
use super::outcome::{Durability, Freshness, NodeFacts, Outcome, Restart, Work};
use super::steps::{Step, Steps};
use super::{Effort, query, stopped};
use crate::local::{Kind, LocalError, Running, Workdir};

/// Writes with an fdatasync each, and the bytes of each: less than a batch of reports takes.
const SYNCS: u32 = 300;
pub(super) const SYNC_BYTES: u32 = 4_096;
/// The month in which single reports are timed: nothing else is reported for it.
const FRESH_PERIOD: &str = "2024-12";
/// What is said of every node: it has no other way.
pub(super) const ACKNOWLEDGED: &str = "after the fdatasync that covers the report";
/// The folders of the nodes.
const ALONE: &str = "alone";
const MESH: &str = "mesh";

/// Starts nodes, measures them and removes them.
pub(super) async fn measure(
    effort: Effort,
    language: Language,
    steps: &mut Steps,
) -> Result<Outcome, BenchError> {
    let workdir = Workdir::create(&std::env::temp_dir(), Kind::Bench)?;
    let mut nodes = Nodes::new(&workdir, language)?;
    let measured = tokio::select! {
        measured = conduct(&mut nodes, workdir.path(), effort, steps) => measured,
        stopped = stopped() => stopped,
    };
    // A node that fell is the likely cause of a failure; its log says more than whoever missed it.
    let fallen = measured.as_ref().err().and_then(|_| nodes.fallen());
    nodes.stop().await;
    match fallen {
        Some((region, log)) => Err(BenchError::Fell(region, log)),
        None => measured,
    }
}

async fn conduct(
    nodes: &mut Nodes,
    folder: &Path,
    effort: Effort,
    steps: &mut Steps,
) -> Result<Outcome, BenchError> {
    let machine = Machine::here()?;
    let [county, city, province] = regions()?;
    // Of 112 reports 100 are the first of their cell.
    let plan = LoadPlan::of_cells(county.as_str(), effort.reports * 100 / 112)?;
    let load = plan.make()?;
    let cell = fresh_cell(&plan, FRESH_PERIOD);
    let measuring = async {
        let folder = folder.to_owned();
        let measured = tokio::task::spawn_blocking(move || disk::syncs(&folder, SYNCS, SYNC_BYTES));
        let syncs = measured.await.map_err(|_| BenchError::Interrupted)?;
        Ok(syncs?.quantiles())
    };
    let fdatasync = steps.take(Step::Disk, measuring).await?;
    steps
        .take(Step::Start, nodes.start(ALONE, &[county], &plan.units))
        .await?;
    let options = nodes.options_of(ALONE, county)?;
    let node = nodes.node(county);
    let pid = node.and_then(Running::pid);
    let address = node.map_or("", Running::address).to_owned();
    let clients = connect(
        &address.parse().map_err(LocalError::from)?,
        &options,
        effort.connections,
    )
    .await?;
    let mut full = ingest::full(&clients, &load, effort, pid, steps).await?;
    let asking = async {
        let client = nodes.client(county)?;
        if !full.cut_short {
            full.sums_compared = query::compare(&client, county, &load).await?;
        }
        query::measure(&client, county, &load).await
    };
    let query = steps.take(Step::Query, asking).await?;
    let work = work(&plan, &load, effort);
    drop(load);
    let paced = ingest::paced(&clients, &plan, full.reports_per_second, effort, steps).await?;
    drop(clients);
    let client = nodes.client(county)?;
    let here = freshness::measure(&client, &client, county, &cell);
    let here = steps.take(Step::Fresh, here).await?;
    let held = status(&client).await?;
    drop(client);
    let restart = steps.take(Step::Restart, restart(nodes, county)).await?;
    nodes.stop().await;
    let chain = [province, city, county];
    steps
        .take(Step::Mesh, nodes.start(MESH, &chain, &plan.units[..1]))
        .await?;
    let (from, at) = (nodes.client(county)?, nodes.client(province)?);
    let two_hops = freshness::measure(&from, &at, province, &cell);
    let two_hops = steps.take(Step::TwoHops, two_hops).await?;
    Ok(Outcome {
        version: env!("CARGO_PKG_VERSION"),
        machine,
        node: node_facts(&address, &held, true),
        durability: Durability {
            acknowledged: ACKNOWLEDGED,
            mirror: false,
            file_system: Some(FileSystem::of(folder)?),
            fdatasync: Some(fdatasync),
            fdatasync_bytes: SYNC_BYTES,
        },
        work,
        ingest: full,
        paced,
        query,
        freshness: Freshness {
            here,
            two_hops: Some(two_hops),
        },
        restart: Some(restart),
    })
}

/// A county, its city and its province.
fn regions() -> Result<[RegionCode; 3], BenchError> {
    Ok(["371524".parse()?, "371500".parse()?, "370000".parse()?])
}

/// The first school's first count, in a month of its own.
pub(super) fn fresh_cell(plan: &LoadPlan, period: &str) -> Cell {
    let count = plan.indicators.iter().find(|one| !one.has_denominator);
    Cell {
        source: plan.units.first().cloned().unwrap_or_default(),
        indicator: count.map_or_else(String::new, |count| count.code.to_string()),
        period: period.to_owned(),
        name: plan.name.clone(),
    }
}

/// What is sent.
pub(super) fn work(plan: &LoadPlan, load: &Load, effort: Effort) -> Work {
    Work {
        schools: load.units,
        indicators: load.indicators,
        months: load.months,
        cells: load.cells,
        reports_a_batch: plan.rows,
        connections: effort.connections,
        batches_under_way: effort.under_way,
    }
}

/// What a node is and holds.
pub(super) fn node_facts(address: &str, status: &GetStatusResponse, own: bool) -> NodeFacts {
    let store = status.store.as_ref();
    NodeFacts {
        own,
        address: address.to_owned(),
        region: status.region.clone(),
        version: status.version.clone(),
        cells: status.sizes.as_ref().map_or(0, |sizes| sizes.cells),
        journal_bytes: store.map_or(0, |store| store.journal_bytes),
    }
}

/// A node's status.
pub(super) async fn status(client: &Client) -> Result<GetStatusResponse, BenchError> {
    Ok(client.admin().get_status(GetStatusRequest {}).await?)
}

/// Kills the node; from the start of another process on its data until it answers.
async fn restart(nodes: &mut Nodes, region: RegionCode) -> Result<Restart, BenchError> {
    let begun = Instant::now();
    let killed = nodes.kill_and_restart(ALONE, region).await?;
    let answered = status(&nodes.client(region)?).await?;
    let took = begun.elapsed().saturating_sub(killed);
    let facts = node_facts("", &answered, true);
    Ok(Restart {
        answered_ms: millis(took),
        cells: facts.cells,
        journal_bytes: facts.journal_bytes,
    })
}
