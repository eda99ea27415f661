//! Ranking of regions by one indicator or by a whole plan.

use crate::region::RegionCode;

use super::Light;

/// What a region is ranked by. Shares of different targets are not averaged: a plan is ranked by
/// how many of its targets shine green, then yellow, then by how complete the reports are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    /// Targets with a green light.
    pub green: u32,
    /// Targets with a yellow light.
    pub yellow: u32,
    /// For one indicator: the completion rate in basis points; for a plan: the share of expected
    /// reports that came, in basis points.
    pub tie_break: i64,
    /// Targets with a red light, shown but not ranked by.
    pub red: u32,
    /// Targets that cannot be judged, shown but not ranked by.
    pub grey: u32,
}

impl Score {
    /// Counts a light.
    pub fn count(&mut self, light: Light) {
        match light {
            Light::Green => self.green += 1,
            Light::Yellow => self.yellow += 1,
            Light::Red => self.red += 1,
            Light::Grey => self.grey += 1,
        }
    }

    fn order_key(&self) -> (u32, u32, i64) {
        (self.green, self.yellow, self.tie_break)
    }
}

/// One region in a ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// Its place, from 1; equal scores share a place and the next place is skipped.
    pub place: u32,
    /// The region.
    pub region: RegionCode,
    /// What it is ranked by.
    pub score: Score,
}

/// Ranks regions, best first; equal scores are ordered by code.
pub fn rank(mut scores: Vec<(RegionCode, Score)>) -> Vec<Ranked> {
    scores.sort_by(|(left_region, left), (right_region, right)| {
        let by_score = right.order_key().cmp(&left.order_key());
        by_score.then(left_region.cmp(right_region))
    });
    let mut ranked: Vec<Ranked> = Vec::with_capacity(scores.len());
    for (position, (region, score)) in (1u32..).zip(scores) {
        let place = match ranked.last() {
            Some(above) if above.score.order_key() == score.order_key() => above.place,
            _ => position,
        };
        ranked.push(Ranked {
            place,
            region,
            score,
        });
    }
    ranked
}
