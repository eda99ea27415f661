//! The year, the regions and their sample schools.

use std::collections::BTreeSet;

use jiff::civil::date;
use liandong_core::region::RegionKind;

use super::{LIAOCHENG_PLAN, PENGSHUI_PLAN, World};

#[test]
fn the_year_is_the_last_one_that_is_over() {
    let world = World::on(date(2026, 11, 22)).unwrap();
    assert_eq!(world.school_year.to_string(), "2025-2026");
    assert_eq!(world.months.len(), 12);
    assert_eq!(world.months[0].to_string(), "2025-09");
    assert_eq!(world.months[11].to_string(), "2026-08");
    assert_eq!(world.shown().unwrap().to_string(), "2026-06");
    let in_holidays = World::on(date(2026, 8, 31)).unwrap();
    assert_eq!(in_holidays.school_year.to_string(), "2024-2025");
}

#[test]
fn every_indicator_of_both_plans_is_reported_by_somebody_or_by_a_kind_that_is_not_there() {
    let world = World::on(date(2026, 11, 22)).unwrap();
    for (plan, county) in [
        (LIAOCHENG_PLAN, world.places.comments),
        (PENGSHUI_PLAN, world.places.pengshui),
    ] {
        let sources = world.sources(county).unwrap();
        for demanded in world.demanded(plan).unwrap() {
            let somebody = sources
                .iter()
                .any(|source| source.reports(&demanded.indicator));
            let only_vocational = demanded.indicator.reported_by == [RegionKind::VocationalSchool];
            assert!(
                somebody || only_vocational,
                "{plan}: {}",
                demanded.indicator.code
            );
        }
    }
}

#[test]
fn regions_and_schools_have_names_and_codes_of_their_own() {
    let world = World::on(date(2026, 11, 22)).unwrap();
    let mut codes = BTreeSet::new();
    for region in world.places.all() {
        assert_ne!(world.name(region), region.to_string());
        assert!(codes.insert(region));
    }
    assert_eq!(codes.len(), 12);
    for county in world.places.reporting() {
        for school in &world.sources(county).unwrap()[1..] {
            assert!(codes.insert(school.code));
            assert!(school.name.contains("样例"), "{}", school.name);
        }
    }
}
