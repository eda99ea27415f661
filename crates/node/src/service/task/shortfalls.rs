//! What the tasks that a region has made of a plan fall short of, item by item.

use std::collections::BTreeMap;

use liandong_core::catalogue::Catalogue;
use liandong_core::decide::short_of;
use liandong_core::document::{Body, Kind};
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_core::task::Task;
use liandong_wire::task::TaskFilter;
use liandong_wire::task::v1::{ItemShortfalls, Shortfall};

/// The shortfalls of every item that was decomposed; none unless one issuer and plan are asked for.
pub(super) fn list(
    state: &State,
    catalogue: &Catalogue,
    filter: &TaskFilter,
) -> Vec<ItemShortfalls> {
    let (Some(issuer), Some(plan)) = (filter.issuer, &filter.plan) else {
        return Vec::new();
    };
    let mut by_item: BTreeMap<(RegionCode, &str), Vec<Task>> = BTreeMap::new();
    for document in state.documents_of(Kind::Task, issuer) {
        if let Body::Task(task) = &document.body
            && task.plan == *plan
        {
            let item = by_item.entry((task.plan_issuer, &task.item));
            item.or_default().push(task.clone());
        }
    }
    let children = state.children(catalogue, issuer);
    let mut found = Vec::new();
    for ((plan_issuer, number), tasks) in by_item {
        let known = state.plan(plan_issuer, plan);
        let Some(item) = known.and_then(|known| known.text.item(number)) else {
            continue;
        };
        let shortfalls = short_of(state, catalogue, item, &tasks, &children);
        if !shortfalls.is_empty() {
            found.push(ItemShortfalls {
                plan_issuer: plan_issuer.to_string(),
                item: number.to_owned(),
                shortfalls: shortfalls.iter().map(Shortfall::from).collect(),
            });
        }
    }
    found
}
