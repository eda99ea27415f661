//! An open loop: batches are due at fixed moments, whatever became of those before. A target that
//! pauses is asked all the same, and every batch that waited counts with the whole time since it was
//! due, so that no pause is left out of the latencies (no coordinated omission).

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use liandong_client::wire::progress::v1::PushReportsRequest;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::error::PushError;
use crate::latency::Latencies;
use crate::load::{Requests, rows_of};
use crate::meter::Meter;
use crate::pushed::Pushed;
use crate::target::Target;

/// How an open loop is driven.
#[derive(Clone, Debug)]
pub struct OpenLoop {
    /// Reports that fall due each second; batches stay whole.
    pub reports_per_second: u64,
    /// Lets no batch fall due after so long; `None` to send all there is.
    pub at_most: Option<Duration>,
    /// Counts, and may stop it.
    pub meter: Meter,
}

impl OpenLoop {
    /// At a rate, until all are sent.
    pub fn at(reports_per_second: u64) -> Self {
        Self {
            reports_per_second,
            at_most: None,
            meter: Meter::default(),
        }
    }
}

/// What became of one batch.
struct Outcome<E> {
    late: Duration,
    answered: Result<(u64, Duration), PushError<E>>,
}

/// Pushes every request once, each when it is due, over the given connections in turn.
///
/// # Errors
/// The first batch that was not taken; none is begun after it.
pub async fn open_loop<T: Target>(
    targets: &[T],
    requests: Requests,
    how: OpenLoop,
) -> Result<Pushed, PushError<T::Error>> {
    if targets.is_empty() {
        return Err(PushError::Zero("the number of connections"));
    }
    if how.reports_per_second == 0 {
        return Err(PushError::Zero("the rate"));
    }
    let (outcomes, mut arriving) = mpsc::unbounded_channel();
    let begun = Instant::now();
    let meter = how.meter.clone();
    let clock = Clock {
        targets: targets.to_vec(),
        requests,
        how,
        begun,
        runtime: Handle::current(),
        outcomes,
    };
    let ticking = thread::spawn(move || clock.tick());
    let mut pushed = Pushed {
        reports: 0,
        batches: 0,
        took: Duration::ZERO,
        acks: Latencies::default(),
        sent_late: Latencies::default(),
    };
    let mut failed = None;
    while let Some(outcome) = arriving.recv().await {
        pushed.sent_late.record(outcome.late);
        match outcome.answered {
            Ok((reports, latency)) => {
                pushed.acks.record(latency);
                pushed.batches += 1;
                pushed.reports += reports;
                meter.add(reports);
            }
            Err(error) => {
                meter.stop();
                failed.get_or_insert(error);
            }
        }
    }
    pushed.took = begun.elapsed();
    if ticking.join().is_err() {
        return Err(PushError::Stopped("the clock".to_owned()));
    }
    failed.map_or(Ok(pushed), Err)
}

/// Hands out batches when they are due. A thread of its own: timers of the runtime are a
/// millisecond coarse, which is more than many an acknowledgement takes.
struct Clock<T: Target> {
    targets: Vec<T>,
    requests: Requests,
    how: OpenLoop,
    begun: Instant,
    runtime: Handle,
    outcomes: mpsc::UnboundedSender<Outcome<T::Error>>,
}

impl<T: Target> Clock<T> {
    fn tick(self) {
        let mut reports_before: u128 = 0;
        for (request, target) in self.requests.iter().zip(self.targets.iter().cycle()) {
            let nanos = reports_before * 1_000_000_000 / u128::from(self.how.reports_per_second);
            let after = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            if self.how.at_most.is_some_and(|most| after >= most) || self.how.meter.is_stopped() {
                return;
            }
            reports_before += u128::try_from(rows_of(request)).unwrap_or(0);
            let request = Arc::clone(request);
            let due = self.begun + after;
            let wait = due.saturating_duration_since(Instant::now());
            if !wait.is_zero() {
                thread::sleep(wait);
            }
            self.runtime
                .spawn(send(target.clone(), request, due, self.outcomes.clone()));
        }
    }
}

async fn send<T: Target>(
    target: T,
    request: Arc<PushReportsRequest>,
    due: Instant,
    outcomes: mpsc::UnboundedSender<Outcome<T::Error>>,
) {
    let late = due.elapsed();
    let answered = target.push(request).await;
    let answered = answered.map(|reports| (reports, due.elapsed()));
    // Nobody listens any more only when the measurement was given up.
    let _ = outcomes.send(Outcome { late, answered });
}
