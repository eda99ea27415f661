//! Checkpoints: the state saved from time to time, so that a restart need not fold the whole
//! journal.
//!
//! A checkpoint never holds what is not durable in the journal, and one that cannot be saved costs
//! time at the next start and nothing else.

use std::sync::PoisonError;

use liandong_core::state::Snapshot;
use liandong_store::Checkpointer;
use tokio::sync::watch;

use crate::reader::{Reader, SharedState};
use crate::surroundings::Threads;

/// Saves a checkpoint whenever `every` frames have become durable since the last, until the node
/// stops; and one more then.
pub(crate) async fn run(
    state: SharedState,
    reader: Reader,
    checkpointer: Checkpointer,
    every: u64,
    mut last: u64,
    threads: Threads,
    mut stopping: watch::Receiver<bool>,
) {
    let mut durable = reader.durable();
    loop {
        let due = last.saturating_add(every);
        tokio::select! {
            reached = durable.wait_for(|frame| *frame >= due) => {
                if reached.is_err() {
                    return;
                }
            }
            _ = stopping.wait_for(|stop| *stop) => break,
        }
        last = save(&state, &reader, &checkpointer, last, threads).await;
    }
    save(&state, &reader, &checkpointer, last, threads).await;
}

/// Saves the state as it is now; returns the frame that is saved.
async fn save(
    state: &SharedState,
    reader: &Reader,
    to: &Checkpointer,
    last: u64,
    threads: Threads,
) -> u64 {
    // Copying a large state takes a while: on a thread of its own.
    let shared = SharedState::clone(state);
    let copied = threads.blocking(move || {
        let state = shared.read().unwrap_or_else(PoisonError::into_inner);
        (state.frame() != last).then(|| state.snapshot())
    });
    let snapshot: Snapshot = match copied.await {
        Ok(Some(snapshot)) => snapshot,
        Ok(None) => return last,
        Err(error) => {
            tracing::warn!(%error, "checkpoint not saved");
            return last;
        }
    };
    let frame = snapshot.frame();
    if reader.wait_for(frame).await.is_err() {
        return last;
    }
    let to = to.clone();
    let saved = threads.blocking(move || to.save(&snapshot)).await;
    match saved {
        Ok(Ok(_)) => tracing::debug!(frame, "checkpoint saved"),
        // The journal has everything; the next start only takes longer.
        Ok(Err(error)) => tracing::warn!(%error, "checkpoint not saved"),
        Err(error) => tracing::warn!(%error, "checkpoint not saved"),
    }
    frame
}
