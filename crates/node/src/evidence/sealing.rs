//! Sealing figures: a while after figures changed that the node above is told of, their regions' word
//! on all of them follows, whatever the number of the changes.

use std::sync::Arc;
use std::time::Duration;

use liandong_core::command::Command;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::commit::Origin;
use crate::context::Context;

/// How long after a change the seal follows.
const AFTER: Duration = Duration::from_secs(1);

/// Of the time not more than this part is spent on sealing, however many figures a region has.
const PART: u32 = 50;

/// Seals what changes until the node stops. Without a parent nobody would look at it, and without an
/// identity nobody could tell whose word it is.
pub(crate) async fn keep_sealed(context: Arc<Context>, mut stopping: watch::Receiver<bool>) {
    if context.identities.is_none() || context.config.parent.is_none() {
        return;
    }
    let sealing = go_on(&context);
    tokio::select! {
        stopped = sealing => match stopped {
            Ok(()) => {}
            Err(refusal) if refusal.reason == Reason::Stopping => {}
            Err(refusal) => tracing::error!(%refusal, "figures are sealed no more"),
        },
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}

async fn go_on(context: &Context) -> Result<(), Refusal> {
    let mut durable = context.reader.durable();
    let mut seen = 0;
    loop {
        durable.mark_unchanged();
        let here = context.config.region;
        let changed = |state: &State| {
            let (mut regions, last) = state.figures_changed_after(seen);
            regions.retain(|region| state.hosts(*region) && state.cell_goes_up(here, *region));
            (regions.into_iter().collect::<Vec<RegionCode>>(), last)
        };
        let (regions, last) = context.reader.read(changed).await?;
        seen = last;
        let mut pause = AFTER;
        if !regions.is_empty() {
            let began = Instant::now();
            let command = Command::SealFigures { regions };
            let sealed = context.committer.submit_waiting(command, Origin::of_node());
            match sealed.await {
                Ok(_) => {}
                Err(refusal) if refusal.reason == Reason::NoSpace => seen = 0,
                Err(refusal) => return Err(refusal),
            }
            pause = pause.max(began.elapsed() * PART);
        }
        if durable.changed().await.is_err() {
            return Ok(());
        }
        tokio::time::sleep(pause).await;
    }
}
