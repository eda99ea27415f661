//! One county goes offline and comes back: the others go on, and what it missed catches up.

use std::time::Instant;

use liandong_client::wire::admin::v1::GetStatusRequest;
use liandong_client::wire::rollup::v1 as rollup;
use liandong_core::region::RegionCode;
use serde::Serialize;

use super::error::{Awaited, DemoError};
use super::nodes::Mesh;
use super::push::{Half, PushOutcome, Samples};
use super::steps::{millis, until};
use super::world::{LIAOCHENG_PLAN, World};

/// What became of the county that was offline.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct OfflineOutcome {
    pub(super) region: String,
    pub(super) name: String,
    /// How its process ended.
    pub(super) ended_by: &'static str,
    /// Reports of the others that reached the province meanwhile.
    pub(super) reported_meanwhile: u64,
    /// From the start of its process until its link was up again, in milliseconds.
    pub(super) restart_ms: u64,
    /// The year that it pushed after it came back.
    pub(super) push: PushOutcome,
    /// From the last answer of that push until the province had everything, in milliseconds.
    pub(super) caught_up_ms: u64,
}

/// Waits until every lower node's link with its superior is up, and the partners' link.
pub(super) async fn linked(
    world: &World,
    mesh: &Mesh,
    regions: &[RegionCode],
) -> Result<(), DemoError> {
    for region in regions {
        let admin = mesh.client(*region)?.admin();
        let least = usize::from(world.places.parent(*region).is_some());
        until(Awaited::Links, || async {
            let status = admin.get_status(GetStatusRequest {}).await?;
            let up = status.links.iter().filter(|link| link.connected).count();
            Ok(up >= least && up == status.links.len())
        })
        .await?;
    }
    Ok(())
}

/// Kills the county's node and waits until the city has noticed.
pub(super) async fn leave(world: &World, mesh: &mut Mesh) -> Result<OfflineOutcome, DemoError> {
    let places = &world.places;
    mesh.kill(places.leaves).await?;
    let city = mesh.client(places.liaocheng)?.admin();
    let code = places.leaves.to_string();
    until(Awaited::Links, || async {
        let status = city.get_status(GetStatusRequest {}).await?;
        let gone = |link: &&liandong_client::wire::admin::v1::LinkStatus| link.peer == code;
        Ok(status
            .links
            .iter()
            .find(gone)
            .is_none_or(|link| !link.connected))
    })
    .await?;
    Ok(OfflineOutcome {
        region: places.leaves.to_string(),
        name: world.name(places.leaves),
        ended_by: "SIGKILL",
        ..OfflineOutcome::default()
    })
}

/// Starts the county's node again, pushes its year, and waits until the province has it.
pub(super) async fn come_back(
    world: &World,
    mesh: &mut Mesh,
    samples: &mut Samples,
    outcome: &mut OfflineOutcome,
) -> Result<(), DemoError> {
    let leaves = world.places.leaves;
    outcome.reported_meanwhile = province_reports(world, mesh).await?;
    let started = Instant::now();
    mesh.restart(leaves).await?;
    linked(world, mesh, &[leaves]).await?;
    outcome.restart_ms = millis(started.elapsed());
    outcome.push = samples.push(world, mesh, &[leaves], Half::First).await?;
    samples
        .push(world, mesh, &[leaves], Half::Corrections)
        .await?;
    let pushed = Instant::now();
    everything_arrives(world, mesh, samples).await?;
    outcome.caught_up_ms = millis(pushed.elapsed());
    Ok(())
}

/// How many reports the province counts, over all months.
async fn province_reports(world: &World, mesh: &Mesh) -> Result<u64, DemoError> {
    let mut reported = 0;
    for month in &world.months {
        let region = world.places.shandong;
        let answer = mesh.client(region)?.rollup();
        let answer = answer
            .get_completeness(completeness(world, region, *month))
            .await?;
        reported += answer.total.unwrap_or_default().reported;
    }
    Ok(reported)
}

/// Waits until the province counts as many reports as were pushed below it, month by month.
pub(super) async fn everything_arrives(
    world: &World,
    mesh: &Mesh,
    samples: &Samples,
) -> Result<(), DemoError> {
    let region = world.places.shandong;
    let province = mesh.client(region)?.rollup();
    for month in &world.months {
        let expected = samples.shandong.reported_in(*month);
        until(Awaited::Reports, || async {
            let request = completeness(world, region, *month);
            let answer = province.get_completeness(request).await?;
            Ok(answer.total.unwrap_or_default().reported == expected)
        })
        .await?;
    }
    Ok(())
}

/// Asks for the completeness of Liaocheng's plan.
pub(super) fn completeness(
    world: &World,
    region: RegionCode,
    period: liandong_core::period::Period,
) -> rollup::GetCompletenessRequest {
    use rollup::get_completeness_request::Subject;
    rollup::GetCompletenessRequest {
        region: region.to_string(),
        subject: Some(Subject::Plan(plan_key(world))),
        period: period.to_string(),
    }
}

/// Names Liaocheng's plan.
pub(super) fn plan_key(world: &World) -> rollup::PlanKey {
    rollup::PlanKey {
        issuer: world.places.liaocheng.to_string(),
        plan: LIAOCHENG_PLAN.to_owned(),
    }
}
