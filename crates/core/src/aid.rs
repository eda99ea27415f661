//! Aid between paired regions: pairings, projects, funds, teaching placements.
//!
//! The two sides have no superior in common and are equals. Whatever they share is made of
//! documents that each side owns: the donor's disbursement and the recipient's receipt are two
//! documents. What the project looks like ([`project_state`]) and where the sides disagree
//! ([`reconcile`]) are pure functions of both sides' documents. Money is in 分.

mod reconciliation;
mod state;

pub use reconciliation::{Difference, reconcile};
pub use state::{AidDocuments, ProjectState, project_state, summarise};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::region::RegionCode;
use crate::step::{Action, Step};

/// What kind of pairing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PairingKind {
    /// Across provinces: east-west cooperation (东西部协作, 渝鲁协作).
    AcrossProvinces,
    /// Between districts and counties of one province or municipality (区县协同).
    WithinProvince,
    /// With a single township or school elsewhere (对口帮扶).
    Counterpart,
}

impl PairingKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [
        Self::AcrossProvinces,
        Self::WithinProvince,
        Self::Counterpart,
    ];

    /// The word used on the wire and in listings.
    pub fn word(self) -> &'static str {
        match self {
            Self::AcrossProvinces => "across-provinces",
            Self::WithinProvince => "within-province",
            Self::Counterpart => "counterpart",
        }
    }

    /// Reads the word used on the wire and in listings.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One side of a pairing. The pairing is in force while both sides have signed the same terms,
/// neither has ended it, and both speak of the same [round](Self::round).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingSide {
    /// The other side.
    pub partner: RegionCode,
    /// What kind of pairing it is.
    pub kind: PairingKind,
    /// What was agreed, in words.
    pub terms: String,
    /// First day.
    pub from: Date,
    /// Last day; `None` for open-ended.
    pub until: Option<Date>,
    /// Propose, sign, end, and taking note (签收) of an end by the other side: with who, when and
    /// why.
    pub steps: Vec<Step>,
    /// Whether this side has signed.
    pub signed: bool,
    /// Whether this side has ended it.
    pub ended: bool,
}

impl PairingSide {
    /// In which round of the pairing this side speaks: how often it has ended it or taken note of an
    /// end by the other side. Who ends the pairing goes above both rounds, so that nothing the other
    /// side signed before holds any more; who proposes or signs takes note of all ends first.
    pub fn round(&self) -> usize {
        let ends = |step: &&Step| matches!(step.action, Action::End | Action::Acknowledge);
        self.steps.iter().filter(ends).count()
    }

    /// Whether this side's signature counts no more, because the pairing was ended after it and the
    /// other side has begun again since: this side has to sign once more. Pairings that earlier
    /// programs began again with one signature are such.
    pub fn has_to_sign_again(&self, other: &Self) -> bool {
        let both = self.signed && other.signed && !self.ended && !other.ended;
        both && self.round() < other.round()
    }
}

/// One step of a project with a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// Its number in the project, from 1.
    pub number: u32,
    /// What has to be reached.
    pub title: String,
    /// By when.
    pub due: Date,
    /// The side that has to reach it.
    pub owner: RegionCode,
}

/// An aid project as the side that proposed it describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AidProject {
    /// The pairing it belongs to: its id at both sides.
    pub pairing: String,
    /// Its name.
    pub name: String,
    /// What is done.
    pub content: String,
    /// The side that gives.
    pub donor: RegionCode,
    /// The side that receives.
    pub recipient: RegionCode,
    /// The fund that the donor promises, in 分.
    pub fund: i64,
    /// Its milestones.
    pub milestones: Vec<Milestone>,
    /// Propose and end, with who, when and why.
    pub steps: Vec<Step>,
}

/// The other side's consent to a project, owned by that side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AidConsent {
    /// The side that proposed the project.
    pub proposer: RegionCode,
    /// The project's id.
    pub project: String,
    /// The version of the proposer's document that was agreed to.
    pub version: u64,
    /// With who, when and why.
    pub step: Step,
}

/// What happened in a project, each owned by the side that says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AidFact {
    /// The donor paid out (拨付).
    Disbursement {
        /// In 分.
        amount: i64,
        /// The day of the payment.
        on: Date,
        /// What for, and the bank's reference.
        purpose: String,
    },
    /// The recipient got it (到账).
    Receipt {
        /// The donor's disbursement it answers.
        disbursement: String,
        /// In 分.
        amount: i64,
        /// The day it arrived.
        on: Date,
    },
    /// The recipient spent it (支出).
    Expenditure {
        /// In 分.
        amount: i64,
        /// The day it was spent.
        on: Date,
        /// What for.
        purpose: String,
    },
    /// Teachers were sent (支教): a count, never names.
    Placement {
        /// How many teachers.
        teachers: u32,
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
        /// Subject or task.
        subject: String,
        /// The school or town that hosts them.
        host: String,
    },
    /// The host says how many of them came.
    PlacementConfirmed {
        /// The sender's placement it answers.
        placement: String,
        /// How many teachers came.
        teachers: u32,
    },
    /// A milestone was reached.
    MilestoneReached {
        /// Its number in the project.
        number: u32,
        /// The day it was reached.
        on: Date,
    },
}

impl AidFact {
    /// The word used on the wire and in listings.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Disbursement { .. } => "disbursement",
            Self::Receipt { .. } => "receipt",
            Self::Expenditure { .. } => "expenditure",
            Self::Placement { .. } => "placement",
            Self::PlacementConfirmed { .. } => "placement-confirmed",
            Self::MilestoneReached { .. } => "milestone-reached",
        }
    }
}

/// One fact about a project as its owner's document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AidEntry {
    /// The side that proposed the project.
    pub proposer: RegionCode,
    /// The project's id.
    pub project: String,
    /// What happened.
    pub fact: AidFact,
    /// Each time it was recorded or corrected: with who, when and why.
    pub steps: Vec<Step>,
}

/// What a superior of either side gets to see of a project: sums, no entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AidSummary {
    /// The side that proposed the project.
    pub proposer: RegionCode,
    /// The project's id.
    pub project: String,
    /// The project's name.
    pub name: String,
    /// The side that gives.
    pub donor: RegionCode,
    /// The side that receives.
    pub recipient: RegionCode,
    /// Whether both sides agreed.
    pub agreed: bool,
    /// Fund promised, in 分.
    pub fund: i64,
    /// Paid out, in 分.
    pub disbursed: i64,
    /// Arrived, in 分.
    pub received: i64,
    /// Spent, in 分.
    pub spent: i64,
    /// Milestones in all.
    pub milestones: u32,
    /// Milestones reached.
    pub milestones_reached: u32,
    /// Teachers sent, by the senders' count.
    pub teachers_sent: u32,
    /// Teachers that came, by the hosts' count.
    pub teachers_confirmed: u32,
    /// Differences that reconciliation lists.
    pub differences: u32,
}

/// The id of a pairing at both sides: the two codes in order.
pub fn pairing_id(one: RegionCode, other: RegionCode) -> String {
    let (first, second) = if one <= other {
        (one, other)
    } else {
        (other, one)
    };
    format!("{first}~{second}")
}

/// Whether a pairing is in force on `day`, from what both sides have said.
pub fn in_force(one: &PairingSide, other: &PairingSide, day: Date) -> bool {
    let same_terms = one.kind == other.kind
        && one.terms == other.terms
        && one.from == other.from
        && one.until == other.until;
    let both = one.signed && other.signed && !one.ended && !other.ended;
    let same_round = one.round() == other.round();
    both && same_terms
        && same_round
        && one.from <= day
        && one.until.is_none_or(|until| day <= until)
}
