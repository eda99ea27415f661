//! `liandong task`: what regions are asked to do, and how far they are.

mod assign;

use clap::Subcommand;
use liandong_client::wire::task::v1;
use liandong_core::region::RegionCode;
use liandong_input::KnownIndicators;
use serde::Serialize;

use super::plan::list_steps;
use super::target::bound_text;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, Said, action, stage};
use crate::session::Session;
use crate::value;

/// The commands about tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// 把方案的一个项目分解给下级 || Decompose a plan item into tasks for regions directly below
    Assign(assign::AssignArguments),
    /// 列出任务 || List tasks
    List {
        /// 只列该区域承担的 || Only those of this assignee
        #[arg(long, value_name = "CODE", value_parser = value::region)]
        assignee: Option<RegionCode>,
        /// 只列该区域下达的 || Only those that this region assigned
        #[arg(long, value_name = "CODE", value_parser = value::region)]
        issuer: Option<RegionCode>,
        /// 只列该方案的 || Only those of this plan
        #[arg(
            long,
            value_name = "PLAN",
            default_value = "",
            hide_default_value = true
        )]
        plan: String,
        /// 只列处于该状态的：已下达、已签收、已办结、已退回、已验收、已销号、已撤销 || Only those at this stage
        #[arg(long, value_name = "STAGE")]
        stage: Option<StageName>,
    },
    /// 查看任务和办理过程 || Show a task with its steps
    Show {
        #[command(flatten)]
        task: TaskName,
    },
    /// 签收 || Acknowledge
    Ack(TaskNames),
    /// 办结 || Report as done
    Complete(TaskNames),
    /// 验收 || Find good
    Accept(TaskNames),
    /// 退回，须用 --why 说明理由 || Send back, with a reason in --why
    Return(TaskNames),
    /// 销号 || Take off the list
    Close(TaskNames),
    /// 撤销，须用 --why 说明理由 || Withdraw, with a reason in --why
    Revoke(TaskNames),
}

/// Where a task may stand.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum StageName {
    Assigned,
    Acknowledged,
    Completed,
    Returned,
    Accepted,
    Closed,
    Revoked,
}

impl From<StageName> for v1::Stage {
    fn from(name: StageName) -> Self {
        match name {
            StageName::Assigned => Self::Assigned,
            StageName::Acknowledged => Self::Acknowledged,
            StageName::Completed => Self::Completed,
            StageName::Returned => Self::Returned,
            StageName::Accepted => Self::Accepted,
            StageName::Closed => Self::Closed,
            StageName::Revoked => Self::Revoked,
        }
    }
}

/// Names one task.
#[derive(Debug, clap::Args)]
pub(crate) struct TaskName {
    /// 任务编号 || The task's id
    #[arg(value_name = "ID")]
    id: String,
    /// 下达任务的区域；编号唯一时可省略 || The region that assigned it; needed only when the id is not unique
    #[arg(long, value_name = "CODE", value_parser = value::region)]
    issuer: Option<RegionCode>,
}

/// Names tasks.
#[derive(Debug, clap::Args)]
pub(crate) struct TaskNames {
    /// 任务编号，可填多个 || The tasks' ids
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// 下达任务的区域；编号唯一时可省略 || The region that assigned them; needed only when an id is not unique
    #[arg(long, value_name = "CODE", value_parser = value::region)]
    issuer: Option<RegionCode>,
}

/// Runs a command.
pub(crate) async fn run(session: &Session, command: &TaskCommand) -> Result<Verdict, Failure> {
    use v1::Action;
    match command {
        TaskCommand::Assign(arguments) => assign::run(session, arguments).await,
        TaskCommand::List {
            assignee,
            issuer,
            plan,
            stage,
        } => {
            let code = |region: &Option<RegionCode>| {
                region.map(|region| region.to_string()).unwrap_or_default()
            };
            let filter = v1::ListTasksRequest {
                assignee: code(assignee),
                issuer: code(issuer),
                plan: plan.clone(),
                stage: stage.map_or(0, |name| v1::Stage::from(name).into()),
            };
            list(session, filter).await
        }
        TaskCommand::Show { task } => show(session, task).await,
        TaskCommand::Ack(names) => step(session, names, Action::Acknowledge).await,
        TaskCommand::Complete(names) => step(session, names, Action::Complete).await,
        TaskCommand::Accept(names) => step(session, names, Action::Accept).await,
        TaskCommand::Return(names) => step(session, names, Action::Return).await,
        TaskCommand::Close(names) => step(session, names, Action::Close).await,
        TaskCommand::Revoke(names) => step(session, names, Action::Revoke).await,
    }
}

const TASKS: [Column; 8] = [
    Column::text("id", "任务编号", "id"),
    Column::text("issuer", "下达", "issuer"),
    Column::text("assignee", "承担", "assignee"),
    Column::text("item", "项目", "item"),
    Column::text("name", "名称", "name"),
    Column::text("stage", "状态", "stage"),
    Column::text("due", "期限", "due"),
    Column::number("targets", "目标", "targets"),
];

async fn list(session: &Session, filter: v1::ListTasksRequest) -> Result<Verdict, Failure> {
    let answer = session.client.task().list_tasks(filter).await?;
    let mut listing = Listing::new(&TASKS);
    for record in answer.tasks {
        let task = record.task.unwrap_or_default();
        listing.row(vec![
            Cell::Text(record.id),
            Cell::Text(record.issuer),
            Cell::Text(task.assignee),
            Cell::Text(task.item),
            Cell::Text(task.name),
            Cell::Word(stage(record.stage)),
            Cell::Text(task.due),
            Cell::Count(task.targets.len() as u64),
        ]);
    }
    session.output.listing(&listing)?;
    Ok(Verdict::Done)
}

#[derive(Serialize)]
struct Shown<'s> {
    id: &'s str,
    issuer: &'s str,
    assignee: &'s str,
    plan_issuer: &'s str,
    plan: &'s str,
    item: &'s str,
    name: &'s str,
    stage: &'static str,
    due: &'s str,
    version: u64,
    targets: &'s Listing,
    steps: &'s Listing,
}

const TARGETS: [Column; 4] = [
    Column::text("indicator", "指标", "indicator"),
    Column::number("bound", "目标值", "target"),
    Column::text("due", "期限", "due"),
    Column::text("text", "目标", "wording"),
];

async fn show(session: &Session, name: &TaskName) -> Result<Verdict, Failure> {
    let record = session.task_record(&name.id, name.issuer).await?;
    let known = session.indicators().await?;
    let task = record.task.unwrap_or_default();
    let targets = list_targets(&task.targets, &known);
    let mut steps = task.steps.clone();
    steps.extend(record.progress.unwrap_or_default().steps);
    steps.sort_by_key(|step| step.at.map(|at| (at.seconds, at.nanos)));
    let steps = list_steps(&steps);
    let word = stage(record.stage);
    let shown = Shown {
        id: &record.id,
        issuer: &record.issuer,
        assignee: &task.assignee,
        plan_issuer: &task.plan_issuer,
        plan: &task.plan,
        item: &task.item,
        name: &task.name,
        stage: word.code,
        due: &task.due,
        version: record.version,
        targets: &targets,
        steps: &steps,
    };
    let output = session.output;
    if output.json(&shown)? {
        return Ok(Verdict::Done);
    }
    output.line(&format!("{} {}", task.item, task.name))?;
    output.line(&format!(
        "{} · {} → {} · {}",
        record.id,
        record.issuer,
        task.assignee,
        word.for_people(output.language)
    ))?;
    if !task.due.is_empty() {
        let due = &task.due;
        output.line(&output.pick(format!("期限 {due}"), format!("due {due}")))?;
    }
    output.listing(&targets)?;
    if output.format == Format::Table {
        output.line(output.pick("\n办理过程", "\nSteps"))?;
        output.listing(&steps)?;
    }
    Ok(Verdict::Done)
}

fn list_targets(targets: &[v1::Target], known: &KnownIndicators) -> Listing {
    let mut listing = Listing::new(&TARGETS);
    for target in targets {
        listing.row(vec![
            Cell::text(&target.indicator),
            Cell::text(bound_text(target, known)),
            Cell::text(&target.due),
            Cell::text(&target.text),
        ]);
    }
    listing
}

/// Takes a step in every task, going on after one that is refused.
async fn step(session: &Session, names: &TaskNames, step: v1::Action) -> Result<Verdict, Failure> {
    let mut verdict = Verdict::Done;
    for id in &names.ids {
        match step_one(session, id, names.issuer, step).await {
            Ok(said) => session.output.said(&said)?,
            Err(failure) if names.ids.len() > 1 => {
                let language = session.language();
                crate::tell(&format!("{id} {}", failure.message(language)));
                verdict = Verdict::Incomplete;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(verdict)
}

async fn step_one(
    session: &Session,
    id: &str,
    issuer: Option<RegionCode>,
    step: v1::Action,
) -> Result<Said, Failure> {
    let record = session.task_record(id, issuer).await?;
    let assignee = record.task.unwrap_or_default().assignee;
    let is_worker = matches!(step, v1::Action::Acknowledge | v1::Action::Complete);
    let region = match session.region {
        Some(region) => region.to_string(),
        None if is_worker => assignee,
        None => record.issuer.clone(),
    };
    let request = v1::StepTaskRequest {
        region,
        issuer: record.issuer,
        task: id.to_owned(),
        action: step.into(),
        author: session.author(),
    };
    let answer = session.client.task().step_task(request).await?;
    let word = action(step.into());
    let said = Said::new(
        format!(
            "任务 {id} 已{}",
            word.for_people(liandong_core::language::Language::Zh)
        ),
        format!("{id}: {}", word.code),
    );
    Ok(said
        .fact("task", Cell::text(id))
        .fact("action", Cell::Word(word))
        .fact("version", Cell::Count(answer.version)))
}
