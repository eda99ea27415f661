//! Watching cells: how they are, then how they change, in the order of the node's change numbers.
//!
//! A watcher that is slow holds nothing but its own small queue: what changes meanwhile is not kept
//! for it but found in the change index when it is ready again, each cell once, as it is then.
//! Rights are asked for again before anything is told: a pairing that ends, ends the watch.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use liandong_core::catalogue::Catalogue;
use liandong_core::indicator::IndicatorCode;
use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::{ChangedCell, State};
use liandong_wire::rollup::v1::{CellChange, WatchRollupResponse};
use liandong_wire::rollup::{WatchQuestion, sums};
use liandong_wire::{incarnation_bytes, refusal};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::context::Context;
use crate::reader::Reader;

/// Changes that are looked through while the state is locked for reading.
const STEP: usize = 4_096;
/// Answers that wait for a slow watcher.
const QUEUE: usize = 4;
/// Changes that come within this time of the last that was sent are sent together.
const PAUSE: Duration = Duration::from_millis(20);
/// How often it is asked whether the watcher is entitled still while there is nothing to tell: a
/// pairing may end with a day.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// The most regions and indicators one watcher may name.
const MAX_NAMED: usize = 10_000;

/// What a watcher wants, with all that is needed to find it. It does not hold the node's
/// committer, so that a watcher never keeps a node from stopping.
struct Wanted {
    reader: Reader,
    catalogue: Arc<Catalogue>,
    incarnation: u128,
    regions: BTreeSet<RegionCode>,
    /// `None` for all.
    indicators: Option<BTreeSet<IndicatorCode>>,
    language: Language,
}

/// Starts watching.
pub(super) async fn watch(
    context: &Context,
    asked: WatchQuestion,
    is_entitled: impl Fn() -> Result<(), Refusal> + Send + Sync + 'static,
    language: Language,
    mut stopping: watch::Receiver<bool>,
) -> Result<ReceiverStream<Result<WatchRollupResponse, Status>>, Refusal> {
    check_named("regions", asked.regions.len())?;
    check_named("indicators", asked.indicators.len())?;
    let catalogue = &context.catalogue;
    let read = context.reader.read(|state| {
        for region in &asked.regions {
            if state.region(catalogue, *region).is_none() {
                let accepted = Accepted::Nothing;
                return Err(Refusal::new(
                    Reason::UnknownRegion,
                    "regions",
                    region,
                    accepted,
                ));
            }
        }
        // Of this life of the data: one that was copied back counts its changes anew.
        let life = state.incarnation(context.incarnation);
        let after = asked
            .after
            .filter(|(incarnation, change)| *incarnation == life && *change <= state.last_change());
        Ok((
            indicators(context, state, &asked)?,
            after.map_or(0, |(_, change)| change),
            life,
        ))
    });
    let (indicators, after, incarnation) = read.await??;
    let wanted = Wanted {
        reader: context.reader.clone(),
        catalogue: Arc::clone(catalogue),
        incarnation,
        regions: asked.regions.into_iter().collect(),
        indicators,
        language,
    };
    let (to_watcher, stream) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        tokio::select! {
            () = run(&wanted, after, &is_entitled, &to_watcher) => {}
            () = to_watcher.closed() => {}
            // A sender that is gone means the same as a true.
            _ = stopping.wait_for(|stop| *stop) => {
                let refused = Refusal::new(Reason::Stopping, "", "", Accepted::Nothing);
                // A watcher that is too slow to hear of it sees its stream end.
                let _ = to_watcher.try_send(Err(refusal::status(&refused, language)));
            }
        }
    });
    Ok(ReceiverStream::new(stream))
}

fn check_named(field: &str, count: usize) -> Result<(), Refusal> {
    if count <= MAX_NAMED {
        return Ok(());
    }
    let most = i64::try_from(MAX_NAMED).unwrap_or(i64::MAX);
    Err(Refusal::new(
        Reason::TooManyRows,
        field,
        count,
        Accepted::Range(0, most),
    ))
}

/// The indicators that are wanted: those that are named, and of a plan those it has targets for,
/// with the ratios that a ratio of ratios is computed from.
fn indicators(
    context: &Context,
    state: &State,
    asked: &WatchQuestion,
) -> Result<Option<BTreeSet<IndicatorCode>>, Refusal> {
    let mut named: BTreeSet<IndicatorCode> = asked.indicators.iter().copied().collect();
    if let Some(key) = &asked.plan {
        let Some(plan) = state.plan(key.issuer, &key.plan) else {
            let accepted = Accepted::Nothing;
            return Err(Refusal::new(
                Reason::UnknownPlan,
                "plan",
                &key.plan,
                accepted,
            ));
        };
        let of_plan: BTreeSet<IndicatorCode> = plan
            .text
            .targets()
            .map(|(_, target)| target.indicator)
            .collect();
        if named.is_empty() {
            named = of_plan;
        } else {
            named.retain(|code| of_plan.contains(code));
        }
    } else if named.is_empty() {
        return Ok(None);
    }
    let mut wanted = BTreeSet::new();
    for code in named {
        let known = state.indicator(&context.catalogue, code);
        match known.and_then(|known| known.of) {
            Some(parts) => wanted.extend(parts),
            None => {
                wanted.insert(code);
            }
        }
    }
    Ok(Some(wanted))
}

/// Sends until the watcher goes away, is not entitled any more, or the node stops.
async fn run(
    wanted: &Wanted,
    mut after: u64,
    is_entitled: &(impl Fn() -> Result<(), Refusal> + Sync),
    to_watcher: &mpsc::Sender<Result<WatchRollupResponse, Status>>,
) {
    let mut durable = wanted.reader.durable();
    let mut told_caught_up = false;
    // The first change after a quiet time is told at once; only what follows closely waits.
    let mut not_before = Instant::now();
    loop {
        // What becomes durable from here on is not missed by the wait below.
        durable.mark_unchanged();
        let looked = wanted.reader.read(|state| wanted.look(state, after)).await;
        let step = match looked.and_then(|step| is_entitled().map(|()| step)) {
            Ok(step) => step,
            Err(refused) => {
                let status = refusal::status(&refused, wanted.language);
                // A watcher that went away needs no answer.
                let _ = to_watcher.send(Err(status)).await;
                return;
            }
        };
        after = step.change;
        let caught_up = step.caught_up;
        if !step.cells.is_empty() || (caught_up && !told_caught_up) {
            told_caught_up = caught_up;
            if to_watcher.send(Ok(step)).await.is_err() {
                return;
            }
            not_before = Instant::now() + PAUSE;
        }
        if caught_up {
            tokio::select! {
                changed = durable.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    tokio::time::sleep_until(not_before).await;
                }
                () = tokio::time::sleep(ASK_AGAIN) => {}
            }
        }
    }
}

impl Wanted {
    /// The next changes after `after` that are wanted.
    fn look(&self, state: &State, after: u64) -> WatchRollupResponse {
        let found = state.cell_changes(&self.regions, after, STEP);
        let mut cells = Vec::new();
        for ChangedCell { cell, change } in &found.cells {
            let indicators = self.indicators.as_ref();
            if indicators.is_some_and(|indicators| !indicators.contains(&cell.indicator)) {
                continue;
            }
            let reported_by = state
                .indicator(&self.catalogue, cell.indicator)
                .map_or(&[][..], |indicator| &indicator.reported_by);
            let expected = state.roster(cell.region).expected(reported_by);
            cells.push(CellChange {
                region: cell.region.to_string(),
                indicator: cell.indicator.to_string(),
                period: cell.period.to_string(),
                sums: Some(sums(&cell.sums, expected)),
                version: cell.version,
                change: *change,
            });
        }
        WatchRollupResponse {
            cells,
            change: found.upto,
            incarnation: incarnation_bytes(self.incarnation),
            caught_up: found.upto >= state.last_change(),
        }
    }
}
