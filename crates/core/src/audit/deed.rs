//! What can be done to a node, by the words of the audit trail.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::step::{Action, Author};

/// What was done. New ones are added at the end: the journal keeps their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Deed {
    /// Regions were hosted, or what is known of them changed.
    HostRegions,
    /// A life of the node's data began.
    BeginLife,
    /// The data was found to be an earlier copy of itself, and goes on under another incarnation.
    Split,
    /// What was held of a peer was not what it had told, and was put right.
    Heal,
    /// What a peer held was not what this node had told, and was put right.
    Reconcile,
    /// Cells were told as nothing.
    WithdrawCells,
    /// A region moved to another node.
    MoveOut,
    /// A region moved here from another node.
    MoveIn,
    /// Reports were taken.
    PushReports,
    /// A plan was brought in as a draft.
    ImportPlan,
    /// A draft was put to consultation.
    ConsultPlan,
    /// A plan was commented on.
    CommentPlan,
    /// A plan was issued.
    IssuePlan,
    /// Tasks were assigned.
    AssignTasks,
    /// A task was acknowledged.
    AcknowledgeTask,
    /// A task was reported as done.
    CompleteTask,
    /// A task was found good.
    AcceptTask,
    /// A task was sent back.
    ReturnTask,
    /// A task was taken off the list.
    CloseTask,
    /// A task was withdrawn.
    RevokeTask,
    /// A pairing was proposed.
    ProposePairing,
    /// A pairing was signed.
    SignPairing,
    /// A pairing was ended.
    EndPairing,
    /// An aid project was proposed.
    ProposeProject,
    /// An aid project was agreed to.
    ConsentProject,
    /// A fact of an aid project was recorded.
    RecordAid,
    /// Changes of a peer were taken.
    Receive,
    /// Changes that had been set aside were tried again.
    RetrySetAside,
}

impl Deed {
    /// Every deed.
    pub const ALL: [Self; 28] = [
        Self::HostRegions,
        Self::BeginLife,
        Self::Split,
        Self::Heal,
        Self::Reconcile,
        Self::WithdrawCells,
        Self::MoveOut,
        Self::MoveIn,
        Self::PushReports,
        Self::ImportPlan,
        Self::ConsultPlan,
        Self::CommentPlan,
        Self::IssuePlan,
        Self::AssignTasks,
        Self::AcknowledgeTask,
        Self::CompleteTask,
        Self::AcceptTask,
        Self::ReturnTask,
        Self::CloseTask,
        Self::RevokeTask,
        Self::ProposePairing,
        Self::SignPairing,
        Self::EndPairing,
        Self::ProposeProject,
        Self::ConsentProject,
        Self::RecordAid,
        Self::Receive,
        Self::RetrySetAside,
    ];

    /// The word used on the wire and in listings.
    pub fn word(self) -> &'static str {
        match self {
            Self::HostRegions => "host-regions",
            Self::BeginLife => "begin-life",
            Self::Split => "split",
            Self::Heal => "heal",
            Self::Reconcile => "reconcile",
            Self::WithdrawCells => "withdraw-cells",
            Self::MoveOut => "move-out",
            Self::MoveIn => "move-in",
            Self::PushReports => "push-reports",
            Self::ImportPlan => "import-plan",
            Self::ConsultPlan => "consult-plan",
            Self::CommentPlan => "comment-plan",
            Self::IssuePlan => "issue-plan",
            Self::AssignTasks => "assign-tasks",
            Self::AcknowledgeTask => "acknowledge-task",
            Self::CompleteTask => "complete-task",
            Self::AcceptTask => "accept-task",
            Self::ReturnTask => "return-task",
            Self::CloseTask => "close-task",
            Self::RevokeTask => "revoke-task",
            Self::ProposePairing => "propose-pairing",
            Self::SignPairing => "sign-pairing",
            Self::EndPairing => "end-pairing",
            Self::ProposeProject => "propose-project",
            Self::ConsentProject => "consent-project",
            Self::RecordAid => "record-aid",
            Self::Receive => "receive",
            Self::RetrySetAside => "retry-set-aside",
        }
    }

    /// Reads the word used on the wire and in listings.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.word() == word)
    }
}

/// What a command would do, and who says why. `None` for what changes nobody's data: what is only
/// remembered of a conversation with a peer, and seals, which say again what the figures are.
pub fn deed(command: &Command) -> Option<(Deed, Option<&Author>)> {
    let by_node = |deed| Some((deed, None));
    match command {
        Command::Host { .. } => by_node(Deed::HostRegions),
        Command::Begin { .. } => by_node(Deed::BeginLife),
        Command::Split { .. } => by_node(Deed::Split),
        Command::Heal(_) => by_node(Deed::Heal),
        Command::Reconcile(_) | Command::TakeBack(_) => by_node(Deed::Reconcile),
        Command::Withdraw { .. } => by_node(Deed::WithdrawCells),
        Command::MoveOut { .. } => by_node(Deed::MoveOut),
        Command::MoveIn { .. } => by_node(Deed::MoveIn),
        Command::PushReports(_) => by_node(Deed::PushReports),
        Command::Receive(_) | Command::ReceiveApart(_) => by_node(Deed::Receive),
        Command::RetrySetAside { .. } => by_node(Deed::RetrySetAside),
        Command::Meet { .. }
        | Command::Settle { .. }
        | Command::NotePeerHolds(_)
        | Command::Mark { .. }
        | Command::Trace(_)
        | Command::SealFigures { .. } => None,
        Command::ImportPlan { author, .. } => Some((Deed::ImportPlan, Some(author))),
        Command::ConsultPlan { author, .. } => Some((Deed::ConsultPlan, Some(author))),
        Command::CommentPlan { author, .. } => Some((Deed::CommentPlan, Some(author))),
        Command::IssuePlan { author, .. } => Some((Deed::IssuePlan, Some(author))),
        Command::AssignTasks { author, .. } => Some((Deed::AssignTasks, Some(author))),
        Command::StepTask { action, author, .. } => Some((step(*action)?, Some(author))),
        Command::ProposePairing { author, .. } => Some((Deed::ProposePairing, Some(author))),
        Command::SignPairing { author, .. } => Some((Deed::SignPairing, Some(author))),
        Command::EndPairing { author, .. } => Some((Deed::EndPairing, Some(author))),
        Command::ProposeProject { author, .. } => Some((Deed::ProposeProject, Some(author))),
        Command::ConsentProject { author, .. } => Some((Deed::ConsentProject, Some(author))),
        Command::RecordAid { author, .. } => Some((Deed::RecordAid, Some(author))),
    }
}

/// The step of a task; the others are none that a task can take, and are refused.
fn step(action: Action) -> Option<Deed> {
    match action {
        Action::Acknowledge => Some(Deed::AcknowledgeTask),
        Action::Complete => Some(Deed::CompleteTask),
        Action::Accept => Some(Deed::AcceptTask),
        Action::Return => Some(Deed::ReturnTask),
        Action::Close => Some(Deed::CloseTask),
        Action::Revoke => Some(Deed::RevokeTask),
        Action::Import
        | Action::Consult
        | Action::Comment
        | Action::Issue
        | Action::Assign
        | Action::Propose
        | Action::Sign
        | Action::End
        | Action::Record => None,
    }
}
