//! How a caller stands to the region whose data is asked for.

use std::fmt;

use crate::language::Language;
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
        let is_within = |code, top| tree.is_within(code, top);
        Self::by(is_within, here, caller, target, || partners.to_vec())
    }

    /// [`Standing::of`] where the tree is not one: `is_within` says whether its first region is the
    /// second or stands below it. `partners` is asked only when they can make a difference.
    pub fn by(
        is_within: impl Fn(RegionCode, RegionCode) -> bool,
        here: RegionCode,
        caller: RegionCode,
        target: RegionCode,
        partners: impl FnOnce() -> Vec<RegionCode>,
    ) -> Self {
        if caller == target {
            return Self::Own;
        }
        if is_within(target, caller) {
            let above_the_node = here != caller && is_within(here, caller);
            return if above_the_node {
                Self::Superior
            } else {
                Self::Hosted
            };
        }
        let partners = partners();
        if partners.contains(&caller) {
            return Self::Partner;
        }
        if is_within(caller, target) {
            return Self::Subordinate;
        }
        if partners.iter().any(|paired| is_within(*paired, caller)) {
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

    /// The sentence that says so of two regions.
    pub fn sentence(self, caller: RegionCode, target: RegionCode, language: Language) -> String {
        match self {
            Self::Own => language.pick(
                format!("{target} 就是其本区域"),
                format!("{target} is its own region"),
            ),
            Self::Hosted => language.pick(
                format!("{caller} 是 {target} 的上级，同在一个节点"),
                format!("{caller} is above {target}, at its own node"),
            ),
            Self::Superior => language.pick(
                format!("{caller} 是 {target} 的上级"),
                format!("{caller} is above the node of {target}"),
            ),
            Self::Subordinate => language.pick(
                format!("{caller} 是 {target} 的下级"),
                format!("{caller} is below {target}"),
            ),
            Self::Partner => language.pick(
                format!("{caller} 与 {target} 结对"),
                format!("{caller} is paired with {target}"),
            ),
            Self::PartnersSuperior => language.pick(
                format!("{caller} 是 {target} 结对方的上级"),
                format!("{caller} is above a region paired with {target}"),
            ),
            Self::Stranger => language.pick(
                format!("{caller} 与 {target} 无关"),
                format!("{caller} is a stranger to {target}"),
            ),
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
