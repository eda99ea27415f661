//! A node under the load of a county whose schools report year after year, for somebody who looks at
//! its process meanwhile; `cargo xtask profile` does.
//!
//! ```text
//! ingest SECONDS     prints "node: PID" when the load begins, and what was taken when it ends
//! ```

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use liandong_load::{ClosedLoop, Load, LoadPlan, closed_loop, connect, unit_code};
use liandong_tests::node::Node;
use liandong_tests::settings::Settings;
use tokio::task::{JoinHandle, spawn_blocking};

const COUNTY: &str = "371524";
const SCHOOLS: usize = 200;
/// Years of which figures are reported; then those are corrected, again and again.
const YEARS: u16 = 5;
const LAST_YEAR: u16 = 2025;
const CONNECTIONS: usize = 4;
/// Batches that are not yet answered at any time.
const UNDER_WAY: usize = 16;

#[tokio::main]
async fn main() -> Result<()> {
    let seconds = std::env::args().nth(1).context("usage: ingest SECONDS")?;
    let lasts = Duration::from_secs(seconds.parse().context("usage: ingest SECONDS")?);
    let mut next = make(0);
    let node = Node::start(Settings::new(COUNTY).schools(COUNTY, SCHOOLS)).await?;
    let clients = connect(&node.url().parse()?, &node.options(), CONNECTIONS).await?;
    let mut load = next.await??;
    println!("node: {}", node.pid()?);
    let begun = Instant::now();
    let mut reports = 0;
    for year in 1.. {
        // Made while the node takes the one before, so that it does not wait for work.
        next = make(year);
        let how = ClosedLoop {
            at_most: Some(lasts.saturating_sub(begun.elapsed())),
            ..ClosedLoop::of(UNDER_WAY)
        };
        reports += closed_loop(&clients, load.requests, how).await?.reports;
        if begun.elapsed() >= lasts {
            break;
        }
        load = next.await??;
    }
    let seconds = begun.elapsed().as_secs().max(1);
    println!("measured: {} reports/s taken", reports / seconds);
    Ok(())
}

/// A year of all schools; behind the last year the first is corrected.
fn make(year: u16) -> JoinHandle<Result<Load>> {
    spawn_blocking(move || {
        let schools = (1..=SCHOOLS).map(|number| unit_code(COUNTY, number));
        let mut plan = LoadPlan::of_units(schools.collect())?;
        plan.year = LAST_YEAR - year % YEARS;
        // Each round has its first reports and their corrections.
        plan.first_revision = 1 + 2 * u32::from(year / YEARS);
        plan.name = format!("ingest-{year}");
        Ok(plan.make()?)
    })
}
