//! Both sides of a pairing hold the same documents, with every amount that was acknowledged, and
//! the superiors of both hold the same sums.

use liandong_wire::collaboration::v1::{
    GetProjectRequest, GetProjectResponse, ListProjectsRequest, ListProjectsResponse,
    OwnedAidEntry, aid_fact,
};

use super::all;
use crate::clients::PROJECT;
use crate::ledger::Ledger;
use crate::line::{Line, Said};
use crate::places::{DONOR, PLACES, RECIPIENT};
use crate::shared::Shared;

/// What does not hold.
pub(super) async fn look(shared: &Shared, lines: &[Line]) -> Vec<String> {
    let mut broken = Vec::new();
    let [donor, recipient] = [DONOR, RECIPIENT].map(|code| line(lines, code));
    let (Some(donor), Some(recipient)) = (donor, recipient) else {
        return broken;
    };
    let asked = [donor, recipient].map(|line| {
        let mut client = line.aid();
        let request = GetProjectRequest {
            proposer: DONOR.to_owned(),
            project: PROJECT.to_owned(),
        };
        async move { client.get_project(request).await }
    });
    let mut sides: Vec<Option<GetProjectResponse>> = Vec::new();
    for said in all(asked.into()).await {
        match said {
            Said::Answer(project) => sides.push(Some(project)),
            // There is none yet.
            Said::Refused(_) => sides.push(None),
            Said::Nothing(why) => {
                broken.push(format!("pairing: no project: {why}"));
                return broken;
            }
        }
    }
    let [here, there] = sides.as_slice() else {
        return broken;
    };
    if here != there {
        broken.push(format!(
            "pairing: {DONOR} holds {}, {RECIPIENT} holds {}",
            brief(here.as_ref()),
            brief(there.as_ref())
        ));
    }
    amounts(&shared.ledger.borrow(), here.as_ref(), &mut broken);
    if let Some(project) = here {
        superiors(lines, project, &mut broken).await;
    }
    broken
}

fn line<'a>(lines: &'a [Line], code: &str) -> Option<&'a Line> {
    let place = PLACES.iter().position(|place| place.code == code);
    place.and_then(|place| lines.get(place))
}

/// Each amount is the last that was acknowledged, or one whose answer was lost.
fn amounts(ledger: &Ledger, project: Option<&GetProjectResponse>, broken: &mut Vec<String>) {
    for ((side, id), sent) in &ledger.amounts {
        let entries = project.iter().flat_map(|project| &project.entries);
        let mut entries = entries.filter(|entry| entry.region == *side && entry.id == *id);
        let value = entries.next().map(fen);
        let newest = sent
            .iter()
            .rposition(|amount| amount.acknowledged_at.is_some());
        let mut may: Vec<Option<i64>> = Vec::new();
        may.push(
            newest
                .and_then(|newest| sent.get(newest))
                .map(|amount| amount.fen),
        );
        for amount in sent {
            let gone = amount
                .acknowledged_at
                .is_some_and(|at| ledger.may_be_gone(side, at));
            if amount.loose || ledger.went_back.contains_key(side) {
                may.push(Some(amount.fen));
            }
            if gone {
                may.push(None);
            }
        }
        if !may.contains(&value) {
            broken.push(format!(
                "pairing: {side}'s {id} is {value:?}, may be {may:?}"
            ));
        }
    }
}

fn fen(entry: &OwnedAidEntry) -> i64 {
    let fact = entry.entry.as_ref().and_then(|entry| entry.fact.as_ref());
    match fact.and_then(|fact| fact.fact.as_ref()) {
        Some(aid_fact::Fact::Disbursement(paid)) => paid.amount_fen,
        Some(aid_fact::Fact::Receipt(receipt)) => receipt.amount_fen,
        _ => 0,
    }
}

/// The two provinces hold the sums of the side below them.
async fn superiors(lines: &[Line], project: &GetProjectResponse, broken: &mut Vec<String>) {
    let state = project
        .overview
        .as_ref()
        .and_then(|overview| overview.state.clone())
        .unwrap_or_default();
    let asked = ["370000", "500000"]
        .iter()
        .filter_map(|code| line(lines, code))
        .map(|line| {
            let mut client = line.aid();
            async move { client.list_projects(ListProjectsRequest::default()).await }
        });
    let answers = all(asked.collect()).await;
    for (province, said) in ["370000", "500000"].iter().zip(answers) {
        let listed: ListProjectsResponse = match said {
            Said::Answer(listed) => listed,
            Said::Refused(status) => {
                let why = status.message();
                broken.push(format!("summary: {province} refuses: {why}"));
                continue;
            }
            Said::Nothing(why) => {
                broken.push(format!("summary: {province}: {why}"));
                continue;
            }
        };
        if listed.summaries.is_empty() {
            broken.push(format!("summary: {province} has none"));
        }
        for summary in listed.summaries {
            let sums = summary.summary.unwrap_or_default();
            let held = (sums.disbursed_fen, sums.received_fen, sums.agreed);
            let wanted = (state.disbursed_fen, state.received_fen, state.agreed);
            if held != wanted {
                broken.push(format!(
                    "summary: {province} holds {held:?} of {}, the project is {wanted:?}",
                    summary.region
                ));
            }
        }
    }
}

fn brief(project: Option<&GetProjectResponse>) -> String {
    let Some(project) = project else {
        return "nothing".to_owned();
    };
    let version = project
        .overview
        .as_ref()
        .map_or(0, |overview| overview.version);
    let consent = project.consent.is_some();
    let entries: Vec<String> = project
        .entries
        .iter()
        .map(|entry| {
            format!(
                "{} {} v{} {}",
                entry.region,
                entry.id,
                entry.version,
                fen(entry)
            )
        })
        .collect();
    format!("v{version}, consent {consent}, {}", entries.join(", "))
}
