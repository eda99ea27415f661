//! `liandong plan show`: a plan with its targets, comments and steps.

use liandong_client::wire::task::v1;
use liandong_input::KnownIndicators;
use serde::Serialize;

use super::super::target::bound_text;
use super::PlanName;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing, action, plan_status};
use crate::session::Session;

const TARGETS: [Column; 9] = [
    Column::text("item", "编号", "item"),
    Column::text("group", "类别", "group"),
    Column::text("name", "项目", "name"),
    Column::text("lead", "牵头", "lead"),
    Column::text("offices", "责任科室", "offices"),
    Column::text("indicator", "指标", "indicator"),
    Column::number("bound", "目标值", "target"),
    Column::text("due", "期限", "due"),
    Column::text("text", "目标", "wording"),
];
const COMMENTS: [Column; 6] = [
    Column::text("region", "区域", "region"),
    Column::text("item", "编号", "item"),
    Column::text("text", "意见", "comment"),
    Column::text("by", "提出人", "by"),
    Column::text("at", "时间", "at"),
    Column::text("id", "意见编号", "id"),
];

#[derive(Serialize)]
struct Shown<'s> {
    issuer: &'s str,
    plan: &'s str,
    title: &'s str,
    document: &'s str,
    source: &'s str,
    status: &'static str,
    comments_until: &'s str,
    version: u64,
    targets: &'s Listing,
    comments: &'s Listing,
    steps: &'s Listing,
}

/// Shows one plan.
pub(super) async fn show(session: &Session, name: &PlanName) -> Result<Verdict, Failure> {
    let key = session.plan_key(&name.code, name.issuer).await?;
    let known = session.indicators().await?;
    let request = v1::GetPlanRequest {
        issuer: key.issuer,
        plan: key.plan,
    };
    let answer = session.client.task().get_plan(request).await?;
    let plan = answer.plan.unwrap_or_default();
    let text = plan.text.unwrap_or_default();
    let targets = list_targets(&text, &known);
    let comments = list_comments(&answer.comments);
    let steps = list_steps(&plan.steps);
    let status = plan_status(plan.status);
    let shown = Shown {
        issuer: &answer.issuer,
        plan: &text.code,
        title: &text.title,
        document: &text.document,
        source: &text.source,
        status: status.code,
        comments_until: &plan.comments_until,
        version: answer.version,
        targets: &targets,
        comments: &comments,
        steps: &steps,
    };
    let output = session.output;
    if output.json(&shown)? {
        return Ok(Verdict::Done);
    }
    output.line(&text.title)?;
    let mut place = format!("{} · {}", answer.issuer, text.code);
    for part in [text.document.as_str(), &status.for_people(output.language)] {
        if !part.is_empty() {
            place.push_str(" · ");
            place.push_str(part);
        }
    }
    if !plan.comments_until.is_empty() {
        let until = &plan.comments_until;
        place.push_str(&output.pick(
            format!(" · 意见截止 {until}"),
            format!(" · comments until {until}"),
        ));
    }
    output.line(&place)?;
    output.listing(&targets)?;
    if output.format == crate::output::Format::Table {
        if !comments.is_empty() {
            output.line(output.pick("\n意见", "\nComments"))?;
            output.listing(&comments)?;
        }
        output.line(output.pick("\n办理过程", "\nSteps"))?;
        output.listing(&steps)?;
    }
    Ok(Verdict::Done)
}

fn list_targets(text: &v1::PlanText, known: &KnownIndicators) -> Listing {
    let mut listing = Listing::new(&TARGETS);
    for item in &text.items {
        let head = |first: bool| {
            let words = |words: &Vec<String>| if first { words.clone() } else { Vec::new() };
            let word = |word: &str| Cell::text(if first { word } else { "" });
            vec![
                Cell::text(&item.number),
                word(&item.group),
                word(&item.name),
                Cell::List(words(&item.lead)),
                Cell::List(words(&item.offices)),
            ]
        };
        if item.targets.is_empty() {
            let mut row = head(true);
            row.extend([
                Cell::text(""),
                Cell::text(""),
                Cell::text(""),
                Cell::text(&item.goal),
            ]);
            listing.row(row);
        }
        for (place, target) in item.targets.iter().enumerate() {
            let mut row = head(place == 0);
            row.extend([
                Cell::text(&target.indicator),
                Cell::text(bound_text(target, known)),
                Cell::text(&target.due),
                Cell::text(&target.text),
            ]);
            listing.row(row);
        }
    }
    listing
}

fn list_comments(comments: &[v1::PlanComment]) -> Listing {
    let mut listing = Listing::new(&COMMENTS);
    for said in comments {
        let comment = said.comment.clone().unwrap_or_default();
        let made = comment.made.unwrap_or_default();
        listing.row(vec![
            Cell::text(&said.region),
            Cell::Text(comment.item),
            Cell::Text(comment.text),
            Cell::Text(made.by),
            Cell::moment(made.at.as_ref()),
            Cell::text(&said.id),
        ]);
    }
    listing
}

const STEPS: [Column; 4] = [
    Column::text("at", "时间", "at"),
    Column::text("action", "办理", "action"),
    Column::text("by", "经办", "by"),
    Column::text("why", "说明", "why"),
];

/// The steps of a document.
pub(crate) fn list_steps(steps: &[v1::Step]) -> Listing {
    let mut listing = Listing::new(&STEPS);
    for step in steps {
        listing.row(vec![
            Cell::moment(step.at.as_ref()),
            Cell::Word(action(step.action)),
            Cell::text(&step.by),
            Cell::text(&step.why),
        ]);
    }
    listing
}
