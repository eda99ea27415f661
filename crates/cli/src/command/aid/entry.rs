//! Facts of a project, each recorded by the side whose it is.

use clap::Args;
use jiff::civil::Date;
use liandong_client::wire::collaboration::v1;
use liandong_client::wire::collaboration::v1::aid_fact::Fact;
use uuid::Uuid;

use super::ProjectName;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Said};
use crate::session::Session;
use crate::value;

/// The arguments of `aid disburse` and `aid spend`.
#[derive(Debug, Args)]
pub(crate) struct DisburseArguments {
    #[command(flatten)]
    project: ProjectName,
    /// 登记编号；以同一编号再次登记则更正 || The entry's id; recording it again corrects it
    #[arg(long, value_name = "ID")]
    entry: Option<String>,
    /// 金额，元 || The amount in 元
    #[arg(long, value_name = "YUAN", value_parser = value::yuan)]
    amount: i64,
    /// 日期 || The day
    #[arg(long, value_name = "DATE", value_parser = value::date)]
    on: Date,
    /// 用途、凭证号 || What for, and the bank's reference
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    purpose: String,
}

/// The arguments of `aid receive`.
#[derive(Debug, Args)]
pub(crate) struct ReceiveArguments {
    #[command(flatten)]
    project: ProjectName,
    /// 对应的拨付编号 || The donor's disbursement that it answers
    #[arg(long, value_name = "ID")]
    disbursement: String,
    /// 登记编号；以同一编号再次登记则更正 || The entry's id; recording it again corrects it
    #[arg(long, value_name = "ID")]
    entry: Option<String>,
    /// 金额，元 || The amount in 元
    #[arg(long, value_name = "YUAN", value_parser = value::yuan)]
    amount: i64,
    /// 日期 || The day
    #[arg(long, value_name = "DATE", value_parser = value::date)]
    on: Date,
}

/// The arguments of `aid place`.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    #[command(flatten)]
    project: ProjectName,
    /// 登记编号；以同一编号再次登记则更正 || The entry's id; recording it again corrects it
    #[arg(long, value_name = "ID")]
    entry: Option<String>,
    /// 教师人数 || How many teachers
    #[arg(long, value_name = "N")]
    teachers: u32,
    /// 起始日期 || The first day
    #[arg(long, value_name = "DATE", value_parser = value::date)]
    from: Date,
    /// 截止日期 || The last day
    #[arg(long, value_name = "DATE", value_parser = value::date)]
    until: Date,
    /// 学科或工作 || Subject or task
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    subject: String,
    /// 接收学校或乡镇 || The school or town that hosts them
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    host: String,
}

/// The arguments of `aid confirm`.
#[derive(Debug, Args)]
pub(crate) struct ConfirmArguments {
    #[command(flatten)]
    project: ProjectName,
    /// 对应的派出编号 || The sender's placement that it answers
    #[arg(long, value_name = "ID")]
    placement: String,
    /// 登记编号；以同一编号再次登记则更正 || The entry's id; recording it again corrects it
    #[arg(long, value_name = "ID")]
    entry: Option<String>,
    /// 到岗教师人数 || How many teachers came
    #[arg(long, value_name = "N")]
    teachers: u32,
}

/// The arguments of `aid milestone`.
#[derive(Debug, Args)]
pub(crate) struct MilestoneArguments {
    #[command(flatten)]
    project: ProjectName,
    /// 节点编号 || The milestone's number
    #[arg(value_name = "NUMBER")]
    number: u32,
    /// 完成日期 || The day it was reached
    #[arg(long, value_name = "DATE", value_parser = value::date)]
    on: Date,
}

pub(super) async fn disburse(
    session: &Session,
    arguments: &DisburseArguments,
) -> Result<Verdict, Failure> {
    let fact = Fact::Disbursement(v1::Disbursement {
        amount_fen: arguments.amount,
        on: arguments.on.to_string(),
        purpose: arguments.purpose.clone(),
    });
    let id = id_or_new(arguments.entry.as_deref(), "disbursement");
    record(session, &arguments.project, &id, fact).await
}

pub(super) async fn spend(
    session: &Session,
    arguments: &DisburseArguments,
) -> Result<Verdict, Failure> {
    let fact = Fact::Expenditure(v1::Expenditure {
        amount_fen: arguments.amount,
        on: arguments.on.to_string(),
        purpose: arguments.purpose.clone(),
    });
    let id = id_or_new(arguments.entry.as_deref(), "expenditure");
    record(session, &arguments.project, &id, fact).await
}

pub(super) async fn receive(
    session: &Session,
    arguments: &ReceiveArguments,
) -> Result<Verdict, Failure> {
    let fact = Fact::Receipt(v1::Receipt {
        disbursement: arguments.disbursement.clone(),
        amount_fen: arguments.amount,
        on: arguments.on.to_string(),
    });
    let id = id_or_new(arguments.entry.as_deref(), "receipt");
    record(session, &arguments.project, &id, fact).await
}

pub(super) async fn place(
    session: &Session,
    arguments: &PlaceArguments,
) -> Result<Verdict, Failure> {
    let fact = Fact::Placement(v1::Placement {
        teachers: arguments.teachers,
        from: arguments.from.to_string(),
        until: arguments.until.to_string(),
        subject: arguments.subject.clone(),
        host: arguments.host.clone(),
    });
    let id = id_or_new(arguments.entry.as_deref(), "placement");
    record(session, &arguments.project, &id, fact).await
}

pub(super) async fn confirm(
    session: &Session,
    arguments: &ConfirmArguments,
) -> Result<Verdict, Failure> {
    let fact = Fact::PlacementConfirmation(v1::PlacementConfirmation {
        placement: arguments.placement.clone(),
        teachers: arguments.teachers,
    });
    let id = id_or_new(arguments.entry.as_deref(), "confirmation");
    record(session, &arguments.project, &id, fact).await
}

pub(super) async fn milestone(
    session: &Session,
    arguments: &MilestoneArguments,
) -> Result<Verdict, Failure> {
    let fact = Fact::MilestoneReached(v1::MilestoneReached {
        number: arguments.number,
        on: arguments.on.to_string(),
    });
    // A milestone is reached once, so its number names the entry.
    let id = format!("milestone-{}", arguments.number);
    record(session, &arguments.project, &id, fact).await
}

/// A short id that nobody has used: its random half is that of a UUID.
fn id_or_new(given: Option<&str>, word: &str) -> String {
    match given {
        Some(id) => id.to_owned(),
        None => {
            let text = Uuid::now_v7().simple().to_string();
            let tail: String = text.chars().skip(20).collect();
            format!("{word}-{tail}")
        }
    }
}

async fn record(
    session: &Session,
    name: &ProjectName,
    id: &str,
    fact: Fact,
) -> Result<Verdict, Failure> {
    let proposer = name.proposer(session).await?;
    let region = session.acting_region().await?;
    let request = v1::RecordEntryRequest {
        region,
        id: id.to_owned(),
        proposer,
        project: name.id.clone(),
        fact: Some(v1::AidFact { fact: Some(fact) }),
        author: session.author(),
    };
    let answer = session.client.collaboration().record_entry(request).await?;
    let project = &name.id;
    let said = Said::new(
        format!("已登记，编号 {id}（项目 {project}）"),
        format!("recorded in the project {project}; the entry's id is {id}"),
    );
    let said = said
        .fact("id", Cell::text(id))
        .fact("version", Cell::Count(answer.version));
    session.output.said(&said)?;
    Ok(Verdict::Done)
}
