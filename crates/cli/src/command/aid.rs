//! `liandong aid`: pairings and aid projects. Amounts are in 元.

mod entry;
mod listing;
mod pairing;
mod project;
mod reconciling;
mod showing;

use clap::Subcommand;
use liandong_client::wire::collaboration::v1;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;

use crate::failure::{Failure, Verdict};
use crate::session::Session;
use crate::value;

/// The commands about pairings and aid.
#[derive(Debug, Subcommand)]
pub(crate) enum AidCommand {
    /// 提出结对并由本方签署 || Propose a pairing and sign it for this side
    Pair(pairing::PairArguments),
    /// 签署对方提出的结对 || Sign the other side's proposal as it stands
    Sign(pairing::Partner),
    /// 终止结对，须用 --why 说明理由 || End a pairing, with a reason in --why
    End(pairing::Partner),
    /// 列出结对 || List pairings
    Pairings,
    /// 提出援助项目，或修改本方提出的项目 || Propose an aid project, or change one's own
    Project(project::ProjectArguments),
    /// 同意对方提出的项目 || Agree to the other side's project as it stands
    Consent(ProjectName),
    /// 登记拨付（援助方） || Record a disbursement by the donor
    Disburse(entry::DisburseArguments),
    /// 登记到账（受援方） || Record a receipt by the recipient
    Receive(entry::ReceiveArguments),
    /// 登记支出（受援方） || Record an expenditure by the recipient
    Spend(entry::DisburseArguments),
    /// 登记派出支教教师 || Record teachers that were sent
    Place(entry::PlaceArguments),
    /// 确认到岗教师人数 || Confirm how many teachers came
    Confirm(entry::ConfirmArguments),
    /// 登记节点完成 || Record a milestone that was reached
    Milestone(entry::MilestoneArguments),
    /// 对账：双方不一致的每一笔 || Everything that the two sides do not agree on
    Reconcile(ProjectName),
    /// 列出援助项目 || List aid projects
    List {
        /// 只列与该方的项目 || Only those with this other side
        #[arg(long, value_name = "CODE", value_parser = value::region)]
        partner: Option<RegionCode>,
    },
    /// 查看项目和双方登记的事项 || Show a project with the facts of both sides
    Show(ProjectName),
}

/// Names a project.
#[derive(Debug, clap::Args)]
pub(crate) struct ProjectName {
    /// 项目编号 || The project's id
    #[arg(value_name = "PROJECT")]
    id: String,
    /// 提出项目的一方；编号唯一时可省略 || The side that proposed it; needed only when the id is not unique
    #[arg(long, value_name = "CODE", value_parser = value::region)]
    proposer: Option<RegionCode>,
}

impl ProjectName {
    /// The side that proposed it, looked up unless it is named.
    async fn proposer(&self, session: &Session) -> Result<String, Failure> {
        if let Some(proposer) = self.proposer {
            return Ok(proposer.to_string());
        }
        let request = v1::ListProjectsRequest::default();
        let known = session
            .client
            .collaboration()
            .list_projects(request)
            .await?;
        let proposers: Vec<String> = known
            .projects
            .iter()
            .filter(|project| project.id == self.id)
            .map(|project| project.proposer.clone())
            .collect();
        match proposers.as_slice() {
            [only] => Ok(only.clone()),
            [] => {
                let ids = known
                    .projects
                    .into_iter()
                    .map(|project| project.id)
                    .collect();
                let refusal =
                    crate::session::none_of(Reason::UnknownProject, "PROJECT", &self.id, ids);
                Err(refusal.into())
            }
            _ => {
                let accepted = Accepted::OneOf(proposers);
                Err(Refusal::new(Reason::Missing, "--proposer", "", accepted).into())
            }
        }
    }
}

/// Runs a command.
pub(crate) async fn run(session: &Session, command: &AidCommand) -> Result<Verdict, Failure> {
    match command {
        AidCommand::Pair(arguments) => pairing::pair(session, arguments).await,
        AidCommand::Sign(partner) => pairing::sign(session, partner).await,
        AidCommand::End(partner) => pairing::end(session, partner).await,
        AidCommand::Pairings => pairing::list(session).await,
        AidCommand::Project(arguments) => project::propose(session, arguments).await,
        AidCommand::Consent(name) => project::consent(session, name).await,
        AidCommand::Disburse(arguments) => entry::disburse(session, arguments).await,
        AidCommand::Receive(arguments) => entry::receive(session, arguments).await,
        AidCommand::Spend(arguments) => entry::spend(session, arguments).await,
        AidCommand::Place(arguments) => entry::place(session, arguments).await,
        AidCommand::Confirm(arguments) => entry::confirm(session, arguments).await,
        AidCommand::Milestone(arguments) => entry::milestone(session, arguments).await,
        AidCommand::Reconcile(name) => reconciling::reconcile(session, name).await,
        AidCommand::List { partner } => listing::list(session, *partner).await,
        AidCommand::Show(name) => showing::show(session, name).await,
    }
}
