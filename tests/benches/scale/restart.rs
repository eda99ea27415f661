//! Ten million cells: what they take in memory, and how soon the node is ready again.
//!
//! The schools of 136 counties report a year. Then the node is ended as an operator ends it, goes on
//! with corrections of one figure in a hundred, and is killed: what it has on disk is a checkpoint
//! and a tail of the journal behind it. Each round starts it on the same files and kills it again.
//! Beside that stands what is there after a kill in the middle of the first year's reports, where
//! the node chose when to save what.

use std::sync::Arc;

use anyhow::{Result, ensure};
use liandong_client::wire::progress::v1::PushReportsRequest;
use liandong_core::region::RegionKind;
use liandong_load::{LoadPlan, Reported, Requests, cpu_ms_per_million, process, rows_of};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};

use crate::measure::Measures;
use crate::ready::{ms, start, stop};
use crate::sizes::Sizes;
use crate::traffic::{UNDER_WAY, bulk, monthly, push_all};

const TOP: &str = "370000";
const COUNTIES: usize = 136;
const MONTHS: usize = 12;
/// As many as schools report each month.
const INDICATORS: usize = 54;
/// Schools whose reports are made at a time.
const TOGETHER: usize = 400;
/// One of so many schools corrects its year.
const CORRECTED_ONE_OF: usize = 100;

/// Measures and adds it.
pub(crate) async fn run(sizes: &Sizes, measures: &mut Measures) -> Result<()> {
    let indicators = monthly(RegionKind::PrimarySchool, INDICATORS)?;
    let count = sizes.cells.div_ceil(indicators.len() * MONTHS);
    let mut settings = Settings::new(TOP);
    let mut schools = Vec::new();
    for number in 0..COUNTIES {
        let county = format!("37C{number:03}");
        let own = count / COUNTIES + usize::from(number < count % COUNTIES);
        settings = settings.below(TOP, &county, "county", "bureau");
        settings = settings.schools(&county, own);
        schools.extend((1..=own).map(|number| school(&county, number)));
    }
    let mut node = Node::prepare(settings)?;
    let first = start(&mut node).await?;
    println!("{} schools; the first start took {first:?}", schools.len());
    let empty = process::resident(node.pid()?)?;
    let reports = fill(&node, &schools, &indicators).await?;
    let cells = node.status().await?.sizes.unwrap_or_default().cells;
    let full = process::resident(node.pid()?)?;
    let peak = process::peak_resident(node.pid()?)?;
    println!(
        "{reports} reports, {cells} cells; resident {empty} bytes before, {full} after, {peak} at \
         most; {} on disk",
        crate::year::on_disk(&node.path("data"))?
    );
    let each = |bytes: u64| -> Result<i64> {
        let grown = u128::from(bytes.saturating_sub(empty));
        Ok(i64::try_from(grown * 1_000_000 / u128::from(cells.max(1)))?)
    };
    measures.add(
        "resident_bytes_per_million_cells_after_ingest",
        "bytes",
        vec![each(full)?],
    );
    measures.add(
        "peak_bytes_per_million_cells_of_ingest",
        "bytes",
        vec![each(peak)?],
    );
    // Killed with whatever it has saved by itself.
    node.kill()?;
    let took = start(&mut node).await?;
    measures.add(
        "restart_10m_cells_killed_in_ingest_ms",
        "ms",
        vec![ms(took)],
    );
    let stopped = stop(&mut node).await?;
    println!("ended as an operator does it: {stopped:?}");
    start(&mut node).await?;
    let corrected = correct(&node, &schools, &indicators).await?;
    let (mut restarts, mut resident, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..sizes.rounds {
        node.kill()?;
        restarts.push(ms(start(&mut node).await?));
        let pid = node.pid()?;
        resident.push(each(process::resident(pid)?)?);
        peaks.push(each(process::peak_resident(pid)?)?);
        let held = node.status().await?.sizes.unwrap_or_default().cells;
        ensure!(held == cells, "{held} of {cells} cells after a restart");
    }
    println!("a tail of {corrected} corrections behind the checkpoint");
    measures.add("restart_10m_cells_ms", "ms", restarts);
    measures.add("resident_bytes_per_million_cells", "bytes", resident);
    measures.add("peak_bytes_per_million_cells_of_restart", "bytes", peaks);
    Ok(())
}

fn plan(schools: &[String], indicators: &[Reported], name: String) -> Result<LoadPlan> {
    Ok(LoadPlan {
        indicators: indicators.to_vec(),
        months: MONTHS,
        corrected_one_of: 0,
        repeated_one_of: 0,
        name,
        ..LoadPlan::of_units(schools.to_vec())?
    })
}

/// Pushes a year of every school.
async fn fill(node: &Node, schools: &[String], indicators: &[Reported]) -> Result<u64> {
    let clients = bulk(node).await?;
    let mut reports = 0;
    let before = process::cpu_time(node.pid()?)?;
    let begun = std::time::Instant::now();
    for (part, schools) in schools.chunks(TOGETHER).enumerate() {
        let load = plan(schools, indicators, format!("fill-{part}"))?.make()?;
        reports += push_all(&clients, load.requests, UNDER_WAY).await?.reports;
    }
    let cpu = process::cpu_time(node.pid()?)?.saturating_sub(before);
    println!(
        "filled in {:?}, {} ms of CPU a million reports",
        begun.elapsed(),
        cpu_ms_per_million(cpu, reports)
    );
    Ok(reports)
}

/// Lets some schools correct their year; how many figures those are.
async fn correct(node: &Node, schools: &[String], indicators: &[Reported]) -> Result<usize> {
    let some: Vec<String> = schools.iter().step_by(CORRECTED_ONE_OF).cloned().collect();
    let load = plan(&some, indicators, "correct".to_owned())?.make()?;
    let corrected = load.requests.iter().map(|one| Arc::new(raised(one)));
    let corrected: Requests = Arc::new(corrected.collect());
    let rows = corrected.iter().map(|one| rows_of(one)).sum();
    push_all(&bulk(node).await?, corrected, UNDER_WAY).await?;
    Ok(rows)
}

/// The same reports, each by one more.
fn raised(request: &PushReportsRequest) -> PushReportsRequest {
    let mut request = request.clone();
    for row in request.batch.iter_mut().flat_map(|batch| &mut batch.rows) {
        row.revision = 2;
        row.numerator = row.numerator.saturating_sub(1).max(0);
    }
    request
}
