//! Numbers of persons in free texts: resident identity numbers (GB 11643-1999, and the fifteen
//! digits of before 1999) and mobile numbers (YD/T, eleven digits from 13 to 19).

mod identity;
mod run;

use identity::{is_identity, is_old_identity};
use run::{in_runs, narrow};

/// What a number in a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalNumber {
    /// A resident identity number (居民身份证号).
    Identity,
    /// A mobile number (手机号).
    Mobile,
}

/// What must hold of digits before they count, by where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Demand {
    /// The check digit of an identity number is right, so neither a mobile number counts nor one of
    /// fifteen digits.
    proof: bool,
    /// The check digit is right, and whoever it is was born by 2020: later dates are rather those of
    /// serial numbers.
    grown: bool,
}

/// The first number of a person that the text seems to hold.
///
/// Digits may be full-width and set in groups by single spaces, hyphens or dots as such numbers are;
/// among other numbers only where it can be told from counts in a row. Digits behind a decimal point,
/// and those directly before 元, 万 or 人, are amounts.
///
/// Eighteen digits count with a possible province and city and a date of birth that the right check
/// digit goes with, or any date from 1900 to 2020: one that was mistyped is still somebody's. Numbers
/// that bureaus give out are often made of region, day and a serial number, so those with a later date
/// count by the right check digit alone (children have them), and behind 受理编号 and the like not at
/// all, nor there any whose check digit is wrong. Of the fifteen digits of before 1999 those count that are of 1931 or later, for the same reason.
pub fn personal_number(text: &str) -> Option<PersonalNumber> {
    if has_few_digits(text) {
        return None;
    }
    in_runs(text, in_digits)
}

/// Nobody's number has fewer than eleven.
fn has_few_digits(text: &str) -> bool {
    let digits = text
        .chars()
        .filter(|character| narrow(*character).is_ascii_digit());
    digits.count() < 11
}

/// The number of a person that an id seems to hold, which a program may have made of whatever it had.
///
/// Ids are full of other long numbers: hexadecimal ones, moments, numbers of rows. So a mobile number
/// and the fifteen digits of before 1999, which nothing proves, count only in one piece that no letter
/// and no other group of digits touches; eighteen digits with a date of birth by 2020 and their check
/// digit however they are set. Later dates are those of batches: of region, day and serial number every
/// eleventh would have the right check digit.
pub fn personal_number_in_id(id: &str) -> Option<PersonalNumber> {
    if has_few_digits(id) {
        return None;
    }
    let in_id = Demand {
        proof: true,
        grown: true,
    };
    let eighteen = |digits: &[u32], _| in_digits(digits, in_id);
    if let Some(found) = in_runs(id, eighteen) {
        return Some(found);
    }
    let is_joined = |character: char| {
        let character = narrow(character);
        character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_')
    };
    let mut pieces = id.split(|character| !is_joined(character));
    pieces.find_map(|piece| {
        let digits = piece
            .chars()
            .map(|character| narrow(character).to_digit(10));
        let digits: Vec<u32> = digits.collect::<Option<_>>()?;
        // Of eighteen digits only those count that are proven.
        let proof = digits.len() == 18;
        in_digits(&digits, Demand { proof, ..in_id })
    })
}

/// Of all the digits, so that a piece of a longer number is none.
fn in_digits(digits: &[u32], demand: Demand) -> Option<PersonalNumber> {
    match digits {
        [8, 6, number @ ..] | [0, 0, 8, 6, number @ ..] if !demand.proof && is_mobile(number) => {
            Some(PersonalNumber::Mobile)
        }
        number if !demand.proof && is_mobile(number) => Some(PersonalNumber::Mobile),
        number if is_identity(number, demand) => Some(PersonalNumber::Identity),
        number if !demand.proof && is_old_identity(number) => Some(PersonalNumber::Identity),
        _ => None,
    }
}

fn is_mobile(digits: &[u32]) -> bool {
    digits.len() == 11 && digits[0] == 1 && (3..=9).contains(&digits[1]) && !digits.contains(&10)
}

#[cfg(test)]
mod tests;
