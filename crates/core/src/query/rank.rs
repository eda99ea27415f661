//! Ranking of the regions directly below a region.

use super::{Question, RollupRow, rollup};
use crate::quantity::basis_points;
use crate::refusal::Refusal;
use crate::region::RegionCode;
use crate::rollup::{Ranked, Score, rank};

/// Ranks the children of `region` that have joined: by lights, then by completion rate for one
/// indicator or completeness for a plan.
///
/// # Errors
/// Unknown region, plan or indicator.
pub fn rank_children(question: &Question<'_>, region: RegionCode) -> Result<Vec<Ranked>, Refusal> {
    rank_by(question, region, |child| rollup(question, child))
}

/// Ranks the children of a region by what their tables show.
pub(super) fn rank_by<'a>(
    question: &Question<'a>,
    region: RegionCode,
    table: impl Fn(RegionCode) -> Result<Vec<RollupRow<'a>>, Refusal>,
) -> Result<Vec<Ranked>, Refusal> {
    question.require_region(region)?;
    let mut scores = Vec::new();
    for child in question.state.children(question.catalogue, region) {
        if !question.state.tree().contains(child) {
            continue;
        }
        let rows = table(child)?;
        let mut score = Score::default();
        let (mut reported, mut expected) = (0i128, 0i128);
        for row in &rows {
            score.count(row.completion.light);
            reported += i128::from(row.sums.reported);
            expected += i128::from(row.expected);
        }
        let share = basis_points(reported, expected).unwrap_or(0);
        score.tie_break = match rows.as_slice() {
            [single] => single.completion.rate.unwrap_or(share),
            _ => share,
        };
        scores.push((child, score));
    }
    Ok(rank(scores))
}
