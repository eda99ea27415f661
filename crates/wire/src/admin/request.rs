//! What may be asked about a node: filters of listings and the region that moves.

use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;

use super::v1;
use crate::read::{self, optional_region};

/// Which regions are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionFilter {
    /// The region to start below; `None` for the top of the tree.
    pub under: Option<RegionCode>,
    /// How many rungs to go down; `None` for all.
    pub depth: Option<u32>,
}

impl TryFrom<v1::ListRegionsRequest> for RegionFilter {
    type Error = Refusal;

    fn try_from(request: v1::ListRegionsRequest) -> Result<Self, Refusal> {
        let v1::ListRegionsRequest { under, depth } = request;
        Ok(Self {
            under: optional_region("under", &under)?,
            depth: (depth > 0).then_some(depth),
        })
    }
}

/// Which indicators are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndicatorFilter {
    /// Only those that the plan of this issuer and code has targets for.
    pub plan: Option<(RegionCode, String)>,
}

impl TryFrom<v1::ListIndicatorsRequest> for IndicatorFilter {
    type Error = Refusal;

    fn try_from(request: v1::ListIndicatorsRequest) -> Result<Self, Refusal> {
        let v1::ListIndicatorsRequest { plan, plan_issuer } = request;
        if plan.is_empty() {
            return Ok(Self { plan: None });
        }
        let issuer = read::region("plan_issuer", &plan_issuer)?;
        Ok(Self {
            plan: Some((issuer, plan)),
        })
    }
}

/// Which region is exported, and whether it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export {
    /// The region.
    pub region: RegionCode,
    /// Whether the node stops hosting it first.
    pub move_out: bool,
}

impl TryFrom<v1::ExportRegionRequest> for Export {
    type Error = Refusal;

    fn try_from(request: v1::ExportRegionRequest) -> Result<Self, Refusal> {
        let v1::ExportRegionRequest { region, move_out } = request;
        Ok(Self {
            region: read::region("region", &region)?,
            move_out,
        })
    }
}
