//! How soon a node that was started answers.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use liandong_tests::node::Node;

/// Far longer than a node with ten million cells should ever need.
const PATIENCE: Duration = Duration::from_secs(900);
const PAUSE: Duration = Duration::from_millis(2);

/// Starts the node and waits until it answers who it is, over TLS; how long that took.
pub(crate) async fn start(node: &mut Node) -> Result<Duration> {
    let begun = Instant::now();
    node.begin()?;
    loop {
        if node.status().await.is_ok() {
            return Ok(begun.elapsed());
        }
        if let Some(status) = node.exited()? {
            bail!("the node ended: {status}\n{}", node.log());
        }
        ensure!(begun.elapsed() < PATIENCE, "not ready:\n{}", node.log());
        tokio::time::sleep(PAUSE).await;
    }
}

/// Stops the node as an operator does, however long it takes; how long that was.
pub(crate) async fn stop(node: &mut Node) -> Result<Duration> {
    let begun = Instant::now();
    node.signal(rustix::process::Signal::TERM)?;
    loop {
        if node.exited()?.is_some() {
            break;
        }
        ensure!(begun.elapsed() < PATIENCE, "it does not stop");
        tokio::time::sleep(PAUSE).await;
    }
    let took = begun.elapsed();
    // It knows now that it has ended.
    node.ends().await?;
    Ok(took)
}

/// Whole milliseconds.
pub(crate) fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Whole microseconds.
pub(crate) fn us(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
