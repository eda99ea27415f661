//! What both loops count, of targets whose behaviour is known.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use liandong_client::wire::progress::v1::PushReportsRequest;
use liandong_load::{
    ClosedLoop, Load, LoadError, LoadPlan, OpenLoop, PushError, Target, closed_loop, open_loop,
    rows_of, unit_code,
};
use tokio::sync::Mutex;

/// Answers one batch at a time, the `slow_at`th of them late, and no more than `at_most` at all.
#[derive(Clone)]
struct OneByOne {
    line: Arc<Mutex<usize>>,
    under_way: Arc<AtomicUsize>,
    most_under_way: Arc<AtomicUsize>,
    slow_at: usize,
    at_most: usize,
}

const PAUSE: Duration = Duration::from_millis(300);

impl OneByOne {
    fn new(slow_at: usize, at_most: usize) -> Self {
        Self {
            line: Arc::default(),
            under_way: Arc::default(),
            most_under_way: Arc::default(),
            slow_at,
            at_most,
        }
    }
}

impl Target for OneByOne {
    type Error = io::Error;

    async fn push(&self, request: Arc<PushReportsRequest>) -> Result<u64, PushError<io::Error>> {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        let mut taken = self.line.lock().await;
        *taken += 1;
        if *taken == self.slow_at {
            tokio::time::sleep(PAUSE).await;
        }
        tokio::task::yield_now().await;
        let is_full = *taken > self.at_most;
        drop(taken);
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        if is_full {
            return Err(PushError::Target(io::Error::other("full")));
        }
        Ok(rows_of(&request) as u64)
    }
}

/// 100 batches of 10 reports.
fn load() -> Result<Load, LoadError> {
    let mut plan = LoadPlan::of_units((1..=100).map(|n| unit_code("371524", n)).collect())?;
    plan.indicators.truncate(10);
    plan.months = 1;
    plan.rows = 10;
    plan.corrected_one_of = 0;
    plan.repeated_one_of = 0;
    plan.make()
}

#[tokio::test]
async fn a_closed_loop_keeps_that_many_under_way_and_sends_all() {
    let load = load().unwrap();
    let target = OneByOne::new(0, usize::MAX);
    let how = ClosedLoop::of(7);
    let meter = how.meter.clone();
    let pushed = closed_loop(
        std::slice::from_ref(&target),
        Arc::clone(&load.requests),
        how,
    )
    .await
    .unwrap();
    assert_eq!((pushed.reports, pushed.batches), (1_000, 100));
    assert_eq!((pushed.acks.count(), meter.reports()), (100, 1_000));
    assert_eq!(target.most_under_way.load(Ordering::SeqCst), 7);
}

#[tokio::test]
async fn an_open_loop_counts_a_pause_for_every_batch_that_waited() {
    let load = load().unwrap();
    // 200 batches a second: for 300 ms of pause 60 batches fall due.
    let target = OneByOne::new(20, usize::MAX);
    let pushed = open_loop(&[target], Arc::clone(&load.requests), OpenLoop::at(2_000))
        .await
        .unwrap();
    let seen = pushed.acks.quantiles();
    assert_eq!((pushed.reports, seen.count), (1_000, 100));
    assert!(seen.max >= PAUSE, "{seen:?}");
    // A loop that waited for its answers would have seen a single slow one.
    assert!(seen.p50 >= PAUSE / 20, "{seen:?}");
    assert!(seen.p90 >= PAUSE / 2, "{seen:?}");
    assert_eq!(pushed.sent_late.count(), 100);
    assert!(
        pushed.took >= Duration::from_millis(490),
        "{:?}",
        pushed.took
    );
}

/// Holds up the sender itself, once.
#[derive(Clone, Default)]
struct Stalling {
    pushed: Arc<AtomicUsize>,
}

impl Target for Stalling {
    type Error = io::Error;

    async fn push(&self, request: Arc<PushReportsRequest>) -> Result<u64, PushError<io::Error>> {
        if self.pushed.fetch_add(1, Ordering::SeqCst) == 20 {
            std::thread::sleep(PAUSE);
        }
        Ok(rows_of(&request) as u64)
    }
}

#[tokio::test]
async fn an_open_loop_counts_from_the_moment_at_which_a_batch_was_due() {
    let load = load().unwrap();
    // The one thread that sends is held up: what falls due meanwhile is sent late, and quickly.
    let target = [Stalling::default()];
    let pushed = open_loop(&target, Arc::clone(&load.requests), OpenLoop::at(2_000)).await;
    let pushed = pushed.unwrap();
    let (seen, late) = (pushed.acks.quantiles(), pushed.sent_late.quantiles());
    assert!(seen.p90 >= PAUSE / 2, "{seen:?}");
    assert!(late.p90 >= PAUSE / 2, "{late:?}");
}

#[tokio::test]
async fn what_was_not_taken_ends_both_loops() {
    let load = load().unwrap();
    let requests = || Arc::clone(&load.requests);
    let target = [OneByOne::new(0, 10)];
    let failed = closed_loop(&target, requests(), ClosedLoop::of(2)).await;
    assert!(matches!(failed, Err(PushError::Target(_))));
    let target = [OneByOne::new(0, 10)];
    let failed = open_loop(&target, requests(), OpenLoop::at(1_000_000)).await;
    assert!(matches!(failed, Err(PushError::Target(_))));
    let none: [OneByOne; 0] = [];
    let failed = open_loop(&none, requests(), OpenLoop::at(1)).await;
    assert!(matches!(failed, Err(PushError::Zero(_))));
}

#[tokio::test]
async fn a_time_limit_ends_both_loops() {
    let load = load().unwrap();
    let target = [OneByOne::new(1, usize::MAX)];
    let how = ClosedLoop {
        at_most: Some(PAUSE / 2),
        ..ClosedLoop::of(3)
    };
    let pushed = closed_loop(&target, Arc::clone(&load.requests), how).await;
    assert_eq!(pushed.unwrap().batches, 3);
    let target = [OneByOne::new(0, usize::MAX)];
    let how = OpenLoop {
        at_most: Some(Duration::from_millis(100)),
        ..OpenLoop::at(1_000)
    };
    let pushed = open_loop(&target, Arc::clone(&load.requests), how).await;
    // Batches of 10 are due at 0, 10, … 90 ms.
    assert_eq!(pushed.unwrap().batches, 10);
}
