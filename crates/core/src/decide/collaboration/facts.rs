//! Facts of a project: payments, receipts, placements and milestones, each by the side whose
//! business it is.

use super::pairing::require_pairing;
use super::project::{check_amount, consent_id, other_side, project};
use crate::access::entry_prefix;
use crate::aid::{AidEntry, AidFact, AidProject};
use crate::command::{Answer, Decision};
use crate::decide::text::{check_author, check_id, check_text};
use crate::decide::{Setting, body, put, require_hosted};
use crate::document::{Body, Kind};
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::RegionCode;
use crate::state::State;
use crate::step::{Action, Author, Step};

pub(super) struct NewEntry {
    pub(super) id: String,
    pub(super) proposer: RegionCode,
    pub(super) project: String,
    pub(super) fact: AidFact,
}

pub(super) fn record(
    state: &State,
    region: RegionCode,
    new: NewEntry,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "region", region)?;
    check_id("id", &new.id)?;
    let (project, version) = project(state, new.proposer, &new.project)?;
    let partner = other_side(project, region)?;
    require_pairing(state, region, partner, setting)?;
    check_fact(project, region, &new.fact)?;
    let agreed = match body(
        state,
        Kind::AidConsent,
        if new.proposer == region {
            partner
        } else {
            region
        },
        &consent_id(new.proposer, &new.project),
    ) {
        Some(Body::AidConsent(consent)) => consent.version == version,
        _ => false,
    };
    if !agreed {
        return Err(Refusal::advise(
            Reason::NotAllowedNow,
            "project",
            &new.project,
            "双方同意项目的当前版本后才能登记",
            "both sides must have agreed to the project as it stands",
        ));
    }
    let key = format!(
        "{}{}",
        entry_prefix(new.proposer, &new.project, partner),
        new.id
    );
    let mut steps = match body(state, Kind::AidEntry, region, &key) {
        Some(Body::AidEntry(known)) => {
            if known.fact.word() != new.fact.word() {
                let accepted = Accepted::OneOf(vec![known.fact.word().to_owned()]);
                return Err(Refusal::new(Reason::IdReused, "id", &new.id, accepted));
            }
            known.steps.clone()
        }
        _ => Vec::new(),
    };
    // Changing what was once recorded needs a reason.
    check_author(author, !steps.is_empty())?;
    steps.push(Step::new(Action::Record, author, setting.now));
    let entry = AidEntry {
        proposer: new.proposer,
        project: new.project.clone(),
        fact: new.fact,
        steps,
    };
    let (event, version) = put(state, region, &key, Body::AidEntry(entry));
    let answer = Answer::Written {
        id: new.id,
        version,
    };
    Ok(Decision {
        events: vec![event],
        answer,
    })
}

/// Checks that it is this side's business, and the amounts and names in it.
pub(super) fn check_fact(
    project: &AidProject,
    region: RegionCode,
    fact: &AidFact,
) -> Result<(), Refusal> {
    let business_of = |side: RegionCode| {
        if region == side {
            return Ok(());
        }
        let accepted = Accepted::OneOf(vec![side.to_string()]);
        Err(Refusal::new(Reason::NotYours, "region", region, accepted))
    };
    match fact {
        AidFact::Disbursement {
            amount, purpose, ..
        } => {
            business_of(project.donor)?;
            check_text("purpose", purpose, true)?;
            check_amount("amount", *amount)
        }
        AidFact::Receipt {
            amount,
            disbursement,
            ..
        } => {
            business_of(project.recipient)?;
            check_id("disbursement", disbursement)?;
            check_amount("amount", *amount)
        }
        AidFact::Expenditure {
            amount, purpose, ..
        } => {
            business_of(project.recipient)?;
            check_text("purpose", purpose, true)?;
            check_amount("amount", *amount)
        }
        AidFact::Placement {
            from,
            until,
            subject,
            host,
            ..
        } => {
            check_text("subject", subject, true)?;
            check_text("host", host, true)?;
            if until < from {
                let accepted = Accepted::Form(format!(">= {from}"));
                return Err(Refusal::new(Reason::OutOfRange, "until", until, accepted));
            }
            Ok(())
        }
        AidFact::PlacementConfirmed { placement, .. } => check_id("placement", placement),
        AidFact::MilestoneReached { number, .. } => {
            let milestone = project
                .milestones
                .iter()
                .find(|milestone| milestone.number == *number);
            let Some(milestone) = milestone else {
                let numbers = project.milestones.iter();
                let numbers = numbers
                    .map(|milestone| milestone.number.to_string())
                    .collect();
                let accepted = Accepted::OneOf(numbers);
                return Err(Refusal::new(
                    Reason::UnknownMilestone,
                    "number",
                    number,
                    accepted,
                ));
            };
            business_of(milestone.owner)
        }
    }
}
