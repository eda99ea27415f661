//! Steady load: the same figures corrected again and again at a fixed rate, and what the node has
//! resident meanwhile. What it holds does not grow, so its memory must not either.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use liandong_client::wire::progress::v1::PushReportsRequest;
use liandong_core::region::RegionKind;
use liandong_load::{OpenLoop, Reported, open_loop, process};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};

use crate::measure::Measures;
use crate::ready::us;
use crate::sizes::Sizes;
use crate::traffic::{INDICATORS, UNDER_WAY, bulk, month_of, monthly, push_all, request};

const COUNTY: &str = "371524";
const SCHOOLS: usize = 200;
const MONTH: &str = "2025-03";
/// As often as a cell remembers what it was told before; then it is as large as it gets.
const WARM_UP: usize = 40;
/// Looks at the memory, over the whole time.
const LOOKS: u32 = 60;
const HOUR: i64 = 3_600_000;

/// Measures and adds it.
pub(crate) async fn run(sizes: &Sizes, measures: &mut Measures) -> Result<()> {
    let node = Node::start(Settings::new(COUNTY).schools(COUNTY, SCHOOLS)).await?;
    let indicators = monthly(RegionKind::PrimarySchool, INDICATORS)?;
    let clients = bulk(&node).await?;
    let mut revision = 0;
    for _ in 0..WARM_UP {
        revision += 1;
        let requests = everybody(&indicators, revision)?;
        push_all(&clients, Arc::new(requests), UNDER_WAY).await?;
    }
    let lasts = Duration::from_secs(u64::try_from(sizes.steady_seconds)?);
    let part = lasts / LOOKS;
    let in_part = u128::try_from(sizes.steady_rate)? * part.as_millis() / 1_000;
    let rows = u128::try_from(SCHOOLS * indicators.len())?;
    let rounds = usize::try_from(in_part.div_ceil(rows))?.max(1);
    println!(
        "{} reports a second for {lasts:?}, {SCHOOLS} schools, batches of {INDICATORS}, after \
         {WARM_UP} rounds",
        sizes.steady_rate
    );
    let begun = Instant::now();
    let mut looks = vec![look(&node, begun)?];
    let mut acks = liandong_load::Latencies::default();
    let mut told = Duration::ZERO;
    while begun.elapsed() < lasts {
        let mut requests = Vec::new();
        for _ in 0..rounds {
            revision += 1;
            requests.extend(everybody(&indicators, revision)?);
        }
        let how = OpenLoop {
            at_most: Some(part),
            ..OpenLoop::at(u64::try_from(sizes.steady_rate)?)
        };
        let pushed = open_loop(&clients, Arc::new(requests), how).await;
        acks.merge(&pushed.context("pushing")?.acks);
        let seen = look(&node, begun)?;
        looks.push(seen);
        if begun.elapsed() >= told || begun.elapsed() >= lasts {
            println!("after {:>5} s: {} bytes resident", seen.0 / 1_000, seen.1);
            told = begun.elapsed() + lasts / 12;
        }
    }
    ensure!(node.recount().await? > 0, "the node is empty");
    let later = looks.get(looks.len() / 2..).unwrap_or_default();
    let (all, second) = (slope(&looks), slope(later));
    println!("growth: {all} bytes an hour over all, {second} in the second half");
    let last = looks.last().map_or(0, |look| look.1);
    measures.add("steady_resident_bytes", "bytes", vec![last]);
    measures.add("steady_growth_bytes_per_hour", "bytes/h", vec![second]);
    let acks = acks.quantiles();
    measures.add("steady_acknowledged_p50_us", "us", vec![us(acks.p50)]);
    measures.add("steady_acknowledged_p99_us", "us", vec![us(acks.p99)]);
    Ok(())
}

/// A batch of every school.
fn everybody(indicators: &[Reported], revision: u32) -> Result<Vec<Arc<PushReportsRequest>>> {
    let mut requests = Vec::new();
    for number in 1..=SCHOOLS {
        let unit = school(COUNTY, number);
        let numerator = i64::from(revision) % 1_000 + i64::try_from(number)?;
        let rows = month_of(&unit, indicators, MONTH, numerator, revision);
        requests.push(request(format!("{unit}.{revision}"), rows));
    }
    Ok(requests)
}

/// Milliseconds since the beginning, and bytes resident.
fn look(node: &Node, begun: Instant) -> Result<(i64, i64)> {
    let resident = process::resident(node.pid()?)?;
    let at = i64::try_from(begun.elapsed().as_millis())?;
    Ok((at, i64::try_from(resident)?))
}

/// Bytes an hour of the straight line that lies closest to all looks.
fn slope(looks: &[(i64, i64)]) -> i64 {
    let count = i128::try_from(looks.len()).unwrap_or(0);
    let (mut x, mut y, mut xx, mut xy) = (0_i128, 0_i128, 0_i128, 0_i128);
    for &(at, bytes) in looks {
        let (at, bytes) = (i128::from(at), i128::from(bytes));
        x += at;
        y += bytes;
        xx += at * at;
        xy += at * bytes;
    }
    let below = count * xx - x * x;
    if below == 0 {
        return 0;
    }
    let above = (count * xy - x * y) * i128::from(HOUR);
    i64::try_from(above / below).unwrap_or(i64::MAX)
}
