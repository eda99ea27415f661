//! Pairings: proposing, signing and ending one's own side.

use jiff::civil::Date;

use crate::aid::{PairingKind, PairingSide, in_force, pairing_id};
use crate::command::Decision;
use crate::decide::text::{check_author, check_text};
use crate::decide::{Setting, body, require_hosted, written};
use crate::document::{Body, Kind};
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::RegionCode;
use crate::state::State;
use crate::step::{Action, Author, Step};

pub(super) struct Terms {
    pub(super) kind: PairingKind,
    pub(super) terms: String,
    pub(super) from: Date,
    pub(super) until: Option<Date>,
}

pub(super) fn side(state: &State, region: RegionCode, partner: RegionCode) -> Option<&PairingSide> {
    match body(state, Kind::Pairing, region, &pairing_id(region, partner)) {
        Some(Body::Pairing(side)) => Some(side),
        _ => None,
    }
}

/// This side's steps, with note taken of every end by the other side that is known here.
fn steps_so_far(
    state: &State,
    region: RegionCode,
    partner: RegionCode,
    author: &Author,
    setting: &Setting<'_>,
) -> Vec<Step> {
    let own = side(state, region, partner);
    let round = own.map_or(0, PairingSide::round);
    let theirs = side(state, partner, region).map_or(0, PairingSide::round);
    let mut steps = own.map_or_else(Vec::new, |own| own.steps.clone());
    let noted = Author {
        name: author.name.clone(),
        why: String::new(),
    };
    for _ in round..theirs {
        steps.push(Step::new(Action::Acknowledge, &noted, setting.now));
    }
    steps
}

pub(super) fn propose_pairing(
    state: &State,
    region: RegionCode,
    partner: RegionCode,
    agreed: Terms,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "region", region)?;
    check_author(author, false)?;
    check_text("terms", &agreed.terms, true)?;
    if region == partner {
        let accepted = Accepted::Nothing;
        return Err(Refusal::new(
            Reason::OutOfRange,
            "partner",
            partner,
            accepted,
        ));
    }
    if agreed.until.is_some_and(|until| until < agreed.from) {
        let accepted = Accepted::Form(format!(">= {}", agreed.from));
        let until = agreed.until.unwrap_or(agreed.from);
        return Err(Refusal::new(Reason::OutOfRange, "until", until, accepted));
    }
    let mut steps = steps_so_far(state, region, partner, author, setting);
    steps.push(Step::new(Action::Propose, author, setting.now));
    steps.push(Step::new(Action::Sign, author, setting.now));
    let own = PairingSide {
        partner,
        kind: agreed.kind,
        terms: agreed.terms,
        from: agreed.from,
        until: agreed.until,
        steps,
        signed: true,
        ended: false,
    };
    let id = pairing_id(region, partner);
    Ok(written(state, region, &id, Body::Pairing(own)))
}

pub(super) fn sign_pairing(
    state: &State,
    region: RegionCode,
    partner: RegionCode,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "region", region)?;
    check_author(author, false)?;
    let Some(theirs) = side(state, partner, region) else {
        return Err(Refusal::advise(
            Reason::UnknownPairing,
            "partner",
            partner,
            "对方的结对提议尚未到达",
            "no proposal of the other side has come yet",
        ));
    };
    let mut own = theirs.clone();
    own.partner = partner;
    own.steps = steps_so_far(state, region, partner, author, setting);
    own.steps.push(Step::new(Action::Sign, author, setting.now));
    own.signed = true;
    own.ended = false;
    let id = pairing_id(region, partner);
    Ok(written(state, region, &id, Body::Pairing(own)))
}

pub(super) fn end_pairing(
    state: &State,
    region: RegionCode,
    partner: RegionCode,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "region", region)?;
    check_author(author, true)?;
    let Some(own) = side(state, region, partner) else {
        let accepted = Accepted::Nothing;
        return Err(Refusal::new(
            Reason::UnknownPairing,
            "partner",
            partner,
            accepted,
        ));
    };
    let mut own = own.clone();
    own.ended = true;
    own.steps = steps_so_far(state, region, partner, author, setting);
    own.steps.push(Step::new(Action::End, author, setting.now));
    let id = pairing_id(region, partner);
    Ok(written(state, region, &id, Body::Pairing(own)))
}

/// That one side's signature was given before the pairing was last ended.
fn sign_again(side: RegionCode, other: RegionCode) -> Refusal {
    Refusal::advise(
        Reason::UnknownPairing,
        "partner",
        other,
        format!(
            "{side} 的签署早于结对的上次终止，已不作数：请在 {side} 的节点执行 liandong aid sign {other}"
        ),
        format!(
            "{side} signed before the pairing was last ended, which counts no more: at the node of \
             {side} run liandong aid sign {other}"
        ),
    )
}

/// Refuses what needs a pairing in force while there is none.
pub(super) fn require_pairing(
    state: &State,
    region: RegionCode,
    partner: RegionCode,
    setting: &Setting<'_>,
) -> Result<(), Refusal> {
    let own = side(state, region, partner);
    let theirs = side(state, partner, region);
    if let (Some(own), Some(theirs)) = (own, theirs) {
        if in_force(own, theirs, setting.today) {
            return Ok(());
        }
        if own.has_to_sign_again(theirs) {
            return Err(sign_again(region, partner));
        }
        if theirs.has_to_sign_again(own) {
            return Err(sign_again(partner, region));
        }
    }
    Err(Refusal::advise(
        Reason::UnknownPairing,
        "partner",
        partner,
        "结对须双方签署相同条款且在有效期内；一方终止后须双方重新签署",
        "both sides must have signed the same terms, and again after either ended them, and today \
         must lie within them",
    ))
}
