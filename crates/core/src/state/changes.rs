//! The change index: what changed after a given change number, newest version only.
//!
//! Each change gets the next number of its node. When a thing changes again its old entry goes
//! stale, and stale entries are swept when they outnumber the live ones, so the index never
//! outgrows the things it lists and a month offline costs one compact catch-up.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};

/// Entries below which sweeping is not worth it.
const SMALL: usize = 1_024;
/// Entries that stand together in one piece of memory.
const TOGETHER: usize = 1_024;

/// Things in the order of their last change.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Stored<K>", bound = "K: Clone + Deserialize<'de>")]
pub(super) struct Changes<K> {
    entries: Entries<K>,
    live: usize,
}

/// As it is read from a checkpoint.
#[derive(Deserialize)]
struct Stored<K> {
    entries: Vec<(u64, K)>,
    live: usize,
}

/// Entries in the order of their numbers, in pieces: smaller than a list of numbers and keys, and
/// neither growing nor a checkpoint copies what is listed already.
#[derive(Clone, Debug)]
struct Entries<K> {
    pieces: VecDeque<Piece<K>>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Piece<K> {
    /// The number of the first entry; each tells how far it is from here.
    first: u64,
    entries: Arc<Vec<(u32, K)>>,
}

impl<K> Default for Changes<K> {
    fn default() -> Self {
        Self {
            entries: Entries::default(),
            live: 0,
        }
    }
}

impl<K> Default for Entries<K> {
    fn default() -> Self {
        Self {
            pieces: VecDeque::new(),
            len: 0,
        }
    }
}

impl<K: Clone> Changes<K> {
    /// Notes that `key` changed as number `change`; `is_new` says that it was not listed before.
    /// `is_current` tells whether an entry is still the last change of its key.
    pub(super) fn push(
        &mut self,
        change: u64,
        key: K,
        is_new: bool,
        is_current: impl Fn(&K, u64) -> bool,
    ) {
        self.entries.push(change, key);
        if is_new {
            self.live += 1;
        }
        if self.entries.len > SMALL + 2 * self.live {
            let all = std::mem::take(&mut self.entries);
            for (change, key) in all.pieces.into_iter().flat_map(Piece::into_entries) {
                if is_current(&key, change) {
                    self.entries.push(change, key);
                }
            }
            self.live = self.entries.len;
        }
    }

    /// Entries after `change`, oldest first; stale ones included.
    pub(super) fn after(&self, change: u64) -> impl Iterator<Item = (u64, &K)> {
        let pieces = &self.entries.pieces;
        // Earlier pieces end before the next begins.
        let next = pieces.partition_point(|piece| piece.first <= change);
        let pieces = pieces.range(next.saturating_sub(1)..);
        let entries = pieces.flat_map(Piece::iter);
        entries.skip_while(move |(number, _)| *number <= change)
    }

    /// How many things are listed.
    pub(super) fn live(&self) -> usize {
        self.live
    }
}

impl<K: Clone> Entries<K> {
    fn push(&mut self, change: u64, key: K) {
        self.len += 1;
        if let Some(piece) = self.pieces.back_mut()
            && piece.entries.len() < TOGETHER
            && let Some(distance) = change.checked_sub(piece.first)
            && let Ok(distance) = u32::try_from(distance)
        {
            Arc::make_mut(&mut piece.entries).push((distance, key));
            return;
        }
        self.pieces.push_back(Piece {
            first: change,
            entries: Arc::new(vec![(0, key)]),
        });
    }
}

impl<K: Clone> Piece<K> {
    fn iter(&self) -> impl Iterator<Item = (u64, &K)> {
        let first = self.first;
        let entries = self.entries.iter();
        entries.map(move |(distance, key)| (first + u64::from(*distance), key))
    }

    fn into_entries(self) -> impl Iterator<Item = (u64, K)> {
        let first = self.first;
        let entries = Arc::unwrap_or_clone(self.entries).into_iter();
        entries.map(move |(distance, key)| (first + u64::from(distance), key))
    }
}

impl<K: Clone> From<Stored<K>> for Changes<K> {
    fn from(stored: Stored<K>) -> Self {
        let mut entries = Entries::default();
        for (change, key) in stored.entries {
            entries.push(change, key);
        }
        Self {
            entries,
            live: stored.live,
        }
    }
}

impl<K: Clone + Serialize> Serialize for Changes<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = serializer.serialize_struct("Changes", 2)?;
        written.serialize_field("entries", &self.entries)?;
        written.serialize_field("live", &self.live)?;
        written.end()
    }
}

impl<K: Clone + Serialize> Serialize for Entries<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = serializer.serialize_seq(Some(self.len))?;
        for entry in self.pieces.iter().flat_map(Piece::iter) {
            written.serialize_element(&entry)?;
        }
        written.end()
    }
}

#[cfg(test)]
mod tests;
