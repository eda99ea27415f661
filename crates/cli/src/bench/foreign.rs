//! A node that somebody else has started: what is written stays for ever, so it goes where no real
//! figure is, under a name that says what it is, and only when that is wanted.
//!
//! Where: primary schools of a region that was named, months of a year long before any real
//! figure. What an earlier measurement has left there is corrected; what anybody else has left
//! there stays, and nothing is measured.

mod others;

use jiff::Timestamp;
use liandong_client::wire::admin::v1 as admin;
use liandong_client::wire::progress::v1::ListHistoryRequest;
use liandong_client::wire::rollup::v1::GetRollupRequest;
use liandong_client::wire::rollup::v1::get_rollup_request::Subject;
use liandong_client::{Address, Client, ConnectOptions};
use liandong_core::region::RegionCode;
use liandong_load::{LoadPlan, Machine, connect};

use super::error::{BenchError, Left};
use super::outcome::{Durability, Freshness, Outcome};
use super::own::{ACKNOWLEDGED, SYNC_BYTES, fresh_cell, node_facts, status, work};
use super::steps::{Step, Steps};
use super::{Effort, freshness, ingest, query};

/// The year that is written to.
const YEAR: u16 = 1990;
/// The month in which single reports are timed.
const FRESH_PERIOD: &str = "1989-12";
/// How everything that was measured is reported by.
const NAME: &str = "liandong-bench";
/// Revisions a second, so that a measurement's are higher than those of one long before, also where
/// other schools came first; from 2026 on there are enough of them until 2042.
const REVISIONS_A_SECOND: i64 = 8;
const FIRST_SECOND: i64 = 1_767_225_600;

/// The node, and what may be done to it.
pub(super) struct Foreign<'a> {
    pub(super) address: &'a Address,
    pub(super) options: ConnectOptions,
    pub(super) into: RegionCode,
    pub(super) really: bool,
}

/// Looks at the node, says what would be left behind, or measures it.
pub(super) async fn measure(
    node: &Foreign<'_>,
    effort: Effort,
    steps: &mut Steps,
) -> Result<Outcome, BenchError> {
    let region = node.into;
    let clients = connect(node.address, &node.options, effort.connections).await?;
    let Some(client) = clients.first() else {
        return Err(liandong_load::PushError::Zero("the number of connections").into());
    };
    let plan = steps.take(Step::Look, look(node, client, effort)).await?;
    let load = plan.make()?;
    let full = ingest::full(&clients, &load, effort, None, steps).await?;
    let asking = query::measure(client, region, &load);
    let query = steps.take(Step::Query, asking).await?;
    let work = work(&plan, &load, effort);
    drop(load);
    let paced = ingest::paced(&clients, &plan, full.reports_per_second, effort, steps).await?;
    let cell = fresh_cell(&plan, FRESH_PERIOD);
    let here = freshness::measure(client, client, region, &cell);
    let here = steps.take(Step::Fresh, here).await?;
    let held = status(client).await?;
    let has_mirror = held
        .store
        .as_ref()
        .is_some_and(|store| !store.mirror.is_empty());
    Ok(Outcome {
        version: env!("CARGO_PKG_VERSION"),
        machine: Machine::here()?,
        node: node_facts(&node.address.to_string(), &held, false),
        durability: Durability {
            acknowledged: ACKNOWLEDGED,
            mirror: has_mirror,
            file_system: None,
            fdatasync: None,
            fdatasync_bytes: SYNC_BYTES,
        },
        work,
        ingest: full,
        paced,
        query,
        freshness: Freshness {
            here,
            two_hops: None,
        },
        restart: None,
    })
}

/// What may be written, after everything that speaks against it was looked for.
async fn look(node: &Foreign<'_>, client: &Client, effort: Effort) -> Result<LoadPlan, BenchError> {
    let region = node.into;
    let held = status(client).await?;
    let mut hosted = held.hosted.iter().map(|hosted| hosted.region.as_str());
    if !hosted.any(|hosted| hosted == region.as_str()) {
        return Err(BenchError::NotHosted {
            node: node.address.to_string(),
            region,
            hosted: some_hosted(&held),
        });
    }
    let request = admin::ListRegionsRequest {
        under: region.to_string(),
        depth: 1,
    };
    let below = client.admin().list_regions(request).await?.regions;
    let below: Vec<admin::Region> = below.into_iter().filter_map(|one| one.region).collect();
    let schools = below
        .iter()
        .filter(|one| one.kind() == admin::RegionKind::PrimarySchool)
        .map(|school| school.code.clone());
    let mut plan = LoadPlan::of_units(schools.collect())?;
    let of_school = plan.indicators.len() * plan.months;
    // Of 112 reports 100 are the first of their cell.
    let wanted = (effort.reports * 100 / 112).div_ceil(of_school).max(1);
    plan.units.truncate(wanted);
    if plan.units.is_empty() {
        return Err(BenchError::NoSchools { region });
    }
    plan.year = YEAR;
    // Short measurements, one right after the other, may use up more than the clock gives.
    let newest = newest_revision(client, &plan).await?;
    plan.first_revision = revision(Timestamp::now()).max(newest.saturating_add(2));
    plan.name = format!("{NAME}-{}", plan.first_revision);
    others::refuse(client, region, &plan).await?;
    if node.really {
        return Ok(plan);
    }
    let name = name_of(client, region, &plan).await?;
    let cells = plan.units.len() * of_school;
    let first_phase = plan.make()?.reports;
    let later = usize::try_from(effort.paced_reports).unwrap_or(usize::MAX);
    Err(BenchError::NotWanted(Box::new(Left {
        node: node.address.to_string(),
        region,
        name,
        units: plan.units.len(),
        indicators: plan.indicators.len(),
        cells,
        reports: first_phase
            .saturating_add(later)
            .saturating_add(freshness::SENT),
        year: YEAR,
        by: NAME.to_owned(),
    })))
}

/// The region's name, as the node writes it.
async fn name_of(
    client: &Client,
    region: RegionCode,
    plan: &LoadPlan,
) -> Result<String, BenchError> {
    let code = plan.indicators.first().map(|one| one.code.to_string());
    let request = GetRollupRequest {
        region: region.to_string(),
        subject: code.map(Subject::Indicator),
        period: FRESH_PERIOD.to_owned(),
    };
    Ok(client.rollup().get_rollup(request).await?.name)
}

/// Some of the regions that a node hosts, without the units below them.
fn some_hosted(held: &admin::GetStatusResponse) -> String {
    const SHOWN: usize = 10;
    let codes: Vec<&str> = held.hosted.iter().map(|one| one.region.as_str()).collect();
    let is_unit = |code: &str| {
        let mut above = codes.iter().filter(|above| **above != code);
        above.any(|above| code.starts_with(above))
    };
    let mut regions = codes.iter().copied().filter(|code| !is_unit(code));
    let mut text = regions.by_ref().take(SHOWN).collect::<Vec<_>>().join(", ");
    if regions.next().is_some() {
        text.push_str(", …");
    }
    text
}

/// The revision of the newest report of the first figure: every round of every measurement begins
/// with that one.
async fn newest_revision(client: &Client, plan: &LoadPlan) -> Result<u32, BenchError> {
    let (Some(source), Some(indicator)) = (plan.units.first(), plan.indicators.first()) else {
        return Ok(0);
    };
    let request = ListHistoryRequest {
        source: source.clone(),
        indicator: indicator.code.to_string(),
        period: format!("{YEAR}-01"),
        page_size: 1,
        ..ListHistoryRequest::default()
    };
    let versions = client.progress().list_history(request).await?.versions;
    Ok(versions.first().map_or(0, |newest| newest.revision))
}

/// The revision that a measurement begins with.
fn revision(now: Timestamp) -> u32 {
    let seconds = now.as_second().saturating_sub(FIRST_SECOND).max(0);
    u32::try_from(seconds.saturating_mul(REVISIONS_A_SECOND)).unwrap_or(u32::MAX / 2)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{FIRST_SECOND, revision};

    #[test]
    fn a_later_measurement_has_higher_revisions() {
        let at = |second: i64| revision(Timestamp::from_second(FIRST_SECOND + second).unwrap());
        assert_eq!(at(0), 0);
        assert!(at(101) >= at(100) + 8);
        // Sixteen years on there still are some.
        assert!(at(16 * 366 * 86_400) < u32::MAX - 1_000_000);
    }
}
