//! How periods are written and read.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{Period, PeriodKind};

/// A text that is not a period.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{value:?} is not a period: write 2025-03-14, 2025-W11, 2025-03, 2025-Q1, 2025-H1, 2025, \
     2024-2025 or 2024-2025-S1"
)]
pub struct InvalidPeriod {
    /// The text that was given, shortened to what an error message can bear.
    pub value: String,
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = self.year();
        let part = self.part();
        let text = match self.kind() {
            PeriodKind::Day => return f.pad(&self.first_day().to_string()),
            PeriodKind::Week => format!("{year}-W{part:02}"),
            PeriodKind::Month => format!("{year}-{part:02}"),
            PeriodKind::Quarter => format!("{year}-Q{part}"),
            PeriodKind::Half => format!("{year}-H{part}"),
            PeriodKind::Year => format!("{year}"),
            PeriodKind::SchoolYear => format!("{year}-{}", year + 1),
            PeriodKind::Semester => format!("{year}-{}-S{part}", year + 1),
        };
        f.pad(&text)
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| InvalidPeriod {
            value: text.chars().take(64).collect(),
        })
    }
}

fn parse(text: &str) -> Option<Period> {
    let parts: Vec<&str> = text.split('-').collect();
    let year = digits(parts.first()?, 4)?;
    let year16 = i16::try_from(year).ok()?;
    match parts.as_slice() {
        [_] => Period::new(PeriodKind::Year, year16, 0),
        [_, second] => {
            if let Some(week) = second.strip_prefix('W') {
                return Period::new(PeriodKind::Week, year16, digits(week, 2)?);
            }
            if let Some(quarter) = second.strip_prefix('Q') {
                return Period::new(PeriodKind::Quarter, year16, digits(quarter, 1)?);
            }
            if let Some(half) = second.strip_prefix('H') {
                return Period::new(PeriodKind::Half, year16, digits(half, 1)?);
            }
            if second.len() == 4 {
                return school_year(year, second)
                    .and_then(|()| Period::new(PeriodKind::SchoolYear, year16, 0));
            }
            Period::new(PeriodKind::Month, year16, digits(second, 2)?)
        }
        [_, second, third] => {
            if let Some(semester) = third.strip_prefix('S') {
                school_year(year, second)?;
                return Period::new(PeriodKind::Semester, year16, digits(semester, 1)?);
            }
            let month = digits(second, 2)?;
            let day = digits(third, 2)?;
            if day > 31 {
                return None;
            }
            Period::new(PeriodKind::Day, year16, month * 32 + day)
        }
        _ => None,
    }
}

fn school_year(first: i32, second: &str) -> Option<()> {
    (digits(second, 4)? == first + 1).then_some(())
}

/// Exactly `len` ASCII digits; signs and spaces that `parse` would take are refused.
fn digits(text: &str, len: usize) -> Option<i32> {
    if text.len() != len || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
