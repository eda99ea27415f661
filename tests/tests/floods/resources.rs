//! What a process holds: memory and files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinHandle;

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Resident memory in KiB.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.context("no VmRSS")?.trim().trim_end_matches(" kB");
    Ok(number.parse()?)
}

/// How many files and sockets are open.
pub(crate) fn files(pid: u32) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

/// Looks at a process's memory until it is told to stop.
#[derive(Debug)]
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    most: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Begins.
    pub(crate) fn begin(pid: u32) -> Self {
        let (stop, most) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (stopped, seen) = (Arc::clone(&stop), Arc::clone(&most));
        let task = tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                // A process that has ended is noticed elsewhere.
                let now = resident(pid).unwrap_or(0);
                seen.fetch_max(now, Ordering::Relaxed);
                tokio::time::sleep(LOOK).await;
            }
        });
        Self { stop, most, task }
    }

    /// Ends; the most that was resident, in KiB.
    pub(crate) async fn end(self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await?;
        Ok(self.most.load(Ordering::Relaxed))
    }
}
