//! Numbers as they stand in cells: whole numbers, thousands separators, amounts in 元.

use liandong_core::indicator::{Indicator, IndicatorKind};
use liandong_core::quantity::{parse_yuan, yuan};

/// Why a cell is not a number that can be taken in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureError {
    /// Not a number.
    NotANumber,
    /// Less than zero.
    Negative,
    /// A share, where its two parts are asked for.
    Percentage,
    /// A fraction of something that is counted.
    NotWhole,
    /// Commas that do not separate thousands.
    OddCommas,
    /// A fraction of a 分.
    TooFine,
    /// An amount in a unit other than 元.
    OtherUnit,
    /// More than any figure may be.
    TooLarge,
}

/// A figure as it is written in a cell: amounts in 元.
pub(crate) fn figure_text(figure: i64, indicator: Option<&Indicator>) -> String {
    if indicator.is_some_and(|indicator| indicator.kind == IndicatorKind::Money) {
        yuan(figure)
    } else {
        figure.to_string()
    }
}

/// Reads a whole number from a normalised cell: `1234`, `1,234`, `1234.0`.
pub(crate) fn read_whole(cell: &str) -> Result<i64, FigureError> {
    check_sign_and_share(cell)?;
    let plain = without_thousands(cell)?;
    let (whole, decimals) = plain.split_once('.').unwrap_or((&plain, ""));
    if !is_digits(whole) || (plain.contains('.') && !is_digits(decimals)) {
        return Err(FigureError::NotANumber);
    }
    if decimals.bytes().any(|byte| byte != b'0') {
        return Err(FigureError::NotWhole);
    }
    whole.parse().map_err(|_| FigureError::TooLarge)
}

/// Reads an amount in 元 from a normalised cell into 分: `1,234.50`, `500元`, `¥500`.
pub fn read_yuan(cell: &str) -> Result<i64, FigureError> {
    check_sign_and_share(cell)?;
    let without_sign = cell.strip_prefix(['¥', '￥']).unwrap_or(cell);
    let without_word = without_sign.strip_suffix('元').unwrap_or(without_sign);
    let amount = without_word.trim();
    if amount.ends_with(['万', '亿', '千', '角', '分']) {
        return Err(FigureError::OtherUnit);
    }
    let plain = without_thousands(amount)?;
    let (whole, decimals) = plain.split_once('.').unwrap_or((&plain, ""));
    if !is_digits(whole) || (plain.contains('.') && !is_digits(decimals)) {
        return Err(FigureError::NotANumber);
    }
    // Excel writes as many decimals as the cell's format says; zeros add nothing.
    let meant = if decimals.len() > 2 {
        decimals.trim_end_matches('0')
    } else {
        decimals
    };
    if meant.len() > 2 {
        return Err(FigureError::TooFine);
    }
    let written = if meant.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{meant}")
    };
    parse_yuan(&written).map_err(|_| FigureError::TooLarge)
}

fn check_sign_and_share(cell: &str) -> Result<(), FigureError> {
    if cell.starts_with('-') && cell.len() > 1 {
        return Err(FigureError::Negative);
    }
    if cell.ends_with('%') || cell.ends_with('‰') {
        return Err(FigureError::Percentage);
    }
    Ok(())
}

/// Drops commas that stand where thousands end: `1,234,567.00`, never `1,23` or `12,3456`.
fn without_thousands(cell: &str) -> Result<String, FigureError> {
    if !cell.contains(',') {
        return Ok(cell.to_owned());
    }
    let (whole, decimals) = cell.split_once('.').unwrap_or((cell, ""));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let first_fits = (1..=3).contains(&first.len()) && is_digits(first);
    let rest_fit = groups.all(|group| group.len() == 3 && is_digits(group));
    if !first_fits || !rest_fit || decimals.contains(',') {
        return Err(FigureError::OddCommas);
    }
    Ok(cell.replace(',', ""))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{FigureError, read_whole, read_yuan};

    #[test]
    fn whole_numbers() {
        let cases = [
            ("0", Ok(0)),
            ("1234", Ok(1_234)),
            ("1,234", Ok(1_234)),
            ("1,234,567", Ok(1_234_567)),
            ("12.0", Ok(12)),
            ("12.00", Ok(12)),
            ("007", Ok(7)),
            ("", Err(FigureError::NotANumber)),
            ("abc", Err(FigureError::NotANumber)),
            ("1 234", Err(FigureError::NotANumber)),
            ("+5", Err(FigureError::NotANumber)),
            ("1e3", Err(FigureError::NotANumber)),
            ("12所", Err(FigureError::NotANumber)),
            ("-5", Err(FigureError::Negative)),
            ("85%", Err(FigureError::Percentage)),
            ("12.5", Err(FigureError::NotWhole)),
            ("12.", Err(FigureError::NotANumber)),
            (".5", Err(FigureError::NotANumber)),
            ("1,23", Err(FigureError::OddCommas)),
            ("12,3456", Err(FigureError::OddCommas)),
            ("1234,567", Err(FigureError::OddCommas)),
            (",123", Err(FigureError::OddCommas)),
            ("1.5,000", Err(FigureError::OddCommas)),
            ("99999999999999999999", Err(FigureError::TooLarge)),
        ];
        for (cell, meant) in cases {
            assert_eq!(read_whole(cell), meant, "{cell:?}");
        }
    }

    #[test]
    fn amounts_in_yuan_become_fen() {
        let cases = [
            ("0", Ok(0)),
            ("1234.5", Ok(123_450)),
            ("1,234.50", Ok(123_450)),
            ("1234.5000", Ok(123_450)),
            ("500元", Ok(50_000)),
            ("¥500", Ok(50_000)),
            ("0.01", Ok(1)),
            ("0.001", Err(FigureError::TooFine)),
            ("500万", Err(FigureError::OtherUnit)),
            ("500万元", Err(FigureError::OtherUnit)),
            ("5角", Err(FigureError::OtherUnit)),
            ("-1.00", Err(FigureError::Negative)),
            ("1,2.00", Err(FigureError::OddCommas)),
            ("1.2.3", Err(FigureError::NotANumber)),
            ("元", Err(FigureError::NotANumber)),
            ("999999999999999999", Err(FigureError::TooLarge)),
        ];
        for (cell, meant) in cases {
            assert_eq!(read_yuan(cell), meant, "{cell:?}");
        }
    }
}
