//! Row 11: the node above is away for long, and a million changes pile up below it.
//!
//! Seventy-two hours are played by their volume: the backlog does not know how old it is.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use liandong_client::Client;
use liandong_client::wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_tests::figures::sums_in;
use liandong_tests::node::Node;
use liandong_tests::outcome::{counted, is_long, times};
use liandong_tests::settings::{Settings, school};

use crate::county::{CITY, COUNTY};

const ROW: &str = "row 11";
const TOWNS: usize = 20;
const SCHOOLS_A_TOWN: usize = 10;
const INDICATORS: [&str; 2] = ["compulsory-dropouts", "nutrition-fund-violations"];
/// Months that are over, from 1950 on.
const MONTHS: usize = 900;
/// Bounded: the node above holds the cells of the county and its towns, not the schools' reports.
const MOST_ABOVE_KIB: u64 = 400 << 10;
const MOST_BELOW_KIB: u64 = 1_200 << 10;

fn town(number: usize) -> String {
    format!("{COUNTY}{number:03}")
}

fn month(number: usize) -> String {
    format!("{}-{:02}", 1950 + number / 12, number % 12 + 1)
}

/// Pushes a figure of every school for a month.
async fn report(client: &Client, number: usize, value: i64) -> Result<u64> {
    let mut rows = Vec::new();
    for indicator in INDICATORS {
        for town in (1..=TOWNS).map(town) {
            for unit in 1..=SCHOOLS_A_TOWN {
                rows.push(Report {
                    source: school(&town, unit),
                    indicator: indicator.to_owned(),
                    period: month(number),
                    numerator: value,
                    ..Report::default()
                });
            }
        }
    }
    let count = rows.len() as u64;
    let request = PushReportsRequest {
        batch: Some(ReportBatch {
            id: format!("{number}-{value}"),
            by: "测试".to_owned(),
            rows,
            all_or_nothing: true,
            ..ReportBatch::default()
        }),
        all_outcomes: false,
    };
    let answer = client.progress().push_reports(request).await?;
    ensure!(answer.counts.unwrap_or_default().refused == 0, "{answer:?}");
    Ok(count)
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row 11"]
async fn row_11_a_parent_that_is_long_away() -> Result<()> {
    let times = times(1, 10)?;
    let changes: u64 = if is_long() { 1_000_000 } else { 100_000 };
    let begun = Instant::now();
    let (mut slowest, mut above, mut below) = (Duration::ZERO, 0, 0);
    let (mut pushed, mut bytes) = (0, 0);
    for _ in 0..times {
        let mut city = Node::start(Settings::new(CITY)).await?;
        let mut settings = Settings::new(COUNTY).parent(&city);
        for number in 1..=TOWNS {
            settings = settings
                .below(COUNTY, &town(number), "township", "bureau")
                .schools(&town(number), SCHOOLS_A_TOWN);
        }
        let county = Node::start(settings).await?;
        let client = county.client().await?;
        report(&client, 0, 1).await?;
        city.kill()?;
        // Every month several times: each figure replaces the one before.
        let a_push = TOWNS * SCHOOLS_A_TOWN * INDICATORS.len();
        let pushes = usize::try_from(changes)?.div_ceil(a_push);
        let passes = pushes.div_ceil(MONTHS).max(2);
        let months = pushes.div_ceil(passes);
        let mut here = 0;
        for pass in 0..passes {
            for number in 0..months {
                here += report(&client, number, i64::try_from(pass + 2)?).await?;
            }
        }
        pushed += here;
        // The county's own sums are the ledger: they were recounted from its reports.
        ensure!(county.recount().await? > 0, "no cells");
        city.resume().await?;
        let healed = Instant::now();
        let there = city.client().await?;
        for number in 0..months {
            for indicator in INDICATORS {
                for region in [COUNTY, &town(1), &town(TOWNS)] {
                    let own = sums_in(&client, region, indicator, &month(number)).await?;
                    loop {
                        let held = sums_in(&there, region, indicator, &month(number)).await?;
                        if (held.numerator, held.reported) == (own.numerator, own.reported) {
                            break;
                        }
                        ensure!(
                            healed.elapsed() < Duration::from_secs(120),
                            "{region} {}: {held:?}, below {own:?}",
                            month(number)
                        );
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                }
            }
        }
        slowest = slowest.max(healed.elapsed());
        above = above.max(city.peak_memory_kib()?);
        below = below.max(county.peak_memory_kib()?);
        let status = county.status().await?;
        let link = status.links.first().context("no link")?;
        bytes = bytes.max(link.sent_bytes);
        ensure!(link.lag == 0, "the backlog does not drain: {link:?}");
        ensure!(city.recount().await? > 0, "no cells");
    }
    counted(
        ROW,
        &format!(
            "{times} times away, {pushed} changes, all drained, slowest {} ms and {bytes} bytes, \
             peak memory {} MiB below, {} MiB above, in {} s",
            slowest.as_millis(),
            below >> 10,
            above >> 10,
            begun.elapsed().as_secs()
        ),
    );
    ensure!(
        above < MOST_ABOVE_KIB && below < MOST_BELOW_KIB,
        "memory is not bounded"
    );
    Ok(())
}
