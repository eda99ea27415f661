//! What moves the two halves of the commit loop: threads, or tasks.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::batch::{Decider, Deciding};
use super::borrowed::look_after;
use super::direct::Direct;
use super::fatal::Fatal;
use super::syncer::{Covered, Durability};
use super::{Committer, Decided, Message, Parts};
use crate::surroundings::Threads;

/// Batches that may wait for the disk; more would only add latency.
const AHEAD: usize = 4;

/// A disk that takes longer for a sync is waited for by the thread of the loop alone.
const QUICK: Duration = Duration::from_millis(2);

/// A running commit loop.
#[derive(Debug)]
pub(crate) enum CommitLoop {
    /// On threads: one decides, one syncs.
    Threads {
        /// Decides.
        decider: JoinHandle<()>,
        /// Syncs.
        syncer: JoinHandle<()>,
    },
    /// As tasks.
    Tasks(JoinSet<()>),
}

/// Why a node had to give up; `None` while it has not. Threads end the process instead.
pub(crate) type Failure = watch::Receiver<Option<String>>;

/// Starts the commit loop. The first watch tells the last durable frame.
pub(crate) fn start(parts: Parts) -> (Committer, watch::Receiver<u64>, CommitLoop, Failure) {
    let (messages, inbox) = mpsc::channel(parts.queue);
    let (durable, told) = watch::channel(parts.journal.last());
    let (failed, failure) = watch::channel(None);
    let durability = Arc::new(Durability::new(parts.journal.syncer(), durable, QUICK));
    let threads = parts.surroundings.threads;
    let decider = Arc::new(Mutex::new(Some(Decider::new(parts))));
    let deciding = Deciding::new(Arc::clone(&decider), inbox);
    let (running, direct) = match threads {
        Threads::System => {
            let direct = Arc::new(Direct::new(decider, Arc::clone(&durability)));
            look_after(&direct);
            (on_threads(deciding, durability), Some(direct))
        }
        Threads::Tasks { sync_takes } => {
            let running = as_tasks(deciding, durability, sync_takes, failed);
            (running, None)
        }
    };
    let committer = Committer { messages, direct };
    (committer, told, running, failure)
}

fn on_threads(deciding: Deciding, durability: Arc<Durability>) -> CommitLoop {
    let (decided, to_sync) = std::sync::mpsc::sync_channel(AHEAD);
    let decider = std::thread::spawn(move || {
        let _guard = EndOnPanic;
        end_on_failure(decide_on_thread(deciding, &decided));
    });
    let syncer = std::thread::spawn(move || {
        let _guard = EndOnPanic;
        end_on_failure(sync_on_thread(&to_sync, &durability));
    });
    CommitLoop::Threads { decider, syncer }
}

fn decide_on_thread(
    mut deciding: Deciding,
    decided: &std::sync::mpsc::SyncSender<Decided>,
) -> Result<(), Fatal> {
    loop {
        if deciding.needs_more() {
            match deciding.inbox.blocking_recv() {
                Some(Message::Decide(request)) => deciding.take(*request),
                Some(Message::Stop) | None => return Ok(()),
            }
        }
        let Some(batch) = deciding.next_batch()? else {
            return Ok(());
        };
        if decided.send(batch).is_err() || deciding.is_done() {
            return Ok(());
        }
    }
}

fn sync_on_thread(
    decided: &std::sync::mpsc::Receiver<Decided>,
    durability: &Durability,
) -> Result<(), Fatal> {
    while let Ok(first) = decided.recv() {
        let mut covered = Covered::default();
        covered.add(first);
        while let Ok(next) = decided.try_recv() {
            covered.add(next);
        }
        covered.sync_and_answer(durability)?;
    }
    Ok(())
}

/// Ends the process when the commit loop cannot go on.
pub(super) fn end_on_failure(ended: Result<(), Fatal>) {
    if let Err(fatal) = ended {
        tracing::error!(%fatal, "the commit loop cannot go on; stopping");
        std::process::abort();
    }
}

/// Ends the process when a thread of the commit loop panics: half of a batch may have been applied
/// to the state, and a node that can no longer write must not look alive. The next start begins
/// with what the journal says.
pub(super) struct EndOnPanic;

impl Drop for EndOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}

fn as_tasks(
    deciding: Deciding,
    durability: Arc<Durability>,
    sync_takes: Duration,
    failed: watch::Sender<Option<String>>,
) -> CommitLoop {
    let (decided, to_sync) = mpsc::channel(AHEAD);
    let mut tasks = JoinSet::new();
    let tell = TellFailure(failed.clone());
    tasks.spawn(async move { tell.of(decide_in_turn(deciding, decided).await) });
    let tell = TellFailure(failed);
    let syncing = sync_in_turn(to_sync, durability, sync_takes);
    tasks.spawn(async move { tell.of(syncing.await) });
    CommitLoop::Tasks(tasks)
}

async fn decide_in_turn(
    mut deciding: Deciding,
    decided: mpsc::Sender<Decided>,
) -> Result<(), Fatal> {
    loop {
        if deciding.needs_more() {
            match deciding.inbox.recv().await {
                Some(Message::Decide(request)) => deciding.take(*request),
                Some(Message::Stop) | None => return Ok(()),
            }
        }
        let Some(batch) = deciding.next_batch()? else {
            return Ok(());
        };
        if decided.send(batch).await.is_err() || deciding.is_done() {
            return Ok(());
        }
    }
}

async fn sync_in_turn(
    mut decided: mpsc::Receiver<Decided>,
    durability: Arc<Durability>,
    sync_takes: Duration,
) -> Result<(), Fatal> {
    while let Some(first) = decided.recv().await {
        let mut covered = Covered::default();
        covered.add(first);
        while let Ok(next) = decided.try_recv() {
            covered.add(next);
        }
        if covered.needs_sync(&durability) {
            tokio::time::sleep(sync_takes).await;
        }
        covered.sync_and_answer(&durability)?;
    }
    Ok(())
}

/// Tells why a task of the commit loop ended, where it did not end well: by an error or a panic.
struct TellFailure(watch::Sender<Option<String>>);

impl TellFailure {
    fn of(self, ended: Result<(), Fatal>) {
        if let Err(fatal) = ended {
            tracing::error!(%fatal, "the commit loop cannot go on; stopping");
            self.0.send_replace(Some(fatal.to_string()));
        }
    }
}

impl Drop for TellFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.send_replace(Some("a rule panicked".to_owned()));
        }
    }
}

impl CommitLoop {
    /// Waits until everything handed in is durable and answered; call after [`Committer::stop`].
    pub(crate) async fn join(self) {
        match self {
            Self::Threads { decider, syncer } => {
                // The threads have been told to end, which is quick; one that panics ends the
                // process.
                let joined = tokio::task::spawn_blocking(move || {
                    let _ = decider.join();
                    let _ = syncer.join();
                });
                if let Err(error) = joined.await {
                    tracing::error!(%error, "the commit loop did not end well");
                }
            }
            Self::Tasks(mut tasks) => while tasks.join_next().await.is_some() {},
        }
    }
}
