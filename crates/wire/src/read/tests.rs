use jiff::Timestamp;
use liandong_core::refusal::Reason;

use super::{date, incarnation, incarnation_bytes, moment, optional_period, region, timestamp};

#[test]
fn dates_have_one_spelling() {
    assert!(date("on", "2025-03-14").is_ok());
    for text in [
        "20250314",
        "2025-03-14T00:00",
        "2025-3-14",
        "2025-02-29",
        " 2025-03-14",
    ] {
        let refusal = date("on", text).expect_err(text);
        assert_eq!(
            (refusal.reason, refusal.field.as_str()),
            (Reason::Malformed, "on")
        );
    }
    assert_eq!(date("on", "").expect_err("empty").reason, Reason::Missing);
}

#[test]
fn empty_means_none_only_where_it_may() {
    assert_eq!(optional_period("due", ""), Ok(None));
    assert_eq!(
        region("region", "").expect_err("empty").reason,
        Reason::Missing
    );
    let refusal = region("region", "371 524").expect_err("a blank");
    assert_eq!(refusal.value, "371 524");
}

#[test]
fn moments_survive_on_both_sides_of_1970() {
    for text in [
        "1969-12-31T23:59:59.25Z",
        "1970-01-01T00:00:00Z",
        "2025-03-14T08:00:00.000001Z",
    ] {
        let at: Timestamp = text.parse().expect("a timestamp");
        let travelling = timestamp(at);
        assert!(
            (0..1_000_000_000).contains(&travelling.nanos),
            "{travelling:?}"
        );
        assert_eq!(moment("at", Some(travelling)), Ok(at));
    }
    let beyond = prost_types::Timestamp {
        seconds: i64::MAX,
        nanos: 0,
    };
    assert_eq!(
        moment("at", Some(beyond)).expect_err("beyond").reason,
        Reason::Malformed
    );
    let crooked = prost_types::Timestamp {
        seconds: 0,
        nanos: -1,
    };
    assert!(moment("at", Some(crooked)).is_err());
}

#[test]
fn incarnations_are_sixteen_bytes() {
    let value = u128::MAX - 5;
    assert_eq!(
        incarnation("incarnation", &incarnation_bytes(value)),
        Ok(value)
    );
    assert!(incarnation("incarnation", &[1; 15]).is_err());
    assert!(incarnation("incarnation", &[]).is_err());
}
