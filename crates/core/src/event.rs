//! Events: what was decided, as it stands in the journal.
//!
//! The journal is the truth; the state is a pure fold over these. An event never needs a clock, a
//! configuration or the catalogue to be applied.

use serde::{Deserialize, Serialize};

use crate::compare::CellName;
use crate::document::{CellDocument, Document, DocumentKey};
use crate::evidence::{Proof, Said, lean};
use crate::indicator::IndicatorCode;
use crate::lineage::{Lineage, Mark};
use crate::region::{Region, RegionCode};
use crate::report::{RepeatedReport, ReportBatch};

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
    /// Changes from another node could not be applied; they are kept to be tried again.
    SetAside(SetAsideBatch),
    /// Changes that had been set aside are done with: they were applied, or something newer was.
    Released(Released),
    /// A peer said, on a way that leaves no stream open, what it holds of this node's changes.
    PeerHolds(PeerHolds),
    /// A life of the node's data began.
    LifeBegan(LifeBegan),
    /// A peer was met for the first time in this life, or was asked for what it held of an earlier.
    Met(Met),
    /// What a peer holds and this node does not was found by comparing, and taken.
    Healed(Healed),
    /// Cells that their region has no figure for any more are told as nothing.
    Withdrawn(Vec<CellName>),
    /// A peer holds of a region that another node hosts what no node below knows of any more.
    Overtaken(Overtaken),
    /// Documents came with the evidence that their owners' nodes have signed them.
    Attested(Attested),
    /// Reports said again, under ids of their own, what counted already.
    Repeated(Vec<RepeatedReport>),
    /// What a county's bureau reported while nothing stood below it goes on counting as a bureau's.
    BureauReports(BureauReports),
    /// The same as [`Event::SetAside`] where the list is full: room is made among what could not be
    /// applied, with the peer that has most of it. For [`Event::SetAside`] it is made with what is
    /// oldest, whatever that is: journals have it, and go on to say what they said.
    SetAsideFairly(SetAsideBatch),
    /// What a peer is told by a file got a mark.
    Marked(Marked),
    /// A file came with the marks of what a peer tells; stands before whatever was taken of it.
    Traced(Traced),
    /// A file came that does not go on from those of its incarnation before it; nothing of it was taken.
    Parted(Parted),
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
    /// What could not be applied, as earlier programs wrote it; today [`Event::SetAside`].
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

/// Changes from another node that could not be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAsideBatch {
    /// The node they came from.
    pub from: RegionCode,
    /// When, in microseconds since 1970.
    pub at_micros: i64,
    /// The changes. One that is listed already under the same subject takes its place.
    pub changes: Vec<Unapplied>,
}

/// A change that could not be applied, and what is needed to try it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unapplied {
    /// What it is about.
    pub subject: Subject,
    /// The same for a person, and why it could not be applied.
    pub what: Quarantined,
    /// The change itself.
    pub content: Content,
}

/// What a change that could not be applied is about, as far as it could be read. The texts are the
/// peer's and may name nothing that exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The word of its kind; `cell` for a roll-up cell, `figure` for one that went back, `unknown` for
    /// a kind of tomorrow.
    pub kind: String,
    /// The region that owns it.
    pub owner: String,
    /// Its id at that owner; none for figures that went back and are only counted.
    pub id: String,
    /// Its version; of figures that are only counted, how many they are.
    pub version: u64,
}

impl Subject {
    /// The kind of a figure that went back when its node began anew. It was applied; what is listed
    /// is the figure that was held before.
    pub const LOST_FIGURE: &str = "figure";

    /// Whether this is a figure that went back, or stands for several.
    pub fn is_lost_figure(&self) -> bool {
        self.kind == Self::LOST_FIGURE
    }

    /// Whether this stands for all figures of a peer that went back and found no room in the list.
    pub fn is_unlisted_figures(&self) -> bool {
        self.is_lost_figure() && self.id.is_empty()
    }
}

/// A change that could not be applied, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Not kept: it was nothing that could ever be read, or too large.
    #[default]
    Nothing,
    /// The bytes of a document that could not be read; a newer program may be able to.
    Bytes(Vec<u8>),
    /// A document that was refused.
    Document(Box<Document>),
    /// A roll-up cell that was refused.
    Cell(CellDocument),
    /// A document with the evidence that it came with.
    Attested(Box<AttestedContent>),
}

impl Content {
    /// The same with the evidence that it came with.
    #[must_use]
    pub fn with_proof(self, proof: Option<&Proof>) -> Self {
        match proof {
            Some(proof) if self != Self::Nothing => {
                let evidence = Said::of(&lean(vec![proof.clone()]));
                let content = self;
                Self::Attested(Box::new(AttestedContent { content, evidence }))
            }
            _ => self,
        }
    }

    /// The document or its bytes, and the evidence that they came with.
    pub fn without_proof(self) -> (Self, Option<Proof>) {
        match self {
            Self::Attested(attested) => {
                let proof = attested.evidence.proofs().into_iter().next();
                (attested.content, proof)
            }
            content => (content, None),
        }
    }
}

/// A document that could not be applied, and the evidence that it came with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttestedContent {
    /// The document or its bytes.
    pub content: Content,
    /// The evidence, of one document.
    pub evidence: Said,
}

/// Evidence of documents that came in the same frame or are held since before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attested {
    /// What it is of: documents and their versions.
    pub documents: Vec<(DocumentKey, u64)>,
    /// The evidence, in the same order.
    pub evidence: Said,
}

/// What a county's bureau reported while nothing stood below it, of indicators that bureaus report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BureauReports {
    /// The county.
    pub region: RegionCode,
    /// The indicators. Whatever else it reported is what is its own (本级) from now on.
    pub indicators: Vec<IndicatorCode>,
}

/// Changes that had been set aside and are done with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// The node they came from.
    pub from: RegionCode,
    /// What they are about.
    pub subjects: Vec<Subject>,
}

/// What a peer holds of this node's changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerHolds {
    /// The peer.
    pub peer: RegionCode,
    /// The peer's incarnation.
    pub peer_incarnation: u128,
    /// The incarnation of this node that the number belongs to.
    pub incarnation: u128,
    /// The last of this node's change numbers that the peer holds durably.
    pub upto: u64,
}

/// A mark that stands in a file for a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    /// The peer.
    pub peer: RegionCode,
    /// The mark.
    pub mark: Mark,
}

/// The marks that a peer's file ends with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traced {
    /// The peer.
    pub peer: RegionCode,
    /// Its incarnation.
    pub incarnation: u128,
    /// Its marks.
    pub lineage: Lineage,
}

/// That a peer told two histories in one incarnation: an earlier copy of its data was put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parted {
    /// The peer.
    pub peer: RegionCode,
    /// The incarnation.
    pub incarnation: u128,
}

/// The beginning of a life of the node's data: a new store, a restored backup, or an earlier copy
/// that was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifeBegan {
    /// The incarnation of the store.
    pub identity: u128,
    /// The incarnation that peers are told; another one when the data turned out to be an earlier
    /// copy of itself.
    pub incarnation: u128,
}

/// What a peer was found to hold of an earlier life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    /// The peer.
    pub peer: RegionCode,
    /// Whether it holds what an earlier life told it, and still has to be asked for it.
    pub holds_earlier_life: bool,
}

/// A version that a peer holds of a region, above what was told here: that region's node began anew,
/// and so did this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overtaken {
    /// The region.
    pub region: RegionCode,
    /// The version that its node has to rise above.
    pub version: u64,
}

/// What a comparison with a peer led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Healed {
    /// The peer, which told of all this.
    pub from: RegionCode,
    /// Documents of the same version and another content: the teller is right.
    pub documents: Vec<Document>,
    /// Cells that were missing, older or different.
    pub cells: Vec<CellDocument>,
    /// Held here, and the teller does not have them any more.
    pub missing_documents: Vec<DocumentKey>,
    /// Held here, and the teller does not have them any more.
    pub missing_cells: Vec<CellName>,
    /// Listed as missing at the teller before, and there again. Documents of regions that are hosted
    /// here are named when the peer gave them back.
    pub found_documents: Vec<DocumentKey>,
    /// Listed as missing at the teller before, and there again.
    pub found_cells: Vec<CellName>,
}

impl Healed {
    /// What a comparison with this peer led to, when it led to nothing.
    pub fn of(from: RegionCode) -> Self {
        Self {
            from,
            documents: Vec::new(),
            cells: Vec::new(),
            missing_documents: Vec::new(),
            missing_cells: Vec::new(),
            found_documents: Vec::new(),
            found_cells: Vec::new(),
        }
    }
}
