//! Handing a region over to a node of its own, and back, with its history.

mod arriving;

use std::collections::BTreeSet;

use self::arriving::Arriving;
use super::{Setting, require_hosted};
use crate::command::{Answer, Decision};
use crate::event::Event;
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::{Region, RegionCode, RegionTree};
use crate::state::State;

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
///
/// # Errors
/// When its reports are here already, or the history says nothing that is not here.
pub(super) fn move_in(
    state: &State,
    region: RegionCode,
    history: Vec<Event>,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    let brought = Brought::by(region, &history);
    if brought.entry.is_none() {
        let accepted = Accepted::Nothing;
        return Err(Refusal::new(
            Reason::UnknownRegion,
            "region",
            region,
            accepted,
        ));
    }
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
    let mut arriving = Arriving::new(state, region, brought, setting.frame);
    for event in history {
        arriving.take(event);
    }
    let Some(events) = arriving.news() else {
        return Err(Refusal::advise(
            Reason::AlreadyExists,
            "region",
            region,
            "该文件此前已导入，内容均已在本节点：无需再次导入",
            "all that this history says is here already: it was imported before, go on without it",
        ));
    };
    Ok(Decision {
        events,
        answer: Answer::Done,
    })
}

/// The regions that a history brings.
struct Brought {
    /// The last entry of the region that moves; `None` where the history does not bring it.
    entry: Option<Region>,
    came: BTreeSet<RegionCode>,
    /// Those of them that had left the old node by its end.
    left: BTreeSet<RegionCode>,
}

impl Brought {
    fn by(region: RegionCode, history: &[Event]) -> Self {
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
                | Event::Attested(_) => {}
            }
        }
        let entry = tree.get(region).filter(|_| came.contains(&region)).cloned();
        Self { entry, came, left }
    }
}
