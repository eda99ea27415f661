//! What may be asked about pairings and projects, as commands and filters.

use liandong_core::command::Command;
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;

use super::{pairing_kind, v1};
use crate::read::{self, date, each, one, optional_date, optional_region};

impl TryFrom<v1::ProposePairingRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::ProposePairingRequest) -> Result<Self, Refusal> {
        let v1::ProposePairingRequest {
            region,
            partner,
            kind,
            terms,
            from,
            until,
            author,
        } = request;
        Ok(Self::ProposePairing {
            region: read::region("region", &region)?,
            partner: read::region("partner", &partner)?,
            kind: pairing_kind("kind", kind)?,
            terms,
            from: date("from", &from)?,
            until: optional_date("until", &until)?,
            author: one("author", author)?,
        })
    }
}

impl TryFrom<v1::SignPairingRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::SignPairingRequest) -> Result<Self, Refusal> {
        let v1::SignPairingRequest {
            region,
            partner,
            author,
        } = request;
        Ok(Self::SignPairing {
            region: read::region("region", &region)?,
            partner: read::region("partner", &partner)?,
            author: one("author", author)?,
        })
    }
}

impl TryFrom<v1::EndPairingRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::EndPairingRequest) -> Result<Self, Refusal> {
        let v1::EndPairingRequest {
            region,
            partner,
            author,
        } = request;
        Ok(Self::EndPairing {
            region: read::region("region", &region)?,
            partner: read::region("partner", &partner)?,
            author: one("author", author)?,
        })
    }
}

impl TryFrom<v1::ProposeProjectRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::ProposeProjectRequest) -> Result<Self, Refusal> {
        let v1::ProposeProjectRequest {
            region,
            id,
            partner,
            donor,
            name,
            content,
            fund_fen,
            milestones,
            author,
        } = request;
        Ok(Self::ProposeProject {
            region: read::region("region", &region)?,
            id,
            partner: read::region("partner", &partner)?,
            donor: read::region("donor", &donor)?,
            name,
            content,
            fund: fund_fen,
            milestones: each("milestones", milestones)?,
            author: one("author", author)?,
        })
    }
}

impl TryFrom<v1::ConsentProjectRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::ConsentProjectRequest) -> Result<Self, Refusal> {
        let v1::ConsentProjectRequest {
            region,
            proposer,
            project,
            author,
        } = request;
        Ok(Self::ConsentProject {
            region: read::region("region", &region)?,
            proposer: read::region("proposer", &proposer)?,
            project,
            author: one("author", author)?,
        })
    }
}

impl TryFrom<v1::RecordEntryRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::RecordEntryRequest) -> Result<Self, Refusal> {
        let v1::RecordEntryRequest {
            region,
            id,
            proposer,
            project,
            fact,
            author,
        } = request;
        Ok(Self::RecordAid {
            region: read::region("region", &region)?,
            id,
            proposer: read::region("proposer", &proposer)?,
            project,
            fact: one("fact", fact)?,
            author: one("author", author)?,
        })
    }
}

/// Which pairings are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairingFilter {
    /// Only those of this region.
    pub region: Option<RegionCode>,
}

impl TryFrom<v1::ListPairingsRequest> for PairingFilter {
    type Error = Refusal;

    fn try_from(request: v1::ListPairingsRequest) -> Result<Self, Refusal> {
        let v1::ListPairingsRequest { region } = request;
        Ok(Self {
            region: optional_region("region", &region)?,
        })
    }
}

/// Which projects are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectFilter {
    /// Only those that this region or one below it takes part in.
    pub region: Option<RegionCode>,
    /// Only those with this region as the other side.
    pub partner: Option<RegionCode>,
}

impl TryFrom<v1::ListProjectsRequest> for ProjectFilter {
    type Error = Refusal;

    fn try_from(request: v1::ListProjectsRequest) -> Result<Self, Refusal> {
        let v1::ListProjectsRequest { region, partner } = request;
        Ok(Self {
            region: optional_region("region", &region)?,
            partner: optional_region("partner", &partner)?,
        })
    }
}

/// Names a project at the side that proposed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectKey {
    /// The side that proposed it.
    pub proposer: RegionCode,
    /// Its id at that side.
    pub project: String,
}

impl TryFrom<v1::GetProjectRequest> for ProjectKey {
    type Error = Refusal;

    fn try_from(request: v1::GetProjectRequest) -> Result<Self, Refusal> {
        let v1::GetProjectRequest { proposer, project } = request;
        Ok(Self {
            proposer: read::region("proposer", &proposer)?,
            project,
        })
    }
}

impl TryFrom<v1::ReconcileProjectRequest> for ProjectKey {
    type Error = Refusal;

    fn try_from(request: v1::ReconcileProjectRequest) -> Result<Self, Refusal> {
        let v1::ReconcileProjectRequest { proposer, project } = request;
        Ok(Self {
            proposer: read::region("proposer", &proposer)?,
            project,
        })
    }
}
