//! `liandong plan`: documents that set tasks going.

mod listing;
mod showing;

pub(super) use showing::list_steps;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::civil::Date;
use liandong_catalog::{builtin_plans, parse_plan_file};
use liandong_client::wire::admin::v1 as admin;
use liandong_client::wire::task::v1;
use liandong_core::indicator::Indicator;
use liandong_core::plan::PlanText;
use liandong_core::refusal::Reason;
use liandong_core::region::RegionCode;
use liandong_input::decode_whole;
use uuid::Uuid;

use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Output, Said};
use crate::session::{Session, none_of};
use crate::value;
use listing::{list, list_builtin};
use showing::show;

/// The commands about plans.
#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// 导入方案，成为草稿 || Bring in a plan as a draft
    Import {
        /// 方案文件（TOML） || The plan's file (TOML)
        #[arg(
            value_name = "FILE",
            required_unless_present = "builtin",
            conflicts_with = "builtin"
        )]
        file: Option<PathBuf>,
        /// 随程序提供的方案，见 plan list --builtin || A plan that ships with the program; see plan list --builtin
        #[arg(long, value_name = "CODE")]
        builtin: Option<String>,
    },
    /// 列出方案 || List plans
    List {
        /// 只列随程序提供的方案 || Only those that ship with the program
        #[arg(long)]
        builtin: bool,
        /// 只列该区域印发的 || Only those of this issuer
        #[arg(long, value_name = "CODE", value_parser = value::region)]
        issuer: Option<RegionCode>,
    },
    /// 查看方案的项目、目标和意见 || Show a plan with its targets and comments
    Show {
        #[command(flatten)]
        plan: PlanName,
    },
    /// 征求意见 || Put a draft to consultation
    Consult {
        #[command(flatten)]
        plan: PlanName,
        /// 截止日期 || The last day for comments
        #[arg(long, value_name = "DATE", value_parser = value::date)]
        until: Date,
    },
    /// 对征求意见的方案提出意见 || Comment on a plan in consultation
    Comment {
        #[command(flatten)]
        plan: PlanName,
        /// 针对的项目编号，不填则针对整个方案 || The item it is about; the whole plan by default
        #[arg(
            long,
            value_name = "NUMBER",
            default_value = "",
            hide_default_value = true
        )]
        item: String,
        /// 意见 || What is said
        #[arg(long, value_name = "TEXT")]
        text: String,
        /// 意见编号；同一编号再次提交则替换 || The comment's id; the same id again replaces it
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
    /// 印发 || Issue a plan
    Issue {
        #[command(flatten)]
        plan: PlanName,
    },
}

/// Names a plan.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanName {
    /// 方案代码 || The plan's code
    #[arg(value_name = "PLAN")]
    code: String,
    /// 印发方案的区域；代码唯一时可省略 || The region that issues it; needed only when the code is not unique
    #[arg(long, value_name = "CODE", value_parser = value::region)]
    issuer: Option<RegionCode>,
}

/// Answers what needs no node.
pub(crate) fn without_node(
    command: &PlanCommand,
    output: Output,
) -> Option<Result<Verdict, Failure>> {
    match command {
        PlanCommand::List { builtin: true, .. } => Some(list_builtin(output)),
        _ => None,
    }
}

/// Runs a command.
pub(crate) async fn run(session: &Session, command: &PlanCommand) -> Result<Verdict, Failure> {
    match command {
        PlanCommand::Import { file, builtin } => {
            import(session, file.as_deref(), builtin.as_deref()).await
        }
        PlanCommand::List { issuer, .. } => list(session, *issuer).await,
        PlanCommand::Show { plan } => show(session, plan).await,
        PlanCommand::Consult { plan, until } => consult(session, plan, *until).await,
        PlanCommand::Comment {
            plan,
            item,
            text,
            id,
        } => comment(session, plan, item, text, id.as_deref()).await,
        PlanCommand::Issue { plan } => issue(session, plan).await,
    }
}

fn read_file(path: &Path) -> Result<(PlanText, Vec<Indicator>), Failure> {
    let bytes = std::fs::read(path).map_err(Failure::file(path))?;
    let text = decode_whole(&bytes).map_err(Failure::input(path))?;
    let read = parse_plan_file(&text).map_err(|errors| Failure::Catalogue {
        path: path.to_owned(),
        errors,
    })?;
    Ok((read.plan, read.indicators))
}

fn shipped() -> Result<std::collections::BTreeMap<String, PlanText>, Failure> {
    builtin_plans().map_err(|errors| Failure::Catalogue {
        path: PathBuf::from("liandong"),
        errors,
    })
}

async fn import(
    session: &Session,
    file: Option<&Path>,
    builtin: Option<&str>,
) -> Result<Verdict, Failure> {
    let (text, indicators) = match (file, builtin) {
        (Some(path), _) => read_file(path)?,
        (None, builtin) => {
            let code = builtin.unwrap_or_default();
            let mut plans = shipped()?;
            let Some(plan) = plans.remove(code) else {
                let codes = plans.into_keys().collect();
                return Err(none_of(Reason::UnknownPlan, "--builtin", code, codes).into());
            };
            (plan, Vec::new())
        }
    };
    let issuer = match (session.region, text.issuer) {
        (None, Some(issuer)) => issuer.to_string(),
        _ => session.acting_region().await?,
    };
    let request = v1::ImportPlanRequest {
        issuer: issuer.clone(),
        plan: Some(v1::PlanText::from(&text)),
        indicators: indicators.iter().map(admin::Indicator::from).collect(),
        author: session.author(),
    };
    let answer = session.client.task().import_plan(request).await?;
    let (title, code) = (&text.title, &answer.plan);
    let (items, targets) = (text.items.len(), text.targets().count());
    let said = Said::new(
        format!("已导入方案“{title}”（{code}，{issuer}）：{items} 项、{targets} 个目标，现为草稿"),
        format!("imported the plan \"{title}\" ({code}, {issuer}) as a draft: {items} items, {targets} targets"),
    )
    .fact("issuer", Cell::text(issuer))
    .fact("plan", Cell::text(code))
    .fact("version", Cell::Count(answer.version));
    session.output.said(&said)?;
    Ok(Verdict::Done)
}

async fn consult(session: &Session, name: &PlanName, until: Date) -> Result<Verdict, Failure> {
    let key = session.plan_key(&name.code, name.issuer).await?;
    let request = v1::ConsultPlanRequest {
        issuer: key.issuer,
        plan: key.plan,
        until: until.to_string(),
        author: session.author(),
    };
    let answer = session.client.task().consult_plan(request).await?;
    let code = &name.code;
    let said = Said::new(
        format!("方案 {code} 开始征求意见，截止 {until}"),
        format!("the plan {code} is in consultation until {until}"),
    );
    session
        .output
        .said(&with_version(said, code, answer.version))?;
    Ok(Verdict::Done)
}

async fn comment(
    session: &Session,
    name: &PlanName,
    item: &str,
    text: &str,
    id: Option<&str>,
) -> Result<Verdict, Failure> {
    let key = session.plan_key(&name.code, name.issuer).await?;
    let region = session.acting_region().await?;
    let id = id.map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned);
    let request = v1::CommentPlanRequest {
        region,
        id: id.clone(),
        issuer: key.issuer,
        plan: key.plan,
        item: item.to_owned(),
        text: text.to_owned(),
        author: session.author(),
    };
    let answer = session.client.task().comment_plan(request).await?;
    let code = &name.code;
    let said = Said::new(
        format!("已对方案 {code} 提出意见，编号 {id}"),
        format!("commented on the plan {code}; the comment's id is {id}"),
    );
    let said = with_version(said, code, answer.version).fact("id", Cell::Text(id));
    session.output.said(&said)?;
    Ok(Verdict::Done)
}

async fn issue(session: &Session, name: &PlanName) -> Result<Verdict, Failure> {
    let key = session.plan_key(&name.code, name.issuer).await?;
    let request = v1::IssuePlanRequest {
        issuer: key.issuer,
        plan: key.plan,
        author: session.author(),
    };
    let answer = session.client.task().issue_plan(request).await?;
    let code = &name.code;
    let said = Said::new(
        format!("方案 {code} 已印发"),
        format!("the plan {code} is issued"),
    );
    session
        .output
        .said(&with_version(said, code, answer.version))?;
    Ok(Verdict::Done)
}

fn with_version(said: Said, code: &str, version: u64) -> Said {
    said.fact("plan", Cell::text(code))
        .fact("version", Cell::Count(version))
}
