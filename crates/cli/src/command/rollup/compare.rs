//! `rollup compare`: a region and those directly below it side by side.

use clap::Args;
use liandong_client::wire::rollup::v1;
use liandong_core::indicator::{IndicatorCode, IndicatorKind};
use liandong_core::period::Period;
use liandong_core::region::RegionCode;

use super::drill::figures;
use super::{HIDDEN, say_hidden};
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing};
use crate::session::Session;
use crate::value;

/// The arguments of `rollup compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// 区域，默认为节点自己的区域 || The region; by default the node's own
    #[arg(value_name = "REGION", value_parser = value::region)]
    of: Option<RegionCode>,
    /// 指标代码，可多次使用，或用逗号隔开 || An indicator; more than once, or with commas between
    #[arg(long, value_name = "CODE", value_parser = value::indicator, value_delimiter = ',', required = true)]
    indicator: Vec<IndicatorCode>,
    /// 周期 || The period
    #[arg(long, value_name = "PERIOD", value_parser = value::period)]
    period: Period,
}

const COMPARED: [Column; 9] = [
    Column::text("indicator", "指标", "indicator"),
    Column::text("region", "区域", "region"),
    Column::text("name", "名称", "name"),
    Column::number("numerator", "分子", "numerator"),
    Column::number("denominator", "分母", "denominator"),
    Column::number("value_basis_points", "比率", "share"),
    Column::number("reported", "报送", "reported"),
    Column::number("on_time", "及时", "on time"),
    Column::text("joined", "已接入", "joined"),
];

pub(super) async fn run(
    session: &Session,
    arguments: &CompareArguments,
) -> Result<Verdict, Failure> {
    let region = match arguments.of {
        Some(region) => region.to_string(),
        None => session.acting_region().await?,
    };
    let codes = arguments.indicator.iter();
    let request = v1::CompareRegionsRequest {
        region,
        indicators: codes.map(ToString::to_string).collect(),
        period: arguments.period.to_string(),
    };
    let answer = session.client.rollup().compare_regions(request).await?;
    let known = session.indicators().await?;
    let mut listing = Listing::new(&COMPARED);
    let mut any_hidden = false;
    for (place, code) in arguments.indicator.iter().enumerate() {
        let kind = known
            .get(*code)
            .map_or(IndicatorKind::Count, |indicator| indicator.kind);
        for row in answer.rows.iter().chain(&answer.total) {
            let cell = row.cells.get(place).copied().unwrap_or_default();
            any_hidden |= cell.hidden;
            let mut cells = vec![
                Cell::text(code.to_string()),
                Cell::text(&row.region),
                Cell::text(&row.name),
            ];
            if cell.hidden {
                cells.push(Cell::text(HIDDEN));
                cells.extend((0..4).map(|_| Cell::text("")));
            } else {
                cells.extend(figures(&cell.sums.unwrap_or_default(), kind));
            }
            cells.push(Cell::Yes(Some(row.joined)));
            listing.row(cells);
        }
    }
    session.output.listing(&listing)?;
    say_hidden(session.output, any_hidden)?;
    Ok(Verdict::Done)
}
