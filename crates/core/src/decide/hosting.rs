//! Hosting regions.

use super::text::{check_region_code, check_text};
use super::{Setting, require_hosted};
use crate::command::{Answer, Decision};
use crate::event::Event;
use crate::refusal::{Reason, Refusal};
use crate::region::{Region, RegionCode, RegionTree};
use crate::state::State;

/// The epoch of a region that has never been anywhere else.
const FIRST_EPOCH: u32 = 1;

/// Hosts regions, parents before children; what is hosted already and unchanged costs nothing.
pub(super) fn host(
    state: &State,
    regions: Vec<Region>,
    configured: bool,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    let mut tree = state.tree().clone();
    let mut events = Vec::new();
    for region in regions {
        if state.has_moved_out(region.code) {
            require_hosted(state, "region", region.code)?;
        }
        let foreign = |code: RegionCode| state.tree().contains(code) && !state.hosts(code);
        if foreign(region.code) {
            // Two nodes that both host a region would give the same versions to different sums.
            return Err(of_another_node("region", region.code));
        }
        if let Some(parent) = region.parent {
            if foreign(parent) {
                return Err(of_another_node("parent", parent));
            }
            let known = tree.contains(parent)
                || setting.catalogue.regions.contains(parent)
                || state.hosts(parent);
            if !known {
                return Err(Refusal::advise(
                    Reason::UnknownRegion,
                    "parent",
                    parent,
                    format!("{} 的上级不存在", region.code),
                    format!("the parent of {} must be known first", region.code),
                ));
            }
        }
        if tree.insert(region.clone()).is_err() {
            let parent = region.parent.map(|parent| parent.to_string());
            return Err(Refusal::advise(
                Reason::NotAChild,
                "parent",
                parent.unwrap_or_default(),
                format!("它在 {} 之下", region.code),
                format!("it stands below {}", region.code),
            ));
        }
        let hosted = state.tree().get(region.code);
        let hosted = hosted.filter(|_| state.hosts(region.code));
        if hosted == Some(&region) {
            continue;
        }
        // What was taken once stays, whatever would be refused today: a node has to start with it.
        if hosted.is_none() {
            check_region_code("region", &region)?;
        }
        if hosted.is_none_or(|hosted| hosted.name != region.name) {
            check_text("name", &region.name, false)?;
        }
        if !configured && !stands_below(state, &tree, setting, region.code) {
            // Nobody above would ever hear of what it reports here.
            return Err(Refusal::advise(
                Reason::NotEntitled,
                "region",
                region.code,
                "只能加入本节点所承载区域之下的单位".to_owned(),
                "only what stands below a region that this node hosts can be added".to_owned(),
            ));
        }
        let epoch = state.epoch(region.code).unwrap_or(FIRST_EPOCH);
        events.push(Event::Hosted { region, epoch });
    }
    Ok(Decision {
        events,
        answer: Answer::Done,
    })
}

/// Whether a region stands below one that is hosted, or is hosted itself.
pub(super) fn stands_below(
    state: &State,
    tree: &RegionTree,
    setting: &Setting<'_>,
    code: RegionCode,
) -> bool {
    let mut next = Some(code);
    // No real tree is this deep; two trees glued together could form a loop that neither has.
    for _ in 0..32 {
        match next {
            Some(region) if state.hosts(region) => return true,
            Some(region) => {
                let catalogue = &setting.catalogue.regions;
                next = tree.parent(region).or_else(|| catalogue.parent(region));
            }
            None => return false,
        }
    }
    false
}

fn of_another_node(field: &str, region: RegionCode) -> Refusal {
    Refusal::advise(
        Reason::ForeignRegion,
        field,
        region,
        "它由另一个节点承载",
        "another node hosts it",
    )
}
