//! Aid projects: proposing one, and the other side's consent to it as it stands.

use super::pairing::require_pairing;
use crate::aid::{AidConsent, AidProject, Milestone, pairing_id};
use crate::command::Decision;
use crate::decide::text::{check_author, check_id, check_text};
use crate::decide::{Setting, body, require_hosted, written};
use crate::document::{Body, DocumentKey, Kind};
use crate::quantity::MAX_FIGURE;
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::RegionCode;
use crate::state::State;
use crate::step::{Action, Author, Step};

/// The most milestones a project may have.
const MAX_MILESTONES: usize = 200;

pub(super) struct Proposal {
    pub(super) id: String,
    pub(super) partner: RegionCode,
    pub(super) donor: RegionCode,
    pub(super) name: String,
    pub(super) content: String,
    pub(super) fund: i64,
    pub(super) milestones: Vec<Milestone>,
}

pub(super) fn propose_project(
    state: &State,
    region: RegionCode,
    proposal: Proposal,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "region", region)?;
    check_author(author, false)?;
    check_id("id", &proposal.id)?;
    check_text("name", &proposal.name, true)?;
    check_text("content", &proposal.content, false)?;
    check_amount("fund", proposal.fund)?;
    require_pairing(state, region, proposal.partner, setting)?;
    let sides = [region, proposal.partner];
    if !sides.contains(&proposal.donor) {
        let codes = sides.iter().map(ToString::to_string).collect();
        let accepted = Accepted::OneOf(codes);
        return Err(Refusal::new(
            Reason::OutOfRange,
            "donor",
            proposal.donor,
            accepted,
        ));
    }
    check_milestones(&proposal.milestones, sides)?;
    let recipient = if proposal.donor == region {
        proposal.partner
    } else {
        region
    };
    let mut steps = match body(state, Kind::AidProject, region, &proposal.id) {
        Some(Body::AidProject(known)) => known.steps.clone(),
        _ => Vec::new(),
    };
    steps.push(Step::new(Action::Propose, author, setting.now));
    let project = AidProject {
        pairing: pairing_id(region, proposal.partner),
        name: proposal.name,
        content: proposal.content,
        donor: proposal.donor,
        recipient,
        fund: proposal.fund,
        milestones: proposal.milestones,
        steps,
    };
    let project_id = proposal.id;
    Ok(written(
        state,
        region,
        &project_id,
        Body::AidProject(project),
    ))
}

pub(super) fn check_milestones(
    milestones: &[Milestone],
    sides: [RegionCode; 2],
) -> Result<(), Refusal> {
    if milestones.len() > MAX_MILESTONES {
        let accepted = Accepted::Range(0, MAX_MILESTONES as i64);
        let count = milestones.len();
        return Err(Refusal::new(
            Reason::OutOfRange,
            "milestones",
            count,
            accepted,
        ));
    }
    for (place, milestone) in milestones.iter().enumerate() {
        let field = |name: &str| format!("milestones[{place}].{name}");
        check_text(&field("title"), &milestone.title, true)?;
        if !sides.contains(&milestone.owner) {
            let codes = sides.iter().map(ToString::to_string).collect();
            let accepted = Accepted::OneOf(codes);
            let owner = milestone.owner;
            return Err(Refusal::new(
                Reason::OutOfRange,
                &field("owner"),
                owner,
                accepted,
            ));
        }
        let taken = |other: &Milestone| other.number == milestone.number;
        if milestones.iter().take(place).any(taken) {
            let accepted = Accepted::Nothing;
            let number = milestone.number;
            return Err(Refusal::new(
                Reason::AlreadyExists,
                &field("number"),
                number,
                accepted,
            ));
        }
    }
    Ok(())
}

pub(super) fn check_amount(field: &str, fen: i64) -> Result<(), Refusal> {
    if (0..=MAX_FIGURE).contains(&fen) {
        return Ok(());
    }
    let accepted = Accepted::Range(0, MAX_FIGURE);
    Err(Refusal::new(Reason::OutOfRange, field, fen, accepted))
}

pub(super) fn project<'a>(
    state: &'a State,
    proposer: RegionCode,
    id: &str,
) -> Result<(&'a AidProject, u64), Refusal> {
    let key = DocumentKey {
        kind: Kind::AidProject,
        owner: proposer,
        id: id.to_owned(),
    };
    if let Some(stored) = state.document(&key)
        && let Body::AidProject(project) = &stored.document.body
    {
        return Ok((project, stored.document.version));
    }
    let known = state
        .documents(Kind::AidProject)
        .map(|document| format!("{} ({})", document.id, document.owner))
        .collect();
    Err(Refusal::new(
        Reason::UnknownProject,
        "project",
        id,
        Accepted::OneOf(known),
    ))
}

pub(super) fn other_side(project: &AidProject, region: RegionCode) -> Result<RegionCode, Refusal> {
    if project.donor == region {
        return Ok(project.recipient);
    }
    if project.recipient == region {
        return Ok(project.donor);
    }
    let sides = vec![project.donor.to_string(), project.recipient.to_string()];
    let accepted = Accepted::OneOf(sides);
    Err(Refusal::new(Reason::NotYours, "region", region, accepted))
}

pub(super) fn consent(
    state: &State,
    region: RegionCode,
    proposer: RegionCode,
    id: &str,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "region", region)?;
    check_author(author, false)?;
    let (project, version) = project(state, proposer, id)?;
    let partner = other_side(project, region)?;
    if region == proposer {
        let accepted = Accepted::OneOf(vec![partner.to_string()]);
        return Err(Refusal::new(Reason::NotYours, "region", region, accepted));
    }
    require_pairing(state, region, partner, setting)?;
    let consent = AidConsent {
        proposer,
        project: id.to_owned(),
        version,
        step: Step::new(Action::Sign, author, setting.now),
    };
    let key = consent_id(proposer, id);
    Ok(written(state, region, &key, Body::AidConsent(consent)))
}

pub(super) fn consent_id(proposer: RegionCode, project: &str) -> String {
    format!("{proposer}/{project}")
}
