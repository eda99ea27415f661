//! A whole country on one node: every county bureau hands in what it reports itself, 60 indicators
//! a month for a year. The counties are hosted by the node and come in as reports, one batch for
//! each county and month; the bureaus of 100 prefectures stand between them and the top.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use liandong_client::wire::rollup::v1::get_rollup_request::Subject;
use liandong_client::wire::rollup::v1::{DrillRollupRequest, GetRollupRequest};
use liandong_core::region::RegionKind;
use liandong_load::{Latencies, LoadPlan, Reported, cpu_ms_per_million, process};
use liandong_tests::node::Node;
use liandong_tests::settings::Settings;

use crate::measure::Measures;
use crate::ready::{ms, us};
use crate::sizes::Sizes;
use crate::traffic::{UNDER_WAY, bulk, monthly, push_all};

const TOP: &str = "370000";
const PREFECTURES: usize = 100;
const INDICATORS: usize = 60;
const MONTHS: usize = 12;
const QUERIES: usize = 2_000;
/// What is pushed at a time: as much as a few hundred megabytes hold.
const TOGETHER: usize = 500;

/// Measures and adds it.
pub(crate) async fn run(sizes: &Sizes, measures: &mut Measures) -> Result<()> {
    let indicators = monthly(RegionKind::Bureau, INDICATORS)?;
    ensure!(
        indicators.len() == INDICATORS,
        "only {} indicators",
        indicators.len()
    );
    let mut settings = Settings::new(TOP);
    for number in 0..PREFECTURES {
        settings = settings.below(TOP, &prefecture(number), "prefecture", "bureau");
    }
    let mut counties = Vec::new();
    for number in 0..sizes.counties {
        let above = prefecture(number);
        let county = format!("{above}C{:02}", number / PREFECTURES);
        settings = settings.below(&above, &county, "county", "bureau");
        counties.push(county);
    }
    let node = Node::start(settings).await?;
    let pid = node.pid()?;
    let (before, empty) = (process::cpu_time(pid)?, process::resident(pid)?);
    let clients = bulk(&node).await?;
    let mut reports = 0;
    let mut expected = 0;
    let begun = Instant::now();
    let looked_at = indicators.first().context("no indicator")?.clone();
    for (part, counties) in counties.chunks(TOGETHER).enumerate() {
        let load = plan(counties, &indicators, part)?.make()?;
        let code = looked_at.code.to_string();
        for ((indicator, period), sum) in load.sums() {
            if indicator == code && period == "2025-07" {
                expected += sum.numerator;
            }
        }
        reports += push_all(&clients, Arc::clone(&load.requests), UNDER_WAY)
            .await?
            .reports;
    }
    let took = begun.elapsed();
    let cpu = process::cpu_time(pid)?.saturating_sub(before);
    let resident = process::resident(pid)?;
    let sizes_there = node.status().await?.sizes.unwrap_or_default();
    println!(
        "{} counties hosted, {reports} reports in batches of {INDICATORS}, {} cells, resident {} \
         bytes before and {resident} after",
        counties.len(),
        sizes_there.cells,
        empty,
    );
    let per_second = i64::try_from(u128::from(reports) * 1_000 / took.as_millis().max(1))?;
    measures.add("country_reports_per_second", "reports/s", vec![per_second]);
    let cpu = i64::try_from(cpu_ms_per_million(cpu, reports))?;
    measures.add("country_cpu_ms_per_million", "ms", vec![cpu]);
    let grown = resident.saturating_sub(empty);
    let each = i64::try_from(u128::from(grown) * 1_000_000 / u128::from(sizes_there.cells.max(1)))?;
    measures.add(
        "country_resident_bytes_per_million_cells",
        "bytes",
        vec![each],
    );
    queries(&node, &looked_at, expected, counties.len(), measures).await?;
    let begun = Instant::now();
    let recounted = node.recount().await?;
    println!("recounted {recounted} cells, no difference");
    ensure!(recounted > 0, "nothing was recounted");
    measures.add("country_recount_ms", "ms", vec![ms(begun.elapsed())]);
    Ok(())
}

fn prefecture(number: usize) -> String {
    format!("37P{:02}", number % PREFECTURES)
}

fn plan(counties: &[String], indicators: &[Reported], part: usize) -> Result<LoadPlan> {
    Ok(LoadPlan {
        indicators: indicators.to_vec(),
        months: MONTHS,
        rows: INDICATORS,
        corrected_one_of: 0,
        repeated_one_of: 0,
        name: format!("country-{part}"),
        ..LoadPlan::of_units(counties.to_vec())?
    })
}

/// The sum of the whole country, and its hundred parts.
async fn queries(
    node: &Node,
    looked_at: &Reported,
    expected: i64,
    counties: usize,
    measures: &mut Measures,
) -> Result<()> {
    let client = node.client().await?;
    let (mut rows, mut drills) = (Latencies::default(), Latencies::default());
    for number in 0..QUERIES {
        let period = if number == 0 {
            "2025-07".to_owned()
        } else {
            format!("2025-{:02}", number % MONTHS + 1)
        };
        let request = GetRollupRequest {
            region: TOP.to_owned(),
            subject: Some(Subject::Indicator(looked_at.code.to_string())),
            period,
        };
        let begun = Instant::now();
        let answer = client.rollup().get_rollup(request).await?;
        rows.record(begun.elapsed());
        if number == 0 {
            let sums = answer.rows.first().and_then(|row| row.sums);
            let sums = sums.unwrap_or_default();
            ensure!(
                sums.numerator == expected && usize::try_from(sums.reported)? == counties,
                "expected {expected} of {counties}, the node has {sums:?}"
            );
        }
        let request = DrillRollupRequest {
            region: TOP.to_owned(),
            indicator: looked_at.code.to_string(),
            period: format!("2025-{:02}", number % MONTHS + 1),
            live: false,
        };
        let begun = Instant::now();
        client.rollup().drill_rollup(request).await?;
        drills.record(begun.elapsed());
    }
    let (rows, drills) = (rows.quantiles(), drills.quantiles());
    measures.add("country_rollup_p50_us", "us", vec![us(rows.p50)]);
    measures.add("country_rollup_p99_us", "us", vec![us(rows.p99)]);
    measures.add("country_drill_p50_us", "us", vec![us(drills.p50)]);
    measures.add("country_drill_p99_us", "us", vec![us(drills.p99)]);
    Ok(())
}
