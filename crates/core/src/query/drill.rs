//! Drill-down: the figures directly below a region, and what it reported itself (本级).

use super::Question;
use crate::indicator::Indicator;
use crate::refusal::Refusal;
use crate::region::RegionCode;
use crate::rollup::{Sums, Value};

/// What a region's cell is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill<'a> {
    /// The indicator.
    pub indicator: &'a Indicator,
    /// The region's own cell.
    pub total: Sums,
    /// What the region itself reported; adds to the total.
    pub own: Option<Sums>,
    /// The regions directly below.
    pub rows: Vec<DrillRow>,
}

/// One region below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillRow {
    /// The region.
    pub region: RegionCode,
    /// Its name, as far as it is known.
    pub name: String,
    /// Whether it has ever joined the mesh.
    pub joined: bool,
    /// Its sums.
    pub sums: Sums,
    /// How many units are expected to report.
    pub expected: u32,
    /// Its value.
    pub value: Value,
}

/// What the cell of `region` is made of. Asks about one indicator.
///
/// # Errors
/// Unknown region or indicator, an indicator that is computed from others, or a period of another
/// kind than the indicator's.
pub fn drill<'a>(question: &Question<'a>, region: RegionCode) -> Result<Drill<'a>, Refusal> {
    question.require_region(region)?;
    let indicator = question.reported_indicator()?;
    let period = question.period;
    let mut rows = Vec::new();
    for child in question.state.children(question.catalogue, region) {
        let sums = question.sums(child, indicator);
        let known = question.state.region(question.catalogue, child);
        rows.push(DrillRow {
            region: child,
            name: known.map(|known| known.name.clone()).unwrap_or_default(),
            joined: question.state.tree().contains(child),
            sums,
            expected: question.expected(child, indicator),
            value: Value::of_sums(indicator, &sums),
        });
    }
    let own = question.state.report(region, indicator.code, period);
    Ok(Drill {
        indicator,
        total: question.sums(region, indicator),
        own: own.map(|head| head.sums),
        rows,
    })
}
