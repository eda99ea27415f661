//! How far a measurement is, for whoever shows it, and a way to end it early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts reports that were acknowledged. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    reports: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
}

impl Meter {
    /// Reports acknowledged so far.
    pub fn reports(&self) -> u64 {
        self.reports.load(Ordering::Relaxed)
    }

    /// Lets no further batch begin; those under way are waited for.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, reports: u64) {
        self.reports.fetch_add(reports, Ordering::Relaxed);
    }
}
