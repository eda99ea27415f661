//! Regions side by side: the same cells as taken apart one by one, read at one moment.

use liandong_core::query::{self, HiddenParts, Published, Question, Scope};
use liandong_core::refusal::Refusal;
use liandong_core::rollup::Sums;
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
    let policy = context.light_policy();
    let catalogue = &context.catalogue;
    let (region, period) = (asked.region, asked.period);
    let read = context.reader.read(|state| {
        let mut total = ComparedRegion {
            region: region.to_string(),
            name: state
                .region(catalogue, region)
                .map(|known| known.name.clone())
                .unwrap_or_default(),
            joined: state.tree().contains(region),
            cells: Vec::with_capacity(asked.indicators.len()),
        };
        let mut rows: Vec<ComparedRegion> = Vec::new();
        for (place, indicator) in asked.indicators.iter().enumerate() {
            let scope = Scope::Indicator(*indicator);
            let question = Question {
                state,
                catalogue,
                scope: &scope,
                period,
                policy,
            };
            let drilled =
                query::drill(&question, region).map_err(|refusal| in_place(place, refusal))?;
            let hidden = if exact {
                HiddenParts::default()
            } else {
                Published::new(&question).hidden(region, drilled.indicator)
            };
            let expected = state
                .roster(region)
                .expected(&drilled.indicator.reported_by);
            total
                .cells
                .push(cell(&drilled.total, expected, hidden.total));
            if place == 0 {
                check_length(drilled.rows.len())?;
                rows = drilled.rows.iter().map(|row| first(row, &asked)).collect();
            }
            // Who stands below is read of the same state: each time the same, in the same order.
            for (row, part) in rows.iter_mut().zip(&drilled.rows) {
                let is_hidden = hidden.rows.contains(&part.region);
                row.cells.push(cell(&part.sums, part.expected, is_hidden));
            }
        }
        Ok(CompareRegionsResponse {
            total: Some(total),
            rows,
        })
    });
    read.await?
}

fn first(row: &query::DrillRow, asked: &Comparison) -> ComparedRegion {
    ComparedRegion {
        region: row.region.to_string(),
        name: row.name.clone(),
        joined: row.joined,
        cells: Vec::with_capacity(asked.indicators.len()),
    }
}

fn cell(held: &Sums, expected: u32, hidden: bool) -> ComparedCell {
    ComparedCell {
        sums: (!hidden).then(|| sums(held, expected)),
        hidden,
    }
}

/// A refusal of one of many indicators names it by its place.
fn in_place(place: usize, refusal: Refusal) -> Refusal {
    if refusal.field == "indicator" {
        return Refusal {
            field: format!("indicators[{place}]"),
            ..refusal
        };
    }
    refusal
}
