//! Where work is done that blocks: on threads, or in turn with everything else.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::oneshot;
use tokio::task::JoinError;

/// How a node spends time that would hold others up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// Threads of the system. A commit loop that fails ends the process.
    System,
    /// Tasks of the runtime that the node is started on, and no thread besides: what blocks is done
    /// at once and takes no simulated time. A commit loop that fails stops the node.
    Tasks {
        /// How long a sync is waited for before it is done, so that a crash can come between
        /// appending and syncing.
        sync_takes: Duration,
    },
}

impl Threads {
    /// Does work that blocks where it holds nobody up.
    ///
    /// # Errors
    /// When the work panicked, or the runtime ended first.
    pub(crate) async fn blocking<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        match self {
            Self::System => tokio::task::spawn_blocking(work).await,
            Self::Tasks { .. } => Ok(work()),
        }
    }

    /// A thread on which one piece of work is done after the other, until the worker is dropped.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub(crate) fn worker(self, name: &str) -> io::Result<Worker> {
        let Self::System = self else {
            return Ok(Worker { jobs: None });
        };
        let (jobs, waiting) = mpsc::channel::<Job>();
        let work = move || {
            for job in waiting {
                job();
            }
        };
        thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Worker { jobs: Some(jobs) })
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// Where large pieces of work of one kind are done, always on the same thread. Where the allocator keeps
/// a heap for each thread it gives little of it back: on whichever thread is free, a node's heaps grow
/// one after the other to what the largest piece once took.
#[derive(Debug)]
pub(crate) struct Worker {
    /// `None` where work is done at once.
    jobs: Option<mpsc::Sender<Job>>,
}

/// Work that was not done to its end.
#[derive(Debug, Error)]
#[error("the work panicked")]
pub(crate) struct Panicked;

impl Worker {
    /// Does work after all that was given before.
    ///
    /// # Errors
    /// When the work panicked. What is given later is done all the same.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let Some(jobs) = &self.jobs else {
            return Ok(work());
        };
        let (answer, answered) = oneshot::channel();
        let job = move || {
            // Nothing is shared with the work that it could leave half-done: what it works on it owns.
            if let Ok(done) = catch_unwind(AssertUnwindSafe(work)) {
                // Whoever asked may have given up.
                let _ = answer.send(done);
            }
        };
        jobs.send(Box::new(job)).map_err(|_| Panicked)?;
        answered.await.map_err(|_| Panicked)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{Panicked, Threads};

    #[tokio::test]
    async fn work_is_done_on_one_thread_also_after_some_has_panicked() -> std::io::Result<()> {
        let worker = Threads::System.worker("tested")?;
        let first = worker.run(|| thread::current().id()).await;
        let panicked = worker.run(|| panic!("as it is meant to")).await;
        assert!(matches!(panicked, Err::<(), _>(Panicked)));
        let (first, then) = (first.ok(), worker.run(|| thread::current().id()).await.ok());
        assert_eq!(first, then);
        assert!(first.is_some_and(|one| one != thread::current().id()));
        Ok(())
    }
}
