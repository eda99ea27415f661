//! Making frames durable, then answering.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use liandong_store::journal::Syncer;
use tokio::sync::watch::Sender;

use super::{Decided, Reply};

/// Runs until the deciding thread ends. One sync covers every batch that waits.
pub(super) fn run(syncer: &Syncer, decided: &Receiver<Decided>, durable: &Sender<u64>) {
    while let Ok(first) = decided.recv() {
        let mut frame = first.frame;
        let mut replies: Vec<Reply> = first.replies;
        while let Ok(next) = decided.try_recv() {
            frame = frame.max(next.frame);
            replies.extend(next.replies);
        }
        if frame > *durable.borrow() {
            let started = Instant::now();
            let synced = match syncer.sync() {
                Ok(synced) => synced,
                Err(error) => {
                    // What the disk holds is unknown now, and a second try would hide that.
                    tracing::error!(%error, "cannot make the journal durable; stopping");
                    std::process::abort();
                }
            };
            metrics::histogram!("liandong_journal_sync_seconds")
                .record(started.elapsed().as_secs_f64());
            durable.send_replace(synced);
        }
        for reply in replies {
            // A caller that went away needs no answer.
            let _ = reply.to.send(reply.answer);
        }
    }
}
