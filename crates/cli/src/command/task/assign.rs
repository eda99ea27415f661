//! `liandong task assign`: handing the parts of a plan item on, and what they fall short of.

mod parts_file;

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use liandong_client::wire::admin::v1 as admin;
use liandong_client::wire::task::v1;
use liandong_core::indicator::IndicatorKind;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_input::KnownIndicators;
use serde::Serialize;

use super::super::target::{bound_text, read_target, value_text};
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing};
use crate::session::{Session, none_of};
use crate::value;

/// The arguments of `task assign`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("who").required(true).args(["to", "all_children", "parts"]))]
pub(crate) struct AssignArguments {
    /// 方案代码 || The plan's code
    #[arg(value_name = "PLAN")]
    plan: String,
    /// 项目编号 || The item's number
    #[arg(value_name = "ITEM")]
    item: String,
    /// 印发方案的区域；代码唯一时可省略 || The region that issued the plan; needed only when the code is not unique
    #[arg(long, value_name = "CODE", value_parser = value::region)]
    issuer: Option<RegionCode>,
    /// 承担任务的直接下级，可填多个 || Who gets it: regions directly below
    #[arg(long, value_name = "CODE", num_args = 1.., value_parser = value::region)]
    to: Vec<RegionCode>,
    /// 下达给全部直接下级 || Give it to every region directly below
    #[arg(long)]
    all_children: bool,
    /// 每个下级的目标，如 gigabit-school-coverage=50；不填则与项目的目标相同 || What each has to reach; by default the item's own targets
    #[arg(long, value_name = "INDICATOR=VALUE", num_args = 1.., conflicts_with = "parts")]
    target: Vec<String>,
    /// 完成期限 || By when
    #[arg(long, value_name = "DATE", value_parser = value::date)]
    due: Option<Date>,
    /// 分解表（CSV）：承担单位、指标、目标值、期限 || The parts as CSV: assignee, indicator, value, due
    #[arg(long, value_name = "FILE.csv")]
    parts: Option<PathBuf>,
}

pub(super) async fn run(
    session: &Session,
    arguments: &AssignArguments,
) -> Result<Verdict, Failure> {
    let key = session.plan_key(&arguments.plan, arguments.issuer).await?;
    let request = v1::GetPlanRequest {
        issuer: key.issuer.clone(),
        plan: key.plan.clone(),
    };
    let plan = session.client.task().get_plan(request).await?.plan;
    let text = plan.unwrap_or_default().text.unwrap_or_default();
    let Some(item) = text.items.iter().find(|item| item.number == arguments.item) else {
        let numbers = text.items.iter().map(|item| item.number.clone()).collect();
        return Err(none_of(Reason::UnknownItem, "ITEM", &arguments.item, numbers).into());
    };
    let known = session.indicators().await?;
    let issuer = session.acting_region().await?;
    let parts = match &arguments.parts {
        Some(path) => parts_file::read(path, item, &known, arguments.due, session.language())?,
        None => same_for_all(session, arguments, item, &known, &issuer).await?,
    };
    let request = v1::AssignTasksRequest {
        issuer,
        plan_issuer: key.issuer,
        plan: key.plan,
        item: arguments.item.clone(),
        parts,
        author: session.author(),
    };
    let answer = session.client.task().assign_tasks(request).await?;
    show(session, &answer, &known)?;
    Ok(Verdict::Done)
}

async fn same_for_all(
    session: &Session,
    arguments: &AssignArguments,
    item: &v1::PlanItem,
    known: &KnownIndicators,
    issuer: &str,
) -> Result<Vec<v1::Part>, Failure> {
    let mut targets = Vec::with_capacity(arguments.target.len());
    for written in &arguments.target {
        targets.push(read_target(written)?.resolve(item, known)?);
    }
    let assignees = if arguments.all_children {
        children(session, issuer).await?
    } else {
        arguments.to.iter().map(ToString::to_string).collect()
    };
    let due = arguments.due.map(|due| due.to_string()).unwrap_or_default();
    let part = |assignee: String| v1::Part {
        assignee,
        targets: targets.clone(),
        due: due.clone(),
    };
    Ok(assignees.into_iter().map(part).collect())
}

/// The regions directly below that administer or report.
async fn children(session: &Session, issuer: &str) -> Result<Vec<String>, Failure> {
    let request = admin::ListRegionsRequest {
        under: issuer.to_owned(),
        depth: 1,
    };
    let answer = session.client.admin().list_regions(request).await?;
    let regions = answer
        .regions
        .into_iter()
        .filter_map(|listed| listed.region);
    let below: Vec<String> = regions
        .filter(|region| region.parent == issuer)
        .map(|region| region.code)
        .collect();
    if below.is_empty() {
        let refusal = Refusal::advise(
            Reason::NotAChild,
            "--all-children",
            issuer,
            "没有直接下级；用 liandong region list 查看",
            "it has no region directly below; see liandong region list",
        );
        return Err(refusal.into());
    }
    Ok(below)
}

const SHORTFALLS: [Column; 6] = [
    Column::text("indicator", "指标", "indicator"),
    Column::text("due", "期限", "due"),
    Column::number("whole", "总目标", "whole"),
    Column::number("parts_sum", "分解合计", "sum of parts"),
    Column::text("weaker", "低于总目标的下级", "weaker"),
    Column::text("missing", "未下达的下级", "missing"),
];

#[derive(Serialize)]
struct Shown<'s> {
    tasks: &'s [String],
    shortfalls: &'s Listing,
}

fn show(
    session: &Session,
    answer: &v1::AssignTasksResponse,
    known: &KnownIndicators,
) -> Result<(), Failure> {
    let output = session.output;
    let mut shortfalls = Listing::new(&SHORTFALLS);
    for shortfall in &answer.shortfalls {
        let whole = shortfall.whole.clone().unwrap_or_default();
        let kind = kind_of(&whole, known);
        let sum = shortfall.parts_sum.as_deref();
        shortfalls.row(vec![
            Cell::text(&whole.indicator),
            Cell::text(&whole.due),
            Cell::text(bound_text(&whole, known)),
            Cell::text(sum.map(|sum| value_text(sum, kind)).unwrap_or_default()),
            Cell::List(shortfall.weaker.clone()),
            Cell::List(shortfall.missing.clone()),
        ]);
    }
    let shown = Shown {
        tasks: &answer.tasks,
        shortfalls: &shortfalls,
    };
    if output.json(&shown)? {
        return Ok(());
    }
    if output.format == Format::Csv {
        let mut tasks = Listing::new(&[Column::text("task", "任务编号", "task")]);
        for task in &answer.tasks {
            tasks.row(vec![Cell::text(task)]);
        }
        return Ok(output.listing(&tasks)?);
    }
    let count = answer.tasks.len();
    output.line(&output.pick(
        format!("已下达 {count} 项任务："),
        format!("assigned {count} tasks:"),
    ))?;
    for task in &answer.tasks {
        output.line(&format!("  {task}"))?;
    }
    if !shortfalls.is_empty() {
        output.line(output.pick(
            "\n分解后仍有缺口（任务照常下达）：",
            "\nThe parts fall short of the whole (the tasks stand all the same):",
        ))?;
        output.listing(&shortfalls)?;
    }
    Ok(())
}

fn kind_of(target: &v1::Target, known: &KnownIndicators) -> Option<IndicatorKind> {
    let code = target.indicator.parse().ok()?;
    known.get(code).map(|indicator| indicator.kind)
}
