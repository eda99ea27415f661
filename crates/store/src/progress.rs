//! How far a long piece of work is, for whoever waits for it.

use crate::journal::Sequence;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Segments are copied between journal and mirror.
    Mirror,
    /// The state is folded from the journal.
    Fold,
    /// Stored data is read and checked.
    Check,
    /// Files are copied.
    Copy,
}

/// How far a long piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub work: Work,
    /// The frame that was dealt with last, 0 if that cannot be said.
    pub frame: Sequence,
    /// Bytes dealt with.
    pub done: u64,
    /// About how many bytes there are.
    pub total: u64,
}

impl Progress {
    /// Hundredths done, at most 100.
    pub fn percent(&self) -> u64 {
        let total = self.total.max(1);
        self.done.min(total).saturating_mul(100) / total
    }
}
