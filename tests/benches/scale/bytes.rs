//! What goes up for each cell that changed: bytes on the line from a county to its city, counted by
//! a program between the two that hands everything on. TLS, HTTP/2, seals, answers to what comes
//! down and everything else that the county sends is in it; what TCP adds is not.
//!
//! Each batch is a school's own and stands alone: the next comes after the seal of the one before has
//! gone up, so that no seal serves two. Beside that stands what goes up of a county in which batches
//! follow one another 20 times a second, each of cells of its own, where a seal serves a second.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use liandong_client::wire::progress::v1::Report;
use liandong_core::region::RegionKind;
use liandong_load::{Reported, Target};
use liandong_tests::figures::sums_in;
use liandong_tests::line::Line;
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};
use liandong_tests::wait::eventually;

use crate::measure::Measures;
use crate::sizes::Sizes;
use crate::traffic::{INDICATORS, month_of, monthly, request};
use crate::year::counter;

const CITY: &str = "371500";
const COUNTY: &str = "371524";
/// Months that a batch tells of.
const MONTHS: [usize; 3] = [1, 8, 16];
/// Batches of a busy round.
const BUSY: usize = 100;
/// A seal follows its figures after a second.
const SEALED: Duration = Duration::from_millis(1_600);

/// Measures and adds it.
pub(crate) async fn run(sizes: &Sizes, measures: &mut Measures) -> Result<()> {
    let city = Node::start(Settings::new(CITY)).await?;
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let line = Line::open(loopback, city.address(), Duration::ZERO).await?;
    let parent = format!("https://{}", line.address());
    let schools = sizes.rounds * sizes.batches + 2;
    let settings = Settings::new(COUNTY)
        .schools(COUNTY, schools)
        .parent_at(CITY, &parent);
    let county = Node::start(settings).await?;
    let indicators = monthly(RegionKind::PrimarySchool, INDICATORS)?;
    for months in MONTHS {
        let cells = months * indicators.len();
        let mut each = Vec::new();
        let mut unit = 1;
        // The first tells of figures that were not there; all others change what is.
        push(&county, &city, &indicators, months, unit).await?;
        let metric = sent(&county).await?;
        for round in 1..=sizes.rounds {
            let before = line.carried_up();
            for _ in 0..sizes.batches {
                unit += 1;
                push(&county, &city, &indicators, months, unit).await?;
            }
            let bytes = line.carried_up() - before;
            let changed = u64::try_from(cells * sizes.batches)?;
            println!(
                "round {round}: {bytes} bytes up for {changed} changed cells in {} batches",
                sizes.batches
            );
            each.push(i64::try_from(bytes * 1_000 / changed)?);
        }
        let told = sent(&county).await? - metric;
        let changed = u64::try_from(cells * (sizes.rounds * sizes.batches))?;
        println!(
            "by the node's own count, frames alone: {} thousandths of a byte a cell",
            told * 1_000 / changed
        );
        let name = match months {
            1 => "bytes_up_per_changed_cell_milli".to_owned(),
            _ => format!("bytes_up_per_changed_cell_milli_batches_of_{cells}"),
        };
        measures.add(&name, "bytes/1000", each);
    }
    let mut each = Vec::new();
    for round in 0..sizes.rounds {
        each.push(busy(&county, &city, &line, &indicators, round).await?);
    }
    measures.add(
        "bytes_up_per_changed_cell_milli_at_20_a_second",
        "bytes/1000",
        each,
    );
    ensure!(county.recount().await? > 0, "the county is empty");
    ensure!(city.recount().await? > 0, "the city is empty");
    Ok(())
}

/// Thousandths of a byte a cell, while batches of 41 come one after the other.
async fn busy(
    county: &Node,
    city: &Node,
    line: &Line,
    indicators: &[Reported],
    round: usize,
) -> Result<i64> {
    let client = county.client().await?;
    let period = |number: usize| format!("{}-{:02}", 1950 + number / 12, number % 12 + 1);
    let first = round * BUSY;
    let before = line.carried_up();
    let mut ticking = tokio::time::interval(Duration::from_millis(50));
    for number in first..first + BUSY {
        ticking.tick().await;
        let rows = figures(&school(COUNTY, 1), indicators, &period(number), number);
        client.push(request(format!("busy-{number}"), rows)).await?;
    }
    let above = city.client().await?;
    let watched = indicators.first().context("no indicator")?.code.to_string();
    let last = period(first + BUSY - 1);
    eventually("the city holds it", async || {
        let held = sums_in(&above, CITY, &watched, &last).await?;
        Ok((held.reported == 1).then_some(()))
    })
    .await?;
    tokio::time::sleep(SEALED).await;
    let bytes = line.carried_up() - before;
    Ok(i64::try_from(
        bytes * 1_000 / u64::try_from(BUSY * indicators.len())?,
    )?)
}

/// A school's month, figures of all sizes, as they are.
fn figures(unit: &str, indicators: &[Reported], period: &str, seed: usize) -> Vec<Report> {
    let rows = month_of(unit, indicators, period, 1, 1).into_iter();
    let varied = (1..).zip(rows).map(|(place, row)| Report {
        numerator: (place * 7_919 + i64::try_from(seed).unwrap_or(0) * 977) % 900,
        ..row
    });
    varied.collect()
}

async fn sent(county: &Node) -> Result<u64> {
    let page = county.page("/metrics").await?;
    counter(
        &page,
        &format!("liandong_link_sent_bytes_total{{peer=\"{CITY}\"}}"),
    )
}

/// Lets a school report so many months, all in one batch, and waits until that and its seal are
/// above.
async fn push(
    county: &Node,
    city: &Node,
    indicators: &[Reported],
    months: usize,
    unit: usize,
) -> Result<()> {
    let mut rows = Vec::new();
    // Each number of months has years of its own.
    let first_year = 2000 + months;
    let period = |month: usize| format!("{}-{:02}", first_year + month / 12, month % 12 + 1);
    for month in 0..months {
        let seed = unit * 31 + month;
        rows.extend(figures(
            &school(COUNTY, unit),
            indicators,
            &period(month),
            seed,
        ));
    }
    let request = request(format!("up-{months}-{unit}"), rows);
    county.client().await?.push(request).await?;
    let above = city.client().await?;
    let watched = indicators.first().context("no indicator")?.code.to_string();
    let last = period(months - 1);
    eventually("the city holds it", async || {
        let held = sums_in(&above, CITY, &watched, &last).await?;
        Ok((usize::try_from(held.reported)? == unit).then_some(()))
    })
    .await?;
    tokio::time::sleep(SEALED).await;
    Ok(())
}
