use std::collections::BTreeSet;

use super::{Asked, Verdict, judge};
use crate::bench::results::Results;
use crate::bench::row::{Program, Row, Shown, Side, Value};
use crate::bench::targets::ROWS;

fn results(measures: &[(&str, u64)]) -> Results {
    let measures: Vec<String> = measures
        .iter()
        .map(|(name, median)| {
            format!(r#"{{"name":"{name}","median":{median},"low":1,"high":{median},"rounds":[1]}}"#)
        })
        .collect();
    let mut results = Results::default();
    let text = format!(
        r#"{{"date":"2026-11-22","measures":[{}]}}"#,
        measures.join(",")
    );
    results.take("speed", &text).expect("readable");
    results
}

fn asked(programs: &[Program]) -> Asked {
    Asked {
        programs: programs.to_vec(),
        parts: Vec::new(),
    }
}

fn row(value: Value, side: Side) -> [Row; 1] {
    [Row {
        what: "something",
        program: Program::Speed,
        value,
        shown: Shown::Times,
        side,
        target: Some(2_000),
        stretch: Some(1_300),
    }]
}

#[test]
fn a_value_on_its_bound_is_within_it() {
    for (above, verdict) in [
        (130, Verdict::Stretch),
        (131, Verdict::Met),
        (200, Verdict::Met),
        (201, Verdict::Missed),
    ] {
        let rows = row(Value::Ratio("a", "b"), Side::AtMost);
        let results = results(&[("a", above), ("b", 100)]);
        let judged = judge(&rows, &results, &asked(&[Program::Speed]));
        assert_eq!(judged[0].verdict, verdict, "{above}");
        assert_eq!(judged[0].value, Some(above * 10));
        assert_eq!(judged[0].is_missed(), verdict == Verdict::Missed);
    }
    let rows = row(Value::Of("a"), Side::AtLeast);
    let judged = judge(&rows, &results(&[("a", 1_299)]), &asked(&[Program::Speed]));
    assert_eq!(judged[0].verdict, Verdict::Missed);
}

#[test]
fn what_was_not_measured_is_a_miss_only_when_it_was_asked_for() {
    let rows = row(Value::Worst(&["a", "c"], "b"), Side::AtMost);
    let some = results(&[("a", 1), ("b", 1)]);
    let judged = judge(&rows, &some, &asked(&[Program::Speed]));
    assert_eq!(judged[0].verdict, Verdict::NotMeasured);
    assert!(judged[0].is_missed());
    assert!(!judge(&rows, &some, &asked(&[Program::Scale]))[0].is_missed());
    let part = Asked {
        programs: vec![Program::Speed],
        parts: vec!["hops".to_owned()],
    };
    assert!(!judge(&rows, &some, &part)[0].is_missed());
    let all = results(&[("a", 1), ("b", 1), ("c", 3)]);
    assert_eq!(judge(&rows, &all, &asked(&[]))[0].value, Some(3_000));
}

#[test]
fn an_excess_is_a_share_of_the_greater() {
    let rows = row(Value::Excess("a", "b"), Side::AtMost);
    let value = |a, b| judge(&rows, &results(&[("a", a), ("b", b)]), &asked(&[]))[0].value;
    assert_eq!(value(200, 150), Some(250));
    assert_eq!(value(150, 200), Some(0));
}

#[test]
fn every_row_says_something_else_and_its_stretch_is_harder() {
    let mut said = BTreeSet::new();
    for row in &ROWS {
        assert!(said.insert(row.what), "{} stands there twice", row.what);
        assert!(
            row.stretch.is_none() || row.target.is_some(),
            "{}",
            row.what
        );
        if let (Some(target), Some(stretch)) = (row.target, row.stretch) {
            let is_harder = match row.side {
                Side::AtLeast => stretch > target,
                Side::AtMost => stretch < target,
            };
            assert!(is_harder, "{}", row.what);
        }
    }
}
