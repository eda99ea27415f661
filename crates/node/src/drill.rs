//! Taking a cell apart where its region is hosted: here, or at a node below.

use liandong_core::query::{self, HiddenParts, Published, Question, Scope};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::{Level, RegionCode, RegionKind};
use liandong_core::state::State;
use liandong_wire::admin::v1 as wire;
use liandong_wire::link::{LinkAnswer, LinkQuestion};
use liandong_wire::refusal::RemoteRefusal;
use liandong_wire::rollup::v1::{Drill, DrillRow};
use liandong_wire::rollup::{DrillQuestion, sums};

use crate::context::Context;

/// Takes a cell apart from what is held here.
///
/// # Errors
/// Unknown region or indicator, or an indicator that is computed from others.
pub(crate) async fn local(context: &Context, asked: &DrillQuestion) -> Result<Drill, Refusal> {
    held(context, asked, true).await
}

/// [`local`] for those who may look at published figures alone.
///
/// # Errors
/// As [`local`].
pub(crate) async fn published(context: &Context, asked: &DrillQuestion) -> Result<Drill, Refusal> {
    held(context, asked, false).await
}

async fn held(context: &Context, asked: &DrillQuestion, exact: bool) -> Result<Drill, Refusal> {
    let policy = context.light_policy();
    let scope = Scope::Indicator(asked.indicator);
    let catalogue = &context.catalogue;
    context
        .reader
        .read(|state| {
            let question = Question {
                state,
                catalogue,
                scope: &scope,
                period: asked.period,
                policy,
            };
            let drilled = query::drill(&question, asked.region)?;
            let reported_by = &drilled.indicator.reported_by;
            let expected = state.roster(asked.region).expected(reported_by);
            let hidden = if exact {
                HiddenParts::default()
            } else {
                Published::new(&question).hidden(asked.region, drilled.indicator)
            };
            let row = |row: query::DrillRow| {
                let is_hidden = hidden.rows.contains(&row.region);
                let known = state.region(catalogue, row.region);
                DrillRow {
                    region: row.region.to_string(),
                    name: row.name,
                    level: wire::Level::from(known.map_or(Level::Unit, |known| known.level)).into(),
                    kind: wire::RegionKind::from(
                        known.map_or(RegionKind::OtherUnit, |known| known.kind),
                    )
                    .into(),
                    sums: (!is_hidden).then(|| sums(&row.sums, row.expected)),
                    joined: row.joined,
                    hidden: is_hidden,
                }
            };
            Ok(Drill {
                region: asked.region.to_string(),
                indicator: asked.indicator.to_string(),
                period: asked.period.to_string(),
                total: (!hidden.total).then(|| sums(&drilled.total, expected)),
                own: drilled.own.filter(|_| !hidden.own).map(|own| sums(&own, 0)),
                total_hidden: hidden.total,
                own_hidden: hidden.own,
                rows: drilled.rows.into_iter().map(row).collect(),
            })
        })
        .await?
}

/// Takes a cell apart at the region's own node: here when it is hosted here, or else over the link
/// towards it. Says whether another node was asked.
///
/// # Errors
/// As [`local`]; [`Reason::Unreachable`] while the region's node is offline.
pub(crate) async fn live(
    context: &Context,
    asked: &DrillQuestion,
) -> Result<(Drill, bool), Refusal> {
    let here = context.config.region;
    let next = context
        .reader
        .read(|state| next_hop(state, here, asked.region))
        .await?;
    let Some(child) = next else {
        return Ok((local(context, asked).await?, false));
    };
    match context.links.ask(child, LinkQuestion::Drill(*asked)).await {
        Ok(LinkAnswer::Drill(drill)) => Ok((drill, true)),
        Ok(LinkAnswer::Statement(_)) => Err(other_answer(child)),
        Err(refused) => Err(handed_on(refused)),
    }
}

/// The region directly below a hosted one on the way to `region`; `None` when it is hosted here or
/// nobody below is known to lead there.
pub(crate) fn next_hop(state: &State, here: RegionCode, region: RegionCode) -> Option<RegionCode> {
    if region == here || state.hosts(region) {
        return None;
    }
    let mut below = region;
    for above in state.tree().ancestors(region) {
        if state.hosts(above) {
            return Some(below);
        }
        below = above;
    }
    None
}

/// A node answered a question with the answer to another.
pub(crate) fn other_answer(child: RegionCode) -> Refusal {
    let (zh, en) = (
        "请检查该节点的程序版本",
        "look at the version of that node's program",
    );
    Refusal::advise(Reason::Unreachable, "region", child, zh, en)
}

/// A refusal of the node below, in its own words.
pub(crate) fn handed_on(refused: RemoteRefusal) -> Refusal {
    let accepted = if refused.accepted.is_empty() {
        Accepted::Nothing
    } else {
        Accepted::Advice {
            zh: refused.accepted.clone(),
            en: refused.accepted,
        }
    };
    let reason = refused.reason.unwrap_or(Reason::Unreachable);
    Refusal::new(reason, &refused.field, refused.value, accepted)
}
