//! A year of daily corrections on one county: what is on disk in the end.
//!
//! Every day each school sends its 41 figures of the month, each as a batch of its own; all but the
//! first of a month are corrections. The node is ended and started once a week, which saves a
//! checkpoint each time.
//!
//! A node keeps every version of every figure for good, so the live data is all of them: what the
//! journal's frames hold, before it is compressed, and the newest state once, as it is written into
//! a checkpoint before that is compressed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use liandong_core::region::RegionKind;
use liandong_load::Reported;
use liandong_store::checkpoint::Checkpoints;
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};

use crate::measure::Measures;
use crate::ready::{start, stop};
use crate::sizes::Sizes;
use crate::traffic::{INDICATORS, UNDER_WAY, bulk, month_of, monthly, push_all, request};

const COUNTY: &str = "371524";
/// Days of the months of 2025.
const MONTHS: [usize; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const WEEK: usize = 7;
/// Bytes of a frame beside its payload.
const FRAME_BYTES: u64 = 65;

/// Measures and adds it.
pub(crate) async fn run(sizes: &Sizes, measures: &mut Measures) -> Result<()> {
    let indicators = monthly(RegionKind::PrimarySchool, INDICATORS)?;
    let schools: Vec<String> = (1..=sizes.schools)
        .map(|number| school(COUNTY, number))
        .collect();
    let settings = Settings::new(COUNTY).schools(COUNTY, schools.len());
    let mut node = Node::prepare(settings)?;
    start(&mut node).await?;
    let (mut written, mut reports) = (Written::default(), 0);
    let (mut day_of_year, mut checkpoints, mut most_sled) = (0, 0, 0);
    'year: for (month, days) in MONTHS.into_iter().enumerate() {
        for day in 1..=days {
            if day_of_year == sizes.days {
                break 'year;
            }
            day_of_year += 1;
            reports += push_day(&node, &schools, &indicators, month + 1, day).await?;
            if day_of_year % WEEK == 0 {
                written.add(&node).await?;
                stop(&mut node).await?;
                most_sled = most_sled.max(on_disk(&node.path("data/sled"))?);
                checkpoints += 1;
                start(&mut node).await?;
            }
        }
    }
    let recounted = node.recount().await?;
    written.add(&node).await?;
    stop(&mut node).await?;
    checkpoints += 1;
    // What is due to be compressed is, after the start.
    start(&mut node).await?;
    settled(&node).await?;
    node.kill()?;
    let data = node.path("data");
    let (journal, sled) = (
        on_disk(&data.join("journal"))?,
        on_disk(&data.join("sled"))?,
    );
    let whole = on_disk(&data)?;
    let (_, checkpoint, _) = Checkpoints::open(&data, None)?;
    let state = checkpoint.context("no checkpoint")?.bytes.len() as u64;
    let frames = written.payload + FRAME_BYTES * written.frames;
    let live = frames + state;
    println!(
        "{day_of_year} days of {} schools: {reports} reports in {} frames, {recounted} cells \
         recounted without a difference, {checkpoints} checkpoints",
        schools.len(),
        written.frames
    );
    println!(
        "on disk {whole} bytes: journal {journal}, sled {sled} (at most {most_sled}); live {live}: \
         frames {frames}, newest state {state}"
    );
    for file in files(&data.join("journal"))? {
        println!("  {file}");
    }
    let permille =
        |part: u64, of: u64| i64::try_from(u128::from(part) * 1_000 / u128::from(of.max(1)));
    measures.add(
        "store_year_permille_of_live",
        "permille",
        vec![permille(whole, live)?],
    );
    measures.add(
        "sled_year_permille_of_state",
        "permille",
        vec![permille(most_sled, state)?],
    );
    let each = i64::try_from(u128::from(frames) * 1_000 / u128::from(reports.max(1)))?;
    measures.add("journal_bytes_per_report_milli", "bytes/1000", vec![each]);
    let each = i64::try_from(u128::from(whole) * 1_000 / u128::from(reports.max(1)))?;
    measures.add("store_bytes_per_report_milli", "bytes/1000", vec![each]);
    Ok(())
}

/// What was written into the journal, over all lives of the node.
#[derive(Default)]
struct Written {
    payload: u64,
    frames: u64,
}

impl Written {
    /// Adds what this life has written.
    async fn add(&mut self, node: &Node) -> Result<()> {
        let page = node.page("/metrics").await?;
        self.payload += counter(&page, "liandong_journal_bytes_total")?;
        self.frames += counter(&page, "liandong_journal_frames_total")?;
        Ok(())
    }
}

/// A counter without labels on a node's page of metrics; 0 before it counted anything.
pub(crate) fn counter(page: &str, name: &str) -> Result<u64> {
    let mut lines = page.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    match value {
        Some(value) => value
            .trim()
            .parse()
            .with_context(|| format!("{name} {value}")),
        None => Ok(0),
    }
}

async fn push_day(
    node: &Node,
    schools: &[String],
    indicators: &[Reported],
    month: usize,
    day: usize,
) -> Result<u64> {
    let period = format!("2025-{month:02}");
    let mut requests = Vec::new();
    for (number, school) in schools.iter().enumerate() {
        // Figures that move a little from day to day.
        let numerator = i64::try_from(number * 7 % 500 + day * 3)?;
        let rows = month_of(school, indicators, &period, numerator, u32::try_from(day)?);
        requests.push(request(format!("{school}.{month}.{day}"), rows));
    }
    Ok(push_all(&bulk(node).await?, Arc::new(requests), UNDER_WAY)
        .await?
        .reports)
}

/// Waits until the node has compressed what is due.
async fn settled(node: &Node) -> Result<()> {
    liandong_tests::wait::eventually("the journal is compressed", async || {
        let workers = node.status().await?.workers;
        let sealing = workers.iter().find(|worker| worker.name == "sealing");
        Ok(sealing.filter(|worker| worker.status == "idle").map(|_| ()))
    })
    .await
}

/// Bytes that a folder takes on its disk.
pub(crate) fn on_disk(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += metadata.blocks() * 512;
        if metadata.is_dir() {
            bytes += on_disk(&entry.path())?;
        }
    }
    Ok(bytes)
}

/// The files of a folder with what they take.
fn files(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let bytes = entry.metadata()?.blocks() * 512;
        found.push(format!("{} {bytes}", entry.file_name().to_string_lossy()));
    }
    found.sort();
    Ok(found)
}
