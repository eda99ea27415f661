//! `liandong rollup`: what is reached, by whom, since when.

mod compare;
mod drill;
mod prove;
mod standing;
mod watch;
mod withdraw;

use clap::Subcommand;
use liandong_client::wire::rollup::v1;
use liandong_core::indicator::{IndicatorCode, IndicatorKind};
use liandong_core::period::Period;
use liandong_core::region::RegionCode;

use super::target::bound_text_of;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing, Output, light};
use crate::session::Session;
use crate::value;

/// The commands about roll-ups.
#[derive(Debug, Subcommand)]
pub(crate) enum RollupCommand {
    /// 一个指标或一个方案的汇总 || The roll-up of an indicator or of a plan
    Get(About),
    /// 监看汇总的变化，直到按 Ctrl-C || Watch cells change, until Ctrl-C
    Watch(watch::WatchArguments),
    /// 下钻：一个汇总由哪些下级构成 || One cell taken apart
    Drill(drill::DrillArguments),
    /// 报送率、及时率 || Who has reported and who has not
    Completeness(About),
    /// 直接下级的排名 || The regions directly below, best first
    Rank(About),
    /// 横向对比：直接下级在多个指标上的数 || The regions directly below side by side, by one or more indicators
    Compare(compare::CompareArguments),
    /// 收回对端仍有、本节点恢复旧备份后已没有且不再上报的汇总 || Take back what only a peer still holds after a restore
    Withdraw(withdraw::WithdrawArguments),
}

/// A region, a subject and a period.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("subject").required(true).args(["plan", "indicator"]))]
pub(crate) struct About {
    /// 区域，默认为节点自己的区域 || The region; by default the node's own
    #[arg(value_name = "REGION", value_parser = value::region)]
    of: Option<RegionCode>,
    /// 方案代码 || Every target of this plan
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
    /// 印发方案的区域；代码唯一时可省略 || The region that issues it; needed only when the code is not unique
    #[arg(long, visible_alias = "issuer", value_name = "CODE", value_parser = value::region, requires = "plan")]
    plan_issuer: Option<RegionCode>,
    /// 指标代码 || One indicator
    #[arg(long, value_name = "CODE", value_parser = value::indicator)]
    indicator: Option<IndicatorCode>,
    /// 周期 || The period
    #[arg(long, value_name = "PERIOD", value_parser = value::period)]
    period: Period,
}

/// What is asked about.
enum Subject {
    Indicator(String),
    Plan(v1::PlanKey),
}

impl About {
    async fn subject(&self, session: &Session) -> Result<Subject, Failure> {
        match (&self.plan, self.indicator) {
            (Some(code), _) => {
                let key = session.plan_key(code, self.plan_issuer).await?;
                Ok(Subject::Plan(key))
            }
            (None, indicator) => {
                let code = indicator.map(|code| code.to_string());
                Ok(Subject::Indicator(code.unwrap_or_default()))
            }
        }
    }

    async fn region(&self, session: &Session) -> Result<String, Failure> {
        match self.of {
            Some(region) => Ok(region.to_string()),
            None => session.acting_region().await,
        }
    }
}

/// Runs a command.
pub(crate) async fn run(session: &Session, command: &RollupCommand) -> Result<Verdict, Failure> {
    match command {
        RollupCommand::Get(about) => get(session, about).await,
        RollupCommand::Watch(arguments) => watch::run(session, arguments).await,
        RollupCommand::Drill(arguments) => drill::run(session, arguments).await,
        RollupCommand::Completeness(about) => standing::completeness(session, about).await,
        RollupCommand::Rank(about) => standing::rank(session, about).await,
        RollupCommand::Compare(arguments) => compare::run(session, arguments).await,
        RollupCommand::Withdraw(arguments) => withdraw::run(session, arguments).await,
    }
}

const ROWS: [Column; 13] = [
    Column::text("item", "编号", "item"),
    Column::text("item_name", "项目", "name"),
    Column::text("indicator", "指标", "indicator"),
    Column::text("indicator_name", "指标名称", "indicator name"),
    Column::text("period", "周期", "period"),
    Column::number("value", "完成值", "value"),
    Column::text("unit", "单位", "unit"),
    Column::number("target", "目标", "target"),
    Column::text("due", "期限", "due"),
    Column::number("completion_basis_points", "完成率", "completion"),
    Column::number("scheduled_basis_points", "时序进度", "scheduled"),
    Column::text("light", "灯", "light"),
    Column::number("reported", "报送", "reported"),
];

async fn get(session: &Session, about: &About) -> Result<Verdict, Failure> {
    use v1::get_rollup_request::Subject as Asked;
    let subject = match about.subject(session).await? {
        Subject::Indicator(code) => Asked::Indicator(code),
        Subject::Plan(key) => Asked::Plan(key),
    };
    let is_plan = matches!(subject, Asked::Plan(_));
    let request = v1::GetRollupRequest {
        region: about.region(session).await?,
        subject: Some(subject),
        period: about.period.to_string(),
    };
    let answer = session.client.rollup().get_rollup(request).await?;
    let (region, name, as_of) = (&answer.region, &answer.name, &answer.as_of);
    session.output.line(&session.output.pick(
        format!("{name}（{region}） 截至 {as_of}"),
        format!("{name} ({region}) as of {as_of}"),
    ))?;
    let mut listing = Listing::new(&ROWS);
    let any_hidden = answer.rows.iter().any(|row| row.hidden);
    for row in answer.rows {
        listing.row(rollup_row(row));
    }
    if !is_plan {
        drop_item_columns(&mut listing);
    }
    session.output.listing(&listing)?;
    say_hidden(session.output, any_hidden)?;
    Ok(Verdict::Done)
}

/// What stands in place of a figure that is not published.
const HIDDEN: &str = "*";

/// Below a table with figures that are not published, why they are not.
fn say_hidden(output: Output, any_hidden: bool) -> Result<(), Failure> {
    if any_hidden {
        output.line(output.pick(
            "* 人数为 1 至 4 人，或由此可以推算出来，不予公布",
            "* from 1 to 4 people, or what would give such a figure away: not published",
        ))?;
    }
    Ok(())
}

fn rollup_row(row: v1::RollupRow) -> Vec<Cell> {
    let sums = row.sums.unwrap_or_default();
    let target = row.target.unwrap_or_default();
    let kind = liandong_client::wire::admin::v1::IndicatorKind::try_from(row.kind)
        .ok()
        .and_then(|kind| IndicatorKind::try_from(kind).ok());
    vec![
        Cell::Text(row.item),
        Cell::Text(row.item_name),
        Cell::Text(row.indicator),
        Cell::Text(row.indicator_name),
        Cell::Text(row.period),
        if row.hidden {
            Cell::text(HIDDEN)
        } else {
            Cell::Text(row.value_text)
        },
        Cell::Text(row.unit),
        Cell::text(bound_text_of(&target, kind)),
        Cell::Text(target.due),
        Cell::Share(row.completion_basis_points),
        Cell::Share(row.scheduled_basis_points),
        Cell::Word(light(row.light)),
        // Of a figure that is not published nothing came along.
        Cell::text(match row.hidden {
            true => String::new(),
            false => reported_of(sums.reported, sums.expected),
        }),
    ]
}

/// `12/16`, or `12` where it is not known how many are expected.
fn reported_of(reported: u32, expected: u32) -> String {
    if expected == 0 {
        reported.to_string()
    } else {
        format!("{reported}/{expected}")
    }
}

/// An indicator stands under no plan item and has no target.
fn drop_item_columns(listing: &mut Listing) {
    let keep: Vec<bool> = listing
        .columns
        .iter()
        .map(|column| !matches!(column.key, "item" | "item_name" | "target" | "due"))
        .collect();
    let mut kept = keep.iter();
    listing
        .columns
        .retain(|_| kept.next().copied().unwrap_or(true));
    for row in &mut listing.rows {
        let mut kept = keep.iter();
        row.retain(|_| kept.next().copied().unwrap_or(true));
    }
}

#[cfg(test)]
mod tests {
    use liandong_client::wire::rollup::v1;

    use super::rollup_row;
    use crate::output::Cell;

    #[test]
    fn nothing_stands_under_reported_where_a_figure_is_not_published() {
        let row = |hidden| v1::RollupRow {
            hidden,
            sums: Some(v1::Sums {
                expected: 3,
                ..v1::Sums::default()
            }),
            ..v1::RollupRow::default()
        };
        let reported = |hidden| rollup_row(row(hidden)).pop();
        assert_eq!(reported(false), Some(Cell::text("0/3")));
        assert_eq!(reported(true), Some(Cell::text("")));
    }
}
