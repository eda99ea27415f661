//! What a year and a whole country do to one node, with certificates, as it is shipped.
//!
//! ```text
//! cargo xtask bench scale                    builds the program, then runs all of this
//! cargo xtask bench scale -- restart hops    only these, in the order in which they stand below
//! cargo xtask bench scale -- steady --long   steady load for an hour instead of a minute
//! LIANDONG_SCALE_TRY=1                       everything small, to see that it works; not a figure
//! ```
//!
//! | name | what |
//! | --- | --- |
//! | `connections` | the same work from 10, 100, 1,000 and 3,000 connections |
//! | `country` | 3,000 counties x 60 indicators x 12 months on one node |
//! | `restart` | ten million cells: memory, and how soon the node is ready again |
//! | `year` | a county corrected every day for a year: what is on disk |
//! | `hops` | from a county to its province |
//! | `bytes` | what goes up for each cell that changed |
//! | `steady` | whether memory grows under steady load |
//! | `catch_up` | a month offline over a thin line; as root |
//!
//! Sizes are changed by the variables in `sizes`. The figures go to `target/bench/scale.json`; what
//! follows from them is for a reader to judge: a run fails when a node does not do what it should,
//! never because a machine is slow.

mod bytes;
mod catch_up;
mod connections;
mod country;
mod hops;
mod measure;
mod ready;
mod restart;
mod sizes;
mod steady;
mod traffic;
mod year;

use anyhow::{Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::measure::Measures;
use crate::sizes::Sizes;

/// In the order in which they run: what is short first.
const ALL: [&str; 8] = [
    "hops",
    "bytes",
    "connections",
    "country",
    "year",
    "steady",
    "catch_up",
    "restart",
];

fn main() -> Result<()> {
    more_files();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run())
}

async fn run() -> Result<()> {
    let mut only: Vec<String> = Vec::new();
    let mut long = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--long" => long = true,
            // Cargo says so to every benchmark.
            "--bench" => {}
            name => {
                ensure!(
                    ALL.contains(&name),
                    "{name} is not measured here; there are {}",
                    ALL.join(", ")
                );
                only.push(name.to_owned());
            }
        }
    }
    let sizes = Sizes::read(long)?;
    let mut measures = Measures::begin()?;
    for name in ALL {
        if !only.is_empty() && !only.iter().any(|one| one == name) {
            continue;
        }
        println!("\n== {name}");
        match name {
            "hops" => hops::run(&sizes, &mut measures).await?,
            "bytes" => bytes::run(&sizes, &mut measures).await?,
            "connections" => connections::run(&sizes, &mut measures).await?,
            "country" => country::run(&sizes, &mut measures).await?,
            "year" => year::run(&sizes, &mut measures).await?,
            "steady" => steady::run(&sizes, &mut measures).await?,
            "catch_up" => catch_up::run(&mut measures).await?,
            _ => restart::run(&sizes, &mut measures).await?,
        }
        // What was measured stays, whatever happens to the rest.
        measures.write(&sizes)?;
    }
    Ok(())
}

/// Thousands of connections need as many files, here and in the nodes, which are started from here.
fn more_files() {
    let files = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: files.maximum,
        ..files
    };
    // Where it is not allowed, dialling says what is short.
    let _ = setrlimit(Resource::Nofile, all);
}
