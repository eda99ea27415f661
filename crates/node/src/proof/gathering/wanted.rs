//! What is asked for next.

use std::collections::BTreeSet;

use liandong_core::identity::{Identity, Role};
use liandong_core::proof::{DEEPEST, Statement};
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::rollup::Sums;

use super::contradictory;

/// A statement that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) region: RegionCode,
    /// What the statement above says; `None` for the first.
    pub(super) sums: Option<Sums>,
    /// Who signed the statement above; `None` for the first.
    above: Option<Identity>,
    /// How many statements lie above it.
    level: u32,
}

impl Wanted {
    /// The statement of the region that is proven.
    pub(super) fn first(region: RegionCode) -> Self {
        Self {
            region,
            sums: None,
            above: None,
            level: 0,
        }
    }

    /// The region whose node leads there.
    pub(super) fn towards(&self) -> RegionCode {
        self.above
            .as_ref()
            .map_or(self.region, |above| above.region)
    }

    /// The statements that this one leans on, once it has come from that signer.
    pub(super) fn below(
        &self,
        said: &Statement,
        signer: &Identity,
        seen: &mut BTreeSet<RegionCode>,
    ) -> Result<Vec<Self>, Refusal> {
        let mut below = Vec::new();
        for part in said.parts.iter().filter(|part| part.report.is_none()) {
            if self.level >= DEEPEST {
                return Err(contradictory(part.region, "it lies deeper than any does"));
            }
            if !seen.insert(part.region) {
                return Err(contradictory(part.region, "it is named twice"));
            }
            below.push(Self {
                region: part.region,
                sums: Some(part.sums),
                above: Some(signer.clone()),
                level: self.level + 1,
            });
        }
        Ok(below)
    }

    /// Whether a signer may speak for the region: its own node, or the one that hosts it. Below
    /// another statement that is the one that signed it; `is_above` tells whether the first lies
    /// within a region.
    pub(super) fn may_be_said_by(
        &self,
        signer: &Identity,
        is_above: impl FnOnce(RegionCode) -> bool,
    ) -> bool {
        let is_own = signer.region == self.region;
        let speaks = match &self.above {
            Some(above) => {
                signer.domain == above.domain && (is_own || signer.region == above.region)
            }
            None => is_own || is_above(signer.region),
        };
        signer.role == Role::Node && speaks
    }
}
