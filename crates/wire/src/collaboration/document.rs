//! The documents of pairings and projects as they travel.

use liandong_core::aid::{AidConsent, AidEntry, AidProject, AidSummary, Milestone, PairingSide};
use liandong_core::refusal::Refusal;

use super::{pairing_kind, v1};
use crate::read::{self, date, each, one, optional_date, text_or_empty};
use crate::task;

impl From<&PairingSide> for v1::PairingSide {
    fn from(side: &PairingSide) -> Self {
        Self {
            partner: side.partner.to_string(),
            kind: v1::PairingKind::from(side.kind).into(),
            terms: side.terms.clone(),
            from: side.from.to_string(),
            until: text_or_empty(side.until),
            steps: task::steps(&side.steps),
            signed: side.signed,
            ended: side.ended,
        }
    }
}

impl TryFrom<v1::PairingSide> for PairingSide {
    type Error = Refusal;

    fn try_from(side: v1::PairingSide) -> Result<Self, Refusal> {
        let v1::PairingSide {
            partner,
            kind,
            terms,
            from,
            until,
            steps,
            signed,
            ended,
        } = side;
        Ok(Self {
            partner: read::region("partner", &partner)?,
            kind: pairing_kind("kind", kind)?,
            terms,
            from: date("from", &from)?,
            until: optional_date("until", &until)?,
            steps: each("steps", steps)?,
            signed,
            ended,
        })
    }
}

impl From<&Milestone> for v1::Milestone {
    fn from(milestone: &Milestone) -> Self {
        Self {
            number: milestone.number,
            title: milestone.title.clone(),
            due: milestone.due.to_string(),
            owner: milestone.owner.to_string(),
        }
    }
}

impl TryFrom<v1::Milestone> for Milestone {
    type Error = Refusal;

    fn try_from(milestone: v1::Milestone) -> Result<Self, Refusal> {
        let v1::Milestone {
            number,
            title,
            due,
            owner,
        } = milestone;
        Ok(Self {
            number,
            title,
            due: date("due", &due)?,
            owner: read::region("owner", &owner)?,
        })
    }
}

impl From<&AidProject> for v1::AidProject {
    fn from(project: &AidProject) -> Self {
        Self {
            pairing: project.pairing.clone(),
            name: project.name.clone(),
            content: project.content.clone(),
            donor: project.donor.to_string(),
            recipient: project.recipient.to_string(),
            fund_fen: project.fund,
            milestones: project.milestones.iter().map(v1::Milestone::from).collect(),
            steps: task::steps(&project.steps),
        }
    }
}

impl TryFrom<v1::AidProject> for AidProject {
    type Error = Refusal;

    fn try_from(project: v1::AidProject) -> Result<Self, Refusal> {
        let v1::AidProject {
            pairing,
            name,
            content,
            donor,
            recipient,
            fund_fen,
            milestones,
            steps,
        } = project;
        Ok(Self {
            pairing,
            name,
            content,
            donor: read::region("donor", &donor)?,
            recipient: read::region("recipient", &recipient)?,
            fund: fund_fen,
            milestones: each("milestones", milestones)?,
            steps: each("steps", steps)?,
        })
    }
}

impl From<&AidConsent> for v1::AidConsent {
    fn from(consent: &AidConsent) -> Self {
        Self {
            proposer: consent.proposer.to_string(),
            project: consent.project.clone(),
            version: consent.version,
            step: Some(task::v1::Step::from(&consent.step)),
        }
    }
}

impl TryFrom<v1::AidConsent> for AidConsent {
    type Error = Refusal;

    fn try_from(consent: v1::AidConsent) -> Result<Self, Refusal> {
        let v1::AidConsent {
            proposer,
            project,
            version,
            step,
        } = consent;
        Ok(Self {
            proposer: read::region("proposer", &proposer)?,
            project,
            version,
            step: one("step", step)?,
        })
    }
}

impl From<&AidEntry> for v1::AidEntry {
    fn from(entry: &AidEntry) -> Self {
        Self {
            proposer: entry.proposer.to_string(),
            project: entry.project.clone(),
            fact: Some(v1::AidFact::from(&entry.fact)),
            steps: task::steps(&entry.steps),
        }
    }
}

impl TryFrom<v1::AidEntry> for AidEntry {
    type Error = Refusal;

    fn try_from(entry: v1::AidEntry) -> Result<Self, Refusal> {
        let v1::AidEntry {
            proposer,
            project,
            fact,
            steps,
        } = entry;
        Ok(Self {
            proposer: read::region("proposer", &proposer)?,
            project,
            fact: one("fact", fact)?,
            steps: each("steps", steps)?,
        })
    }
}

impl From<&AidSummary> for v1::AidSummary {
    fn from(summary: &AidSummary) -> Self {
        Self {
            proposer: summary.proposer.to_string(),
            project: summary.project.clone(),
            name: summary.name.clone(),
            donor: summary.donor.to_string(),
            recipient: summary.recipient.to_string(),
            agreed: summary.agreed,
            fund_fen: summary.fund,
            disbursed_fen: summary.disbursed,
            received_fen: summary.received,
            spent_fen: summary.spent,
            milestones: summary.milestones,
            milestones_reached: summary.milestones_reached,
            teachers_sent: summary.teachers_sent,
            teachers_confirmed: summary.teachers_confirmed,
            differences: summary.differences,
            teachers_hidden: false,
        }
    }
}

impl TryFrom<v1::AidSummary> for AidSummary {
    type Error = Refusal;

    fn try_from(summary: v1::AidSummary) -> Result<Self, Refusal> {
        let v1::AidSummary {
            proposer,
            project,
            name,
            donor,
            recipient,
            agreed,
            fund_fen,
            disbursed_fen,
            received_fen,
            spent_fen,
            milestones,
            milestones_reached,
            teachers_sent,
            teachers_confirmed,
            differences,
            teachers_hidden: _,
        } = summary;
        Ok(Self {
            proposer: read::region("proposer", &proposer)?,
            project,
            name,
            donor: read::region("donor", &donor)?,
            recipient: read::region("recipient", &recipient)?,
            agreed,
            fund: fund_fen,
            disbursed: disbursed_fen,
            received: received_fen,
            spent: spent_fen,
            milestones,
            milestones_reached,
            teachers_sent,
            teachers_confirmed,
            differences,
        })
    }
}
