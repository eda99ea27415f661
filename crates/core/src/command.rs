//! Commands: everything that can be asked of a node's commit loop.

use jiff::civil::Date;

use crate::access::Relation;
use crate::aid::{AidFact, Milestone, PairingKind};
use crate::compare::{Bucket, CellName, Findings};
use crate::document::{CellDocument, Document, DocumentKey};
use crate::event::{Event, PeerHolds, Subject, Traced, Unapplied};
use crate::evidence::{Proof, Proofs, Shown};
use crate::indicator::Indicator;
use crate::lineage::Lineage;
use crate::plan::{PlanText, Target};
use crate::region::{Region, RegionCode};
use crate::report::{Fingerprints, Outcome, Report};
use crate::step::{Action, Author};
use crate::task::Shortfall;

/// One thing asked of a node. The region that acts is always named: a node may host several.
#[derive(Clone, Debug)]
pub enum Command {
    /// Host these regions, in order; those that are hosted already are updated where they differ.
    Host {
        /// Parents before children.
        regions: Vec<Region>,
        /// Whether the node's own configuration names them: then they may stand anywhere, or else
        /// only below what is hosted.
        configured: bool,
    },
    /// Begin, or go on with, a life of the node's data; asked at every start. Where a new life
    /// begins with what a backup held, peers are told again what is hosted here, above what they
    /// were told in the time that is lost. Asked again in the same life it changes nothing.
    Begin {
        /// The incarnation of the store.
        identity: u128,
        /// Whether the store says that its data came from a backup.
        restored: bool,
    },
    /// The data is an earlier copy of itself: go on under another incarnation.
    Split {
        /// The incarnation that peers are told from now on; another one with the same random part where
        /// it would not stand above the one before and `above`.
        incarnation: u128,
        /// An incarnation of a later life of the same data that a peer has heard; 0 for none.
        above: u128,
    },
    /// A peer says hello.
    Meet {
        /// The peer.
        peer: RegionCode,
        /// The incarnation of this node that it has taken changes of, if any.
        knows: Option<u128>,
    },
    /// A peer was compared with, and what it holds of an earlier life was asked for.
    Settle {
        /// The peer.
        peer: RegionCode,
    },
    /// Take a bucket that differed, whole, as its teller has it.
    Heal(Healing),
    /// Act on what a listener found in a bucket of this node's.
    Reconcile(Reconciling),
    /// Try again to take back documents of hosted regions that a peer gave back and that were set
    /// aside.
    TakeBack(Returned),
    /// Say of cells that their region has no figure for them any more.
    Withdraw {
        /// The cells; their regions are hosted here.
        cells: Vec<CellName>,
    },
    /// Stop hosting a region and all below it: it moves to a node of its own.
    MoveOut {
        /// The region that moves.
        region: RegionCode,
        /// What this node says of it, [signed](crate::state::State::handovers); none where nothing is
        /// signed.
        handovers: Vec<(Document, Proof)>,
    },
    /// Take over a region with its history, as another node's export gives it.
    MoveIn {
        /// The region that moves.
        region: RegionCode,
        /// What the old node knew of it, oldest first.
        history: Vec<Event>,
    },
    /// Take reports.
    PushReports(Push),
    /// Bring in a plan as a draft.
    ImportPlan {
        /// The region that will issue it.
        issuer: RegionCode,
        /// The plan.
        text: PlanText,
        /// Indicators that do not ship with the project.
        indicators: Vec<Indicator>,
        /// Who and why.
        author: Author,
    },
    /// Put a draft to consultation.
    ConsultPlan {
        /// The region that issues it.
        issuer: RegionCode,
        /// Its code.
        plan: String,
        /// The last day for comments.
        until: Date,
        /// Who and why.
        author: Author,
    },
    /// Comment on a plan in consultation.
    CommentPlan {
        /// The region that comments.
        region: RegionCode,
        /// The id of the comment at that region.
        id: String,
        /// The region that issues the plan.
        issuer: RegionCode,
        /// Its code.
        plan: String,
        /// The item, or empty for the whole plan.
        item: String,
        /// What is said.
        text: String,
        /// Who and why.
        author: Author,
    },
    /// Issue a plan.
    IssuePlan {
        /// The region that issues it.
        issuer: RegionCode,
        /// Its code.
        plan: String,
        /// Who and why.
        author: Author,
    },
    /// Decompose a plan item into tasks for regions directly below.
    AssignTasks {
        /// The region that assigns.
        issuer: RegionCode,
        /// The region that issued the plan.
        plan_issuer: RegionCode,
        /// The plan's code.
        plan: String,
        /// The item's number.
        item: String,
        /// Who gets what.
        parts: Vec<Part>,
        /// Who and why.
        author: Author,
    },
    /// Take a step in a task: acknowledge and complete by the region that works; accept, return,
    /// close and revoke by the region that assigned it.
    StepTask {
        /// The region that acts.
        region: RegionCode,
        /// The region that assigned the task.
        issuer: RegionCode,
        /// The task's id at that region.
        task: String,
        /// The step.
        action: Action,
        /// Who and why.
        author: Author,
    },
    /// Propose a pairing and sign it for this side, or sign the other side's proposal when the
    /// same terms are given.
    ProposePairing {
        /// The region that proposes.
        region: RegionCode,
        /// The other side.
        partner: RegionCode,
        /// What kind of pairing.
        kind: PairingKind,
        /// What is agreed, in words.
        terms: String,
        /// First day.
        from: Date,
        /// Last day; `None` for open-ended.
        until: Option<Date>,
        /// Who and why.
        author: Author,
    },
    /// Sign the other side's proposal as it stands.
    SignPairing {
        /// The region that signs.
        region: RegionCode,
        /// The other side.
        partner: RegionCode,
        /// Who and why.
        author: Author,
    },
    /// End a pairing.
    EndPairing {
        /// The region that ends it.
        region: RegionCode,
        /// The other side.
        partner: RegionCode,
        /// Who and why.
        author: Author,
    },
    /// Propose an aid project under a pairing that is in force, or change one's own proposal.
    ProposeProject {
        /// The region that proposes.
        region: RegionCode,
        /// The project's id at that region.
        id: String,
        /// The other side.
        partner: RegionCode,
        /// The side that gives.
        donor: RegionCode,
        /// Its name.
        name: String,
        /// What is done.
        content: String,
        /// The fund promised, in 分.
        fund: i64,
        /// Its milestones.
        milestones: Vec<Milestone>,
        /// Who and why.
        author: Author,
    },
    /// Agree to the other side's project as it stands.
    ConsentProject {
        /// The region that agrees.
        region: RegionCode,
        /// The side that proposed it.
        proposer: RegionCode,
        /// The project's id.
        project: String,
        /// Who and why.
        author: Author,
    },
    /// Record a fact of a project, or correct one's own.
    RecordAid {
        /// The region whose fact it is.
        region: RegionCode,
        /// The id of the entry at that region; recording it again corrects it.
        id: String,
        /// The side that proposed the project.
        proposer: RegionCode,
        /// The project's id.
        project: String,
        /// What happened.
        fact: AidFact,
        /// Who and why.
        author: Author,
    },
    /// Take changes from another node.
    Receive(Incoming),
    /// Take changes from another node that do not follow what was taken of it: what they bring
    /// counts, but the node is still asked for everything in between.
    ReceiveApart(Incoming),
    /// Try changes of one peer again that were set aside.
    RetrySetAside {
        /// The changes.
        changes: Incoming,
        /// What those were listed as that could not even be read before.
        reread: Vec<Subject>,
    },
    /// Note what a peer holds of this node's changes.
    NotePeerHolds(PeerHolds),
    /// Mark what a peer is told by a file that is being written.
    Mark {
        /// The peer.
        peer: RegionCode,
        /// A name that no other mark has.
        name: u128,
        /// The last change that the file covers.
        told: u64,
    },
    /// Note the marks of a peer's file before anything of it is taken.
    Trace(Traced),
    /// Seal the figures of regions, as far as they changed.
    SealFigures {
        /// The regions.
        regions: Vec<RegionCode>,
    },
}

/// Reports to take.
#[derive(Clone, Debug)]
pub struct Push {
    /// The push's id; names rows that have no id of their own.
    pub id: String,
    /// Who pushes.
    pub by: String,
    /// Row numbers, from 1, and reports.
    pub rows: Vec<(u32, Report)>,
    /// Take all rows or none.
    pub all_or_nothing: bool,
    /// Of the ids of all rows, or none.
    pub fingerprints: Fingerprints,
}

/// One part of a decomposition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The region that gets the task.
    pub assignee: RegionCode,
    /// What it has to reach; empty means the item's own targets.
    pub targets: Vec<Target>,
    /// By when.
    pub due: Option<Date>,
}

/// Changes that a peer sends.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The peer.
    pub from: RegionCode,
    /// What the peer is to this node.
    pub relation: Relation,
    /// The peer's incarnation.
    pub incarnation: u128,
    /// The last of the peer's change numbers that this covers.
    pub upto: u64,
    /// Documents.
    pub documents: Vec<Document>,
    /// Roll-up cells.
    pub cells: Vec<CellDocument>,
    /// Changes that could not even be read at the fence, already described.
    pub unreadable: Vec<Unapplied>,
    /// Proofs of the documents, checked, as far as proofs are asked for here.
    pub proofs: Proofs,
}

/// A bucket that differed, as its teller has it.
#[derive(Clone, Debug)]
pub struct Healing {
    /// The teller.
    pub from: RegionCode,
    /// What the teller is to this node.
    pub relation: Relation,
    /// The bucket.
    pub bucket: Bucket,
    /// Its documents.
    pub documents: Vec<Document>,
    /// Its cells.
    pub cells: Vec<CellDocument>,
    /// Proofs of the documents, checked, as far as proofs are asked for here.
    pub proofs: Proofs,
    /// Whether this node holds of the teller's changes just what the content was read at: only
    /// then does something that is not in it say that the teller lacks it.
    pub is_current: bool,
}

/// What a listener found in a bucket of this node's.
#[derive(Clone, Debug)]
pub struct Reconciling {
    /// The listener.
    pub peer: RegionCode,
    /// What the listener is to this node.
    pub relation: Relation,
    /// The bucket.
    pub bucket: Bucket,
    /// What it found.
    pub findings: Findings,
    /// What shows that the documents in it are this node's own.
    pub shown: Shown,
}

/// Documents of hosted regions that were set aside when a peer gave them back.
#[derive(Clone, Debug)]
pub struct Returned {
    /// The peer.
    pub peer: RegionCode,
    /// What the peer is to this node.
    pub relation: Relation,
    /// The documents.
    pub documents: Vec<Document>,
    /// What shows that they are this node's own.
    pub shown: Shown,
}

/// What a command led to.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What goes into the journal; empty when nothing changed.
    pub events: Vec<Event>,
    /// What the caller is told once that is durable.
    pub answer: Answer,
}

/// What a caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done; nothing more to say.
    Done,
    /// The version of the document that was written.
    Written {
        /// Its id.
        id: String,
        /// Its version.
        version: u64,
    },
    /// What became of each row, in the order of the push.
    Reports(Vec<(u32, Outcome)>),
    /// The tasks that were made, and what they fall short of.
    Tasks {
        /// Their ids.
        ids: Vec<String>,
        /// Targets of the item that the parts do not reach.
        shortfalls: Vec<Shortfall>,
    },
    /// What a bucket's comparison found.
    Healed(Findings),
    /// What was done about a listener's findings.
    Reconciled {
        /// Documents that were taken back.
        taken_back: Vec<DocumentKey>,
        /// Whether anything was told again, above what the listener holds.
        told_again: bool,
    },
    /// The marks of what a peer is told, up to now.
    Marked(Lineage),
    /// How a peer's file stands to those before it.
    Traced {
        /// Whether it goes on from them; nothing of one that does not may be taken.
        goes_on: bool,
    },
    /// What was taken from a peer and what was set aside.
    Received {
        /// How many changes were new.
        applied: u32,
        /// How many were set aside.
        quarantined: u32,
        /// How many figures went back and are only counted, for want of room in the list.
        unlisted: u32,
    },
}
