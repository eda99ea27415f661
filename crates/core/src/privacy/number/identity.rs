//! What makes digits a resident identity number.

use super::Demand;

/// Region, date of birth, order, check digit by ISO 7064 MOD 11-2.
pub(super) fn is_identity(digits: &[u32], demand: Demand) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    if digits.len() != 18 || digits[..17].contains(&10) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    let is_proven = (12 - sum % 11) % 11 == digits[17];
    let years = match (is_proven, demand.grown) {
        (true, true) => 1850..=2020,
        (true, false) => 1850..=2099,
        (false, false) if !demand.proof => 1900..=2020,
        (false, _) => return false,
    };
    is_region(digits)
        && years.contains(&number(&digits[6..10]))
        && is_day(&digits[10..14])
        && is_order(&digits[14..17])
}

/// As before 1999: the year has two digits, and there is no check digit. With a year before 1931 it is
/// rather a serial number of this century's.
pub(super) fn is_old_identity(digits: &[u32]) -> bool {
    digits.len() == 15
        && !digits.contains(&10)
        && is_region(digits)
        && number(&digits[6..8]) > 30
        && is_day(&digits[8..12])
        && is_order(&digits[12..])
}

/// The first two digits name a province, the next its city (GB/T 2260). Where they could as well be the
/// begin of a unified social credit code (12, or 51 to 53, before the region), only cities that there are.
fn is_region(digits: &[u32]) -> bool {
    let city = number(&digits[2..4]);
    match number(&digits[..2]) {
        11 | 12 | 31 => (1..=2).contains(&city),
        50 => (1..=3).contains(&city),
        51 => matches!(city, 1 | 3..=20 | 32..=34),
        52 => matches!(city, 1..=6 | 22..=27),
        53 => matches!(city, 1 | 3..=9 | 23..=34),
        13..=15 | 21..=23 | 32..=37 | 41..=46 | 54 | 61..=65 => city > 0,
        71 | 81..=83 => true,
        _ => false,
    }
}

fn is_day(digits: &[u32]) -> bool {
    (1..=12).contains(&number(&digits[..2])) && (1..=31).contains(&number(&digits[2..]))
}

/// Those who were born on one day are counted from 001.
fn is_order(digits: &[u32]) -> bool {
    number(digits) > 0
}

fn number(digits: &[u32]) -> u32 {
    digits.iter().fold(0, |number, digit| number * 10 + digit)
}
