//! `rollup watch`: cells as they change, one line each.

use std::io::Write;

use clap::Args;
use liandong_client::WatchEvent;
use liandong_client::wire::rollup::v1;
use liandong_core::indicator::{IndicatorCode, IndicatorKind};
use liandong_core::quantity::{basis_points, percent, yuan};
use liandong_core::region::RegionCode;
use liandong_input::KnownIndicators;
use serde::Serialize;

use super::reported_of;
use crate::failure::{Failure, Verdict};
use crate::output::Format;
use crate::session::Session;
use crate::value;

/// The arguments of `rollup watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// 区域，可填多个，默认为节点自己的区域 || The regions; by default the node's own
    #[arg(value_name = "REGION", value_parser = value::region)]
    of: Vec<RegionCode>,
    /// 只看这些指标 || Only these indicators
    #[arg(long, value_name = "CODE", num_args = 1.., value_parser = value::indicator)]
    indicator: Vec<IndicatorCode>,
    /// 只看该方案的指标 || Only the indicators of this plan
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
    /// 印发方案的区域；代码唯一时可省略 || The region that issues it; needed only when the code is not unique
    #[arg(long, visible_alias = "issuer", value_name = "CODE", value_parser = value::region, requires = "plan")]
    plan_issuer: Option<RegionCode>,
    /// 现状显示完即结束，不等待变化 || End when everything there is so far has been shown
    #[arg(long)]
    once: bool,
}

/// A change as a line of JSON.
#[derive(Serialize)]
struct Line<'c> {
    region: &'c str,
    indicator: &'c str,
    period: &'c str,
    numerator: i64,
    denominator: i64,
    expected: u32,
    reported: u32,
    on_time: u32,
    version: u64,
    change: u64,
}

pub(super) async fn run(session: &Session, arguments: &WatchArguments) -> Result<Verdict, Failure> {
    let known = session.indicators().await?;
    let mut regions: Vec<String> = arguments.of.iter().map(ToString::to_string).collect();
    if regions.is_empty() {
        regions.push(session.acting_region().await?);
    }
    let plan = match &arguments.plan {
        Some(code) => Some(session.plan_key(code, arguments.plan_issuer).await?),
        None => None,
    };
    let mut watch = session.client.rollup().watch(v1::WatchRollupRequest {
        regions,
        indicators: arguments
            .indicator
            .iter()
            .map(ToString::to_string)
            .collect(),
        plan,
        after_change: 0,
        incarnation: Vec::new(),
    });
    let output = session.output;
    if output.format == Format::Csv {
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "region,indicator,period,numerator,denominator,expected,reported,on_time,version,change"
        )?;
    }
    loop {
        let event = tokio::select! {
            event = watch.next() => event?,
            _ = tokio::signal::ctrl_c() => return Ok(Verdict::Done),
        };
        let changes = match event {
            WatchEvent::Changes(changes) => changes,
            WatchEvent::StartedOver(changes) => {
                crate::tell(output.pick(
                    "提示：节点已从备份恢复，重新显示全部",
                    "note: the node was restored; everything is shown once more",
                ));
                changes
            }
            WatchEvent::Interrupted { error, pause } => {
                let reason = error.message(session.language());
                let millis = pause.as_millis();
                crate::tell(&output.pick(
                    format!("提示：{reason}；{millis} 毫秒后重连"),
                    format!("note: {reason}; dialling again in {millis} ms"),
                ));
                continue;
            }
        };
        {
            let mut out = std::io::stdout().lock();
            for cell in &changes.cells {
                show(&mut out, output.format, cell, &known)?;
            }
            out.flush()?;
        }
        if arguments.once && changes.caught_up {
            return Ok(Verdict::Done);
        }
    }
}

fn show(
    out: &mut impl Write,
    format: Format,
    cell: &v1::CellChange,
    known: &KnownIndicators,
) -> Result<(), Failure> {
    let sums = cell.sums.unwrap_or_default();
    let line = Line {
        region: &cell.region,
        indicator: &cell.indicator,
        period: &cell.period,
        numerator: sums.numerator,
        denominator: sums.denominator,
        expected: sums.expected,
        reported: sums.reported,
        on_time: sums.on_time,
        version: cell.version,
        change: cell.change,
    };
    match format {
        Format::Json => {
            serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        Format::Csv => {
            let Line {
                region,
                indicator,
                period,
                numerator,
                denominator,
                expected,
                reported,
                on_time,
                version,
                change,
            } = line;
            writeln!(
                out,
                "{region},{indicator},{period},{numerator},{denominator},{expected},{reported},{on_time},{version},{change}"
            )?;
        }
        Format::Table => {
            let code = cell.indicator.parse().ok();
            let indicator = code.and_then(|code| known.get(code));
            let kind = indicator.map_or(IndicatorKind::Count, |indicator| indicator.kind);
            let figure = figure(&sums, kind);
            let name = indicator.map_or(cell.indicator.as_str(), |found| found.name.as_str());
            let came = reported_of(sums.reported, sums.expected);
            writeln!(
                out,
                "{}  {}  {name}  {figure}  ({came})",
                cell.region, cell.period
            )?;
        }
    }
    Ok(())
}

fn figure(sums: &v1::Sums, kind: IndicatorKind) -> String {
    let (above, below) = (sums.numerator, sums.denominator);
    match kind {
        IndicatorKind::Money => yuan(above),
        kind if kind.has_denominator() => {
            let share = basis_points(above.into(), below.into()).map(percent);
            format!("{above}/{below} {}", share.unwrap_or_default())
        }
        _ => above.to_string(),
    }
}
