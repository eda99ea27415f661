//! The change index: what changed after a given change number, newest version only.
//!
//! Each change gets the next number of its node. When a thing changes again its old entry goes
//! stale, and stale entries are swept when they outnumber the live ones, so the index never
//! outgrows the things it lists and a month offline costs one compact catch-up.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Entries below which sweeping is not worth it.
const SMALL: usize = 1_024;

/// Things in the order of their last change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Changes<K> {
    entries: VecDeque<(u64, K)>,
    live: usize,
}

impl<K> Default for Changes<K> {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            live: 0,
        }
    }
}

impl<K> Changes<K> {
    /// Notes that `key` changed as number `change`; `is_new` says that it was not listed before.
    /// `is_current` tells whether an entry is still the last change of its key.
    pub(super) fn push(
        &mut self,
        change: u64,
        key: K,
        is_new: bool,
        is_current: impl Fn(&K, u64) -> bool,
    ) {
        self.entries.push_back((change, key));
        if is_new {
            self.live += 1;
        }
        if self.entries.len() > SMALL + 2 * self.live {
            self.entries
                .retain(|(change, key)| is_current(key, *change));
            self.live = self.entries.len();
        }
    }

    /// Entries after `change`, oldest first; stale ones included.
    pub(super) fn after(&self, change: u64) -> impl Iterator<Item = (u64, &K)> {
        let start = self
            .entries
            .partition_point(|(number, _)| *number <= change);
        self.entries
            .range(start..)
            .map(|(number, key)| (*number, key))
    }

    /// How many things are listed.
    pub(super) fn live(&self) -> usize {
        self.live
    }
}
