//! Who makes a long answer, and who waits.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::timeout;

use super::{LongAnswers, Turn};

/// What comes at once, if anything does.
async fn at_once(turn: Pin<&mut impl Future<Output = Option<Turn>>>) -> Option<Turn> {
    timeout(Duration::ZERO, turn).await.ok().flatten()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn half_of_the_threads_make_long_answers() {
    let turns = LongAnswers::here();
    let _first = turns.turn().await.unwrap();
    let second = turns.turn().await.unwrap();
    let mut third = std::pin::pin!(turns.turn());
    assert!(at_once(third.as_mut()).await.is_none());
    // It stands in an answer, and in whatever the answer was copied to.
    let copied = second.clone();
    drop(second);
    assert!(at_once(third.as_mut()).await.is_none());
    drop(copied);
    assert!(at_once(third.as_mut()).await.is_some());
}

#[tokio::test]
async fn one_thread_makes_them_one_by_one() {
    let turns = LongAnswers::here();
    let first = turns.turn().await.unwrap();
    let mut second = std::pin::pin!(turns.turn());
    assert!(at_once(second.as_mut()).await.is_none());
    drop(first);
    assert!(at_once(second.as_mut()).await.is_some());
}
