//! What an aid project looks like, from both sides' documents.

use std::collections::{BTreeMap, BTreeSet};

use super::{AidConsent, AidEntry, AidFact, AidProject, AidSummary, reconcile};
use crate::region::RegionCode;

/// The documents of one project that are known here, of both sides.
#[derive(Clone, Debug)]
pub struct AidDocuments<'a> {
    /// The side that proposed the project.
    pub proposer: RegionCode,
    /// The project's id.
    pub id: &'a str,
    /// Version of the proposer's document.
    pub version: u64,
    /// The project.
    pub project: &'a AidProject,
    /// The other side's consent, if it has come.
    pub consent: Option<&'a AidConsent>,
    /// The facts: owner, id at that owner, entry; ordered by owner and id.
    pub entries: Vec<(RegionCode, &'a str, &'a AidEntry)>,
}

/// A project's totals. Amounts are in 分.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectState {
    /// Whether the other side agreed to this version of the project.
    pub agreed: bool,
    /// Paid out by the donor.
    pub disbursed: i64,
    /// Arrived at the recipient.
    pub received: i64,
    /// Spent by the recipient.
    pub spent: i64,
    /// Numbers of the milestones that were reached.
    pub reached: BTreeSet<u32>,
    /// Teachers sent, by the senders' count.
    pub teachers_sent: u32,
    /// Teachers that came, by the hosts' count.
    pub teachers_confirmed: u32,
}

/// Adds up what both sides have recorded. A fact counts only when the side whose business it is
/// says so: only the donor disburses, only the recipient receives and spends, and a milestone is
/// reached when the side that owns it says so.
pub fn project_state(documents: &AidDocuments<'_>) -> ProjectState {
    let project = documents.project;
    let owners: BTreeMap<u32, RegionCode> = project
        .milestones
        .iter()
        .map(|milestone| (milestone.number, milestone.owner))
        .collect();
    let mut state = ProjectState {
        agreed: documents
            .consent
            .is_some_and(|consent| consent.version == documents.version),
        ..ProjectState::default()
    };
    for (owner, _, entry) in &documents.entries {
        let by_donor = *owner == project.donor;
        let by_recipient = *owner == project.recipient;
        match &entry.fact {
            AidFact::Disbursement { amount, .. } if by_donor => {
                state.disbursed = state.disbursed.saturating_add(*amount);
            }
            AidFact::Receipt { amount, .. } if by_recipient => {
                state.received = state.received.saturating_add(*amount);
            }
            AidFact::Expenditure { amount, .. } if by_recipient => {
                state.spent = state.spent.saturating_add(*amount);
            }
            AidFact::Placement { teachers, .. } => {
                state.teachers_sent = state.teachers_sent.saturating_add(*teachers);
            }
            AidFact::PlacementConfirmed { teachers, .. } => {
                state.teachers_confirmed = state.teachers_confirmed.saturating_add(*teachers);
            }
            AidFact::MilestoneReached { number, .. } if owners.get(number) == Some(owner) => {
                state.reached.insert(*number);
            }
            // Said by the side whose business it is not: kept as a document, never counted.
            AidFact::Disbursement { .. }
            | AidFact::Receipt { .. }
            | AidFact::Expenditure { .. }
            | AidFact::MilestoneReached { .. } => {}
        }
    }
    state
}

/// The summary that goes to each side's superior.
pub fn summarise(documents: &AidDocuments<'_>) -> AidSummary {
    let project = documents.project;
    let state = project_state(documents);
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    AidSummary {
        proposer: documents.proposer,
        project: documents.id.to_owned(),
        name: project.name.clone(),
        donor: project.donor,
        recipient: project.recipient,
        agreed: state.agreed,
        fund: project.fund,
        disbursed: state.disbursed,
        received: state.received,
        spent: state.spent,
        milestones: count(project.milestones.len()),
        milestones_reached: count(state.reached.len()),
        teachers_sent: state.teachers_sent,
        teachers_confirmed: state.teachers_confirmed,
        differences: count(reconcile(documents).len()),
    }
}
