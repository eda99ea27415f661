//! Making frames durable, then answering.

use liandong_store::journal::Syncer;
use tokio::sync::watch::Sender;
use tokio::time::Instant;

use super::fatal::Fatal;
use super::{Decided, Reply};

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
    pub(super) fn needs_sync(&self, durable: &Sender<u64>) -> bool {
        self.frame > *durable.borrow()
    }

    /// Makes durable what is not, tells readers, and only then answers.
    ///
    /// # Errors
    /// [`Fatal::Sync`]; nobody was answered then.
    pub(super) fn sync_and_answer(
        self,
        syncer: &Syncer,
        durable: &Sender<u64>,
    ) -> Result<(), Fatal> {
        if self.needs_sync(durable) {
            let started = Instant::now();
            let synced = syncer.sync().map_err(Fatal::Sync)?;
            metrics::histogram!("liandong_journal_sync_seconds")
                .record(started.elapsed().as_secs_f64());
            durable.send_replace(synced);
        }
        for reply in self.replies {
            // A caller that went away needs no answer.
            let _ = reply.to.send(reply.answer);
        }
        Ok(())
    }
}
