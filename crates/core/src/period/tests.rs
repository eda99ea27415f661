//! Tests of periods.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::{Strategy, any, proptest};

use super::{Period, PeriodKind};

#[test]
fn each_form_is_read_and_written_back() {
    for text in [
        "2025-03-14",
        "2025-W11",
        "2025-03",
        "2025-Q1",
        "2025-H1",
        "2025",
        "2024-2025",
        "2024-2025-S1",
    ] {
        let period: Period = text.parse().unwrap();
        assert_eq!(period.to_string(), text);
        assert_eq!(Period::from_packed(period.to_packed()), Some(period));
    }
}

#[test]
fn what_is_no_period_is_refused() {
    for text in [
        "",
        "25-03",
        "2025-13",
        "2025-00",
        "2025-02-30",
        "2025-Q5",
        "2025-H3",
        "2025-W54",
        "2024-W53",
        "2024-2026",
        "2024-2025-S3",
        "1900",
        "2200",
        "2025-3",
        "+025-03",
        "2025-03-",
        "2025-03-14-1",
        "２０２５",
    ] {
        assert!(text.parse::<Period>().is_err(), "{text:?} was accepted");
    }
}

#[test]
fn school_years_and_semesters_have_the_right_days() {
    let year: Period = "2024-2025".parse().unwrap();
    assert_eq!(year.first_day(), date(2024, 9, 1));
    assert_eq!(year.last_day(), date(2025, 8, 31));
    let first: Period = "2024-2025-S1".parse().unwrap();
    assert_eq!(first.last_day(), date(2025, 1, 31));
    let second: Period = "2024-2025-S2".parse().unwrap();
    assert_eq!(second.first_day(), date(2025, 2, 1));
    assert_eq!(second.last_day(), date(2025, 8, 31));
}

fn any_day() -> impl Strategy<Value = Date> {
    (0..88_000i64).prop_map(|offset| date(1952, 1, 1).saturating_add(offset.days()))
}

proptest! {
    #[test]
    fn a_period_holds_its_days_and_meets_its_neighbours(day in any_day(), kind in 0..8usize) {
        let kind = PeriodKind::ALL[kind];
        let period = Period::containing(kind, day).unwrap();
        assert_eq!(period.kind(), kind);
        assert!(period.first_day() <= day && day <= period.last_day());
        let next = period.next().unwrap();
        assert!(next > period);
        assert_eq!(next.first_day(), period.last_day().saturating_add(1.days()));
        assert_eq!(next.previous(), Some(period));
        assert_eq!(period.to_string().parse::<Period>(), Ok(period));
    }

    #[test]
    fn no_packed_number_panics(packed in any::<u32>()) {
        if let Some(period) = Period::from_packed(packed) {
            assert!(period.first_day() <= period.last_day());
            assert_eq!(period.to_packed(), packed);
        }
    }
}
