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

/// How numbers of persons are set in groups of digits.
const SETTINGS: [&[usize]; 6] = [
    &[3, 4, 4],
    &[4, 3, 4],
    &[3, 3, 5],
    &[6, 8, 4],
    &[6, 4, 4, 4],
    &[6, 6, 3],
];

/// The first number of a person that the text seems to hold.
///
/// Digits may be full-width and set in groups by single spaces, hyphens or dots. Eighteen digits count
/// with a possible province and a date between 1900 and 2099, or with any date and the right check digit:
/// one that was mistyped is still somebody's. So nearly no other long number is taken for one.
pub fn personal_number(text: &str) -> Option<PersonalNumber> {
    if has_few_digits(text) {
        return None;
    }
    in_runs(text, in_run)
}

/// Nobody's number has fewer than eleven.
fn has_few_digits(text: &str) -> bool {
    let digits = text
        .chars()
        .filter(|character| narrow(*character).is_ascii_digit());
    digits.count() < 11
}

/// Digits in a row, 10 for an X, in groups that are set apart.
#[derive(Default)]
struct Run {
    digits: Vec<u32>,
    /// Where each group begins.
    begins: Vec<usize>,
    apart: bool,
}

impl Run {
    fn put(&mut self, digit: u32) {
        if self.digits.is_empty() || self.apart {
            self.begins.push(self.digits.len());
        }
        self.digits.push(digit);
        self.apart = false;
    }

    fn clear(&mut self) {
        self.digits.clear();
        self.begins.clear();
        self.apart = false;
    }

    /// What is found in all of it, however it is set; in one group; or in some that follow each
    /// other and are set as such numbers are, with other numbers before or behind them.
    fn find(&self, find: &impl Fn(&[u32]) -> Option<PersonalNumber>) -> Option<PersonalNumber> {
        if let Some(found) = find(&self.digits) {
            return Some(found);
        }
        for place in 0..self.begins.len() {
            let settings = SETTINGS
                .iter()
                .filter(|setting| self.is_set(place, setting));
            let counts = [1].into_iter().chain(settings.map(|setting| setting.len()));
            for count in counts {
                let digits = &self.digits[self.begin(place)..self.begin(place + count)];
                if let Some(found) = find(digits) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Where a group begins; behind the last one, where all ends.
    fn begin(&self, place: usize) -> usize {
        let begin = self.begins.get(place).copied();
        begin.unwrap_or(self.digits.len())
    }

    /// Whether groups of these sizes stand there.
    fn is_set(&self, first: usize, sizes: &[usize]) -> bool {
        let mut sizes = sizes.iter().enumerate();
        sizes.all(|(place, size)| {
            let place = first + place;
            self.begin(place) + size == self.begin(place + 1)
        })
    }
}

/// What is found in the first run of digits in which something is.
fn in_runs(text: &str, find: impl Fn(&[u32]) -> Option<PersonalNumber>) -> Option<PersonalNumber> {
    let mut run = Run::default();
    for character in text.chars().map(narrow).chain(['\n']) {
        match (character, character.to_digit(10)) {
            (_, Some(digit)) => run.put(digit),
            // The check digit of an identity number may be an X.
            ('X' | 'x', _) if run.digits.len() >= 17 => run.put(10),
            (' ' | '-' | '.', _) if !run.apart && !run.digits.is_empty() => run.apart = true,
            _ => {
                if let Some(found) = run.find(&find) {
                    return Some(found);
                }
                run.clear();
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
    if has_few_digits(id) {
        return None;
    }
    let eighteen = |digits: &[u32]| {
        let is_proven = is_identity(digits, true);
        is_proven.then_some(PersonalNumber::Identity)
    };
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
        if digits.len() == 18 {
            return None;
        }
        in_run(&digits)
    })
}

/// Full-width digits and letters as plain ones, and what word processors make of spaces, hyphens and
/// dots.
fn narrow(character: char) -> char {
    let code = u32::from(character);
    match code {
        // No-break, thin and ideographic spaces, tabs.
        0x09 | 0xa0 | 0x2000..=0x200a | 0x202f | 0x3000 => ' ',
        // Hyphens and dashes, the minus sign, the full-width hyphen and underscores.
        0x2010..=0x2015 | 0x2212 | 0xff0d | 0x5f | 0xff3f => '-',
        // Middle and full-width dots.
        0xb7 | 0x2022 | 0x2027 | 0x30fb | 0xff0e => '.',
        0xff10..=0xff19 | 0xff21..=0xff3a | 0xff41..=0xff5a => {
            char::from_u32(code - 0xfee0).unwrap_or(character)
        }
        _ => character,
    }
}

/// Of all the digits, so that a piece of a longer number is none.
fn in_run(digits: &[u32]) -> Option<PersonalNumber> {
    match digits {
        [8, 6, number @ ..] | [0, 0, 8, 6, number @ ..] if is_mobile(number) => {
            Some(PersonalNumber::Mobile)
        }
        number if is_mobile(number) => Some(PersonalNumber::Mobile),
        number if is_identity(number, false) || is_old_identity(number) => {
            Some(PersonalNumber::Identity)
        }
        _ => None,
    }
}

fn is_mobile(digits: &[u32]) -> bool {
    digits.len() == 11 && digits[0] == 1 && (3..=9).contains(&digits[1]) && digits[10] < 10
}

/// Region, date of birth, sequence, check digit by ISO 7064 MOD 11-2; whether one with another check
/// digit is none at all.
fn is_identity(digits: &[u32], proven: bool) -> bool {
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
    let years = if check == digits[17] {
        1850..=2150
    } else if proven {
        return false;
    } else {
        1900..=2099
    };
    is_region(digits) && years.contains(&year) && is_day(&digits[10..14])
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
mod tests;
