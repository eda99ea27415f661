//! How a caller stands to the region whose data is asked for.

use std::fmt;

use crate::region::{RegionCode, RegionTree};

/// What the caller's region is to the region whose data is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The same.
    Own,
    /// Above it, with no node between: its data lies at the caller's own node.
    Hosted,
    /// Above it, and above the node that holds its data.
    Superior,
    /// Below it.
    Subordinate,
    /// Paired with it by a pairing that is in force.
    Partner,
    /// Above a region that is paired with it.
    PartnersSuperior,
    /// None of these.
    Stranger,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 7] = [
        Self::Own,
        Self::Hosted,
        Self::Superior,
        Self::Subordinate,
        Self::Partner,
        Self::PartnersSuperior,
        Self::Stranger,
    ];

    /// How the `caller` stands to `target`, at the node of region `here`. `partners` are the regions
    /// that the target is paired with today, by pairings in force.
    pub fn of(
        tree: &RegionTree,
        here: RegionCode,
        caller: RegionCode,
        target: RegionCode,
        partners: &[RegionCode],
    ) -> Self {
        if caller == target {
            return Self::Own;
        }
        if tree.is_within(target, caller) {
            let above_the_node = here != caller && tree.is_within(here, caller);
            return if above_the_node {
                Self::Superior
            } else {
                Self::Hosted
            };
        }
        if partners.contains(&caller) {
            return Self::Partner;
        }
        if tree.is_within(caller, target) {
            return Self::Subordinate;
        }
        if partners
            .iter()
            .any(|paired| tree.is_within(*paired, caller))
        {
            return Self::PartnersSuperior;
        }
        Self::Stranger
    }

    /// The words used in logs and messages, which follow "is".
    pub fn word(self) -> &'static str {
        match self {
            Self::Own => "the region itself",
            Self::Hosted => "above it, at its own node",
            Self::Superior => "above its node",
            Self::Subordinate => "below it",
            Self::Partner => "paired with it",
            Self::PartnersSuperior => "above a region paired with it",
            Self::Stranger => "a stranger to it",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
