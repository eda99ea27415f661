//! Checkpoints: the state saved from time to time, so that a restart need not fold the whole
//! journal; and after each, old segments of the journal compressed.
//!
//! A checkpoint never holds what is not durable in the journal, and one that cannot be saved costs
//! time at the next start and nothing else. A segment that cannot be compressed stays as it is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use liandong_core::state::Snapshot;
use liandong_store::Checkpointer;
use liandong_store::journal::Sealer;
use tokio::sync::watch;

use crate::reader::{Reader, SharedState};
use crate::surroundings::Worker;
use crate::workers::Workers;

/// The worker's names in `status`.
const CHECKPOINT: &str = "checkpoint";
const SEALING: &str = "sealing";

/// What saves the state and compresses what is old.
pub(crate) struct Keeper {
    pub(crate) state: SharedState,
    pub(crate) reader: Reader,
    pub(crate) checkpointer: Checkpointer,
    /// `None` where segments stay as they are.
    pub(crate) sealer: Option<Sealer>,
    /// Frames from one checkpoint to the next.
    pub(crate) every: u64,
    /// The frame of the last checkpoint, or of the last attempt.
    pub(crate) last: u64,
    /// The frame of the last checkpoint, for `status`.
    pub(crate) kept: Arc<AtomicU64>,
    /// Where the state is copied and saved and segments are compressed.
    pub(crate) worker: Worker,
    pub(crate) workers: Workers,
}

impl Keeper {
    /// Saves a checkpoint whenever enough frames have become durable since the last, until the
    /// node stops; and one more then.
    pub(crate) async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        let mut durable = self.reader.durable();
        loop {
            self.seal(&stopping).await;
            let at = format!("saved frame {}", self.kept.load(Ordering::Relaxed));
            self.workers.say(CHECKPOINT, at, 0);
            let due = self.last.saturating_add(self.every);
            tokio::select! {
                reached = durable.wait_for(|frame| *frame >= due) => {
                    if reached.is_err() {
                        return;
                    }
                }
                _ = stopping.wait_for(|stop| *stop) => break,
            }
            self.save().await;
        }
        self.save().await;
    }

    /// Saves the state as it is now.
    async fn save(&mut self) {
        // Copying a large state takes a while: where it holds nobody up.
        let (shared, last) = (SharedState::clone(&self.state), self.last);
        let copied = self.worker.run(move || {
            let state = shared.read().unwrap_or_else(PoisonError::into_inner);
            (state.frame() != last).then(|| state.snapshot())
        });
        let snapshot: Snapshot = match copied.await {
            Ok(Some(snapshot)) => snapshot,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "checkpoint not saved");
                return;
            }
        };
        let frame = snapshot.frame();
        if self.reader.wait_for(frame).await.is_err() {
            return;
        }
        self.workers
            .say(CHECKPOINT, format!("saving frame {frame}"), 1);
        let to = self.checkpointer.clone();
        let saved = self.worker.run(move || to.save(&snapshot)).await;
        match saved {
            Ok(Ok(_)) => {
                tracing::debug!(frame, "checkpoint saved");
                self.kept.store(frame, Ordering::Relaxed);
            }
            // The journal has everything; the next start only takes longer.
            Ok(Err(error)) => tracing::warn!(%error, "checkpoint not saved"),
            Err(error) => tracing::warn!(%error, "checkpoint not saved"),
        }
        self.last = frame;
    }

    /// Compresses the segments that are due, one after the other; a node that stops waits for one
    /// at most.
    async fn seal(&self, stopping: &watch::Receiver<bool>) {
        let Some(sealer) = &self.sealer else {
            return;
        };
        self.workers.say(SEALING, "sealing", 1);
        while !*stopping.borrow() {
            let sealer = sealer.clone();
            match self.worker.run(move || sealer.run()).await {
                Ok(Ok(Some(sealed))) => tracing::info!(
                    segment = sealed.segment,
                    before = sealed.plain_bytes,
                    now = sealed.sealed_bytes,
                    "segment sealed",
                ),
                Ok(Ok(None)) => break,
                // It stays as it is, is read like that, and is tried again after the next
                // checkpoint.
                Ok(Err(error)) => {
                    tracing::error!(%error, "segment not sealed");
                    self.workers.say(SEALING, error.to_string(), 1);
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, "segment not sealed");
                    break;
                }
            }
        }
        self.workers.say(SEALING, "idle", 0);
    }
}
