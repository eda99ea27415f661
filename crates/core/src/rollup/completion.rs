//! Completion rate, scheduled progress (时序进度) and status light (红黄绿灯) of one target.

use std::cmp::Ordering;

use jiff::civil::Date;

use super::Sums;
use crate::indicator::{Direction, Indicator, IndicatorKind};
use crate::plan::Bound;
use crate::quantity::{basis_points, compare_fractions};

/// A value as a fraction of exact sums; its denominator is zero when nothing was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Above the line.
    pub numerator: i128,
    /// Below the line; 1 for counts and amounts.
    pub denominator: i128,
}

impl Value {
    /// The value of an indicator that is reported, from its sums.
    pub fn of_sums(indicator: &Indicator, sums: &Sums) -> Self {
        let denominator = if indicator.kind.has_denominator() {
            i128::from(sums.denominator)
        } else {
            // A bureau's own figure (本级) counts among no units, but it is a value.
            i128::from(u8::from(sums.reported > 0 || sums.numerator > 0))
        };
        Self {
            numerator: i128::from(sums.numerator),
            denominator,
        }
    }

    /// The ratio of two ratios from their four sums: `(a/b) / (c/d) = (a*d) / (b*c)`. Each is at
    /// most an `i64`, so the products fit.
    pub fn ratio_of(above: &Sums, below: &Sums) -> Self {
        Self {
            numerator: i128::from(above.numerator) * i128::from(below.denominator),
            denominator: i128::from(above.denominator) * i128::from(below.numerator),
        }
    }

    /// Whether there is a value at all.
    pub fn is_known(&self) -> bool {
        self.denominator > 0
    }

    /// Whether the value meets the bound; `None` while there is no value.
    pub fn meets(&self, bound: Bound) -> Option<bool> {
        // The bound compared with the value, so "at least" is met when the bound is not greater.
        let order = bound
            .value()
            .compare_ratio(self.numerator, self.denominator)?;
        Some(match bound {
            Bound::AtLeast(_) => order != Ordering::Greater,
            Bound::AtMost(_) => order != Ordering::Less,
            Bound::Equals(_) => order == Ordering::Equal,
        })
    }
}

/// How far a target is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Share reached in basis points, 10,000 when the target is met; `None` without a value or
    /// without a number to reach.
    pub rate: Option<i64>,
    /// Whether the target is met; `None` without a value or without a number to reach.
    pub met: Option<bool>,
    /// The status light.
    pub light: Light,
}

/// Status light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Light {
    /// On schedule or met.
    Green,
    /// Behind schedule.
    Yellow,
    /// Far behind schedule, or overdue.
    Red,
    /// Nothing to judge: nothing reported, or no number to reach.
    Grey,
}

impl Light {
    /// The word used on the wire and in listings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
            Self::Grey => "grey",
        }
    }
}

/// When a light turns. The documents name the lights, not the thresholds, so a bureau sets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LightPolicy {
    /// Green at or above this share of the scheduled progress, in basis points.
    pub green_from: i64,
    /// Yellow at or above this share of the scheduled progress, in basis points; red below.
    pub yellow_from: i64,
}

impl Default for LightPolicy {
    fn default() -> Self {
        Self {
            green_from: 10_000,
            yellow_from: 8_000,
        }
    }
}

/// The share of the time gone between `start` and `due` on the evening of `day`, in basis points.
pub fn scheduled_progress(start: Date, due: Date, day: Date) -> i64 {
    let days = |from: Date, to: Date| i128::from((to - from).get_days());
    let whole = days(start, due) + 1;
    let gone = days(start, day) + 1;
    if whole <= 0 || gone >= whole {
        return 10_000;
    }
    basis_points(gone.max(0), whole).unwrap_or(10_000)
}

/// Judges one value against one bound at `scheduled` basis points of the time gone.
pub fn completion(
    indicator: &Indicator,
    value: Value,
    bound: Option<Bound>,
    scheduled: i64,
    policy: LightPolicy,
) -> Completion {
    let Some(bound) = bound.or_else(|| implied_bound(indicator)) else {
        return Completion {
            rate: None,
            met: None,
            light: Light::Grey,
        };
    };
    let met = value.meets(bound);
    let rate = met.and_then(|met| {
        let rounded = rate(value, bound, met)?;
        // A missed target never shows a full rate.
        Some(if met { rounded } else { rounded.min(9_999) })
    });
    let light = match (met, rate) {
        (None, _) => Light::Grey,
        (Some(true), _) => Light::Green,
        // What must not be exceeded is not worked off over time: once over, it is over.
        (Some(false), _) if !matches!(bound, Bound::AtLeast(_)) => Light::Red,
        (Some(false), None) => Light::Red,
        (Some(false), Some(rate)) => {
            let share = i128::from(rate) * 10_000;
            let line = |threshold: i64| i128::from(threshold) * i128::from(scheduled);
            if scheduled >= 10_000 {
                Light::Red
            } else if share >= line(policy.green_from) {
                Light::Green
            } else if share >= line(policy.yellow_from) {
                Light::Yellow
            } else {
                Light::Red
            }
        }
    };
    Completion { rate, met, light }
}

/// What an indicator demands by its own nature: zero targets must be zero, milestones complete.
fn implied_bound(indicator: &Indicator) -> Option<Bound> {
    use crate::quantity::Exact;
    match (indicator.kind, indicator.direction) {
        (_, Direction::Zero) => Some(Bound::Equals(Exact::whole(0))),
        (IndicatorKind::Milestone, _) => Some(Bound::AtLeast(Exact::whole(1))),
        _ => None,
    }
}

/// Value over bound for "at least", bound over value for "at most"; all or nothing for "equals".
fn rate(value: Value, bound: Bound, met: bool) -> Option<i64> {
    let target = bound.value();
    let (target_numerator, target_denominator) = (
        i128::from(target.numerator()),
        i128::from(target.denominator()),
    );
    match bound {
        Bound::Equals(_) => Some(if met { 10_000 } else { 0 }),
        Bound::AtLeast(_) if target_numerator == 0 => Some(10_000),
        Bound::AtLeast(_) => share(
            (value.numerator, value.denominator),
            (target_numerator, target_denominator),
        ),
        Bound::AtMost(_) if value.numerator == 0 => Some(10_000),
        Bound::AtMost(_) => share(
            (target_numerator, target_denominator),
            (value.numerator, value.denominator),
        ),
    }
}

/// `(a/b) / (c/d)` in basis points, rounded half up.
fn share(above: (i128, i128), below: (i128, i128)) -> Option<i64> {
    let (mut low, mut high) = (0i64, 2_000_000i64);
    // Bisection on exact comparisons, in half basis points: no product of the four parts is formed.
    while low < high {
        let middle = (low + high + 1) / 2;
        let scaled = below.0.checked_mul(i128::from(middle))?;
        let reached = compare_fractions(above.0, above.1, scaled, below.1.checked_mul(20_000)?)?;
        if reached == Ordering::Less {
            high = middle - 1;
        } else {
            low = middle;
        }
    }
    Some((low + 1) / 2)
}

#[cfg(test)]
mod tests;
