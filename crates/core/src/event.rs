//! Events: what was decided, as it stands in the journal.
//!
//! The journal is the truth; the state is a pure fold over these. An event never needs a clock, a
//! configuration or the catalogue to be applied.

use serde::{Deserialize, Serialize};

use crate::document::{CellDocument, Document};
use crate::region::{Region, RegionCode};
use crate::report::ReportBatch;

/// One thing that was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// This node hosts a region from now on: it takes its reports and owns its documents.
    Hosted {
        /// The region.
        region: Region,
        /// Raised whenever the region comes to another node or is restored from a backup; stands
        /// above everything else in the versions of its derived documents.
        epoch: u32,
    },
    /// A region that this node hosted moved out; what it reported stays as history.
    MovedOut {
        /// The region.
        region: RegionCode,
    },
    /// Reports were accepted.
    Reports(ReportBatch),
    /// A document of a hosted region was written.
    Put(Box<Document>),
    /// Changes came from another node.
    Received(Received),
}

/// Changes that came from another node, up to and including its change number `upto`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The node they came from.
    pub from: RegionCode,
    /// That node's incarnation.
    pub incarnation: u128,
    /// The last of that node's change numbers that this covers.
    pub upto: u64,
    /// Documents.
    pub documents: Vec<Document>,
    /// Roll-up cells.
    pub cells: Vec<CellDocument>,
    /// What could not be applied, with the reason's code: listed, never retried, never blocking.
    pub quarantined: Vec<Quarantined>,
}

/// A change that could not be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// What it was, for a person: kind, owner, id, version.
    pub what: String,
    /// The reason's code.
    pub reason: String,
    /// The whole sentence, in English.
    pub message: String,
}
