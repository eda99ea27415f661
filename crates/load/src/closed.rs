//! A closed loop: so many batches are under way at any time, each answered one makes way for the
//! next. It shows how much a target takes; its latencies are those of a target that is full.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use liandong_client::wire::progress::v1::PushReportsRequest;
use tokio::task::JoinSet;

use crate::error::PushError;
use crate::latency::Latencies;
use crate::load::Requests;
use crate::meter::Meter;
use crate::pushed::Pushed;
use crate::target::Target;

/// How a closed loop is driven.
#[derive(Clone, Debug)]
pub struct ClosedLoop {
    /// Batches that are not yet answered at any time, over all connections.
    pub under_way: usize,
    /// Begins no batch after so long; `None` to send all there is.
    pub at_most: Option<Duration>,
    /// Counts, and may stop it.
    pub meter: Meter,
}

impl ClosedLoop {
    /// So many batches under way, until all are sent.
    pub fn of(under_way: usize) -> Self {
        Self {
            under_way,
            at_most: None,
            meter: Meter::default(),
        }
    }
}

/// What all senders share.
struct Queue {
    requests: Requests,
    next: AtomicUsize,
    begun: Instant,
    how: ClosedLoop,
}

impl Queue {
    fn next(&self) -> Option<Arc<PushReportsRequest>> {
        let is_late = self
            .how
            .at_most
            .is_some_and(|most| self.begun.elapsed() >= most);
        if is_late || self.how.meter.is_stopped() {
            return None;
        }
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        self.requests.get(at).cloned()
    }
}

/// Pushes every request once, over the given connections in turn.
///
/// # Errors
/// The first batch that was not taken; none is begun after it.
pub async fn closed_loop<T: Target>(
    targets: &[T],
    requests: Requests,
    how: ClosedLoop,
) -> Result<Pushed, PushError<T::Error>> {
    if targets.is_empty() {
        return Err(PushError::Zero("the number of connections"));
    }
    if how.under_way == 0 {
        return Err(PushError::Zero("the number of batches under way"));
    }
    let under_way = how.under_way;
    let queue = Arc::new(Queue {
        requests,
        next: AtomicUsize::new(0),
        begun: Instant::now(),
        how,
    });
    let mut senders = JoinSet::new();
    for target in targets.iter().cycle().take(under_way) {
        senders.spawn(send(target.clone(), Arc::clone(&queue)));
    }
    let mut acks = Latencies::default();
    let mut reports = 0;
    while let Some(done) = senders.join_next().await {
        let (of_sender, taken) = done.map_err(|error| PushError::Stopped(error.to_string()))??;
        acks.merge(&of_sender);
        reports += taken;
    }
    Ok(Pushed {
        reports,
        batches: acks.count(),
        took: queue.begun.elapsed(),
        acks,
        sent_late: Latencies::default(),
    })
}

async fn send<T: Target>(
    target: T,
    queue: Arc<Queue>,
) -> Result<(Latencies, u64), PushError<T::Error>> {
    let mut acks = Latencies::default();
    let mut reports = 0;
    while let Some(request) = queue.next() {
        let sent = Instant::now();
        let taken = target.push(request).await?;
        acks.record(sent.elapsed());
        queue.how.meter.add(taken);
        reports += taken;
    }
    Ok((acks, reports))
}
