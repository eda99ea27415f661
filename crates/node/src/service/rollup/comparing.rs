//! Regions side by side: the same cells as taken apart one by one, read at one moment.

use liandong_core::query::{self, Comparing};
use liandong_core::refusal::Refusal;
use liandong_wire::rollup::v1::{CompareRegionsResponse, ComparedCell, ComparedRegion};
use liandong_wire::rollup::{Comparison, sums};

use super::check_length;
use crate::context::Context;

/// Compares the regions below one; those who may not look at exact figures see published ones.
///
/// # Errors
/// Unknown region or indicator, one that is computed from others or of another rhythm, with the place
/// of the indicator; too many regions.
pub(super) async fn compare(
    context: &Context,
    asked: Comparison,
    exact: bool,
) -> Result<CompareRegionsResponse, Refusal> {
    let read = context.reader.read(|state| {
        let comparing = Comparing {
            state,
            catalogue: &context.catalogue,
            period: asked.period,
            policy: context.light_policy(),
            exact,
        };
        let compared = comparing.compare(asked.region, &asked.indicators)?;
        check_length(compared.rows.len())?;
        Ok(CompareRegionsResponse {
            total: Some(row(&compared.total)),
            rows: compared.rows.iter().map(row).collect(),
        })
    });
    read.await?
}

fn row(compared: &query::Compared<'_>) -> ComparedRegion {
    ComparedRegion {
        region: compared.region.to_string(),
        name: compared.name.to_owned(),
        joined: compared.joined,
        cells: compared.cells.iter().map(cell).collect(),
    }
}

fn cell(compared: &query::ComparedCell) -> ComparedCell {
    ComparedCell {
        sums: (!compared.hidden).then(|| sums(&compared.sums, compared.expected)),
        hidden: compared.hidden,
    }
}
