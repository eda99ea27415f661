//! What a node's background work is doing, for `status`.
//!
//! Whatever works in the background says here what it is at; nobody decides anything by it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What one worker is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Worker {
    /// Its name.
    pub(crate) name: String,
    /// What it is doing, in a few words.
    pub(crate) status: String,
    /// How much waits for it.
    pub(crate) waiting: u64,
}

/// The workers of a node that have said something. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workers {
    said: Arc<Mutex<BTreeMap<String, (String, u64)>>>,
}

impl Workers {
    /// Notes what a worker is at, and how much waits for it.
    pub(crate) fn say(&self, name: &str, status: impl Into<String>, waiting: u64) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.insert(name.to_owned(), (status.into(), waiting));
    }

    /// Every worker, ordered by name.
    pub(crate) fn list(&self) -> Vec<Worker> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let worker = |(name, (status, waiting)): (&String, &(String, u64))| Worker {
            name: name.clone(),
            status: status.clone(),
            waiting: *waiting,
        };
        said.iter().map(worker).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Workers;

    #[test]
    fn the_last_word_of_each_worker_is_listed_by_name() {
        let workers = Workers::default();
        workers.say("sealing", "idle", 0);
        workers.say("checkpoint", "saving", 1);
        workers.clone().say("sealing", "segment 7", 3);
        let listed: Vec<(String, String, u64)> = workers
            .list()
            .into_iter()
            .map(|worker| (worker.name, worker.status, worker.waiting))
            .collect();
        let expected = [("checkpoint", "saving", 1), ("sealing", "segment 7", 3)];
        let expected =
            expected.map(|(name, status, waiting)| (name.into(), status.into(), waiting));
        assert_eq!(listed, expected);
    }
}
