//! What may be asked about a node: filters of listings and the region that moves.

use std::collections::BTreeSet;

use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;

use super::v1;
use crate::read::{self, enumeration, optional_region};

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

/// One part of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VerifyPart {
    /// Every frame of the journal and the chain of their hashes.
    Journal,
    /// The second copy of the journal.
    Mirror,
    /// The state, folded again from the journal.
    State,
    /// Every cell, counted again.
    Cells,
    /// Who signed what other nodes told, and what they sealed.
    Evidence,
    /// What this node and its peers hold of each other.
    Peers,
}

enumeration!(
    VerifyPart,
    verify_part,
    [Journal, Mirror, State, Cells, Evidence, Peers]
);

impl VerifyPart {
    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Mirror => "mirror",
            Self::State => "state",
            Self::Cells => "cells",
            Self::Evidence => "evidence",
            Self::Peers => "peers",
        }
    }
}

/// What a node is asked to verify of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The parts; never empty.
    pub parts: BTreeSet<VerifyPart>,
}

impl TryFrom<v1::VerifyNodeRequest> for Verification {
    type Error = Refusal;

    fn try_from(request: v1::VerifyNodeRequest) -> Result<Self, Refusal> {
        let v1::VerifyNodeRequest { parts } = request;
        let mut asked = BTreeSet::new();
        for (place, number) in parts.into_iter().enumerate() {
            asked.insert(verify_part(&format!("parts[{place}]"), number)?);
        }
        if asked.is_empty() {
            let words = [
                VerifyPart::Journal,
                VerifyPart::Mirror,
                VerifyPart::State,
                VerifyPart::Cells,
                VerifyPart::Evidence,
                VerifyPart::Peers,
            ];
            let words = words.map(|part| part.word().to_owned()).to_vec();
            return Err(Refusal::new(
                Reason::Missing,
                "parts",
                "",
                Accepted::OneOf(words),
            ));
        }
        Ok(Self { parts: asked })
    }
}
