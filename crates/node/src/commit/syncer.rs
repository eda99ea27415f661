//! Making frames durable, then answering.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use liandong_store::journal::Syncer;
use tokio::sync::watch::Sender;
use tokio::time::Instant;

use super::fatal::Fatal;
use super::{Decided, Reply};

/// How far the journal is durable, for those who make it so.
pub(super) struct Durability {
    syncer: Syncer,
    /// Tells readers.
    told: Sender<u64>,
    /// How long a quick sync takes at most.
    quick: Duration,
    /// Whether the last sync was quick.
    is_quick: AtomicBool,
}

impl Durability {
    pub(super) fn new(syncer: Syncer, told: Sender<u64>, quick: Duration) -> Self {
        Self {
            syncer,
            told,
            quick,
            is_quick: AtomicBool::new(true),
        }
    }

    /// Whether the last sync was quick enough for a caller's own thread.
    pub(super) fn is_quick(&self) -> bool {
        self.is_quick.load(Ordering::Relaxed)
    }

    fn sync(&self) -> Result<(), Fatal> {
        let began = Instant::now();
        let synced = self.syncer.sync().map_err(Fatal::Sync)?;
        let took = began.elapsed();
        self.is_quick.store(took < self.quick, Ordering::Relaxed);
        metrics::histogram!("liandong_journal_sync_seconds").record(took.as_secs_f64());
        // Never a step back, whoever tells first.
        self.told.send_if_modified(|told| {
            let is_news = synced > *told;
            *told = synced.max(*told);
            is_news
        });
        Ok(())
    }
}

/// Batches that one sync is to cover.
#[derive(Default)]
pub(super) struct Covered {
    frame: u64,
    replies: Vec<Reply>,
}

impl Covered {
    /// Adds a batch.
    pub(super) fn add(&mut self, decided: Decided) {
        self.frame = self.frame.max(decided.frame);
        if self.replies.is_empty() {
            self.replies = decided.replies;
        } else {
            self.replies.extend(decided.replies);
        }
    }

    /// Whether a frame of it is not durable yet.
    pub(super) fn needs_sync(&self, durability: &Durability) -> bool {
        self.frame > *durability.told.borrow()
    }

    /// Makes durable what is not, tells readers, and only then answers.
    ///
    /// # Errors
    /// [`Fatal::Sync`]; nobody was answered then.
    pub(super) fn sync_and_answer(self, durability: &Durability) -> Result<(), Fatal> {
        if self.needs_sync(durability) {
            durability.sync()?;
        }
        for reply in self.replies {
            // A caller that went away needs no answer.
            let _ = reply.to.send(reply.answer);
        }
        Ok(())
    }
}
