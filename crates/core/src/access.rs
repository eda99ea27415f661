//! Who may do what: the table of rights for callers, and the filter of each link for peers, as pure
//! functions.

mod command;
mod pairing;
mod plan;
mod right;
mod standing;

pub use command::needed;
pub use pairing::{partners, shares, to_sign_again};
pub use plan::shows_plan;
pub use right::{Right, allows};
pub use standing::Standing;

use serde::{Deserialize, Serialize};

use crate::document::{Body, Document};
use crate::plan::PlanStatus;
use crate::region::{Level, RegionCode, RegionTree};

/// What a peer is to this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Relation {
    /// The node above.
    Parent,
    /// A node below.
    Child,
    /// A region of another branch that this one is paired with.
    Partner,
}

impl Relation {
    /// What this node is to a peer that is that to it.
    pub fn opposite(self) -> Self {
        match self {
            Self::Parent => Self::Child,
            Self::Child => Self::Parent,
            Self::Partner => Self::Partner,
        }
    }

    /// The word used in listings and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Child => "child",
            Self::Partner => "partner",
        }
    }
}

/// Whether `peer`, being `relation` to the node, may see the document. `here` is the region whose
/// node asks; everything not granted is denied.
pub fn may_see(
    tree: &RegionTree,
    here: RegionCode,
    peer: RegionCode,
    relation: Relation,
    document: &Document,
) -> bool {
    match relation {
        Relation::Parent => {
            tree.is_within(document.owner, here)
                && (document.owner == here || !is_unit(tree, document.owner))
                && goes_up(document)
        }
        Relation::Child => {
            !tree.is_within(document.owner, peer)
                && !stands_aside(tree, here, peer, document.owner)
                && goes_down(tree, peer, document)
        }
        Relation::Partner => goes_across(here, peer, document),
    }
}

/// A unit's own documents go no further than the node it reports to.
fn is_unit(tree: &RegionTree, region: RegionCode) -> bool {
    tree.get(region)
        .is_some_and(|known| known.level == Level::Unit)
}

/// Whether the owner is known to stand neither above the peer nor above this node: a neighbour of
/// the peer's. While the peer itself is not known yet nothing can be said, and what is passed over
/// now would never be sent.
fn stands_aside(tree: &RegionTree, here: RegionCode, peer: RegionCode, owner: RegionCode) -> bool {
    let both_known = tree.contains(owner) && tree.contains(peer);
    both_known && !tree.is_within(peer, owner) && !tree.is_within(here, owner)
}

/// Up: what a superior needs to add up and to supervise; never what lies inside a pairing.
fn goes_up(document: &Document) -> bool {
    match &document.body {
        Body::Region(_)
        | Body::Roster(_)
        | Body::Indicator(_)
        | Body::Comment(_)
        | Body::TaskProgress(_)
        | Body::AidSummary(_)
        | Body::Seal(_)
        | Body::Handover(_) => true,
        // What a roll-up of a plan is read by; a draft or a consultation is the issuer's own.
        Body::Plan(plan) => plan.status == PlanStatus::Issued,
        Body::Task(_)
        | Body::Pairing(_)
        | Body::AidProject(_)
        | Body::AidConsent(_)
        | Body::AidEntry(_) => false,
    }
}

/// Down: plans that are no longer drafts, the indicators they need, and the peer's own tasks.
fn goes_down(tree: &RegionTree, peer: RegionCode, document: &Document) -> bool {
    match &document.body {
        Body::Plan(plan) => plan.status != PlanStatus::Draft,
        Body::Indicator(_) => true,
        Body::Task(task) => tree.is_within(task.assignee, peer),
        Body::Region(_)
        | Body::Roster(_)
        | Body::Comment(_)
        | Body::TaskProgress(_)
        | Body::Pairing(_)
        | Body::AidProject(_)
        | Body::AidConsent(_)
        | Body::AidEntry(_)
        | Body::AidSummary(_)
        | Body::Seal(_)
        | Body::Handover(_) => false,
    }
}

/// Across: this side's own documents of the pairing with that partner.
fn goes_across(here: RegionCode, peer: RegionCode, document: &Document) -> bool {
    if document.owner != here {
        return false;
    }
    match &document.body {
        Body::Pairing(side) => side.partner == peer,
        Body::AidProject(project) => project.donor == peer || project.recipient == peer,
        // Consents and entries name the project; its id is only unique at its proposer, and the
        // proposer is one of the two sides, so the pairing is recognised by the prefix of the id.
        Body::AidConsent(consent) => consent.proposer == peer,
        Body::AidEntry(entry) => {
            document
                .id
                .starts_with(&entry_prefix(entry.proposer, &entry.project, peer))
        }
        Body::Region(region) => region.code == here,
        Body::Roster(_)
        | Body::Indicator(_)
        | Body::Plan(_)
        | Body::Comment(_)
        | Body::Task(_)
        | Body::TaskProgress(_)
        | Body::AidSummary(_)
        | Body::Seal(_)
        | Body::Handover(_) => false,
    }
}

/// The prefix of an entry's document id: the partner it is shared with, the proposer and the
/// project, so that entitlement and grouping need no look-up.
pub fn entry_prefix(proposer: RegionCode, project: &str, partner: RegionCode) -> String {
    format!("{partner}/{proposer}/{project}/")
}

/// Whether `peer`, being `relation` to the node, may be believed to own the document it sends.
pub fn may_give(
    tree: &RegionTree,
    here: RegionCode,
    peer: RegionCode,
    relation: Relation,
    document: &Document,
) -> bool {
    let owner = document.owner;
    match relation {
        Relation::Parent => {
            !tree.is_within(owner, here)
                && matches!(
                    document.body,
                    Body::Plan(_) | Body::Indicator(_) | Body::Task(_)
                )
        }
        Relation::Child => {
            let within = match &document.body {
                // The entry that makes a region known cannot be looked up yet. One that is known
                // stands where it stands: nobody takes a region from its neighbour.
                Body::Region(region) if region.code == owner && !tree.contains(owner) => {
                    let parent = region.parent;
                    owner == peer || parent.is_some_and(|parent| tree.is_within(parent, peer))
                }
                _ => tree.is_within(owner, peer),
            };
            within
                && matches!(
                    document.body,
                    Body::Region(_)
                        | Body::Roster(_)
                        | Body::Indicator(_)
                        | Body::Plan(_)
                        | Body::Comment(_)
                        | Body::TaskProgress(_)
                        | Body::AidSummary(_)
                        | Body::Seal(_)
                        | Body::Handover(_)
                )
        }
        Relation::Partner => {
            owner == peer
                && match &document.body {
                    Body::Pairing(side) => side.partner == here,
                    // A project with a third region is none of this pairing.
                    Body::AidProject(project) => {
                        let sides = (project.donor, project.recipient);
                        sides == (here, peer) || sides == (peer, here)
                    }
                    Body::AidConsent(consent) => consent.proposer == here,
                    Body::AidEntry(entry) => {
                        let prefix = entry_prefix(entry.proposer, &entry.project, here);
                        let by_a_side = entry.proposer == here || entry.proposer == peer;
                        by_a_side && document.id.starts_with(&prefix)
                    }
                    // A partner stands outside of what is added up here.
                    Body::Region(region) => {
                        let parent = region.parent;
                        region.code == peer
                            && !parent.is_some_and(|parent| tree.is_within(parent, here))
                    }
                    _ => false,
                }
        }
    }
}

#[cfg(test)]
mod tests;
