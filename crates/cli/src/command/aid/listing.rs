//! Projects as they stand, and where the two sides disagree.

use liandong_client::wire::collaboration::v1;
use liandong_client::wire::collaboration::v1::aid_fact::Fact;
use liandong_client::wire::collaboration::v1::difference::Difference as What;
use liandong_core::region::RegionCode;
use serde::Serialize;

use super::ProjectName;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, Output};
use crate::session::Session;

const PROJECTS: [Column; 13] = [
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

fn project_row(overview: &v1::ProjectOverview) -> Vec<Cell> {
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

const MILESTONES: [Column; 5] = [
    Column::number("number", "节点", "milestone"),
    Column::text("title", "内容", "title"),
    Column::text("due", "期限", "due"),
    Column::text("owner", "承担方", "owner"),
    Column::text("reached", "已完成", "reached"),
];
const ENTRIES: [Column; 8] = [
    Column::text("region", "登记方", "side"),
    Column::text("id", "编号", "id"),
    Column::text("fact", "事项", "fact"),
    Column::number("amount_yuan", "金额", "amount"),
    Column::number("teachers", "人数", "teachers"),
    Column::text("on", "日期", "on"),
    Column::text("answers", "对应", "answers"),
    Column::text("about", "说明", "about"),
];

#[derive(Serialize)]
struct Shown<'s> {
    project: &'s Listing,
    milestones: &'s Listing,
    entries: &'s Listing,
}

pub(super) async fn show(session: &Session, name: &ProjectName) -> Result<Verdict, Failure> {
    let request = v1::GetProjectRequest {
        proposer: name.proposer(session).await?,
        project: name.id.clone(),
    };
    let answer = session.client.collaboration().get_project(request).await?;
    let overview = answer.overview.unwrap_or_default();
    let output = session.output;
    let mut project = Listing::new(&PROJECTS);
    project.row(project_row(&overview));
    let milestones = milestones(&overview);
    let mut entries = Listing::new(&ENTRIES);
    for owned in answer.entries {
        entries.row(entry_row(owned, output));
    }
    let shown = Shown {
        project: &project,
        milestones: &milestones,
        entries: &entries,
    };
    if output.json(&shown)? {
        return Ok(Verdict::Done);
    }
    if output.format == Format::Csv {
        output.listing(&entries)?;
        return Ok(Verdict::Done);
    }
    let content = overview
        .project
        .map(|project| project.content)
        .unwrap_or_default();
    if !content.is_empty() {
        output.line(&content)?;
    }
    output.listing(&project)?;
    for listing in [&milestones, &entries] {
        if !listing.is_empty() {
            output.line("")?;
            output.listing(listing)?;
        }
    }
    Ok(Verdict::Done)
}

fn milestones(overview: &v1::ProjectOverview) -> Listing {
    let mut listing = Listing::new(&MILESTONES);
    let reached = overview.state.clone().unwrap_or_default().reached;
    let project = overview.project.clone().unwrap_or_default();
    for milestone in project.milestones {
        listing.row(vec![
            Cell::Count(milestone.number.into()),
            Cell::Text(milestone.title),
            Cell::Text(milestone.due),
            Cell::Text(milestone.owner),
            Cell::Yes(Some(reached.contains(&milestone.number))),
        ]);
    }
    listing
}

fn entry_row(owned: v1::OwnedAidEntry, output: Output) -> Vec<Cell> {
    let fact = owned
        .entry
        .unwrap_or_default()
        .fact
        .and_then(|fact| fact.fact);
    let nothing = || Cell::text("");
    let (word, amount, teachers, on, answers, about) = match fact {
        Some(Fact::Disbursement(fact)) => (
            output.pick("拨付", "disbursement"),
            Cell::Fen(fact.amount_fen),
            nothing(),
            fact.on,
            String::new(),
            fact.purpose,
        ),
        Some(Fact::Receipt(fact)) => (
            output.pick("到账", "receipt"),
            Cell::Fen(fact.amount_fen),
            nothing(),
            fact.on,
            fact.disbursement,
            String::new(),
        ),
        Some(Fact::Expenditure(fact)) => (
            output.pick("支出", "expenditure"),
            Cell::Fen(fact.amount_fen),
            nothing(),
            fact.on,
            String::new(),
            fact.purpose,
        ),
        Some(Fact::Placement(fact)) => (
            output.pick("派出支教", "placement"),
            nothing(),
            Cell::Count(fact.teachers.into()),
            format!("{}~{}", fact.from, fact.until),
            String::new(),
            [fact.subject, fact.host].join(" "),
        ),
        Some(Fact::PlacementConfirmation(fact)) => (
            output.pick("确认到岗", "confirmation"),
            nothing(),
            Cell::Count(fact.teachers.into()),
            String::new(),
            fact.placement,
            String::new(),
        ),
        Some(Fact::MilestoneReached(fact)) => (
            output.pick("完成节点", "milestone"),
            nothing(),
            nothing(),
            fact.on,
            fact.number.to_string(),
            String::new(),
        ),
        None => (
            output.pick("未知", "unknown"),
            nothing(),
            nothing(),
            String::new(),
            String::new(),
            String::new(),
        ),
    };
    vec![
        Cell::Text(owned.region),
        Cell::Text(owned.id),
        Cell::text(word),
        amount,
        teachers,
        Cell::Text(on),
        Cell::Text(answers),
        Cell::text(about.trim()),
    ]
}

const DIFFERENCES: [Column; 5] = [
    Column::text("difference", "不一致", "difference"),
    Column::text("about", "编号", "about"),
    Column::number("one", "一方", "one side"),
    Column::number("other", "另一方", "other side"),
    Column::text("meaning", "说明", "meaning"),
];

/// Lists the differences.
pub(super) async fn reconcile(session: &Session, name: &ProjectName) -> Result<Verdict, Failure> {
    let request = v1::ReconcileProjectRequest {
        proposer: name.proposer(session).await?,
        project: name.id.clone(),
    };
    let answer = session
        .client
        .collaboration()
        .reconcile_project(request)
        .await?;
    let mut listing = Listing::new(&DIFFERENCES);
    let output = session.output;
    for difference in answer.differences {
        if let Some(what) = difference.difference {
            listing.row(difference_row(what, output));
        }
    }
    if listing.is_empty() && output.format == Format::Table {
        output.line(output.pick("双方一致", "the two sides agree"))?;
    } else {
        output.listing(&listing)?;
    }
    Ok(Verdict::Done)
}

fn difference_row(what: What, output: Output) -> Vec<Cell> {
    let nothing = || Cell::text("");
    let teachers = |count: u32| Cell::Count(count.into());
    let (code, about, one, other, meaning) = match what {
        What::NotReceived(it) => (
            "not-received",
            it.disbursement,
            Cell::Fen(it.disbursed_fen),
            nothing(),
            output.pick("已拨付，对方尚未登记到账", "paid out, no receipt has come"),
        ),
        What::AmountDiffers(it) => (
            "amount-differs",
            it.disbursement,
            Cell::Fen(it.disbursed_fen),
            Cell::Fen(it.received_fen),
            output.pick("拨付与到账金额不同", "paid out and received differ"),
        ),
        What::NotDisbursed(it) => (
            "not-disbursed",
            it.disbursement,
            nothing(),
            Cell::Fen(it.received_fen),
            output.pick(
                "登记到账，援助方没有这笔拨付",
                "received, but the donor knows no such disbursement",
            ),
        ),
        What::OverFund(it) => (
            "over-fund",
            String::new(),
            Cell::Fen(it.fund_fen),
            Cell::Fen(it.disbursed_fen),
            output.pick("拨付超过承诺资金", "more was paid out than promised"),
        ),
        What::Overspent(it) => (
            "overspent",
            String::new(),
            Cell::Fen(it.received_fen),
            Cell::Fen(it.spent_fen),
            output.pick("支出超过到账", "more was spent than has arrived"),
        ),
        What::TeachersDiffer(it) => (
            "teachers-differ",
            it.placement,
            teachers(it.sent),
            it.confirmed.map_or_else(nothing, teachers),
            output.pick(
                "派出与到岗人数不同",
                "teachers sent and teachers that came differ",
            ),
        ),
        What::PlacementUnknown(it) => (
            "placement-unknown",
            it.placement,
            nothing(),
            teachers(it.confirmed),
            output.pick(
                "确认到岗，派出方没有这次派出",
                "confirmed, but the sender knows no such placement",
            ),
        ),
    };
    vec![
        Cell::text(code),
        Cell::Text(about),
        one,
        other,
        Cell::text(meaning),
    ]
}
