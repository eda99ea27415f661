//! One project whole: its milestones, and what both sides said of it.

use liandong_client::wire::collaboration::v1;
use liandong_client::wire::collaboration::v1::aid_fact::Fact;
use serde::Serialize;

use super::ProjectName;
use super::listing::{PROJECTS, project_row};
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, Output};
use crate::session::Session;

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
