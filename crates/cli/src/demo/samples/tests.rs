//! The sample year is the same every time, possible, and rises.

use jiff::civil::date;
use liandong_core::report::check;

use super::{Figure, county_year, mistaken, year};
use crate::demo::world::{LIAOCHENG_PLAN, PENGSHUI_PLAN, World};

fn world() -> World {
    World::on(date(2026, 11, 22)).unwrap()
}

#[test]
fn two_runs_push_the_same_year_and_two_counties_do_not() {
    let world = world();
    let demanded = world.demanded(LIAOCHENG_PLAN).unwrap();
    let sources = |place: usize| world.sources(world.places.counties[place]).unwrap();
    let once = county_year(&sources(0), &demanded, &world.months);
    let again = county_year(&sources(0), &demanded, &world.months);
    assert_eq!(once.first, again.first);
    assert_eq!(once.corrections, again.corrections);
    let other = county_year(&sources(1), &demanded, &world.months);
    let figures = |year: &super::Year| -> Vec<i64> {
        year.first.iter().map(|report| report.numerator).collect()
    };
    assert_ne!(figures(&once), figures(&other));
}

#[test]
fn every_figure_would_be_taken() {
    let world = world();
    for county in world.places.reporting() {
        let demanded = world.demanded(world.plan_of(county)).unwrap();
        let sources = world.sources(county).unwrap();
        let year = county_year(&sources, &demanded, &world.months);
        assert!(year.first.len() > 2_000, "{county}: {}", year.first.len());
        for report in year.first.iter().chain(&year.corrections) {
            let indicator = &world.catalogue.indicators[&report.indicator];
            let judged = check(report, indicator, world.today);
            assert!(judged.is_ok(), "{report:?}: {judged:?}");
        }
    }
}

#[test]
fn about_two_percent_are_corrected_each_to_another_figure() {
    let world = world();
    let demanded = world.demanded(LIAOCHENG_PLAN).unwrap();
    let sources = world.sources(world.places.comments).unwrap();
    let year = county_year(&sources, &demanded, &world.months);
    let permille = year.corrections.len() * 1_000 / year.first.len();
    assert!((12..=30).contains(&permille), "{permille}");
    for correction in &year.corrections {
        let first = year.first.iter().find(|report| {
            (report.source, report.indicator, report.period)
                == (correction.source, correction.indicator, correction.period)
        });
        assert_ne!(first.unwrap().numerator, correction.numerator);
        assert!(!correction.note.is_empty());
    }
}

#[test]
fn shares_rise_over_the_year_and_never_pass_the_whole() {
    let world = world();
    for plan in [LIAOCHENG_PLAN, PENGSHUI_PLAN] {
        for demanded in world.demanded(plan).unwrap() {
            for source in world.sources(world.places.pengshui).unwrap() {
                if !source.reports(&demanded.indicator) {
                    continue;
                }
                let figures = year(&source, &demanded, &world.months);
                assert_eq!(figures.len(), 12);
                for pair in figures.windows(2) {
                    let Some(whole) = pair[0].denominator else {
                        continue;
                    };
                    assert!(whole > 0 && pair[1].denominator == Some(whole));
                    assert!(pair[0].numerator <= pair[1].numerator);
                    assert!(pair[1].numerator <= whole);
                }
            }
        }
    }
}

#[test]
fn a_mistake_is_another_possible_figure() {
    for (numerator, whole) in [(0, 1), (1, 1), (7, 9), (9, 9), (0, 5)] {
        let right = Figure {
            numerator,
            denominator: Some(whole),
        };
        let wrong = mistaken(right);
        assert_ne!(wrong, right);
        assert!((0..=whole).contains(&wrong.numerator));
    }
}
