//! How fast one node is, against what the machine allows, in one run.
//!
//! ```text
//! cargo xtask bench                 builds the program as it is shipped, then runs this
//! LIANDONG_BENCH_REPORTS=1000000    reports in each round of ingest
//! LIANDONG_BENCH_ROUNDS=5           rounds, interleaved
//! LIANDONG_BENCH_PLAIN=1            the node in plain text, to see what TLS and rights cost
//! ```
//!
//! The limit is a bare tonic server in a process of its own that decodes the same requests, counts
//! and answers, in plain text; it stores nothing. The node is `liandong serve` with its defaults, with
//! certificates, and asks for every push what its reporter may do. Client and server
//! share the machine. What follows from the figures is for a reader to judge; nothing fails because
//! a machine is slow.

mod figures;
mod ingest;
mod latency;
mod limit;

use anyhow::{Context, Result};
use liandong_load::{LoadPlan, Machine};
use liandong_tests::settings::Settings;

/// The region of the node.
pub(crate) const COUNTY: &str = "371524";
/// Set to let the node speak in plain text, to see what TLS costs.
const PLAIN: &str = "LIANDONG_BENCH_PLAIN";
/// The argument that turns this program into the server of the limit.
const LIMIT_SERVER: &str = "--limit-server";

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if std::env::args().any(|argument| argument == LIMIT_SERVER) {
        return runtime.block_on(limit::serve());
    }
    runtime.block_on(run())
}

async fn run() -> Result<()> {
    let reports = number("LIANDONG_BENCH_REPORTS", 1_000_000)?;
    let rounds = number("LIANDONG_BENCH_ROUNDS", 5)?;
    let plan = LoadPlan::of_cells(COUNTY, reports)?;
    println!(
        "{rounds} rounds, batches of {}, {} of them under way; {}",
        plan.rows,
        ingest::UNDER_WAY,
        Machine::here()?
    );
    let load = plan.make()?;
    println!(
        "a round: {} reports of {} schools for {} cells",
        load.reports, load.units, load.cells
    );
    let mut limits = Vec::new();
    let mut nodes = Vec::new();
    for round in 1..=rounds {
        let limit = ingest::limit(&load).await?;
        let node = ingest::node(&load).await?;
        println!("round {round}: limit {limit}");
        println!("round {round}: node  {node}");
        limits.push(limit);
        nodes.push(node);
    }
    figures::summary(&limits, &nodes);
    latency::run(&load, rounds).await
}

fn number(variable: &str, otherwise: usize) -> Result<usize> {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{variable}={text} is not a number")),
        Err(_) => Ok(otherwise),
    }
}

/// The node that takes it: with certificates, as it is shipped, unless plain text is asked for.
pub(crate) fn settings(schools: usize) -> Settings {
    let settings = Settings::new(COUNTY).schools(COUNTY, schools);
    match std::env::var_os(PLAIN) {
        Some(value) if !value.is_empty() => settings.plain(),
        _ => settings,
    }
}
