//! Hosting regions, and handing a region over to a node of its own with its history.

use std::collections::BTreeSet;

use super::text::check_text;
use super::{Setting, require_hosted};
use crate::command::{Answer, Decision};
use crate::document::Body;
use crate::event::Event;
use crate::refusal::{Accepted, Reason, Refusal};
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
        check_text("name", &region.name, false)?;
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
        if state.hosts(region.code) && state.tree().get(region.code) == Some(&region) {
            continue;
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
        let epoch = state
            .hosted()
            .find(|(code, _)| *code == region.code)
            .map_or(FIRST_EPOCH, |(_, epoch)| epoch);
        events.push(Event::Hosted { region, epoch });
    }
    Ok(Decision {
        events,
        answer: Answer::Done,
    })
}

/// Whether a region stands below one that is hosted, or is hosted itself.
fn stands_below(state: &State, tree: &RegionTree, setting: &Setting<'_>, code: RegionCode) -> bool {
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

/// Stops hosting a region and all below it.
pub(super) fn move_out(state: &State, region: RegionCode) -> Result<Decision, Refusal> {
    require_hosted(state, "region", region)?;
    Ok(Decision {
        events: vec![Event::MovedOut { region }],
        answer: Answer::Done,
    })
}

/// Takes over a region with its history. The old node's epochs are raised by one, so that what
/// this node derives stands above everything the old node ever sent.
pub(super) fn move_in(
    state: &State,
    region: RegionCode,
    history: Vec<Event>,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    let holds_reports = state.hosts(region) && state.sizes().reports > 0;
    if holds_reports {
        return Err(Refusal::advise(
            Reason::AlreadyExists,
            "region",
            region,
            "只能迁入尚无填报的节点",
            "a region moves only into a node that has taken no reports yet",
        ));
    }
    let mut events = Vec::with_capacity(history.len());
    let (came, left) = came_and_left(region, &history);
    let mut seen = BTreeSet::new();
    for event in history {
        match event {
            Event::Hosted {
                region: entry,
                epoch,
            } => {
                // A region that has a node of its own by now was raised by that node.
                let raised = u32::from(!left.contains(&entry.code));
                events.push(Event::Hosted {
                    region: entry,
                    epoch: epoch.saturating_add(raised),
                });
            }
            Event::Reports(mut batch) => {
                // Frames of the old journal mean nothing here; all of this stands in one frame.
                for row in &mut batch.rows {
                    let source = batch.sources.get(row.source as usize).copied();
                    let indicator = batch.indicators.get(row.indicator as usize).copied();
                    let first = seen.insert((source, indicator, row.period));
                    row.replaces = if first { 0 } else { setting.frame };
                }
                events.push(Event::Reports(batch));
            }
            Event::Put(document) => {
                // Derived again from what is hosted.
                let derived = matches!(
                    document.body,
                    Body::Region(_) | Body::Roster(_) | Body::Seal(_)
                );
                if !derived {
                    events.push(Event::Put(document));
                }
            }
            Event::Received(received) => events.push(Event::Received(received)),
            // What the old node could not apply, and what was said to it, is its own business.
            Event::SetAside(_)
            | Event::Released(_)
            | Event::PeerHolds(_)
            | Event::LifeBegan(_)
            | Event::Met(_)
            | Event::Overtaken(_)
            | Event::Repeated(_) => {}
            Event::Healed(_) | Event::Withdrawn(_) | Event::Attested(_) => events.push(event),
            // What had left the old node before does not come; that the region itself left is
            // how it comes here.
            Event::MovedOut { region: other } => {
                if other != region && came.contains(&other) {
                    events.push(event);
                }
            }
        }
    }
    if !came.contains(&region) {
        let accepted = Accepted::Nothing;
        return Err(Refusal::new(
            Reason::UnknownRegion,
            "region",
            region,
            accepted,
        ));
    }
    Ok(Decision {
        events,
        answer: Answer::Done,
    })
}

/// The regions that a history brings, and those of them that had left the old node by its end.
fn came_and_left(
    region: RegionCode,
    history: &[Event],
) -> (BTreeSet<RegionCode>, BTreeSet<RegionCode>) {
    let mut tree = RegionTree::new();
    let mut came = BTreeSet::new();
    let mut left = BTreeSet::new();
    for event in history {
        match event {
            Event::Hosted { region: entry, .. } => {
                // An entry that closes a circle is passed over by the fold as well.
                if tree.insert(entry.clone()).is_ok() {
                    came.insert(entry.code);
                    left.remove(&entry.code);
                }
            }
            Event::MovedOut { region: other } if *other != region => {
                left.extend(tree.subtree(*other));
            }
            Event::MovedOut { .. }
            | Event::Reports(_)
            | Event::Put(_)
            | Event::Received(_)
            | Event::SetAside(_)
            | Event::Released(_)
            | Event::PeerHolds(_)
            | Event::LifeBegan(_)
            | Event::Met(_)
            | Event::Overtaken(_)
            | Event::Healed(_)
            | Event::Withdrawn(_)
            | Event::Attested(_)
            | Event::Repeated(_) => {}
        }
    }
    (came, left)
}
