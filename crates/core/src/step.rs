//! Steps: who did what, when and why. Every document that is worked on keeps its steps.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most characters a name of an author may have.
pub const MAX_AUTHOR_CHARS: usize = 64;
/// The most characters a reason, note or comment may have.
pub const MAX_TEXT_CHARS: usize = 2_000;

/// Who acts and why; the node adds when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The office or officer that acts, as they call themselves.
    pub name: String,
    /// Why; may be empty where a reason is not required.
    pub why: String,
}

/// What was done to a plan, task, pairing or aid document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// Brought in as a draft (导入).
    Import,
    /// Put to consultation (征求意见).
    Consult,
    /// Commented on.
    Comment,
    /// Issued (印发).
    Issue,
    /// Given to a region (下达).
    Assign,
    /// Received by the one who has to do it (签收).
    Acknowledge,
    /// Reported as done (办结).
    Complete,
    /// Found good (验收).
    Accept,
    /// Sent back with a reason (退回).
    Return,
    /// Taken off the list (销号).
    Close,
    /// Withdrawn (撤销).
    Revoke,
    /// Proposed to a partner.
    Propose,
    /// Signed off by this side.
    Sign,
    /// Ended.
    End,
    /// Recorded (a payment, a receipt, a placement, a milestone).
    Record,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 15] = [
        Self::Import,
        Self::Consult,
        Self::Comment,
        Self::Issue,
        Self::Assign,
        Self::Acknowledge,
        Self::Complete,
        Self::Accept,
        Self::Return,
        Self::Close,
        Self::Revoke,
        Self::Propose,
        Self::Sign,
        Self::End,
        Self::Record,
    ];

    /// The word used on the wire and in listings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Consult => "consult",
            Self::Comment => "comment",
            Self::Issue => "issue",
            Self::Assign => "assign",
            Self::Acknowledge => "acknowledge",
            Self::Complete => "complete",
            Self::Accept => "accept",
            Self::Return => "return",
            Self::Close => "close",
            Self::Revoke => "revoke",
            Self::Propose => "propose",
            Self::Sign => "sign",
            Self::End => "end",
            Self::Record => "record",
        }
    }

    /// Reads the word used on the wire and in listings.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }
}

/// One step in the life of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What was done.
    pub action: Action,
    /// Who did it.
    pub by: String,
    /// When, by the clock of the node that took it.
    pub at: Timestamp,
    /// Why; may be empty.
    pub why: String,
}

impl Step {
    /// The step that `author` takes at `at`.
    pub fn new(action: Action, author: &Author, at: Timestamp) -> Self {
        Self {
            action,
            by: author.name.clone(),
            at,
            why: author.why.clone(),
        }
    }
}
