//! Numbers of persons in free texts: resident identity numbers (GB 11643-1999, and the fifteen
//! digits of before 1999) and mobile numbers (YD/T, eleven digits from 13 to 19).

/// What a number in a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalNumber {
    /// A resident identity number (居民身份证号).
    Identity,
    /// A mobile number (手机号).
    Mobile,
}

/// The first number of a person that the text seems to hold.
///
/// Digits may be full-width and set in groups by single spaces, hyphens or dots. An identity number
/// counts only with a possible date and, of eighteen digits, the right check digit, so that nearly
/// no other long number is taken for one.
pub fn personal_number(text: &str) -> Option<PersonalNumber> {
    in_runs(text, in_run)
}

/// What is found in the first run of digits in which something is.
fn in_runs(text: &str, find: impl Fn(&[char]) -> Option<PersonalNumber>) -> Option<PersonalNumber> {
    let mut run = Vec::new();
    let mut gap = false;
    for character in text.chars().map(narrow).chain(['\n']) {
        match character {
            '0'..='9' => {
                run.push(character);
                gap = false;
            }
            // The check digit of an identity number may be an X, and nothing goes on behind it.
            'X' | 'x' if run.len() >= 17 => {
                run.push('X');
                gap = false;
            }
            ' ' | '-' | '.' | '·' if !run.is_empty() && !gap => gap = true,
            _ => {
                if let Some(found) = find(&run) {
                    return Some(found);
                }
                run.clear();
                gap = false;
            }
        }
    }
    None
}

/// The number of a person that an id seems to hold, which a program may have made of whatever it had.
///
/// Ids are full of other long numbers: hexadecimal ones, moments, numbers of rows. So a mobile number
/// and the fifteen digits of before 1999, which nothing proves, count only in one piece that no letter
/// and no other group of digits touches; eighteen digits with their date and their check digit however
/// they are set.
pub fn personal_number_in_id(id: &str) -> Option<PersonalNumber> {
    if id
        .chars()
        .filter(|character| narrow(*character).is_ascii_digit())
        .count()
        < 11
    {
        return None;
    }
    let is_proven = |found: &PersonalNumber| *found == PersonalNumber::Identity;
    let eighteen = |run: &[char]| (run.len() == 18).then(|| in_run(run)).flatten();
    if let Some(found) = in_runs(id, eighteen).filter(is_proven) {
        return Some(found);
    }
    let is_joined = |character: char| {
        let character = narrow(character);
        character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_')
    };
    let mut pieces = id.split(|character| !is_joined(character));
    pieces.find_map(|piece| {
        let piece: Vec<char> = piece.chars().map(narrow).collect();
        let is_digits = piece.iter().all(char::is_ascii_digit);
        is_digits.then(|| in_run(&piece)).flatten()
    })
}

/// Full-width digits and letters as plain ones.
fn narrow(character: char) -> char {
    let code = u32::from(character);
    match code {
        0xff10..=0xff19 | 0xff21..=0xff3a | 0xff41..=0xff5a => {
            char::from_u32(code - 0xfee0).unwrap_or(character)
        }
        _ => character,
    }
}

/// Of a whole run of digits, so that a piece of a longer number is none; groups may have been set
/// one behind the other, so the beginning and the end of a run are looked at, too.
fn in_run(run: &[char]) -> Option<PersonalNumber> {
    let digits: Vec<u32> = run
        .iter()
        .map(|digit| digit.to_digit(10).unwrap_or(10))
        .collect();
    match digits.as_slice() {
        [8, 6, number @ ..] | [0, 0, 8, 6, number @ ..] if is_mobile(number) => {
            Some(PersonalNumber::Mobile)
        }
        number if is_mobile(number) => Some(PersonalNumber::Mobile),
        number if is_identity(number) || is_old_identity(number) => Some(PersonalNumber::Identity),
        _ => None,
    }
}

fn is_mobile(digits: &[u32]) -> bool {
    digits.len() == 11 && digits[0] == 1 && (3..=9).contains(&digits[1]) && digits[10] < 10
}

/// Region, date of birth, sequence, check digit by ISO 7064 MOD 11-2.
fn is_identity(digits: &[u32]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    if digits.len() != 18 || digits[..17].contains(&10) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    let check = (12 - sum % 11) % 11;
    let year = number(&digits[6..10]);
    check == digits[17]
        && is_region(digits)
        && (1850..=2150).contains(&year)
        && is_day(&digits[10..14])
}

fn is_old_identity(digits: &[u32]) -> bool {
    digits.len() == 15 && !digits.contains(&10) && is_region(digits) && is_day(&digits[8..12])
}

/// The first two digits name a province (GB/T 2260).
fn is_region(digits: &[u32]) -> bool {
    matches!(
        number(&digits[..2]),
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83
    )
}

fn is_day(digits: &[u32]) -> bool {
    (1..=12).contains(&number(&digits[..2])) && (1..=31).contains(&number(&digits[2..]))
}

fn number(digits: &[u32]) -> u32 {
    digits.iter().fold(0, |number, digit| number * 10 + digit)
}

#[cfg(test)]
mod tests {
    use super::PersonalNumber::{Identity, Mobile};
    use super::{personal_number, personal_number_in_id};

    // The examples of identity numbers are those that GB 11643-1999 itself prints.
    #[test]
    fn numbers_of_persons_are_found_however_they_are_set() {
        let found = [
            ("11010519491231002X", Identity),
            ("身份证11010519491231002x，已核", Identity),
            ("440524188001010014", Identity),
            ("440524 18800101 0014", Identity),
            ("440524-18800101-0014", Identity),
            ("４４０５２４１８８００１０１００１４", Identity),
            ("440524800101001", Identity),
            ("13800138000", Mobile),
            ("联系人电话:138-0013-8000。", Mobile),
            ("138 0013 8000", Mobile),
            ("+86 13800138000", Mobile),
            ("008613800138000", Mobile),
            ("电话１９９００００００００", Mobile),
            ("两校共 12 人；13800138000", Mobile),
        ];
        for (text, number) in found {
            assert_eq!(personal_number(text), Some(number), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_let_through() {
        let passed = [
            "",
            "完成 97.5%，新增学位 1200 个",
            "440524188001010015",
            "440524188013010012",
            "440524801301001",
            "资金 12345678901 元",
            "12800138000",
            "1380013800",
            "138001380001",
            "2025-03-14 至 2025-12-31",
            "371524S01",
            "91371500MA3C0X1234",
            "鲁教字〔2023〕15号",
            "0635-8246000",
            "3.1415926535897932384626",
        ];
        for text in passed {
            assert_eq!(personal_number(text), None, "{text}");
        }
    }
    #[test]
    fn an_id_is_no_number_of_a_person_and_none_that_holds_other_numbers_is() {
        let found = [
            ("440524188001010014", Identity),
            ("11010519491231002x", Identity),
            ("pupil-440524188001010014", Identity),
            ("440524-18800101-0014", Identity),
            ("学生440524188001010014", Identity),
            ("440524800101001", Identity),
            ("13800138000", Mobile),
            ("１３８００１３８０００", Mobile),
            ("学生13800138000", Mobile),
            ("8613800138000", Mobile),
        ];
        for (id, number) in found {
            assert_eq!(personal_number_in_id(id), Some(number), "{id}");
        }
        let passed = [
            "",
            "b-1",
            // Seconds since 1970 and a row; a day, a time and a row; hexadecimal numbers.
            "1763851234-5",
            "20251122-102144-1",
            "202511221021441",
            "a13800138000",
            "13800138-0001-4000-8000-138001380001",
            "0f13800138000e77",
            "2025-03-371524S01-138",
        ];
        for id in passed {
            assert_eq!(personal_number_in_id(id), None, "{id}");
        }
    }
}
