//! Tests of completion, schedule and lights.

use jiff::civil::date;

use super::{Completion, Light, LightPolicy, Value, completion, scheduled_progress};
use crate::indicator::{Direction, Indicator, IndicatorKind};
use crate::period::PeriodKind;
use crate::plan::Bound;
use crate::rollup::Sums;

fn indicator(kind: IndicatorKind, direction: Direction) -> Indicator {
    Indicator {
        code: "sample".parse().unwrap(),
        name: String::new(),
        name_en: String::new(),
        unit: String::new(),
        kind,
        direction,
        numerator: String::new(),
        denominator: None,
        numerator_may_exceed: false,
        of: None,
        period: PeriodKind::Month,
        reported_by: Vec::new(),
    }
}

fn sums(numerator: i64, denominator: i64) -> Sums {
    Sums {
        numerator,
        denominator,
        reported: 1,
        on_time: 1,
    }
}

fn judge(numerator: i64, denominator: i64, bound: Bound, scheduled: i64) -> Completion {
    let indicator = indicator(IndicatorKind::Ratio, Direction::Up);
    let value = Value::of_sums(&indicator, &sums(numerator, denominator));
    completion(
        &indicator,
        value,
        Some(bound),
        scheduled,
        LightPolicy::default(),
    )
}

#[test]
fn coverage_is_judged_against_the_time_gone() {
    let half = Bound::AtLeast("50%".parse().unwrap());
    assert_eq!(judge(25, 100, half, 5_000).light, Light::Green);
    assert_eq!(judge(24, 100, half, 5_000).light, Light::Yellow);
    assert_eq!(judge(19, 100, half, 5_000).light, Light::Red);
    assert_eq!(judge(49, 100, half, 10_000).light, Light::Red);
    assert_eq!(judge(50, 100, half, 10_000).light, Light::Green);
    assert_eq!(judge(0, 0, half, 5_000).light, Light::Grey);
}

#[test]
fn a_missed_target_never_shows_a_full_rate() {
    let all = Bound::AtLeast("100%".parse().unwrap());
    let nearly = judge(999_999, 1_000_000, all, 10_000);
    assert_eq!((nearly.rate, nearly.met), (Some(9_999), Some(false)));
    assert_eq!(judge(1, 1, all, 10_000).rate, Some(10_000));
}

#[test]
fn project_26_is_the_ratio_of_two_ratios() {
    // Urban 950 of 1,000 teachers, rural 900 of 1,000: 0.95 / 0.90 = 1.0556, over 1.05.
    let bound = Bound::AtMost("1.05".parse().unwrap());
    let over = Value::ratio_of(&sums(950, 1_000), &sums(900, 1_000));
    assert_eq!(over.meets(bound), Some(false));
    // 945 / 900 is exactly 1.05: "降至1.05以内" is met.
    let exact = Value::ratio_of(&sums(945, 1_000), &sums(900, 1_000));
    assert_eq!(exact.meets(bound), Some(true));
    // An average of the counties' ratios would say otherwise than the four sums do.
    let none = Value::ratio_of(&sums(950, 1_000), &sums(0, 1_000));
    assert_eq!(none.meets(bound), None);
}

#[test]
fn zero_targets_and_milestones_need_no_number() {
    let dropouts = indicator(IndicatorKind::Count, Direction::Zero);
    let policy = LightPolicy::default();
    let one = Value::of_sums(&dropouts, &sums(1, 0));
    assert_eq!(
        completion(&dropouts, one, None, 100, policy).light,
        Light::Red
    );
    let zero = Value::of_sums(&dropouts, &sums(0, 0));
    assert_eq!(
        completion(&dropouts, zero, None, 100, policy).light,
        Light::Green
    );
    let built = indicator(IndicatorKind::Milestone, Direction::Up);
    let half = Value::of_sums(&built, &sums(1, 2));
    let judged = completion(&built, half, None, 5_000, policy);
    assert_eq!((judged.rate, judged.light), (Some(5_000), Light::Green));
}

#[test]
fn time_gone_counts_both_ends() {
    let (start, due) = (date(2025, 1, 1), date(2025, 12, 31));
    assert_eq!(scheduled_progress(start, due, date(2024, 12, 31)), 0);
    assert_eq!(scheduled_progress(start, due, date(2025, 12, 31)), 10_000);
    assert_eq!(scheduled_progress(start, due, date(2026, 3, 1)), 10_000);
    assert_eq!(scheduled_progress(start, due, date(2025, 7, 2)), 5_014);
}
