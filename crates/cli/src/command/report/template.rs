//! `liandong report template`: a CSV with one row per unit and indicator, to be filled in.

use clap::Args;
use liandong_client::wire::admin::v1 as admin;
use liandong_core::indicator::{Indicator, IndicatorKind};
use liandong_core::period::Period;
use liandong_core::region::{Region, RegionCode, RegionKind};
use liandong_input::Field;

use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing, Output};
use crate::session::Session;
use crate::value;

/// The arguments of `report template`.
#[derive(Debug, Args)]
pub(crate) struct TemplateArguments {
    /// 方案代码 || The plan whose indicators are asked for
    #[arg(long, value_name = "PLAN")]
    plan: String,
    /// 印发方案的区域；代码唯一时可省略 || The region that issues it; needed only when the code is not unique
    #[arg(long, visible_alias = "issuer", value_name = "CODE", value_parser = value::region)]
    plan_issuer: Option<RegionCode>,
    /// 周期；只列按该周期填报的指标 || The period; only indicators that are reported by it
    #[arg(long, value_name = "PERIOD", value_parser = value::period)]
    period: Period,
    /// 填报单位，默认为节点承载的全部单位 || The units; by default all that the node hosts
    #[arg(long, value_name = "CODE", num_args = 1.., value_parser = value::region)]
    source: Vec<RegionCode>,
}

pub(super) async fn run(
    session: &Session,
    arguments: &TemplateArguments,
) -> Result<Verdict, Failure> {
    let key = session
        .plan_key(&arguments.plan, arguments.plan_issuer)
        .await?;
    let request = admin::ListIndicatorsRequest {
        plan: key.plan,
        plan_issuer: key.issuer,
    };
    let answer = session.client.admin().list_indicators(request).await?;
    let mut indicators = Vec::new();
    for message in answer.indicators {
        let indicator = Indicator::try_from(message).map_err(Failure::Answer)?;
        let is_reported = indicator.kind != IndicatorKind::RatioOfRatios;
        if is_reported && indicator.period == arguments.period.kind() {
            indicators.push(indicator);
        }
    }
    let units = units(session, arguments).await?;
    let mut listing = Listing::new(&columns());
    for unit in &units {
        let expected = indicators
            .iter()
            .filter(|indicator| reports(unit, indicator));
        for indicator in expected {
            listing.row(row(unit, indicator, arguments.period));
        }
    }
    if listing.is_empty() {
        let kind = arguments.period.kind().word();
        crate::tell(&session.output.pick(
            format!("提示：没有需要按 {kind} 周期填报的单位和指标"),
            format!("note: no unit is expected to report an indicator by {kind}"),
        ));
    }
    // A template is made to be opened in a spreadsheet, so it is CSV whatever tables would be.
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let Output { language, bom, .. } = session.output;
    listing.write_csv(&mut out, language, bom)?;
    std::io::Write::flush(&mut out)?;
    Ok(Verdict::Done)
}

/// The units that were named, or all hosted regions.
async fn units(session: &Session, arguments: &TemplateArguments) -> Result<Vec<Region>, Failure> {
    let request = admin::ListRegionsRequest {
        under: session.region_or_any(),
        depth: 0,
    };
    let listed = session.client.admin().list_regions(request).await?.regions;
    let mut units = Vec::new();
    for entry in listed {
        let is_hosted = entry.hosted;
        let Some(message) = entry.region else {
            continue;
        };
        let region = Region::try_from(message).map_err(Failure::Answer)?;
        let is_wanted = if arguments.source.is_empty() {
            is_hosted
        } else {
            arguments.source.contains(&region.code)
        };
        if is_wanted {
            units.push(region);
        }
    }
    for wanted in &arguments.source {
        if !units.iter().any(|unit| unit.code == *wanted) {
            use liandong_core::refusal::{Accepted, Reason, Refusal};
            let code = wanted.to_string();
            let reason = Reason::UnknownRegion;
            return Err(Refusal::new(reason, "--source", code, Accepted::Nothing).into());
        }
    }
    Ok(units)
}

/// Whether a unit is expected to report an indicator. A bureau reports only what names bureaus.
fn reports(unit: &Region, indicator: &Indicator) -> bool {
    if indicator.reported_by.is_empty() {
        return unit.kind != RegionKind::Bureau;
    }
    indicator.reported_by.contains(&unit.kind)
}

fn columns() -> [Column; 12] {
    let heading = |field: Field, is_number: bool| {
        let (zh, en) = (field.headings()[1], field.headings()[0]);
        if is_number {
            Column::number(en, zh, en)
        } else {
            Column::text(en, zh, en)
        }
    };
    [
        heading(Field::Source, false),
        Column::text("source_name", "单位名称", "source_name"),
        heading(Field::Indicator, false),
        Column::text("indicator_name", "指标名称", "indicator_name"),
        heading(Field::Period, false),
        heading(Field::Numerator, true),
        heading(Field::Denominator, true),
        Column::text("unit", "计量单位", "unit"),
        Column::text("numerator_definition", "分子口径", "numerator_definition"),
        Column::text(
            "denominator_definition",
            "分母口径",
            "denominator_definition",
        ),
        heading(Field::Revision, true),
        heading(Field::Note, false),
    ]
}

fn row(unit: &Region, indicator: &Indicator, period: Period) -> Vec<Cell> {
    vec![
        Cell::text(unit.code.as_str()),
        Cell::text(&unit.name),
        Cell::text(indicator.code.as_str()),
        Cell::text(&indicator.name),
        Cell::text(period.to_string()),
        Cell::text(""),
        Cell::text(""),
        Cell::text(&indicator.unit),
        Cell::text(&indicator.numerator),
        Cell::text(indicator.denominator.clone().unwrap_or_default()),
        Cell::text(""),
        Cell::text(""),
    ]
}
