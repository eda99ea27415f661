//! Listing plans with their comments.

use std::collections::BTreeMap;

use liandong_core::document::{Body, DocumentKey, Kind};
use liandong_core::plan::Comment as PlanComment;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::state::State;
use liandong_wire::task::v1::{self, GetPlanResponse, PlanSummary};
use liandong_wire::task::{Named, PlanFilter, plan_summary};

use super::super::call::{MAX_LISTED, too_long};

/// The plans that are asked for, ordered by issuer and code.
pub(super) fn list(state: &State, filter: PlanFilter) -> Result<Vec<PlanSummary>, Refusal> {
    let mut comments = BTreeMap::new();
    for document in state.documents(Kind::Comment) {
        if let Body::Comment(comment) = &document.body {
            let count = comments.entry((comment.issuer, comment.plan.as_str()));
            *count.or_insert(0u32) += 1;
        }
    }
    let mut plans = Vec::new();
    for document in state.documents(Kind::Plan) {
        let Body::Plan(plan) = &document.body else {
            continue;
        };
        if !filter.takes(document.owner, plan) {
            continue;
        }
        let commented = comments.get(&(document.owner, document.id.as_str()));
        let count = commented.copied().unwrap_or(0);
        plans.push(plan_summary(document.owner, document.version, plan, count));
    }
    if plans.len() > MAX_LISTED {
        return Err(too_long("issuer", plans.len()));
    }
    Ok(plans)
}

/// One plan with the comments on it that are known here.
pub(super) fn get(state: &State, named: &Named) -> Result<GetPlanResponse, Refusal> {
    let key = DocumentKey {
        kind: Kind::Plan,
        owner: named.issuer,
        id: named.id.clone(),
    };
    let Some(stored) = state.document(&key) else {
        return Err(unknown(state, named));
    };
    let Body::Plan(plan) = &stored.document.body else {
        return Err(unknown(state, named));
    };
    let is_on_it =
        |comment: &PlanComment| comment.issuer == named.issuer && comment.plan == named.id;
    let mut comments = Vec::new();
    for document in state.documents(Kind::Comment) {
        match &document.body {
            Body::Comment(comment) if is_on_it(comment) => comments.push(v1::PlanComment {
                region: document.owner.to_string(),
                id: document.id.clone(),
                version: document.version,
                comment: Some(v1::Comment::from(comment)),
            }),
            _ => {}
        }
    }
    if comments.len() > MAX_LISTED {
        return Err(too_long("plan", comments.len()));
    }
    Ok(GetPlanResponse {
        issuer: named.issuer.to_string(),
        version: stored.document.version,
        plan: Some(v1::Plan::from(plan)),
        comments,
    })
}

fn unknown(state: &State, named: &Named) -> Refusal {
    let known = state.documents(Kind::Plan);
    let known = known.map(|document| format!("{} ({})", document.id, document.owner));
    let accepted = Accepted::OneOf(known.collect());
    Refusal::new(Reason::UnknownPlan, "plan", &named.id, accepted)
}
