//! What the parts of a run know of each other. One thread, so nothing is locked.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::ledger::Ledger;
use crate::trace;

/// How a run ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    /// What does not hold; empty when all does.
    pub(crate) broken: Vec<String>,
    /// Simulated time from healing until all held.
    pub(crate) converged: Duration,
}

/// Shared between the machines, the clients, the watch and the loop that drives them.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) seed: u64,
    pub(crate) ledger: RefCell<Ledger>,
    /// When everything worked again; none before.
    pub(crate) healed_at: Cell<Option<Duration>>,
    /// Clients that have not finished.
    pub(crate) working: Cell<usize>,
    /// What did not hold at some moment of the run.
    pub(crate) broken: RefCell<Vec<String>>,
    pub(crate) verdict: RefCell<Option<Verdict>>,
    /// How often a node's data went back to an earlier moment or to nothing.
    pub(crate) lives: RefCell<BTreeMap<&'static str, u32>>,
    /// What was injected, and what clients did, by kind.
    pub(crate) counts: RefCell<BTreeMap<&'static str, u64>>,
}

impl Shared {
    /// Counts something.
    pub(crate) fn count(&self, what: &'static str) {
        *self.counts.borrow_mut().entry(what).or_insert(0) += 1;
    }

    /// Whether everything works again.
    pub(crate) fn is_healed(&self) -> bool {
        self.healed_at.get().is_some()
    }

    /// Something does not hold.
    pub(crate) fn broke(&self, what: String) {
        trace::say(&what);
        let mut broken = self.broken.borrow_mut();
        if broken.len() < 100 && !broken.contains(&what) {
            broken.push(what);
        }
    }

    /// How often a node's data went back.
    pub(crate) fn lives_of(&self, node: &str) -> u32 {
        self.lives.borrow().get(node).copied().unwrap_or(0)
    }
}
