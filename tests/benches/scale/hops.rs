//! Two hops: how long after a school's batch was due its county's sum stands changed at the province.
//!
//! Batches are due at fixed moments, whatever became of those before, and the time runs from then:
//! no pause is left out. Whoever watches the province is told at once unless it was told of something
//! else within the last 20 ms, so at 20 batches a second nothing of what is measured is gathering.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use liandong_client::WatchEvent;
use liandong_client::wire::rollup::v1::WatchRollupRequest;
use liandong_core::region::RegionKind;
use liandong_load::{Latencies, Reported, Target};
use liandong_tests::figures::sums_in;
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::measure::Measures;
use crate::ready::us;
use crate::sizes::Sizes;
use crate::traffic::{INDICATORS, month_of, monthly, request};

const PROVINCE: &str = "370000";
const CITY: &str = "371500";
const COUNTY: &str = "371524";
const MONTH: &str = "2025-03";
/// How long the last batch may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Before the first round: connections are made, seals follow.
const WARM_UP: usize = 20;

/// Measures and adds it.
pub(crate) async fn run(sizes: &Sizes, measures: &mut Measures) -> Result<()> {
    let province = Node::start(Settings::new(PROVINCE)).await?;
    let city = Node::start(Settings::new(CITY).parent(&province)).await?;
    let settings = Settings::new(COUNTY).schools(COUNTY, 1).parent(&city);
    let county = Node::start(settings).await?;
    let indicators = monthly(RegionKind::PrimarySchool, INDICATORS)?;
    println!(
        "{} batches of {INDICATORS} a second for {} s",
        sizes.rate, sizes.seconds
    );
    let mut sent = 0;
    let all = Arc::new(indicators);
    round(&county, &province, &all, &mut sent, WARM_UP, sizes.rate).await?;
    let (mut p50, mut p99, mut most) = (Vec::new(), Vec::new(), Vec::new());
    let (mut acks50, mut acks99) = (Vec::new(), Vec::new());
    for number in 1..=sizes.rounds {
        let batches = sizes.rate * sizes.seconds;
        let seen = round(&county, &province, &all, &mut sent, batches, sizes.rate).await?;
        let (up, acks) = (seen.up.quantiles(), seen.acks.quantiles());
        println!("round {number}: at the province {up:?}; acknowledged {acks:?}");
        p50.push(us(up.p50));
        p99.push(us(up.p99));
        most.push(us(up.max));
        acks50.push(us(acks.p50));
        acks99.push(us(acks.p99));
    }
    measures.add("two_hops_p50_us", "us", p50);
    measures.add("two_hops_p99_us", "us", p99);
    measures.add("two_hops_max_us", "us", most);
    measures.add("two_hops_acknowledged_p50_us", "us", acks50);
    measures.add("two_hops_acknowledged_p99_us", "us", acks99);
    for node in [&county, &city, &province] {
        ensure!(node.recount().await? > 0, "{} is empty", node.region());
    }
    Ok(())
}

/// Since each batch was due.
#[derive(Default)]
struct Seen {
    /// Until the province told of it.
    up: Latencies,
    /// Until the county acknowledged it.
    acks: Latencies,
}

/// Sends so many batches, the first with the figure after `sent`, and watches them arrive.
async fn round(
    county: &Node,
    province: &Node,
    indicators: &Arc<Vec<Reported>>,
    sent: &mut usize,
    batches: usize,
    rate: usize,
) -> Result<Seen> {
    let watched = indicators.first().context("no indicator")?.code.to_string();
    let above = province.client().await?;
    let mut watch = above.rollup().watch(WatchRollupRequest {
        regions: vec![COUNTY.to_owned()],
        indicators: vec![watched.clone()],
        ..WatchRollupRequest::default()
    });
    // It is told how all is before anything is sent.
    if *sent > 0 {
        watch.next().await?;
    }
    let client = county.client().await?;
    let first = *sent;
    let every = Duration::from_secs(1) / u32::try_from(rate)?;
    let begun = Instant::now() + Duration::from_millis(200);
    let due = move |number: usize| begun + every * u32::try_from(number).unwrap_or(u32::MAX);
    let (answers, mut answered) = mpsc::unbounded_channel();
    let runtime = Handle::current();
    let indicators = Arc::clone(indicators);
    // A thread of its own: timers of the runtime are a millisecond coarse.
    let ticking = std::thread::spawn(move || -> Result<()> {
        for number in 0..batches {
            let figure = first + number + 1;
            let revision = u32::try_from(figure)?;
            let unit = school(COUNTY, 1);
            let rows = month_of(&unit, &indicators, MONTH, i64::try_from(figure)?, revision);
            let request = request(format!("hop-{figure}"), rows);
            std::thread::sleep(due(number).saturating_duration_since(Instant::now()));
            let (client, answers) = (client.clone(), answers.clone());
            runtime.spawn(async move {
                let answer = client.push(request).await;
                // Nobody listens any more only when the round was given up.
                let _ = answers.send(answer.map(|_| due(number).elapsed()));
            });
        }
        Ok(())
    });
    let mut seen = Seen::default();
    let mut arrived = first;
    while arrived < first + batches {
        let event = tokio::time::timeout(PATIENCE, watch.next()).await;
        let event = event.with_context(|| format!("{arrived} batches arrived"))??;
        let now = Instant::now();
        let changes = match event {
            WatchEvent::Changes(changes) | WatchEvent::StartedOver(changes) => changes,
            WatchEvent::Interrupted { error, .. } => return Err(error.into()),
        };
        for cell in changes.cells {
            let figure = usize::try_from(cell.sums.unwrap_or_default().numerator)?;
            while arrived < figure {
                seen.up.record(now.duration_since(due(arrived - first)));
                arrived += 1;
            }
        }
    }
    while let Some(answer) = answered.recv().await {
        seen.acks.record(answer?);
    }
    ticking
        .join()
        .map_err(|_| anyhow::anyhow!("the clock stopped"))??;
    *sent += batches;
    let held = sums_in(&above, PROVINCE, &watched, MONTH).await?;
    ensure!(
        usize::try_from(held.numerator)? == *sent,
        "{sent} were sent, the province holds {held:?}"
    );
    Ok(seen)
}
