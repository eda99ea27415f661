//! A thin, long line: 50 kbit/s with a round trip of 300 ms, and a county that was away for a month.
//!
//! The rate is the kernel's (tbf, at both ends of a cable); the delay is made by a program on the
//! way where the kernel's netem is not there.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use liandong_client::wire::progress::v1::Report;

use crate::figures::{push, sums_in};
use crate::line::Line;
use crate::machine::lacks;
use crate::network::{NEEDS, Namespace, join};
use crate::node::Node;
use crate::settings::{Settings, school};

const CITY: &str = "371500";
const COUNTY: &str = "371524";

const BITS_A_SECOND: u64 = 50_000;
const ROUND_TRIP: Duration = Duration::from_millis(300);
/// How long a county may take that was away for a month.
pub const MONTH: Duration = Duration::from_secs(60);

const TOWNS: usize = 20;
const SCHOOLS_A_TOWN: usize = 5;
const DAYS: i64 = 30;
/// As many indicators as the largest plan has projects, over as many months as it takes.
const INDICATORS: usize = 41;

/// Every indicator that is a plain count of a month.
async fn monthly_counts(node: &Node) -> Result<Vec<String>> {
    use liandong_client::wire::admin::v1::{IndicatorKind, ListIndicatorsRequest, PeriodKind};
    let asked = ListIndicatorsRequest::default();
    let listed = node.client().await?.admin().list_indicators(asked).await?;
    let wanted = listed
        .indicators
        .iter()
        .filter(|one| one.kind() == IndicatorKind::Count && one.period() == PeriodKind::Month);
    Ok(wanted
        .map(|one| one.code.clone())
        .take(INDICATORS)
        .collect())
}

/// Why it cannot be played here.
#[derive(Clone, Debug)]
pub struct NotHere(pub String);

/// What it came to.
#[derive(Clone, Copy, Debug)]
pub struct CaughtUp {
    /// Reports that the county took while it was away.
    pub reports: usize,
    /// Cells above that they changed.
    pub cells: usize,
    /// From the start of the county's node to the last sum above.
    pub took: Duration,
    /// Bytes on the wire, up.
    pub up: u64,
    /// Bytes on the wire, down.
    pub down: u64,
    /// Bytes both ways within TCP.
    pub within: u64,
}

impl fmt::Display for CaughtUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} reports of a month offline ({} cells above) over 50 kbit/s and 300 ms: {:.1} s \
             (target 60), {} bytes on the wire up, {} down, {} within TCP",
            self.reports,
            self.cells,
            self.took.as_secs_f64(),
            self.up,
            self.down,
            self.within
        )
    }
}

/// Plays it, with certificates; ends with a recount on both nodes.
///
/// # Errors
/// When a node does not do what it should, or has not caught up in three times [`MONTH`].
pub async fn catch_up() -> Result<Result<CaughtUp, NotHere>> {
    if let Some(why) = lacks(&NEEDS) {
        return Ok(Err(NotHere(why)));
    }
    let city = Node::start(Settings::new(CITY)).await?;
    let namespace = Namespace::make()?;
    // The thin cable, and one for this test itself.
    let (below, above) = join(&namespace, None)?;
    let (aside, _) = join(&namespace, None)?;
    below.narrow(BITS_A_SECOND)?;
    above.narrow(BITS_A_SECOND)?;
    let line = Line::open(
        SocketAddr::from((above.address, 0)),
        city.address(),
        ROUND_TRIP,
    )
    .await?;
    let parent = format!("https://{}", line.address());
    let mut alone = Settings::new(COUNTY);
    let mut schools = Vec::new();
    for town in (1..=TOWNS).map(|number| format!("{COUNTY}{number:03}")) {
        alone = alone
            .below(COUNTY, &town, "township", "bureau")
            .schools(&town, SCHOOLS_A_TOWN);
        schools.extend((1..=SCHOOLS_A_TOWN).map(|number| school(&town, number)));
    }
    let mut county = Node::prepare(alone.clone())?;
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 7410));
    county.listen_on(everywhere, SocketAddr::from((aside.address, 7410)));
    county.run_under(&namespace.inside());
    // Known above, then away.
    county.set(alone.clone().parent_at(CITY, &parent));
    county.resume().await?;
    county.terminate().await?;
    county.set(alone.clone());
    county.resume().await?;
    let indicators = monthly_counts(&county).await?;
    ensure!(!indicators.is_empty(), "no monthly counts");
    let months = INDICATORS.div_ceil(indicators.len());
    let period = |month: usize| format!("2025-{:02}", month + 1);
    let mut pushed = 0;
    for day in 1..=DAYS {
        let mut rows = Vec::new();
        for indicator in &indicators {
            for month in 0..months {
                for (number, school) in (1_i64..).zip(&schools) {
                    rows.push(Report {
                        source: school.clone(),
                        indicator: indicator.clone(),
                        period: period(month),
                        numerator: day * 1_000 + number,
                        ..Report::default()
                    });
                }
            }
        }
        pushed += rows.len();
        let answer = push(&county, &format!("day-{day}"), rows).await?;
        ensure!(answer.counts.unwrap_or_default().refused == 0, "{answer:?}");
    }
    county.terminate().await?;
    let (left, arrived) = below.carried()?;
    let before = line.carried();
    county.set(alone.parent_at(CITY, &parent));
    let begun = Instant::now();
    county.resume().await?;
    let count = i64::try_from(schools.len())?;
    let expected = count * DAYS * 1_000 + count * (count + 1) / 2;
    let client = city.client().await?;
    for indicator in &indicators {
        for month in 0..months {
            loop {
                let held = sums_in(&client, CITY, indicator, &period(month)).await?;
                if held.numerator == expected {
                    break;
                }
                ensure!(
                    begun.elapsed() < 3 * MONTH,
                    "{indicator} {}: {held:?}, expected {expected}; the county says {:?}",
                    period(month),
                    county.status().await.context("status")?.links
                );
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    let took = begun.elapsed();
    let (left_now, arrived_now) = below.carried()?;
    ensure!(
        county.recount().await? > 0 && city.recount().await? > 0,
        "no cells"
    );
    Ok(Ok(CaughtUp {
        reports: pushed,
        cells: indicators.len() * months * (TOWNS + 1),
        took,
        up: left_now - left,
        down: arrived_now - arrived,
        within: line.carried() - before,
    }))
}
