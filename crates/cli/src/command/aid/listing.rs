//! Projects as they stand.

use liandong_client::wire::collaboration::v1;
use liandong_core::region::RegionCode;

use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing};
use crate::session::Session;

pub(super) const PROJECTS: [Column; 13] = [
    Column::text("project", "项目编号", "project"),
    Column::text("proposer", "提出方", "proposer"),
    Column::text("name", "名称", "name"),
    Column::text("donor", "援助方", "donor"),
    Column::text("recipient", "受援方", "recipient"),
    Column::text("agreed", "双方同意", "agreed"),
    Column::number("fund_yuan", "承诺", "fund"),
    Column::number("disbursed_yuan", "拨付", "disbursed"),
    Column::number("received_yuan", "到账", "received"),
    Column::number("spent_yuan", "支出", "spent"),
    Column::text("milestones", "节点", "milestones"),
    Column::text("teachers", "支教（派出/到岗）", "teachers (sent/came)"),
    Column::number("differences", "不一致", "differences"),
];

pub(super) async fn list(
    session: &Session,
    partner: Option<RegionCode>,
) -> Result<Verdict, Failure> {
    let request = v1::ListProjectsRequest {
        region: session.region_or_any(),
        partner: partner
            .map(|partner| partner.to_string())
            .unwrap_or_default(),
    };
    let answer = session
        .client
        .collaboration()
        .list_projects(request)
        .await?;
    let mut listing = Listing::new(&PROJECTS);
    for overview in answer.projects {
        listing.row(project_row(&overview));
    }
    for owned in answer.summaries {
        listing.row(summary_row(owned.summary.unwrap_or_default()));
    }
    session.output.listing(&listing)?;
    Ok(Verdict::Done)
}

pub(super) fn project_row(overview: &v1::ProjectOverview) -> Vec<Cell> {
    let project = overview.project.clone().unwrap_or_default();
    let state = overview.state.clone().unwrap_or_default();
    vec![
        Cell::text(&overview.id),
        Cell::text(&overview.proposer),
        Cell::Text(project.name),
        Cell::Text(project.donor),
        Cell::Text(project.recipient),
        Cell::Yes(Some(state.agreed)),
        Cell::Fen(project.fund_fen),
        Cell::Fen(state.disbursed_fen),
        Cell::Fen(state.received_fen),
        Cell::Fen(state.spent_fen),
        Cell::text(format!(
            "{}/{}",
            state.reached.len(),
            project.milestones.len()
        )),
        Cell::text(format!(
            "{}/{}",
            state.teachers_sent, state.teachers_confirmed
        )),
        Cell::Count(overview.differences.into()),
    ]
}

fn summary_row(summary: v1::AidSummary) -> Vec<Cell> {
    vec![
        Cell::Text(summary.project),
        Cell::Text(summary.proposer),
        Cell::Text(summary.name),
        Cell::Text(summary.donor),
        Cell::Text(summary.recipient),
        Cell::Yes(Some(summary.agreed)),
        Cell::Fen(summary.fund_fen),
        Cell::Fen(summary.disbursed_fen),
        Cell::Fen(summary.received_fen),
        Cell::Fen(summary.spent_fen),
        Cell::text(format!(
            "{}/{}",
            summary.milestones_reached, summary.milestones
        )),
        if summary.teachers_hidden {
            Cell::text("*")
        } else {
            Cell::text(format!(
                "{}/{}",
                summary.teachers_sent, summary.teachers_confirmed
            ))
        },
        Cell::Count(summary.differences.into()),
    ]
}
