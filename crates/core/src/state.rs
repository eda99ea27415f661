//! The state of a node: a pure fold over its journal.
//!
//! Applying the same events in the same frames gives the same state, on any machine, with any
//! catalogue: nothing here depends on configuration or time. What is derived (rosters, roll-up
//! cells) is recomputed by the fold and not written to the journal.

mod cells;
mod changes;
mod earlier;
pub(crate) mod fold;
mod lineages;
mod listing;
mod lives;
mod noted;
mod proven;
mod recount;
mod regions;
mod repeated;
mod review;
mod rosters;
mod seals;
mod snapshot;
mod tally;
mod view;
mod watching;

pub use cells::ReportHead;
pub use lineages::{Lineages, PartedPeer};
pub use listing::ChangeSet;
pub use noted::{Noted, Turn};
pub use recount::Mismatch;
pub use regions::Regions;
pub use review::{Judging, Reviewed, not_from};
pub use snapshot::Snapshot;
pub use tally::{Content as BucketContent, Tallied};
pub use view::{CellView, Sizes};
pub use watching::{CellChanges, ChangedCell};

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::document::{Document, DocumentKey};
use crate::event::{Content, PeerHolds, Quarantined, Subject};
use crate::region::RegionCode;

use cells::{CellKey, Cells};
use changes::Changes;
use proven::Proven;
use repeated::Repeated;
use rosters::Rosters;

/// Where a peer's changes have been taken up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// The incarnation of the peer that the number belongs to.
    pub incarnation: u128,
    /// The last change number taken.
    pub upto: u64,
}

/// A document with the number of its last change here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The document.
    pub document: Arc<Document>,
    /// This node's change number of its last change.
    pub change: u64,
}

/// A change from a peer that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The peer it came from.
    pub from: RegionCode,
    /// What it was and why it was set aside.
    pub what: Quarantined,
    /// What it is about, as far as it could be read.
    pub subject: Subject,
    /// When, in microseconds since 1970; 0 where an earlier program did not write it down.
    pub at_micros: i64,
    /// What is needed to try it again.
    pub content: Content,
}

/// A life of the node's data: it ends when the data is lost or an earlier copy takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// The incarnation of the store.
    pub identity: u128,
    /// The incarnation that peers are told.
    pub incarnation: u128,
    /// The number of the last change before it.
    pub began: u64,
}

/// All that a node knows.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The last journal frame that was applied.
    frame: u64,
    /// The number of the last change.
    change: u64,
    regions: Regions,
    /// Regions that moved out.
    moved: BTreeMap<RegionCode, u64>,
    documents: BTreeMap<DocumentKey, Stored>,
    document_changes: Changes<DocumentKey>,
    /// What the rosters among the documents say, added up for the region above each.
    rosters: Rosters,
    cells: Cells,
    watermarks: BTreeMap<RegionCode, Watermark>,
    set_aside: Vec<SetAside>,
    /// What peers said they hold, where no stream tells it anew.
    peer_holds: BTreeMap<RegionCode, PeerHolds>,
    /// The life that the data is in; `None` in data of programs that wrote none down.
    life: Option<Life>,
    /// Peers that were met in this life; true while one holds what an earlier life told it and was
    /// not asked for it yet.
    met: BTreeMap<RegionCode, bool>,
    /// Versions that peers hold of regions of other nodes, above what was told here.
    overtaken: BTreeMap<RegionCode, u64>,
    /// What is held here and its teller no longer has, with the teller.
    unowned_documents: BTreeMap<DocumentKey, RegionCode>,
    unowned_cells: BTreeMap<CellKey, RegionCode>,
    /// Documents of hosted regions that a peer gave back in this life, with the peer, until they
    /// are written again: another peer may hold a newer version of the lost time.
    taken_back: BTreeMap<DocumentKey, RegionCode>,
    /// Up to which change what is held of a peer is of an earlier life of it.
    earlier_lives: BTreeMap<RegionCode, u64>,
    /// What was told by files, and in which history.
    lineages: Lineages,
    /// That documents of other nodes were signed by their owners' nodes.
    proven: Proven,
    repeated: Repeated,
    /// What was noted of signers and seals as they came.
    noted: Noted,
}

#[cfg(test)]
mod tests;
