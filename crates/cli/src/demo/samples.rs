//! Sample figures: plausible, the same in every run, and never anybody's real ones.
//!
//! Each figure follows from the codes of its source and indicator alone, so two runs push the same
//! year and a reader can count it again by hand.

use std::collections::HashMap;

use liandong_core::indicator::{Direction, Indicator, IndicatorCode, IndicatorKind};
use liandong_core::period::{Period, PeriodKind};
use liandong_core::region::{RegionCode, RegionKind};
use liandong_core::report::Report;

use super::world::{Demanded, Source};

/// Each strong town pilot is supported with 500,000 元 (Liaocheng's plan, measure 7); in 分.
const FEN_PER_PILOT: i64 = 50_000_000;
/// One of so many figures is pushed wrong at first and corrected later: about 2 %.
const WRONG_ONE_OF: i64 = 50;
/// Why it is corrected.
const CORRECTION_NOTE: &str = "样例更正：与底册核对后调整";

/// A small seeded generator (splitmix64), seeded by words.
struct Draws {
    state: u64,
}

impl Draws {
    fn of(words: &[&str]) -> Self {
        // FNV-1a, with a separator that no code has.
        let mut state = 0xcbf2_9ce4_8422_2325u64;
        for word in words {
            for byte in word.bytes().chain([0]) {
                state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        Self { state }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).unwrap_or(1).max(1);
        low + i64::try_from(self.next() % width).unwrap_or(0)
    }
}

/// One figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Figure {
    numerator: i64,
    denominator: Option<i64>,
}

/// The figures of one source for one indicator, one for each month.
fn year(source: &Source, demanded: &Demanded, months: &[Period]) -> Vec<Figure> {
    let indicator = &demanded.indicator;
    let mut draws = Draws::of(&[source.code.as_str(), indicator.code.as_str()]);
    match indicator.kind {
        IndicatorKind::Ratio | IndicatorKind::Milestone => {
            shares(source, demanded, months.len(), &mut draws)
        }
        IndicatorKind::Count | IndicatorKind::Money | IndicatorKind::RatioOfRatios => {
            let counts = if indicator.direction == Direction::Up {
                rising(source, demanded, months, &mut draws)
            } else {
                falling(months.len(), &mut draws)
            };
            let plain = |numerator| Figure {
                numerator,
                denominator: None,
            };
            counts.into_iter().map(plain).collect()
        }
    }
}

/// Whether a county has done what an indicator asks for by the end of the year: half of the
/// indicators everywhere, the others in some counties more than in others.
fn is_done(indicator: &Indicator, county: RegionCode) -> bool {
    let everywhere = Draws::of(&["done", indicator.code.as_str()]).between(1, 100) <= 50;
    let diligence = Draws::of(&["diligence", county.as_str()]).between(35, 90);
    let mut own = Draws::of(&["done", indicator.code.as_str(), county.as_str()]);
    everywhere || own.between(1, 100) <= diligence
}

/// Shares in ten-thousandths at the beginning and at the end of the year.
fn course(source: &Source, demanded: &Demanded, draws: &mut Draws) -> (i64, i64) {
    let goal = match demanded.bound {
        Some(bound) if bound.value().denominator() > 0 => {
            let value = bound.value();
            (value.numerator() * 10_000 / value.denominator()).min(10_000)
        }
        _ => 10_000,
    };
    if demanded.indicator.numerator.contains("学历") {
        // A share of teachers moves slowly, and is higher in town.
        let town = if demanded.indicator.numerator.contains("城市") {
            400
        } else {
            0
        };
        let start = draws.between(8_600, 9_000) + town;
        return (start, start + draws.between(100, 500));
    }
    let percent = if is_done(&demanded.indicator, source.county) {
        draws.between(101, 118)
    } else {
        draws.between(72, 98)
    };
    let end = (goal * percent / 100).min(10_000);
    (end * draws.between(40, 75) / 100, end)
}

fn shares(source: &Source, demanded: &Demanded, months: usize, draws: &mut Draws) -> Vec<Figure> {
    let whole = denominator(source, &demanded.indicator);
    let (start, end) = course(source, demanded, draws);
    let count = i64::try_from(months).unwrap_or(1);
    // What is done in a school year is done by May, before the examinations.
    let ready = (count * 3 / 4 - 1).max(1);
    let does_it = end >= 10_000 || draws.between(1, 10_000) <= end;
    let does_it_in = draws.between(0, ready);
    let mut figures = Vec::with_capacity(months);
    for month in 0..count {
        let numerator = if whole == 1 {
            i64::from(does_it && month >= does_it_in)
        } else {
            let share = start + (end - start) * month.min(ready) / ready;
            // Rounded up, so that a share that reaches its goal reaches it in whole people too.
            ((whole * share + 9_999) / 10_000).min(whole)
        };
        figures.push(Figure {
            numerator,
            denominator: Some(whole),
        });
    }
    figures
}

/// How many there are in all, by what the definition counts. The same for every indicator that
/// counts the same things at the same source.
fn denominator(source: &Source, indicator: &Indicator) -> i64 {
    if indicator.kind == IndicatorKind::Milestone {
        return 1;
    }
    let text = indicator.denominator.as_deref().unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let of_source =
        |what: &str, low, high| Draws::of(&[what, source.code.as_str()]).between(low, high);
    let people = text.contains("人数") || text.ends_with("学生总数") || text.ends_with("幼儿总数");
    if source.kind == RegionKind::Bureau {
        return match () {
            () if has(&["县(市、区)"]) => 1,
            () if has(&["村居"]) => of_source("villages", 220, 640),
            () if has(&["乡镇总数"]) => of_source("townships", 9, 18),
            () if has(&["残疾", "异地"]) => of_source("few", 20, 90),
            () if people => of_source("people", 80, 420),
            () if has(&["户"]) => of_source("households", 100, 300),
            () => of_source("things", 4, 9),
        };
    }
    match () {
        () if has(&["教室"]) => of_source("classrooms", 8, 36),
        () if has(&["教师"]) => of_source("staff", 14, 80),
        () if people && has(&["残疾", "困难", "留守"]) => of_source("few", 5, 40),
        () if people => of_source("pupils", 90, 900),
        // The source is a school itself: one of one.
        () => 1,
    }
}

/// Counts and amounts that grow over the year, or over the calendar year where the definition says
/// that they start anew (当年).
fn rising(source: &Source, demanded: &Demanded, months: &[Period], draws: &mut Draws) -> Vec<i64> {
    let whole = total(source, demanded, draws);
    let starts_anew = demanded.indicator.numerator.starts_with("当年");
    let count = i64::try_from(months.len()).unwrap_or(1).max(1);
    let mut counts = Vec::with_capacity(months.len());
    for (place, month) in (1i64..).zip(months) {
        let (gone, all) = if starts_anew {
            (i64::from(month.first_day().month()), 12)
        } else {
            (place, count)
        };
        // Rounded up: what there is one of is there from the first month on.
        let so_far = (whole * gone + all - 1) / all;
        counts.push(if demanded.indicator.kind == IndicatorKind::Money {
            so_far * FEN_PER_PILOT
        } else {
            so_far
        });
    }
    counts
}

/// What a source comes to by the end: its part of what the plan demands, or something small.
fn total(source: &Source, demanded: &Demanded, draws: &mut Draws) -> i64 {
    if demanded.indicator.kind == IndicatorKind::Money {
        return draws.between(2, 6);
    }
    if source.kind != RegionKind::Bureau {
        // A rare distinction of a school, or a handful of activities of one.
        return if demanded.indicator.unit == "所" {
            i64::from(draws.between(1, 100) <= 25)
        } else {
            draws.between(2, 30)
        };
    }
    if demanded.indicator.numerator.contains("县(市、区)数") {
        // A county is one county or none.
        return i64::from(draws.between(1, 100) <= 60);
    }
    let demand = demanded.bound.map_or(0, |bound| bound.value().numerator());
    if demand > 0 {
        // An eighth of the city's, some more and some less.
        return (demand * draws.between(90, 150) + 400) / 800;
    }
    match demanded.indicator.unit.as_str() {
        "人次" | "场次" => draws.between(30, 240),
        "人" => draws.between(6, 60),
        _ => draws.between(1, 12),
    }
}

/// Counts that have to vanish: a few in autumn, none from spring on.
fn falling(months: usize, draws: &mut Draws) -> Vec<i64> {
    let first = if draws.between(1, 100) <= 15 {
        draws.between(1, 3)
    } else {
        0
    };
    let mut counts = Vec::with_capacity(months);
    for month in (0i64..).take(months) {
        counts.push((first - month / 2).max(0));
    }
    counts
}

/// A county's year: what is pushed first, and the corrections that set right what was wrong in it.
#[derive(Debug, Default)]
pub(super) struct Year {
    pub(super) first: Vec<Report>,
    pub(super) corrections: Vec<Report>,
}

/// The year of a county's sources, month by month as it would have come in.
pub(super) fn county_year(sources: &[Source], demanded: &[Demanded], months: &[Period]) -> Year {
    let mut figures: HashMap<(RegionCode, IndicatorCode), Vec<Figure>> = HashMap::new();
    for source in sources {
        for one in demanded {
            // Nothing else than months occurs in the two plans; a bureau's own file might differ.
            if source.reports(&one.indicator) && one.indicator.period == PeriodKind::Month {
                let key = (source.code, one.indicator.code);
                figures.insert(key, year(source, one, months));
            }
        }
    }
    let mut county = Year::default();
    for (place, month) in months.iter().enumerate() {
        for source in sources {
            for one in demanded {
                let key = (source.code, one.indicator.code);
                let Some(figure) = figures.get(&key).and_then(|year| year.get(place)) else {
                    continue;
                };
                county.add(source.code, one.indicator.code, *month, *figure);
            }
        }
    }
    county
}

impl Year {
    fn add(&mut self, source: RegionCode, indicator: IndicatorCode, month: Period, right: Figure) {
        let report = |figure: Figure, note: &str| Report {
            id: String::new(),
            source,
            indicator,
            period: month,
            numerator: figure.numerator,
            denominator: figure.denominator,
            revision: 0,
            note: note.to_owned(),
        };
        let when = month.to_string();
        let mut draws = Draws::of(&["wrong", source.as_str(), indicator.as_str(), &when]);
        if draws.between(1, WRONG_ONE_OF) != 1 {
            self.first.push(report(right, ""));
            return;
        }
        self.first.push(report(mistaken(right), ""));
        self.corrections.push(report(right, CORRECTION_NOTE));
    }
}

/// A figure that is off by one and still possible.
fn mistaken(right: Figure) -> Figure {
    let numerator = if right.numerator > 0 {
        right.numerator - 1
    } else {
        right.numerator + 1
    };
    Figure { numerator, ..right }
}

#[cfg(test)]
mod tests;
