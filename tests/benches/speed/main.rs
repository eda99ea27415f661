//! How fast one node is, against what the machine allows and what one would take instead, in one run.
//!
//! ```text
//! cargo xtask bench speed           installs and builds what it needs, then runs this
//! LIANDONG_BENCH_REPORTS=1000000    figures in each round of ingest; corrections come on top
//! LIANDONG_BENCH_ROUNDS=5           rounds, interleaved
//! LIANDONG_BENCH_PLAIN=1            the node in plain text, to see what TLS and rights cost
//! ```
//!
//! Everybody gets the same reports in the same batches, durable when they are acknowledged, and is to
//! end with the same sums of cities, cell by cell; whoever does not fails the run. Each round starts
//! everybody anew, one behind the other, on the disk of the folder for temporary files:
//!
//! - *limit*: a bare tonic server in a process of its own that decodes the requests, counts and
//!   answers, in plain text; it stores nothing.
//! - *node*: `liandong serve` with its defaults, with certificates, one for the whole province. It
//!   keeps the sums of provinces, cities and counties, and every version with who said it.
//! - *postgres_summary*, *postgres_group_by*: the newest version of each figure, spoken to without a
//!   service between; cities' sums kept by triggers, or computed when asked.
//! - *sqlite*: behind the same gRPC service; every version kept, as the node does, and cities' sums.
//!   *sqlite_newest* keeps the newest version alone, as PostgreSQL does here.
//! - *jetstream_512*, *jetstream_64*: messages of so many reports; a consumer keeps the sums. The rate
//!   is that of the acknowledgements; how far the sums were behind, and so the rate until they have
//!   every report, is measured beside it.
//!
//! Client and server share the machine. Processor time is that of the servers; of PostgreSQL all of
//! its processes.

mod ingest;
mod jetstream;
mod limit;
mod measures;
mod node;
mod one_report;
mod peer;
mod postgres;
mod province;
mod query;
mod server;
mod signing;
mod sqlite;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use liandong_load::Machine;
use serde_json::json;

use crate::measures::Measures;
use crate::province::Province;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match words.as_slice() {
        [limit::SERVER] => runtime.block_on(peer::while_told(limit::serve())),
        [sqlite::SERVER, path, keeps] => {
            let keeps_versions = *keeps == sqlite::VERSIONS;
            let serving = sqlite::serve(Path::new(path), keeps_versions);
            runtime.block_on(peer::while_told(serving))
        }
        [jetstream::CONSUMER, url] => runtime.block_on(jetstream::serve(url)),
        // Cargo adds `--bench`.
        _ => runtime.block_on(run()),
    };
    // A server may still wait for something to be told.
    runtime.shutdown_background();
    ended
}

async fn run() -> Result<()> {
    let reports = number("LIANDONG_BENCH_REPORTS", 1_000_000)?;
    let rounds = number("LIANDONG_BENCH_ROUNDS", 5)?;
    println!("{}", Machine::here()?);
    let province = Province::new(reports)?;
    let load = &province.load;
    let work = format!(
        "{} reports in batches of 512 for {} figures of {} schools in {} counties and {} cities; {} \
         batches under way over {} connections (PostgreSQL: {}), {rounds} rounds",
        load.reports,
        load.cells,
        load.units,
        province.counties.len(),
        province.cities.len(),
        ingest::UNDER_WAY,
        ingest::CONNECTIONS,
        ingest::UNDER_WAY,
    );
    println!("{work}");
    let settings = json!({
        "work": work,
        "postgres": postgres::settings()?,
        "sqlite": sqlite::settings(),
        "jetstream": jetstream::SETTINGS,
    });
    println!("{settings:#}");
    let requests = Arc::clone(&load.requests);
    let signing = signing::Work::new(reports)?;
    let mut measures = Measures::default();
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        ingest::round(&province, &requests, &mut measures).await?;
        signing.round(&mut measures).await?;
    }
    one_report::run(&province, rounds, &mut measures).await?;
    measures.print();
    let written = measures.write("speed", &settings)?;
    println!("written: {}", written.display());
    Ok(())
}

fn number(variable: &str, otherwise: usize) -> Result<usize> {
    let Some(value) = std::env::var_os(variable) else {
        return Ok(otherwise);
    };
    let text = value.to_string_lossy();
    let number = text.parse::<usize>().ok().filter(|number| *number > 0);
    number.with_context(|| format!("{variable} is to be a number above 0, not {text:?}"))
}
