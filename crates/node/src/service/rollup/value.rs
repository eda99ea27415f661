//! Values for people: exact fractions written as decimals, rounded half up, in integers only.

use liandong_core::indicator::{Indicator, IndicatorKind};
use liandong_core::quantity::yuan;
use liandong_core::rollup::Value;

/// Decimals of a percentage and of other quotients of two sums.
const QUOTIENT_PLACES: usize = 2;
/// Decimals of a ratio of ratios, whose targets are as fine as `1.05`.
const RATIO_OF_RATIOS_PLACES: usize = 4;

/// A value without its unit; empty when nothing was reported. Money is in 元, a share is a
/// percentage, a milestone says how many of how many have done it.
pub(crate) fn text(indicator: &Indicator, value: Value) -> String {
    if !value.is_known() {
        return String::new();
    }
    let Value {
        numerator,
        denominator,
    } = value;
    match indicator.kind {
        IndicatorKind::Count => numerator.to_string(),
        IndicatorKind::Money => i64::try_from(numerator).map_or_else(|_| String::new(), yuan),
        IndicatorKind::Milestone => format!("{numerator}/{denominator}"),
        IndicatorKind::Ratio if indicator.unit == "%" => {
            quotient(numerator.saturating_mul(100), denominator, QUOTIENT_PLACES)
        }
        // A quotient that is no share, such as pupils to a class.
        IndicatorKind::Ratio => quotient(numerator, denominator, QUOTIENT_PLACES),
        IndicatorKind::RatioOfRatios => quotient(numerator, denominator, RATIO_OF_RATIOS_PLACES),
    }
}

/// `numerator / denominator` with `places` decimals, rounded half up; empty when a part is negative
/// or the denominator is zero.
fn quotient(numerator: i128, denominator: i128, places: usize) -> String {
    let (Ok(above), Ok(below)) = (u128::try_from(numerator), u128::try_from(denominator)) else {
        return String::new();
    };
    if below == 0 {
        return String::new();
    }
    let mut digits: Vec<u8> = (above / below).to_string().into_bytes();
    let whole = digits.len();
    let mut rest = above % below;
    for _ in 0..places {
        let (digit, left) = times_ten(rest, below);
        digits.push(b'0' + digit);
        rest = left;
    }
    if rest >= below - rest {
        round_up(&mut digits);
    }
    let whole = whole + digits.len() - (whole + places);
    let text: String = digits.iter().map(|digit| char::from(*digit)).collect();
    let (before, after) = text.split_at(whole);
    format!("{before}.{after}")
}

/// The next digit of a long division and what is left. `rest` is below `below`, which is at most
/// 2^127, so no sum of the two overflows; ten times the rest might.
fn times_ten(rest: u128, below: u128) -> (u8, u128) {
    let (mut digit, mut left) = (0, 0);
    for _ in 0..10 {
        left += rest;
        if left >= below {
            left -= below;
            digit += 1;
        }
    }
    (digit, left)
}

fn round_up(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

#[cfg(test)]
mod tests;
