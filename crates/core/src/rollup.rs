//! Roll-ups: exact sums kept by difference, and what is derived from them where they are shown.
//!
//! A cell holds only sums. Ratios, ratios of ratios, completion rates, lights and ranks are never
//! stored and never averaged: they are computed here from the sums.

mod completion;
mod rank;

pub use completion::{Completion, Light, LightPolicy, Value, completion, scheduled_progress};
pub use rank::{Ranked, Score, rank};

use serde::{Deserialize, Serialize};

/// The exact sums of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Sum of the figures, or of the parts above the line; 分 for money.
    pub numerator: i64,
    /// Sum of the parts below the line; 0 where the indicator has none.
    pub denominator: i64,
    /// How many units have reported.
    pub reported: u32,
    /// How many of them in time.
    pub on_time: u32,
}

/// What a change adds to a cell; negative where it takes away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Change of the numerator.
    pub numerator: i64,
    /// Change of the denominator.
    pub denominator: i64,
    /// Change of the number that reported.
    pub reported: i32,
    /// Change of the number that reported in time.
    pub on_time: i32,
}

impl Sums {
    /// Whether every part fits what an honest subtree can send: not negative, and small enough
    /// that 256 children cannot overflow their parent.
    pub fn is_plausible(&self) -> bool {
        const MOST: i64 = i64::MAX / 256;
        (0..=MOST).contains(&self.numerator)
            && (0..=MOST).contains(&self.denominator)
            && self.on_time <= self.reported
            && self.reported <= 1_000_000
    }

    /// The difference that leads from `before` to `self`.
    pub fn since(&self, before: &Self) -> Delta {
        let step =
            |new: u32, old: u32| i32::try_from(i64::from(new) - i64::from(old)).unwrap_or(i32::MAX);
        Delta {
            numerator: self.numerator.saturating_sub(before.numerator),
            denominator: self.denominator.saturating_sub(before.denominator),
            reported: step(self.reported, before.reported),
            on_time: step(self.on_time, before.on_time),
        }
    }

    /// Adds a difference. Within the bounds of [`Sums::is_plausible`] and
    /// [`crate::quantity::MAX_FIGURE`] nothing saturates.
    pub fn add(&mut self, delta: &Delta) {
        self.numerator = self.numerator.saturating_add(delta.numerator);
        self.denominator = self.denominator.saturating_add(delta.denominator);
        self.reported = self.reported.saturating_add_signed(delta.reported);
        self.on_time = self.on_time.saturating_add_signed(delta.on_time);
    }
}

impl Delta {
    /// Whether it changes nothing.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// Adds another difference.
    pub fn merge(&mut self, other: &Self) {
        self.numerator = self.numerator.saturating_add(other.numerator);
        self.denominator = self.denominator.saturating_add(other.denominator);
        self.reported = self.reported.saturating_add(other.reported);
        self.on_time = self.on_time.saturating_add(other.on_time);
    }
}
