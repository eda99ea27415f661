//! Documents: everything that is replicated, each with one owner that alone raises its version.
//!
//! A receiver keeps the highest version it has seen, so duplicates, reordering and replays change
//! nothing and there are no conflicts to resolve.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::aid::{AidConsent, AidEntry, AidProject, AidSummary, PairingSide};
use crate::event::{Content, Quarantined, Subject, Unapplied};
use crate::evidence::Proof;
use crate::handover::Handover;
use crate::indicator::{Indicator, IndicatorCode};
use crate::period::Period;
use crate::plan::{Comment, Plan};
use crate::refusal::Refusal;
use crate::region::{Region, RegionCode, RegionKind};
use crate::rollup::Sums;
use crate::seal::Seal;
use crate::task::{Task, TaskProgress};

/// The most bytes a document's id may have.
pub const MAX_DOCUMENT_ID_LEN: usize = 160;

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A region: its name, parent, level and kind.
    Region,
    /// How many units of each kind report beneath a region.
    Roster,
    /// An indicator that does not ship with the project.
    Indicator,
    /// A plan.
    Plan,
    /// A comment on a plan in consultation.
    Comment,
    /// A task, by the region that assigns it.
    Task,
    /// What the region that works says of a task.
    TaskProgress,
    /// One side of a pairing.
    Pairing,
    /// An aid project, by the side that proposed it.
    AidProject,
    /// The other side's consent to a project.
    AidConsent,
    /// A payment, receipt, expenditure, placement or milestone.
    AidEntry,
    /// What a superior sees of a project.
    AidSummary,
    /// What all figures of a region add up to.
    Seal,
    /// That a region's former node agrees to another's signing for it.
    Handover,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Region,
        Self::Roster,
        Self::Indicator,
        Self::Plan,
        Self::Comment,
        Self::Task,
        Self::TaskProgress,
        Self::Pairing,
        Self::AidProject,
        Self::AidConsent,
        Self::AidEntry,
        Self::AidSummary,
        Self::Seal,
        Self::Handover,
    ];

    /// The word used in listings and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Roster => "roster",
            Self::Indicator => "indicator",
            Self::Plan => "plan",
            Self::Comment => "comment",
            Self::Task => "task",
            Self::TaskProgress => "task-progress",
            Self::Pairing => "pairing",
            Self::AidProject => "aid-project",
            Self::AidConsent => "aid-consent",
            Self::AidEntry => "aid-entry",
            Self::AidSummary => "aid-summary",
            Self::Seal => "seal",
            Self::Handover => "handover",
        }
    }
}

/// What names a document in the mesh.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentKey {
    /// What it is about.
    pub kind: Kind,
    /// The region that owns it and alone raises its version.
    pub owner: RegionCode,
    /// Its id at that owner, at most [`MAX_DOCUMENT_ID_LEN`] bytes.
    pub id: String,
}

/// One version of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The region that owns it.
    pub owner: RegionCode,
    /// Its id at that owner.
    pub id: String,
    /// Raised by the owner with every change.
    pub version: u64,
    /// The content.
    pub body: Body,
}

/// The content of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// See [`Kind::Region`].
    Region(Region),
    /// See [`Kind::Roster`].
    Roster(Roster),
    /// See [`Kind::Indicator`].
    Indicator(Indicator),
    /// See [`Kind::Plan`].
    Plan(Plan),
    /// See [`Kind::Comment`].
    Comment(Comment),
    /// See [`Kind::Task`].
    Task(Task),
    /// See [`Kind::TaskProgress`].
    TaskProgress(TaskProgress),
    /// See [`Kind::Pairing`].
    Pairing(PairingSide),
    /// See [`Kind::AidProject`].
    AidProject(AidProject),
    /// See [`Kind::AidConsent`].
    AidConsent(AidConsent),
    /// See [`Kind::AidEntry`].
    AidEntry(AidEntry),
    /// See [`Kind::AidSummary`].
    AidSummary(AidSummary),
    /// See [`Kind::Seal`].
    Seal(Seal),
    /// See [`Kind::Handover`].
    Handover(Handover),
}

/// Who is expected to report in a region and beneath it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Units by kind: schools and the like.
    pub units: BTreeMap<RegionKind, u32>,
    /// County bureaus with units or townships below them: expected where an indicator is the
    /// bureau's own to report (本级).
    pub bureaus: u32,
    /// Bureaus with nothing below them: they stand in for their units and are expected to report
    /// everything.
    pub standing_in: u32,
}

impl Roster {
    /// How many reports are expected of an indicator that these kinds report; an empty list means
    /// every unit.
    pub fn expected(&self, reported_by: &[RegionKind]) -> u32 {
        let bureaus = if reported_by.contains(&RegionKind::Bureau) {
            self.bureaus
        } else {
            0
        };
        self.units
            .iter()
            .filter(|(kind, _)| reported_by.is_empty() || reported_by.contains(kind))
            .fold(
                self.standing_in.saturating_add(bureaus),
                |sum, (_, count)| sum.saturating_add(*count),
            )
    }

    /// Adds another region's roster.
    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.units {
            let sum = self.units.entry(*kind).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.bureaus = self.bureaus.saturating_add(other.bureaus);
        self.standing_in = self.standing_in.saturating_add(other.standing_in);
    }
}

/// A roll-up cell as it travels: the sums of one region, indicator and period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellDocument {
    /// The region whose cell it is; it owns it.
    pub region: RegionCode,
    /// The indicator.
    pub indicator: IndicatorCode,
    /// The period.
    pub period: Period,
    /// The sums.
    pub sums: Sums,
    /// Raised by the owner with every change.
    pub version: u64,
}

impl Document {
    /// What the document is, where it has to be named as a change that was set aside.
    pub fn subject(&self) -> Subject {
        Subject {
            kind: self.body.kind().word().to_owned(),
            owner: self.owner.to_string(),
            id: self.id.clone(),
            version: self.version,
        }
    }

    /// The document as a change that is set aside, with why and with what it came with.
    pub fn set_aside(self, refusal: &Refusal, proof: Option<&Proof>) -> Unapplied {
        let subject = self.subject();
        let id: String = self.id.chars().take(MAX_DOCUMENT_ID_LEN).collect();
        let kind = self.body.kind().word();
        let what = format!("{kind} {}/{id} version {}", self.owner, self.version);
        Unapplied {
            subject,
            what: Quarantined {
                what,
                reason: refusal.reason.code().to_owned(),
                message: refusal.to_string(),
            },
            content: Content::Document(Box::new(self)).with_proof(proof),
        }
    }

    /// What names the document.
    pub fn key(&self) -> DocumentKey {
        DocumentKey {
            kind: self.body.kind(),
            owner: self.owner,
            id: self.id.clone(),
        }
    }
}

impl CellDocument {
    /// What the cell is, where it has to be named as a change that was set aside.
    pub fn subject(&self) -> Subject {
        Subject {
            kind: "cell".to_owned(),
            owner: self.region.to_string(),
            id: format!("{}/{}", self.indicator, self.period),
            version: self.version,
        }
    }
}

impl Body {
    /// What the document is about.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Region(_) => Kind::Region,
            Self::Roster(_) => Kind::Roster,
            Self::Indicator(_) => Kind::Indicator,
            Self::Plan(_) => Kind::Plan,
            Self::Comment(_) => Kind::Comment,
            Self::Task(_) => Kind::Task,
            Self::TaskProgress(_) => Kind::TaskProgress,
            Self::Pairing(_) => Kind::Pairing,
            Self::AidProject(_) => Kind::AidProject,
            Self::AidConsent(_) => Kind::AidConsent,
            Self::AidEntry(_) => Kind::AidEntry,
            Self::AidSummary(_) => Kind::AidSummary,
            Self::Seal(_) => Kind::Seal,
            Self::Handover(_) => Kind::Handover,
        }
    }
}
