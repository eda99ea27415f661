//! Pairings and aid projects: what each side may write, and the summary for its superior.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::text::{check_author, check_id, check_text, missing};
use super::{Setting, body, put, require_hosted};
use crate::access::entry_prefix;
use crate::aid::{
    AidConsent, AidDocuments, AidEntry, AidFact, AidProject, Milestone, PairingKind, PairingSide,
    in_force, pairing_id, summarise,
};
use crate::command::{Answer, Command, Decision};
use crate::document::{Body, Document, DocumentKey, Kind};
use crate::event::Event;
use crate::quantity::MAX_FIGURE;
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::RegionCode;
use crate::state::State;
use crate::step::{Action, Author, Step};

/// The most milestones a project may have.
const MAX_MILESTONES: usize = 200;

/// Decides the commands of pairings and projects.
pub(super) fn decide(
    state: &State,
    command: Command,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    match command {
        Command::ProposePairing {
            region,
            partner,
            kind,
            terms,
            from,
            until,
            author,
        } => {
            let agreed = Terms {
                kind,
                terms,
                from,
                until,
            };
            propose_pairing(state, region, partner, agreed, &author, setting)
        }
        Command::SignPairing {
            region,
            partner,
            author,
        } => sign_pairing(state, region, partner, &author, setting),
        Command::EndPairing {
            region,
            partner,
            author,
        } => end_pairing(state, region, partner, &author, setting),
        Command::ProposeProject {
            region,
            id,
            partner,
            donor,
            name,
            content,
            fund,
            milestones,
            author,
        } => {
            let proposal = Proposal {
                id,
                partner,
                donor,
                name,
                content,
                fund,
                milestones,
            };
            propose_project(state, region, proposal, &author, setting)
        }
        Command::ConsentProject {
            region,
            proposer,
            project,
            author,
        } => consent(state, region, proposer, &project, &author, setting),
        Command::RecordAid {
            region,
            id,
            proposer,
            project,
            fact,
            author,
        } => {
            let entry = NewEntry {
                id,
                proposer,
                project,
                fact,
            };
            record(state, region, entry, &author, setting)
        }
        // The dispatcher hands over nothing else.
        _ => Err(missing("command")),
    }
}

struct Terms {
    kind: PairingKind,
    terms: String,
    from: Date,
    until: Option<Date>,
}

fn side(state: &State, region: RegionCode, partner: RegionCode) -> Option<&PairingSide> {
    match body(state, Kind::Pairing, region, &pairing_id(region, partner)) {
        Some(Body::Pairing(side)) => Some(side),
        _ => None,
    }
}

fn propose_pairing(
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
    let mut steps = side(state, region, partner)
        .map(|known| known.steps.clone())
        .unwrap_or_default();
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
    Ok(super::written(state, region, &id, Body::Pairing(own)))
}

fn sign_pairing(
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
    own.steps = side(state, region, partner)
        .map(|known| known.steps.clone())
        .unwrap_or_default();
    own.steps.push(Step::new(Action::Sign, author, setting.now));
    own.signed = true;
    own.ended = false;
    let id = pairing_id(region, partner);
    Ok(super::written(state, region, &id, Body::Pairing(own)))
}

fn end_pairing(
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
    own.steps.push(Step::new(Action::End, author, setting.now));
    let id = pairing_id(region, partner);
    Ok(super::written(state, region, &id, Body::Pairing(own)))
}

/// Refuses what needs a pairing in force while there is none.
fn require_pairing(
    state: &State,
    region: RegionCode,
    partner: RegionCode,
    setting: &Setting<'_>,
) -> Result<(), Refusal> {
    let own = side(state, region, partner);
    let theirs = side(state, partner, region);
    if let (Some(own), Some(theirs)) = (own, theirs)
        && in_force(own, theirs, setting.today)
    {
        return Ok(());
    }
    Err(Refusal::advise(
        Reason::UnknownPairing,
        "partner",
        partner,
        "结对须双方签署相同条款且在有效期内",
        "both sides must have signed the same terms, and today must lie within them",
    ))
}

struct Proposal {
    id: String,
    partner: RegionCode,
    donor: RegionCode,
    name: String,
    content: String,
    fund: i64,
    milestones: Vec<Milestone>,
}

fn propose_project(
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
    Ok(super::written(
        state,
        region,
        &project_id,
        Body::AidProject(project),
    ))
}

fn check_milestones(milestones: &[Milestone], sides: [RegionCode; 2]) -> Result<(), Refusal> {
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

fn check_amount(field: &str, fen: i64) -> Result<(), Refusal> {
    if (0..=MAX_FIGURE).contains(&fen) {
        return Ok(());
    }
    let accepted = Accepted::Range(0, MAX_FIGURE);
    Err(Refusal::new(Reason::OutOfRange, field, fen, accepted))
}

fn project<'a>(
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

fn other_side(project: &AidProject, region: RegionCode) -> Result<RegionCode, Refusal> {
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

fn consent(
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
    Ok(super::written(
        state,
        region,
        &key,
        Body::AidConsent(consent),
    ))
}

fn consent_id(proposer: RegionCode, project: &str) -> String {
    format!("{proposer}/{project}")
}

struct NewEntry {
    id: String,
    proposer: RegionCode,
    project: String,
    fact: AidFact,
}

fn record(
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
fn check_fact(project: &AidProject, region: RegionCode, fact: &AidFact) -> Result<(), Refusal> {
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

/// The documents of a project that are known here; `None` while the project itself is not.
pub fn documents_of<'a>(
    state: &'a State,
    proposer: RegionCode,
    id: &'a str,
) -> Option<AidDocuments<'a>> {
    let (project, version) = project(state, proposer, id).ok()?;
    let other = if project.donor == proposer {
        project.recipient
    } else {
        project.donor
    };
    let consent = match body(state, Kind::AidConsent, other, &consent_id(proposer, id)) {
        Some(Body::AidConsent(consent)) => Some(consent),
        _ => None,
    };
    let mut entries = Vec::new();
    for (owner, partner) in [(proposer, other), (other, proposer)] {
        let prefix = entry_prefix(proposer, id, partner);
        for document in state.documents_of(Kind::AidEntry, owner) {
            let Some(own_id) = document.id.strip_prefix(&prefix) else {
                continue;
            };
            if let Body::AidEntry(entry) = &document.body {
                entries.push((owner, own_id, entry));
            }
        }
    }
    entries.sort_by_key(|(owner, own_id, _)| (*owner, *own_id));
    Some(AidDocuments {
        proposer,
        id,
        version,
        project,
        consent,
        entries,
    })
}

/// The summaries that hosted sides have to write again after `event`, because what is known here
/// says something else than they do.
pub(super) fn follow_up(state: &State, event: &Event) -> Vec<Event> {
    let mut projects = BTreeSet::new();
    match event {
        Event::Put(document) => projects.extend(project_of(document)),
        Event::Received(received) => {
            projects.extend(received.documents.iter().filter_map(project_of));
        }
        Event::Hosted { .. } | Event::MovedOut { .. } | Event::Reports(_) => {}
    }
    let mut events = Vec::new();
    for (proposer, project) in projects {
        events.extend(summaries(state, proposer, &project));
    }
    events
}

fn project_of(document: &Document) -> Option<(RegionCode, String)> {
    match &document.body {
        Body::AidProject(_) => Some((document.owner, document.id.clone())),
        Body::AidConsent(consent) => Some((consent.proposer, consent.project.clone())),
        Body::AidEntry(entry) => Some((entry.proposer, entry.project.clone())),
        _ => None,
    }
}

fn summaries(state: &State, proposer: RegionCode, project: &str) -> Vec<Event> {
    let Some(documents) = documents_of(state, proposer, project) else {
        return Vec::new();
    };
    let summary = summarise(&documents);
    let id = consent_id(proposer, project);
    let mut events = Vec::new();
    for side in [summary.donor, summary.recipient] {
        let unchanged = matches!(
            body(state, Kind::AidSummary, side, &id),
            Some(Body::AidSummary(known)) if *known == summary
        );
        if state.hosts(side) && !unchanged {
            events.push(put(state, side, &id, Body::AidSummary(summary.clone())).0);
        }
    }
    events
}
