//! Runs of digits in a text, in groups that are set apart.

use super::{Demand, PersonalNumber};

/// How numbers of persons are set in groups of digits.
const SETTINGS: [&[usize]; 7] = [
    &[3, 4, 4],
    &[4, 3, 4],
    &[3, 3, 5],
    &[5, 4, 4],
    &[6, 8, 4],
    &[6, 4, 4, 4],
    &[6, 6, 3],
];

/// What stands before numbers that bureaus give out, of region, day and serial number.
const SERIAL: [&str; 6] = ["受理编号", "业务编号", "受理号", "流水号", "批次号", "单号"];

/// A group of digits, and what sets it apart from the one before.
#[derive(Clone, Copy)]
struct Group {
    begin: usize,
    apart: Option<char>,
}

/// Digits in a row, 10 for an X, in groups that are set apart.
#[derive(Default)]
struct Run {
    digits: Vec<u32>,
    groups: Vec<Group>,
    /// What follows the last digit and may set apart another.
    apart: Option<char>,
    /// Whether it stands where serial numbers do.
    is_serial: bool,
    /// Whether what follows makes an amount of its last number.
    is_amount: bool,
}

impl Run {
    fn put(&mut self, digit: u32) {
        if self.digits.is_empty() || self.apart.is_some() {
            self.groups.push(Group {
                begin: self.digits.len(),
                apart: self.apart,
            });
        }
        self.digits.push(digit);
        self.apart = None;
    }

    /// What is found in one group, or in some that follow each other and are set as such numbers are.
    fn find(
        &self,
        find: &impl Fn(&[u32], Demand) -> Option<PersonalNumber>,
    ) -> Option<PersonalNumber> {
        if self.is_one()
            && let Some(found) = self.look(0, self.groups.len(), true, find)
        {
            return Some(found);
        }
        for first in 0..self.groups.len() {
            // Behind a decimal point.
            let is_whole = self.apart(first) != Some('.');
            let found = self.look(first, 1, is_whole, find);
            if found.is_some() {
                return found;
            }
            for setting in SETTINGS {
                let count = setting.len();
                let Some(within) = self.within(first, setting) else {
                    continue;
                };
                let has_twin = || {
                    let next = first + count;
                    self.within(next, setting) == Some(within)
                        && self.look(next, count, true, find).is_some()
                };
                let stands_out = within == '-' || self.is_apart(first, count, within) || has_twin();
                let found = self.look(first, count, stands_out, find);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// What is found in some groups; unless they are certain to be one number, only what is proven.
    fn look(
        &self,
        first: usize,
        count: usize,
        certain: bool,
        find: &impl Fn(&[u32], Demand) -> Option<PersonalNumber>,
    ) -> Option<PersonalNumber> {
        let is_amount = self.is_amount && first + count == self.groups.len();
        let demand = Demand {
            proof: !certain || is_amount,
            grown: self.is_serial,
        };
        find(
            &self.digits[self.begin(first)..self.begin(first + count)],
            demand,
        )
    }

    /// Whether all of it can be one number: eighteen digits however they are set, or set as such
    /// numbers are, by spaces and hyphens or by dots alone.
    fn is_one(&self) -> bool {
        let mut apart = self.groups.iter().skip(1).map(|group| group.apart);
        let has_point = apart.clone().any(|apart| apart == Some('.'));
        if has_point && apart.any(|apart| apart != Some('.')) {
            return false;
        }
        let is_set =
            |setting: &&[usize]| setting.len() == self.groups.len() && self.is_set(0, setting);
        self.digits.len() == 18 || SETTINGS.iter().any(is_set)
    }

    /// Where a group begins; behind the last one, where all ends.
    fn begin(&self, place: usize) -> usize {
        let group = self.groups.get(place);
        group.map_or(self.digits.len(), |group| group.begin)
    }

    /// What sets a group apart from the one before.
    fn apart(&self, place: usize) -> Option<char> {
        self.groups.get(place).and_then(|group| group.apart)
    }

    /// Whether groups of these sizes stand there.
    fn is_set(&self, first: usize, sizes: &[usize]) -> bool {
        let mut sizes = sizes.iter().enumerate();
        sizes.all(|(place, size)| {
            let place = first + place;
            self.begin(place) + size == self.begin(place + 1)
        })
    }

    /// What sets groups of these sizes apart that stand there, all alike.
    fn within(&self, first: usize, sizes: &[usize]) -> Option<char> {
        let within = self.apart(first + 1)?;
        let mut others = first + 2..first + sizes.len();
        let alike = others.all(|place| self.apart(place) == Some(within));
        (alike && self.is_set(first, sizes)).then_some(within)
    }

    /// Whether groups are no part of a longer row: what stands before and behind is set apart in
    /// another way, belongs to something that is (as a date), or calls the country.
    fn is_apart(&self, first: usize, count: usize, within: char) -> bool {
        let differs = |place: usize| self.apart(place) != Some(within);
        let is_free = |edge: usize, beyond: usize| {
            differs(edge) || within == ' ' && { self.apart(beyond).is_some() && differs(beyond) }
        };
        let next = first + count;
        let before = first == 0
            || is_free(first, first - 1)
            || matches!(
                self.digits[self.begin(first - 1)..self.begin(first)],
                [8, 6] | [0, 0, 8, 6]
            );
        before && is_free(next, next + 1)
    }
}

/// What is found in the first run of digits in which something is.
pub(super) fn in_runs(
    text: &str,
    find: impl Fn(&[u32], Demand) -> Option<PersonalNumber>,
) -> Option<PersonalNumber> {
    let mut run = Run::default();
    let characters = text.char_indices().chain([(text.len(), '\n')]);
    for (at, character) in characters {
        let character = narrow(character);
        match (character, character.to_digit(10)) {
            (_, Some(digit)) => {
                if run.digits.is_empty() {
                    run.is_serial = is_serial(&text[..at]);
                }
                run.put(digit);
            }
            // The check digit of an identity number may be an X.
            ('X' | 'x', _) if run.digits.len() >= 17 => run.put(10),
            (' ' | '-' | '.', _) if run.apart.is_none() && !run.digits.is_empty() => {
                run.apart = Some(character);
            }
            _ => {
                run.is_amount = is_amount(run.apart, &text[at..]);
                if let Some(found) = run.find(&find) {
                    return Some(found);
                }
                run = Run::default();
            }
        }
    }
    None
}

/// Whether a number is of money or heads, by what stands behind it.
fn is_amount(apart: Option<char>, behind: &str) -> bool {
    match apart {
        None => behind.starts_with(['元', '万', '人']),
        // A name can begin with 万.
        Some(' ') => ["元", "万元", "亿元"]
            .iter()
            .any(|unit| behind.starts_with(unit)),
        Some(_) => false,
    }
}

/// Whether a serial number is announced.
fn is_serial(before: &str) -> bool {
    let before = before.trim_end_matches([' ', ':', '：', '为', '\u{3000}']);
    SERIAL.iter().any(|word| before.ends_with(word))
}

/// Full-width digits and letters as plain ones, and what word processors make of spaces, hyphens and
/// dots. A tab stays: it parts the cells of a table.
pub(super) fn narrow(character: char) -> char {
    let code = u32::from(character);
    match code {
        // No-break, thin and ideographic spaces.
        0xa0 | 0x2000..=0x200a | 0x202f | 0x3000 => ' ',
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
