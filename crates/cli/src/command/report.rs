//! `liandong report`: figures, pushed and looked up.

mod push;
mod refused;
mod template;

use clap::Subcommand;
use liandong_client::wire::progress::v1;
use liandong_core::indicator::{IndicatorCode, IndicatorKind};
use liandong_core::period::Period;
use liandong_core::region::RegionCode;

use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing};
use crate::session::Session;
use crate::value;

/// The commands about reports.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// 上报 CSV 或 JSON 行文件 || Push a file of CSV or JSON lines
    Push(push::PushArguments),
    /// 一个数据的全部版本 || Every version of one figure
    History {
        /// 填报单位 || The unit that reported
        #[arg(long, value_name = "CODE", value_parser = value::region)]
        source: RegionCode,
        /// 指标 || The indicator
        #[arg(long, value_name = "CODE", value_parser = value::indicator)]
        indicator: IndicatorCode,
        /// 周期 || The period
        #[arg(long, value_name = "PERIOD", value_parser = value::period)]
        period: Period,
    },
    /// 生成待填的 CSV || Write a CSV to fill in
    Template(template::TemplateArguments),
}

/// Runs a command.
pub(crate) async fn run(session: &Session, command: &ReportCommand) -> Result<Verdict, Failure> {
    match command {
        ReportCommand::Push(arguments) => push::run(session, arguments).await,
        ReportCommand::History {
            source,
            indicator,
            period,
        } => history(session, *source, *indicator, *period).await,
        ReportCommand::Template(arguments) => template::run(session, arguments).await,
    }
}

const VERSIONS: [Column; 10] = [
    Column::number("revision", "修订", "revision"),
    Column::text("counts_now", "现用", "counts now"),
    Column::number("numerator", "分子", "numerator"),
    Column::number("denominator", "分母", "denominator"),
    Column::text("at", "时间", "at"),
    Column::text("by", "经办", "by"),
    Column::text("on_time", "及时", "on time"),
    Column::text("note", "备注", "note"),
    Column::text("batch", "批次", "batch"),
    Column::number("row", "行", "row"),
];

async fn history(
    session: &Session,
    source: RegionCode,
    indicator: IndicatorCode,
    period: Period,
) -> Result<Verdict, Failure> {
    let known = session.indicators().await?;
    let is_money = known
        .get(indicator)
        .is_some_and(|indicator| indicator.kind == IndicatorKind::Money);
    let request = v1::ListHistoryRequest {
        source: source.to_string(),
        indicator: indicator.to_string(),
        period: period.to_string(),
        ..v1::ListHistoryRequest::default()
    };
    let versions = session.client.progress().every_version(request).await?;
    let mut listing = Listing::new(&VERSIONS);
    for version in versions {
        let figure = if is_money {
            Cell::Fen(version.numerator)
        } else {
            Cell::Whole(version.numerator)
        };
        let denominator = version.denominator;
        listing.row(vec![
            Cell::Count(version.revision.into()),
            Cell::Yes(Some(version.counts_now)),
            figure,
            denominator.map_or_else(|| Cell::text(""), Cell::Whole),
            Cell::moment(version.at.as_ref()),
            Cell::Text(version.by),
            Cell::Yes(Some(version.on_time)),
            Cell::Text(version.note),
            Cell::Text(version.batch),
            Cell::Count(version.row.into()),
        ]);
    }
    session.output.listing(&listing)?;
    Ok(Verdict::Done)
}
