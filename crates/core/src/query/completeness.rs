//! Completeness (报送率) and timeliness (及时率): how many of the expected reports came, and when.

use super::Question;
use crate::refusal::Refusal;
use crate::region::RegionCode;

/// Completeness of one region, over all indicators of the scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletenessRow {
    /// The region.
    pub region: RegionCode,
    /// Its name, as far as it is known.
    pub name: String,
    /// Whether it has ever joined the mesh.
    pub joined: bool,
    /// Reports expected: for each indicator, each unit that has to report it.
    pub expected: u64,
    /// Reports that came.
    pub reported: u64,
    /// Reports that came in time.
    pub on_time: u64,
}

/// The region itself first, then the regions directly below.
///
/// # Errors
/// Unknown region, plan or indicator.
pub fn completeness(
    question: &Question<'_>,
    region: RegionCode,
) -> Result<Vec<CompletenessRow>, Refusal> {
    question.require_region(region)?;
    let indicators = question.reported_indicators()?;
    let mut regions = vec![region];
    regions.extend(question.state.children(question.catalogue, region));
    let mut rows = Vec::with_capacity(regions.len());
    for code in regions {
        let known = question.state.region(question.catalogue, code);
        let mut row = CompletenessRow {
            region: code,
            name: known.map(|known| known.name.clone()).unwrap_or_default(),
            joined: question.state.tree().contains(code),
            expected: 0,
            reported: 0,
            on_time: 0,
        };
        for indicator in &indicators {
            let sums = question.sums(code, indicator);
            row.expected += u64::from(question.expected(code, indicator));
            row.reported += u64::from(sums.reported);
            row.on_time += u64::from(sums.on_time);
        }
        rows.push(row);
    }
    Ok(rows)
}
