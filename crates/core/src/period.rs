//! Reporting periods, written `2025-03-14`, `2025-W11`, `2025-03`, `2025-Q1`, `2025-H1`, `2025`,
//! `2024-2025` (school year) and `2024-2025-S1` (semester).

mod text;

pub use text::InvalidPeriod;

use jiff::ToSpan;
use jiff::civil::{Date, ISOWeekDate, Weekday, date};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The first year a period may lie in.
pub const FIRST_YEAR: i16 = 1949;
/// The last year a period may lie in.
pub const LAST_YEAR: i16 = 2199;

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeriodKind {
    /// One calendar day.
    Day,
    /// One ISO 8601 week, Monday to Sunday.
    Week,
    /// One calendar month.
    Month,
    /// Three calendar months.
    Quarter,
    /// Six calendar months.
    Half,
    /// One calendar year.
    Year,
    /// One school year: 1 September to 31 August.
    SchoolYear,
    /// One semester: the first is September to January, the second February to August.
    Semester,
}

impl PeriodKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Half,
        Self::Year,
        Self::SchoolYear,
        Self::Semester,
    ];

    /// The word used in files and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Half => "half",
            Self::Year => "year",
            Self::SchoolYear => "school-year",
            Self::Semester => "semester",
        }
    }

    /// How a period of this kind is written, as an example for error messages.
    pub fn example(self) -> &'static str {
        match self {
            Self::Day => "2025-03-14",
            Self::Week => "2025-W11",
            Self::Month => "2025-03",
            Self::Quarter => "2025-Q1",
            Self::Half => "2025-H1",
            Self::Year => "2025",
            Self::SchoolYear => "2024-2025",
            Self::Semester => "2024-2025-S1",
        }
    }

    fn tag(self) -> u32 {
        match self {
            Self::Day => 0,
            Self::Week => 1,
            Self::Month => 2,
            Self::Quarter => 3,
            Self::Half => 4,
            Self::Year => 5,
            Self::SchoolYear => 6,
            Self::Semester => 7,
        }
    }
}

/// One period. Small and `Copy`; periods of one kind are ordered by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    // kind (4 bits) | year (12 bits) | part of the year (16 bits): ordered by time within a kind,
    // and four bytes where a cell key must be small.
    packed: u32,
}

impl Period {
    /// The period of `kind` that contains `day`; `None` outside the years that are accepted.
    pub fn containing(kind: PeriodKind, day: Date) -> Option<Self> {
        let year = day.year();
        let month = day.month();
        match kind {
            PeriodKind::Day => Self::new(kind, year, i32::from(month) * 32 + i32::from(day.day())),
            PeriodKind::Week => {
                let week = day.iso_week_date();
                Self::new(kind, week.year(), i32::from(week.week()))
            }
            PeriodKind::Month => Self::new(kind, year, i32::from(month)),
            PeriodKind::Quarter => Self::new(kind, year, i32::from((month - 1) / 3 + 1)),
            PeriodKind::Half => Self::new(kind, year, i32::from((month - 1) / 6 + 1)),
            PeriodKind::Year => Self::new(kind, year, 0),
            PeriodKind::SchoolYear => Self::new(kind, if month >= 9 { year } else { year - 1 }, 0),
            PeriodKind::Semester => match month {
                9..=12 => Self::new(kind, year, 1),
                1 => Self::new(kind, year - 1, 1),
                _ => Self::new(kind, year - 1, 2),
            },
        }
    }

    /// Checks year and part; the one way to make a period.
    fn new(kind: PeriodKind, year: i16, part: i32) -> Option<Self> {
        if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
            return None;
        }
        let part_exists = match kind {
            PeriodKind::Day => {
                let (month, day) = (part / 32, part % 32);
                Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).is_ok()
            }
            PeriodKind::Week => {
                ISOWeekDate::new(year, i8::try_from(part).ok()?, Weekday::Monday).is_ok()
            }
            PeriodKind::Month => (1..=12).contains(&part),
            PeriodKind::Quarter => (1..=4).contains(&part),
            PeriodKind::Half | PeriodKind::Semester => (1..=2).contains(&part),
            PeriodKind::Year | PeriodKind::SchoolYear => part == 0,
        };
        if !part_exists {
            return None;
        }
        let year_bits = u32::try_from(year).ok()?;
        let part_bits = u32::try_from(part).ok()?;
        Some(Self {
            packed: kind.tag() << 28 | year_bits << 16 | part_bits,
        })
    }

    /// How long the period is.
    pub fn kind(self) -> PeriodKind {
        PeriodKind::ALL[(self.packed >> 28) as usize & 7]
    }

    /// The year it lies in; for a school year or semester the year in which the school year began.
    pub fn year(self) -> i16 {
        // Twelve bits always fit.
        (self.packed >> 16 & 0xfff) as i16
    }

    fn part(self) -> i8 {
        // A day's part is month * 32 + day; every other part is at most 53.
        let mask = if self.kind() == PeriodKind::Day {
            0x1f
        } else {
            0x3f
        };
        (self.packed & mask) as i8
    }

    /// The period as one number, for stores and the wire's compact forms.
    pub fn to_packed(self) -> u32 {
        self.packed
    }

    /// Reads [`Period::to_packed`]; `None` for a number that no period has.
    pub fn from_packed(packed: u32) -> Option<Self> {
        let kind = *PeriodKind::ALL.get((packed >> 28) as usize)?;
        let year = (packed >> 16 & 0xfff) as i16;
        Self::new(kind, year, (packed & 0xffff) as i32)
    }

    /// The first day of the period.
    pub fn first_day(self) -> Date {
        let year = self.year();
        let part = self.part();
        match self.kind() {
            PeriodKind::Day => date(year, (self.packed >> 5 & 0xf) as i8, part),
            PeriodKind::Week => ISOWeekDate::new(year, part, Weekday::Monday)
                .map_or(date(year, 1, 1), ISOWeekDate::date),
            PeriodKind::Month => date(year, part, 1),
            PeriodKind::Quarter => date(year, part * 3 - 2, 1),
            PeriodKind::Half => date(year, part * 6 - 5, 1),
            PeriodKind::Year => date(year, 1, 1),
            PeriodKind::SchoolYear => date(year, 9, 1),
            PeriodKind::Semester if part == 1 => date(year, 9, 1),
            PeriodKind::Semester => date(year + 1, 2, 1),
        }
    }

    /// The last day of the period.
    pub fn last_day(self) -> Date {
        let first = self.first_day();
        let span = match self.kind() {
            PeriodKind::Day => return first,
            PeriodKind::Week => 7.days(),
            PeriodKind::Month => 1.months(),
            PeriodKind::Quarter => 3.months(),
            PeriodKind::Half => 6.months(),
            PeriodKind::Year | PeriodKind::SchoolYear => 12.months(),
            PeriodKind::Semester if self.part() == 1 => 5.months(),
            PeriodKind::Semester => 7.months(),
        };
        first.saturating_add(span).saturating_sub(1.days())
    }

    /// The next period of the same kind; `None` past the last accepted year.
    pub fn next(self) -> Option<Self> {
        Self::containing(self.kind(), self.last_day().saturating_add(1.days()))
    }

    /// The previous period of the same kind; `None` before the first accepted year.
    pub fn previous(self) -> Option<Self> {
        Self::containing(self.kind(), self.first_day().saturating_sub(1.days()))
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u32(self.packed)
        }
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            let packed = u32::deserialize(deserializer)?;
            Self::from_packed(packed).ok_or_else(|| de::Error::custom("not a period"))
        }
    }
}

#[cfg(test)]
mod tests;
