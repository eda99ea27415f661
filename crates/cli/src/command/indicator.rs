//! `liandong indicator`: what is counted, and how.

use clap::Subcommand;
use liandong_client::wire::admin::v1;
use liandong_core::region::RegionCode;

use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing, direction, indicator_kind, period_kind, region_kind};
use crate::session::Session;
use crate::value;

/// The commands about indicators.
#[derive(Debug, Subcommand)]
pub(crate) enum IndicatorCommand {
    /// 列出指标和口径 || List indicators with their definitions
    List {
        /// 只列该方案的指标 || Only those that a plan has targets for
        #[arg(long, value_name = "PLAN")]
        plan: Option<String>,
        /// 印发方案的区域；代码唯一时可省略 || The region that issues it; needed only when the code is not unique
        #[arg(long, visible_alias = "issuer", value_name = "CODE", value_parser = value::region, requires = "plan")]
        plan_issuer: Option<RegionCode>,
    },
}

const INDICATORS: [Column; 9] = [
    Column::text("code", "代码", "code"),
    Column::text("name", "名称", "name"),
    Column::text("kind", "类别", "kind"),
    Column::text("unit", "单位", "unit"),
    Column::text("direction", "方向", "direction"),
    Column::text("period", "周期", "period"),
    Column::text("numerator", "分子口径", "numerator"),
    Column::text("denominator", "分母口径", "denominator"),
    Column::text("reported_by", "填报单位", "reported by"),
];

/// Runs a command.
pub(crate) async fn run(session: &Session, command: &IndicatorCommand) -> Result<Verdict, Failure> {
    let IndicatorCommand::List { plan, plan_issuer } = command;
    let request = match plan {
        None => v1::ListIndicatorsRequest::default(),
        Some(code) => {
            let key = session.plan_key(code, *plan_issuer).await?;
            v1::ListIndicatorsRequest {
                plan: key.plan,
                plan_issuer: key.issuer,
            }
        }
    };
    let answer = session.client.admin().list_indicators(request).await?;
    let language = session.language();
    let mut listing = Listing::new(&INDICATORS);
    for indicator in answer.indicators {
        let english = indicator.name_en;
        let name = if english.is_empty() {
            indicator.name
        } else {
            language.pick(indicator.name, english)
        };
        let kinds = indicator.reported_by.iter();
        listing.row(vec![
            Cell::Text(indicator.code),
            Cell::Text(name),
            Cell::Word(indicator_kind(indicator.kind)),
            Cell::Text(indicator.unit),
            Cell::Word(direction(indicator.direction)),
            Cell::Word(period_kind(indicator.period)),
            Cell::Text(indicator.numerator),
            Cell::text(indicator.denominator.unwrap_or_default()),
            Cell::Words(kinds.map(|kind| region_kind(*kind)).collect()),
        ]);
    }
    session.output.listing(&listing)?;
    Ok(Verdict::Done)
}
