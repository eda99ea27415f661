//! Handing a region over to a node of its own, and back, with its history.

mod arriving;

use std::collections::BTreeSet;

use self::arriving::Arriving;
use super::hosting::stands_below;
use super::{Setting, require_hosted};
use crate::command::{Answer, Decision};
use crate::document::Document;
use crate::event::{Attested, Event};
use crate::evidence::{Proof, Said, lean};
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::{Region, RegionCode, RegionTree};
use crate::state::State;

/// Stops hosting a region and all below it.
///
/// # Errors
/// When the region is not hosted here, or is not any more what the handovers were signed for.
pub(super) fn move_out(
    state: &State,
    region: RegionCode,
    handovers: Vec<(Document, Proof)>,
    here: RegionCode,
) -> Result<Decision, Refusal> {
    require_hosted(state, "region", region)?;
    let mut events = Vec::new();
    if !handovers.is_empty() {
        let (documents, proofs): (Vec<_>, Vec<_>) = handovers.into_iter().unzip();
        if documents != state.handovers(here, region) {
            let (zh, en) = (
                "区域刚有变动，请再试一次",
                "the region has just changed: try again",
            );
            return Err(Refusal::advise(
                Reason::Overloaded,
                "region",
                region,
                zh,
                en,
            ));
        }
        let named = documents.iter().map(|one| (one.key(), one.version));
        let attested = Attested {
            documents: named.collect(),
            evidence: Said::of(&lean(proofs)),
        };
        let puts = documents.into_iter();
        events.extend(puts.map(|document| Event::Put(Box::new(document))));
        events.push(Event::Attested(attested));
    }
    events.push(Event::MovedOut { region });
    Ok(Decision {
        events,
        answer: Answer::Done,
    })
}

/// Takes over a region with its history. The old node's epochs are raised by one, so that what
/// this node derives stands above everything the old node ever sent.
///
/// # Errors
/// When the region has no place here, its reports are here already, or the history says nothing
/// that is not here.
pub(super) fn move_in(
    state: &State,
    region: RegionCode,
    history: Vec<Event>,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    let brought = Brought::by(region, &history);
    let Some(entry) = &brought.entry else {
        let accepted = Accepted::Nothing;
        return Err(Refusal::new(
            Reason::UnknownRegion,
            "region",
            region,
            accepted,
        ));
    };
    check_place(state, entry, setting)?;
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
    let mut arriving = Arriving::new(state, region, brought, setting);
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

/// Whether this is where a region may come: its own node, or the one that hosts the region directly
/// above. At any other node its old superior would keep its figures and count them for ever.
fn check_place(state: &State, entry: &Region, setting: &Setting<'_>) -> Result<(), Refusal> {
    if entry.code == setting.here {
        return Ok(());
    }
    let (zh, en) = match entry.parent {
        Some(parent) => {
            let is_elsewhere = state.tree().contains(parent) && !state.hosts(parent);
            if !is_elsewhere && stands_below(state, state.tree(), setting, parent) {
                return Ok(());
            }
            (
                format!("它在 {parent} 之下：请在它自己的节点导入，或在承载 {parent} 的节点导入"),
                format!(
                    "it stands below {parent}: import it at a node of its own, or at the node that hosts {parent}"
                ),
            )
        }
        None => (
            "请在它自己的节点导入".to_owned(),
            "import it at a node of its own".to_owned(),
        ),
    };
    Err(Refusal::advise(
        Reason::ForeignRegion,
        "region",
        entry.code,
        zh,
        en,
    ))
}

/// The regions that a history brings.
struct Brought {
    /// The last entry of the region that moves; `None` where the history does not bring it.
    entry: Option<Region>,
    came: BTreeSet<RegionCode>,
    /// Those of them that had left the old node by its end.
    left: BTreeSet<RegionCode>,
    tree: RegionTree,
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
                | Event::SetAsideFairly(_)
                | Event::Released(_)
                | Event::PeerHolds(_)
                | Event::LifeBegan(_)
                | Event::Met(_)
                | Event::Marked(_)
                | Event::Traced(_)
                | Event::Parted(_)
                | Event::Overtaken(_)
                | Event::Healed(_)
                | Event::Withdrawn(_)
                | Event::Attested(_)
                | Event::Repeated(_)
                | Event::BureauReports(_) => {}
            }
        }
        let entry = tree.get(region).filter(|_| came.contains(&region)).cloned();
        Self {
            entry,
            came,
            left,
            tree,
        }
    }

    /// Those of them with nodes of their own that told this node of themselves, or of what they stand
    /// below.
    fn told_to(&self, state: &State) -> BTreeSet<RegionCode> {
        let is_told = |code: RegionCode| state.tree().contains(code) && !state.hosts(code);
        let left = self.left.iter().copied();
        left.filter(|code| {
            let above = self.tree.ancestors(*code);
            let left = above.take_while(|above| self.left.contains(above));
            is_told(*code) || left.into_iter().any(is_told)
        })
        .collect()
    }
}
