//! For whom callers were found to report, remembered for as long as no region changes.
//!
//! Every batch asks whether its caller may report for its sources. The answer stands in the tree of
//! regions, which the commit loop holds locked while it decides: under load each batch would wait for
//! those before it to be decided, and with it the thread that could read the next. So what was granted
//! is remembered here, together with the number of the tree's last change, which the commit loop tells.
//!
//! Only what follows from the tree and the fixed table of rights is remembered: that a region is the
//! caller's own or stands below it. What is denied is asked about every time, and so is what a pairing
//! allows, which ends on a day. Regions that nobody knows are not remembered, so there are never more
//! than all regions with those above them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use liandong_core::identity::Role;
use liandong_core::region::RegionCode;

/// What is granted to whom.
#[derive(Debug, Default)]
pub(crate) struct Granted {
    /// The last change of the tree that was told.
    tree: AtomicU64,
    known: RwLock<Known>,
}

/// What was found in one state of the tree.
#[derive(Debug, Default)]
struct Known {
    tree: u64,
    to: HashMap<Grantee, HashSet<RegionCode>>,
}

/// Who is granted something, as far as the tree and the table of rights tell callers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Grantee {
    /// Whoever is at the node's own machine, where it speaks in plain text.
    Here,
    /// Whoever has that role in that region, by a certificate of the node's own trust domain.
    Of(RegionCode, Role),
}

impl Granted {
    /// The tree is at that change from now on. Told before anybody else can see it.
    pub(crate) fn tree_is_at(&self, change: u64) {
        self.tree.store(change, Ordering::Release);
    }

    /// Whether it is known that somebody may report for all of these regions, of which there is one
    /// at least.
    pub(crate) fn covers(&self, grantee: Grantee, regions: &[RegionCode]) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.tree != self.tree.load(Ordering::Acquire) {
            return false;
        }
        let Some(granted) = known.to.get(&grantee) else {
            return false;
        };
        !regions.is_empty() && regions.iter().all(|region| granted.contains(region))
    }

    /// Remembers that somebody may report for these regions, which was found when the tree was at
    /// that change.
    pub(crate) fn remember(
        &self,
        grantee: Grantee,
        tree: u64,
        regions: impl IntoIterator<Item = RegionCode>,
    ) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.tree > tree {
            return;
        }
        if known.tree < tree {
            known.to.clear();
            known.tree = tree;
        }
        known.to.entry(grantee).or_default().extend(regions);
    }
}

#[cfg(test)]
mod tests;
