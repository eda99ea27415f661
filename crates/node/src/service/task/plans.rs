//! Listing plans with their comments.

use std::collections::BTreeMap;

use liandong_core::access::Right;
use liandong_core::document::{Body, DocumentKey, Kind};
use liandong_core::plan::Comment as PlanComment;
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_wire::task::v1::{self, GetPlanResponse, PlanSummary};
use liandong_wire::task::{Named, PlanFilter, plan_summary};

use super::super::call::{MAX_LISTED, Sight, too_long};

/// The plans that are asked for, ordered by issuer and code.
pub(super) fn list(
    state: &State,
    filter: PlanFilter,
    sight: &Sight<'_>,
) -> Result<Vec<PlanSummary>, Refusal> {
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
        if !filter.takes(document.owner, plan) || !sight.shows_plan(document.owner, plan) {
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

/// One plan with the comments on it that are known here: all for whoever follows the issuer's work,
/// and for others those of regions whose work they follow.
pub(super) fn get(
    state: &State,
    named: &Named,
    sight: &Sight<'_>,
) -> Result<GetPlanResponse, Refusal> {
    let key = DocumentKey {
        kind: Kind::Plan,
        owner: named.issuer,
        id: named.id.clone(),
    };
    let Some(stored) = state.document(&key) else {
        return Err(sight.unknown_plan(&named.id));
    };
    let Body::Plan(plan) = &stored.document.body else {
        return Err(sight.unknown_plan(&named.id));
    };
    if !sight.shows_plan(named.issuer, plan) {
        return Err(sight.unknown_plan(&named.id));
    }
    let is_on_it =
        |comment: &PlanComment| comment.issuer == named.issuer && comment.plan == named.id;
    let all = sight.may(Right::ReadTasks, named.issuer);
    let is_shown = |by: RegionCode| all || sight.may(Right::ReadTasks, by);
    let mut comments = Vec::new();
    for document in state.documents(Kind::Comment) {
        match &document.body {
            Body::Comment(comment) if is_on_it(comment) && is_shown(document.owner) => comments
                .push(v1::PlanComment {
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
