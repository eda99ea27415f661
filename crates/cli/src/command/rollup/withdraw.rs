//! `rollup withdraw`: cells that only a peer still holds, taken back.

use clap::Args;
use liandong_client::wire::rollup::v1;
use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::region::RegionCode;

use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing};
use crate::session::Session;
use crate::value;

/// The arguments of `rollup withdraw`.
#[derive(Debug, Args)]
pub(crate) struct WithdrawArguments {
    /// 区域，默认为节点自己的区域 || The region; by default the node's own
    #[arg(value_name = "REGION", value_parser = value::region, conflicts_with = "lost")]
    of: Option<RegionCode>,
    /// 指标代码 || The indicator
    #[arg(long, value_name = "CODE", value_parser = value::indicator, requires = "period", required_unless_present = "lost", conflicts_with = "lost")]
    indicator: Option<IndicatorCode>,
    /// 周期 || The period
    #[arg(long, value_name = "PERIOD", value_parser = value::period, requires = "indicator", required_unless_present = "lost", conflicts_with = "lost")]
    period: Option<Period>,
    /// 收回 status 所列的全部丢失项 || Everything that `status` lists as lost
    #[arg(long)]
    lost: bool,
}

const CELLS: [Column; 3] = [
    Column::text("region", "区域", "region"),
    Column::text("indicator", "指标", "indicator"),
    Column::text("period", "周期", "period"),
];

pub(super) async fn run(
    session: &Session,
    arguments: &WithdrawArguments,
) -> Result<Verdict, Failure> {
    let mut cells = Vec::new();
    if let (Some(indicator), Some(period)) = (arguments.indicator, arguments.period) {
        let region = match arguments.of {
            Some(region) => region.to_string(),
            None => session.acting_region().await?,
        };
        cells.push(v1::CellName {
            region,
            indicator: indicator.to_string(),
            period: period.to_string(),
        });
    }
    let request = v1::WithdrawCellsRequest {
        cells,
        lost: arguments.lost,
    };
    let answer = session.client.rollup().withdraw_cells(request).await?;
    let mut listing = Listing::new(&CELLS);
    for cell in answer.cells {
        listing.row(vec![
            Cell::Text(cell.region),
            Cell::Text(cell.indicator),
            Cell::Text(cell.period),
        ]);
    }
    session.output.listing(&listing)?;
    Ok(Verdict::Done)
}
