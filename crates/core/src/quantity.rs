//! Exact quantities: ratios compared without rounding, money in 分, shares in basis points.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// The largest figure one report may carry (ten million million).
///
/// Sums are kept in `i64`; with this bound no sum over fewer than 922,337 reporting units can
/// overflow, so a report that was accepted below can never be refused above.
pub const MAX_FIGURE: i64 = 10_000_000_000_000;

/// An exact, non-negative target such as `100%`, `1.05` or `50`: a numerator over a power of ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exact {
    numerator: i64,
    denominator: i64,
}

/// A text that is not an exact quantity.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{value:?} is not a number: write 50, 1.05, 100% or 500000元, without a sign")]
pub struct InvalidQuantity {
    /// The text that was given, shortened to what an error message can bear.
    pub value: String,
}

impl Exact {
    /// A whole number.
    pub fn whole(value: i64) -> Self {
        Self {
            numerator: value,
            denominator: 1,
        }
    }

    /// The part above the line.
    pub fn numerator(self) -> i64 {
        self.numerator
    }

    /// The part below the line: a power of ten, never zero.
    pub fn denominator(self) -> i64 {
        self.denominator
    }

    /// The same quantity in hundredths, as a percentage is written: `0.3` is `30%`.
    pub fn as_percent(self) -> String {
        let digits = self.denominator.checked_ilog10().unwrap_or(0);
        let hundredfold = Self {
            numerator: self.numerator,
            denominator: 10i64.pow(digits.saturating_sub(2)),
        };
        let factor = 10i64.pow(2u32.saturating_sub(digits));
        let whole = self.numerator.checked_mul(factor);
        match whole {
            Some(whole) if digits <= 2 => format!("{whole}%"),
            _ => format!("{hundredfold}%"),
        }
    }

    /// Compares with `numerator / denominator`, exactly; `None` when that denominator is zero.
    pub fn compare_ratio(self, numerator: i128, denominator: i128) -> Option<Ordering> {
        compare_fractions(
            i128::from(self.numerator),
            i128::from(self.denominator),
            numerator,
            denominator,
        )
    }
}

impl FromStr for Exact {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_exact(text).ok_or_else(|| InvalidQuantity {
            value: text.chars().take(64).collect(),
        })
    }
}

fn parse_exact(text: &str) -> Option<Exact> {
    let (number, mut denominator, factor) = if let Some(percent) = text.strip_suffix('%') {
        (percent, 100i64, 1)
    } else if let Some(yuan) = text.strip_suffix('元') {
        // Money is counted in 分.
        (yuan, 1, 100)
    } else {
        (text, 1, 1)
    };
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    // A percentage is written back as a plain number with two decimals more, which must be read.
    let most_decimals = if denominator == 1 { 8 } else { 6 };
    if whole.is_empty() || !plain(whole) || !plain(decimals) || decimals.len() > most_decimals {
        return None;
    }
    if number.ends_with('.') {
        return None;
    }
    let mut numerator: i64 = format!("{whole}{decimals}").parse().ok()?;
    numerator = numerator.checked_mul(factor)?;
    for _ in decimals.bytes() {
        denominator *= 10;
    }
    while denominator > 1 && numerator % 10 == 0 && denominator % 10 == 0 {
        numerator /= 10;
        denominator /= 10;
    }
    if numerator > MAX_FIGURE {
        return None;
    }
    Some(Exact {
        numerator,
        denominator,
    })
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator == 1 {
            return f.pad(&self.numerator.to_string());
        }
        let digits = self.denominator.ilog10() as usize;
        let whole = self.numerator / self.denominator;
        let rest = self.numerator % self.denominator;
        f.pad(&format!("{whole}.{rest:0digits$}"))
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Compares `a / b` with `c / d` for non-negative parts, exactly and without overflow.
///
/// `None` when a denominator is zero. The method is Euclid's: compare the whole parts, then the
/// remainders turned upside down, so no product of large numbers is ever formed.
pub fn compare_fractions(a: i128, b: i128, c: i128, d: i128) -> Option<Ordering> {
    if b == 0 || d == 0 {
        return None;
    }
    let (mut a, mut b, mut c, mut d) = (a, b, c, d);
    loop {
        let whole = (a / b).cmp(&(c / d));
        if whole != Ordering::Equal {
            return Some(whole);
        }
        let (left_rest, right_rest) = (a % b, c % d);
        match (left_rest == 0, right_rest == 0) {
            (true, true) => return Some(Ordering::Equal),
            (true, false) => return Some(Ordering::Less),
            (false, true) => return Some(Ordering::Greater),
            // rest/b < rest'/d exactly when d/rest' < b/rest.
            (false, false) => (a, b, c, d) = (d, right_rest, b, left_rest),
        }
    }
}

/// `numerator / denominator` in ten-thousandths, rounded half up; `None` when the denominator is
/// zero or the share does not fit.
pub fn basis_points(numerator: i128, denominator: i128) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let scaled = numerator.checked_mul(20_000)?.checked_add(denominator)?;
    i64::try_from(scaled.div_euclid(denominator.checked_mul(2)?)).ok()
}

/// Writes basis points as a percentage with two decimals: `10000` is `100.00%`.
pub fn percent(basis_points: i64) -> String {
    let sign = if basis_points < 0 { "-" } else { "" };
    let value = basis_points.unsigned_abs();
    format!("{sign}{}.{:02}%", value / 100, value % 100)
}

/// Writes 分 as 元 with two decimals: `12345` is `123.45`.
pub fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let value = fen.unsigned_abs();
    format!("{sign}{}.{:02}", value / 100, value % 100)
}

/// Reads 元 with at most two decimals into 分: `123.45` is `12345`.
///
/// # Errors
/// [`InvalidQuantity`] for anything else: signs, a third decimal, more than [`MAX_FIGURE`] 分.
pub fn parse_yuan(text: &str) -> Result<i64, InvalidQuantity> {
    let invalid = || InvalidQuantity {
        value: text.chars().take(64).collect(),
    };
    let number = text.strip_suffix('元').unwrap_or(text);
    if number.ends_with(['%', '元']) {
        return Err(invalid());
    }
    let amount = parse_exact(number).ok_or_else(invalid)?;
    if amount.denominator > 100 {
        return Err(invalid());
    }
    let fen = amount
        .numerator
        .checked_mul(100 / amount.denominator)
        .ok_or_else(invalid)?;
    if fen > MAX_FIGURE {
        return Err(invalid());
    }
    Ok(fen)
}

#[cfg(test)]
mod tests;
