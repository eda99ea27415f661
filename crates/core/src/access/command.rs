//! What somebody has to be entitled to for a command.

use super::right::Right;
use crate::command::Command;
use crate::region::RegionCode;
use crate::step::Action;

/// The right that a command needs, and the region it acts for. `None` for what no person asks for
/// one region alone: reports, which are judged row by row; what is asked of a node as a whole; and
/// what peers bring.
pub fn needed(command: &Command) -> Option<(Right, RegionCode)> {
    match command {
        Command::ImportPlan { issuer, .. }
        | Command::ConsultPlan { issuer, .. }
        | Command::IssuePlan { issuer, .. }
        | Command::AssignTasks { issuer, .. } => Some((Right::Supervise, *issuer)),
        Command::CommentPlan { region, .. } => Some((Right::Work, *region)),
        Command::StepTask { region, action, .. } => Some((right_to(*action), *region)),
        Command::ProposePairing { region, .. }
        | Command::SignPairing { region, .. }
        | Command::EndPairing { region, .. }
        | Command::ProposeProject { region, .. }
        | Command::ConsentProject { region, .. } => Some((Right::Pair, *region)),
        Command::RecordAid { region, .. } => Some((Right::RecordAid, *region)),
        Command::Host { .. }
        | Command::Begin { .. }
        | Command::Split { .. }
        | Command::Meet { .. }
        | Command::Settle { .. }
        | Command::Heal(_)
        | Command::Reconcile(_)
        | Command::TakeBack(_)
        | Command::Withdraw { .. }
        | Command::MoveOut { .. }
        | Command::MoveIn { .. }
        | Command::PushReports(_)
        | Command::Receive(_)
        | Command::ReceiveApart(_)
        | Command::RetrySetAside { .. }
        | Command::NotePeerHolds(_)
        | Command::Mark { .. }
        | Command::Trace(_)
        | Command::SealFigures { .. } => None,
    }
}

/// The region that works takes its steps in a task, the one that assigned it takes the others.
fn right_to(step: Action) -> Right {
    match step {
        Action::Acknowledge | Action::Complete => Right::Work,
        _ => Right::Supervise,
    }
}
