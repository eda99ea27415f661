//! Indicators: what is counted, in what unit, how often, and in which direction is better.
//!
//! One fact is one indicator, however many plans ask for it (控辍保学 is asked for by all five
//! source documents). A figure is always the state at the end of its period (截至期末); counts
//! that a document wants per year restart each year.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::period::PeriodKind;
use crate::region::RegionKind;

/// The longest indicator code in bytes.
pub const MAX_INDICATOR_CODE_LEN: usize = 47;

/// An indicator's code: 1 to [`MAX_INDICATOR_CODE_LEN`] lower-case ASCII letters, digits and
/// hyphens. Stored inline, like a region code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndicatorCode {
    // Unused bytes are zero, so the derived order is the order of the text.
    bytes: [u8; MAX_INDICATOR_CODE_LEN],
    len: u8,
}

/// A text that is not an indicator code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{value:?} is not an indicator code: 1 to {MAX_INDICATOR_CODE_LEN} lower-case ASCII letters, \
     digits and hyphens"
)]
pub struct InvalidIndicatorCode {
    /// The text that was given, shortened to what an error message can bear.
    pub value: String,
}

impl IndicatorCode {
    /// The code that stands in these bytes; `None` where they are none. Bytes need not be known to be
    /// text: whatever is allowed in a code is.
    pub fn from_ascii(text: &[u8]) -> Option<Self> {
        let len = u8::try_from(text.len()).ok().filter(|len| *len > 0)?;
        let mut bytes = [0; MAX_INDICATOR_CODE_LEN];
        for (place, byte) in bytes.get_mut(..text.len())?.iter_mut().zip(text) {
            if !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-') {
                return None;
            }
            *place = *byte;
        }
        Some(Self { bytes, len })
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        // The bytes were checked to be ASCII when the code was made, so this never falls back.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl FromStr for IndicatorCode {
    type Err = InvalidIndicatorCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_ascii(text.as_bytes()).ok_or_else(|| InvalidIndicatorCode {
            value: text.chars().take(64).collect(),
        })
    }
}

impl fmt::Display for IndicatorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for IndicatorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for IndicatorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for IndicatorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CodeVisitor;
        impl de::Visitor<'_> for CodeVisitor {
            type Value = IndicatorCode;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an indicator code")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<IndicatorCode, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(CodeVisitor)
    }
}

/// What kind of figure an indicator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndicatorKind {
    /// A whole number of schools, people, times.
    Count,
    /// An amount in 分, shown in 元.
    Money,
    /// Numerator over denominator; only the two sums travel.
    Ratio,
    /// A target without a number: each unit reports 1 of 1 when it has done it, 0 of 1 before.
    Milestone,
    /// The ratio of two ratio indicators, computed from their four sums; never reported itself.
    RatioOfRatios,
}

impl IndicatorKind {
    /// The word used in files and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Money => "money",
            Self::Ratio => "ratio",
            Self::Milestone => "milestone",
            Self::RatioOfRatios => "ratio-of-ratios",
        }
    }

    /// Whether a report of it carries a denominator.
    pub fn has_denominator(self) -> bool {
        matches!(self, Self::Ratio | Self::Milestone)
    }
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// It has to be zero (动态清零).
    Zero,
}

impl Direction {
    /// The word used in files and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Zero => "zero",
        }
    }
}

/// One indicator with its definition (口径).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicator {
    /// Its code, unique in the mesh.
    pub code: IndicatorCode,
    /// Its Chinese name.
    pub name: String,
    /// Its English name; may be empty.
    pub name_en: String,
    /// What the shown value is in: `%`, `所`, `人`, `元`.
    pub unit: String,
    /// What kind of figure it is.
    pub kind: IndicatorKind,
    /// Which way is better.
    pub direction: Direction,
    /// What is counted (分子 or the figure itself); empty for a ratio of ratios.
    pub numerator: String,
    /// What it is counted out of (分母); only for ratio and milestone.
    pub denominator: Option<String>,
    /// Whether the numerator may be larger than the denominator.
    pub numerator_may_exceed: bool,
    /// For a ratio of ratios: the ratio above the line and the one below it.
    pub of: Option<[IndicatorCode; 2]>,
    /// How often it is reported.
    pub period: PeriodKind,
    /// The kinds of unit that are expected to report it; empty means every unit.
    pub reported_by: Vec<RegionKind>,
}

impl Indicator {
    /// Whether it is computed from others, and never reported itself.
    pub fn is_derived(&self) -> bool {
        self.kind == IndicatorKind::RatioOfRatios || self.of.is_some()
    }
}

#[cfg(test)]
mod tests;
