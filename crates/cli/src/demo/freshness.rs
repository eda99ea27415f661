//! Freshness: how long after a county is handed a report the province's roll-up shows it.

use std::time::{Duration, Instant};

use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::region::{RegionCode, RegionKind};
use liandong_core::report::Report;
use serde::Serialize;

use super::error::{Awaited, DemoError};
use super::nodes::Mesh;
use super::push::{Samples, push_one};
use super::steps::millis;
use super::world::{Source, World};
use crate::watched::WatchedCell;

/// How many reports are timed at each county.
const ROUNDS: usize = 4;
/// What is reported: pupils who eat at school, out of those who want to.
const INDICATOR: &str = "campus-meal-coverage";
/// How long a single report may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long single reports took from a county to the province, in milliseconds.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct FreshnessOutcome {
    pub(super) indicator: String,
    pub(super) period: String,
    pub(super) samples: usize,
    pub(super) median_ms: u64,
    pub(super) worst_ms: u64,
    /// Until the county itself had answered: durable there.
    pub(super) median_answer_ms: u64,
    pub(super) worst_answer_ms: u64,
}

/// Pushes single reports at every county in turn and times each until a watch at the province
/// tells the new sum.
pub(super) async fn measure(
    world: &World,
    mesh: &Mesh,
    samples: &mut Samples,
) -> Result<FreshnessOutcome, DemoError> {
    let province = world.places.shandong;
    let period = world.last_month()?;
    let indicator = indicator(world)?;
    let mut watched = WatchedCell::at(
        &mesh.client(province)?,
        province.as_str(),
        indicator.as_str(),
        &period.to_string(),
    );
    let held = samples.shandong.total(indicator, period).numerator;
    wait_to_see(&mut watched, held).await?;
    let mut seen = Vec::new();
    let mut answered = Vec::new();
    for _ in 0..ROUNDS {
        for county in &world.places.counties {
            let source = school(world, *county)?;
            let report = change(samples, &source, indicator, period)?;
            let client = mesh.client(*county)?;
            samples.shandong.note(&report);
            let expected = samples.shandong.total(indicator, period).numerator;
            let started = Instant::now();
            let pushing = async {
                push_one(&client, report).await?;
                Ok::<Duration, DemoError>(started.elapsed())
            };
            let watching = async {
                wait_to_see(&mut watched, expected).await?;
                Ok::<Duration, DemoError>(started.elapsed())
            };
            let (answer, sight) = tokio::try_join!(pushing, watching)?;
            answered.push(millis(answer));
            seen.push(millis(sight));
        }
    }
    seen.sort_unstable();
    answered.sort_unstable();
    Ok(FreshnessOutcome {
        indicator: indicator.to_string(),
        period: period.to_string(),
        samples: seen.len(),
        median_ms: median(&seen),
        worst_ms: seen.last().copied().unwrap_or_default(),
        median_answer_ms: median(&answered),
        worst_answer_ms: answered.last().copied().unwrap_or_default(),
    })
}

fn indicator(world: &World) -> Result<IndicatorCode, DemoError> {
    let known = world.catalogue.indicators.keys();
    let mut same = known.filter(|code| code.as_str() == INDICATOR);
    same.next().copied().ok_or(DemoError::NoPlan(INDICATOR))
}

/// The county's first primary school.
fn school(world: &World, county: RegionCode) -> Result<Source, DemoError> {
    let sources = world.sources(county)?;
    let mut schools = sources.into_iter();
    let primary = schools.find(|source| source.kind == RegionKind::PrimarySchool);
    primary.ok_or(DemoError::NotRunning(county))
}

/// A report that says one more or one less than the school's last one.
fn change(
    samples: &Samples,
    source: &Source,
    indicator: IndicatorCode,
    period: Period,
) -> Result<Report, DemoError> {
    let known = samples.shandong.figure(source.code, indicator, period);
    let (numerator, denominator) = known.ok_or(DemoError::NobodyReports(indicator))?;
    // One up where there is room, one down where there is none: after an even number of rounds
    // the year is as it was.
    let changed = if numerator < denominator {
        numerator + 1
    } else {
        numerator - 1
    };
    Ok(Report {
        id: String::new(),
        source: source.code,
        indicator,
        period,
        numerator: changed,
        denominator: Some(denominator),
        revision: 0,
        note: "样例：测量时延".to_owned(),
    })
}

/// The middle of sorted numbers; the upper one of two in the middle.
fn median(sorted: &[u64]) -> u64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

async fn wait_to_see(watched: &mut WatchedCell, expected: i64) -> Result<(), DemoError> {
    if watched.shows(expected, PATIENCE).await? {
        return Ok(());
    }
    Err(DemoError::Waited(Awaited::Freshness))
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(&[]), 0);
        assert_eq!(median(&[7]), 7);
        assert_eq!(median(&[1, 2, 9]), 2);
        assert_eq!(median(&[1, 2, 3, 9]), 3);
    }
}
