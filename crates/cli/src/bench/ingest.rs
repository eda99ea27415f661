//! Ingest: as much as the node takes, then half of that at a fixed rate.

use std::sync::Arc;
use std::time::Duration;

use liandong_client::Client;
use liandong_load::process::{cpu_time, resident};
use liandong_load::{
    ClosedLoop, Load, LoadPlan, Meter, OpenLoop, Pushed, Requests, closed_loop, cpu_ms_per_million,
    open_loop, rows_of,
};

use super::Effort;
use super::error::BenchError;
use super::outcome::{Ingest, Paced};
use super::steps::{Step, Steps};

/// Pushes a load as fast as it is taken. `pid` is the node's process, if it is of this machine.
pub(super) async fn full(
    clients: &[Client],
    load: &Load,
    effort: Effort,
    pid: Option<u32>,
    steps: &mut Steps,
) -> Result<Ingest, BenchError> {
    let how = ClosedLoop {
        at_most: Some(Duration::from_secs(effort.seconds)),
        ..ClosedLoop::of(effort.under_way)
    };
    let used = |pid: u32| Ok::<_, BenchError>((cpu_time(pid)?, resident(pid)?));
    let before = pid.map(used).transpose()?;
    let meter = how.meter.clone();
    let pushing = async { Ok(closed_loop(clients, Arc::clone(&load.requests), how).await?) };
    let pushed = steps
        .take_counted(Step::Full, &meter, load.reports, pushing)
        .await?;
    let after = pid.map(used).transpose()?;
    let cost = before.zip(after).map(|(before, after)| {
        let cpu = after.0.saturating_sub(before.0);
        (
            cpu_ms_per_million(cpu, pushed.reports),
            after.1.saturating_sub(before.1),
        )
    });
    Ok(Ingest {
        reports: pushed.reports,
        batches: pushed.batches,
        took_ms: millis(pushed.took),
        reports_per_second: pushed.per_second(),
        acknowledged: pushed.acks.quantiles(),
        cpu_ms_per_million_reports: cost.map(|(cpu, _)| cpu),
        resident_bytes: cost.map(|(_, resident)| resident),
        cut_short: was_cut_short(&pushed, load),
        sums_compared: 0,
    })
}

fn was_cut_short(pushed: &Pushed, load: &Load) -> bool {
    pushed.reports < load.reports as u64
}

/// Pushes corrections of the same cells at half of a rate, each batch when it is due.
pub(super) async fn paced(
    clients: &[Client],
    plan: &LoadPlan,
    full_rate: u64,
    effort: Effort,
    steps: &mut Steps,
) -> Result<Paced, BenchError> {
    let rate = (full_rate / 2).max(1);
    let requests = corrections(
        plan,
        rate.saturating_mul(effort.seconds)
            .min(effort.paced_reports),
    )?;
    let total: usize = requests.iter().map(|one| rows_of(one)).sum();
    let how = OpenLoop {
        reports_per_second: rate,
        at_most: Some(Duration::from_secs(effort.seconds)),
        meter: Meter::default(),
    };
    let meter = how.meter.clone();
    let pushing = async { Ok(open_loop(clients, requests, how).await?) };
    let pushed = steps
        .take_counted(Step::Paced, &meter, total, pushing)
        .await?;
    Ok(Paced {
        reports: pushed.reports,
        batches: pushed.batches,
        took_ms: millis(pushed.took),
        due_per_second: rate,
        reports_per_second: pushed.per_second(),
        acknowledged: pushed.acks.quantiles(),
        sent_late: pushed.sent_late.quantiles(),
    })
}

/// So many reports, or some more, of the plan's cells: each round of them with higher revisions and
/// other figures than the one before.
fn corrections(plan: &LoadPlan, reports: u64) -> Result<Requests, BenchError> {
    let reports = usize::try_from(reports).unwrap_or(usize::MAX);
    let mut requests = Vec::new();
    let mut made = 0;
    let mut round = 1;
    while made < reports {
        let again = LoadPlan {
            first_revision: plan.first_revision.saturating_add(2 * round),
            name: format!("{}-{round}", plan.name),
            ..plan.clone()
        };
        for request in again.make()?.requests.iter() {
            if made >= reports {
                break;
            }
            made += rows_of(request);
            requests.push(Arc::clone(request));
        }
        round += 1;
    }
    Ok(Arc::new(requests))
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
