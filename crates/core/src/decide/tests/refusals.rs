//! Every reason for which a report is refused, with the field it names.

use crate::command::{Answer, Command, Push};
use crate::indicator::IndicatorKind;
use crate::quantity::MAX_FIGURE;
use crate::refusal::Reason;
use crate::report::{Fingerprints, MAX_ID_LEN, MAX_NOTE_CHARS, MAX_ROWS, Outcome, Report};
use crate::testing::{Node, bureau, code, indicator, report, school};

fn refused(node: &mut Node, change: impl FnOnce(&mut Report)) -> (Reason, String) {
    let mut one = report("s1", 10);
    change(&mut one);
    match node.push(vec![one]).remove(0) {
        Outcome::Refused(refusal) => (refusal.reason, refusal.field),
        other => panic!("it was taken: {other:?}"),
    }
}

#[test]
fn each_refusal_names_its_field() {
    let mut node = Node::new(&[
        bureau("371502", None),
        school("s1", "371502"),
        bureau("371502001", Some("371502")),
    ]);
    node.run(Command::MoveOut {
        region: code("371502001"),
        handovers: Vec::new(),
    })
    .unwrap();
    node.catalogue
        .regions
        .insert(bureau("371524", None))
        .unwrap();
    let mut may_exceed = indicator("share", IndicatorKind::Ratio);
    may_exceed.numerator_may_exceed = true;
    node.catalogue
        .indicators
        .insert(may_exceed.code, may_exceed);

    type Change = fn(&mut Report);
    let cases: [(Change, Reason, &str); 17] = [
        (
            |one| one.source = code("nobody"),
            Reason::UnknownRegion,
            "source",
        ),
        (
            |one| one.source = code("371524"),
            Reason::ForeignRegion,
            "source",
        ),
        (
            |one| one.source = code("371502001"),
            Reason::RegionMoved,
            "source",
        ),
        (
            |one| one.indicator = "none".parse().unwrap(),
            Reason::UnknownIndicator,
            "indicator",
        ),
        (
            |one| one.indicator = "gap".parse().unwrap(),
            Reason::DerivedIndicator,
            "indicator",
        ),
        (
            |one| one.period = "2025".parse().unwrap(),
            Reason::WrongPeriodKind,
            "period",
        ),
        (
            |one| one.period = "2025-04".parse().unwrap(),
            Reason::FuturePeriod,
            "period",
        ),
        (|one| one.numerator = -1, Reason::OutOfRange, "numerator"),
        (
            |one| one.numerator = MAX_FIGURE + 1,
            Reason::OutOfRange,
            "numerator",
        ),
        (
            |one| one.denominator = Some(1),
            Reason::DenominatorNotAllowed,
            "denominator",
        ),
        (
            |one| one.indicator = "ratio".parse().unwrap(),
            Reason::DenominatorMissing,
            "denominator",
        ),
        (
            |one| {
                one.indicator = "ratio".parse().unwrap();
                one.denominator = Some(-1);
            },
            Reason::OutOfRange,
            "denominator",
        ),
        (
            |one| {
                one.indicator = "ratio".parse().unwrap();
                one.denominator = Some(9);
            },
            Reason::NumeratorOverDenominator,
            "numerator",
        ),
        (
            |one| {
                one.indicator = "built".parse().unwrap();
                one.denominator = Some(2);
            },
            Reason::OutOfRange,
            "denominator",
        ),
        (
            |one| one.id = "x".repeat(MAX_ID_LEN + 1),
            Reason::TooLong,
            "id",
        ),
        (
            |one| one.note = "说".repeat(MAX_NOTE_CHARS + 1),
            Reason::TooLong,
            "note",
        ),
        (
            |one| {
                one.indicator = "built".parse().unwrap();
                one.numerator = 1;
                one.denominator = Some(0);
            },
            Reason::NumeratorOverDenominator,
            "numerator",
        ),
    ];
    for (place, (change, reason, field)) in cases.into_iter().enumerate() {
        let found = refused(&mut node, change);
        assert_eq!(found, (reason, field.to_owned()), "case {place}");
    }
    let fine = |change: Change| {
        let mut one = report("s1", 10);
        change(&mut one);
        one
    };
    let taken = node.clone().push(vec![
        fine(|one| one.numerator = MAX_FIGURE),
        fine(|one| {
            one.indicator = "share".parse().unwrap();
            one.denominator = Some(9);
        }),
        fine(|one| {
            one.indicator = "other".parse().unwrap();
            one.note = "说".repeat(MAX_NOTE_CHARS);
        }),
    ]);
    let accepted = Outcome::Accepted { revision: 1 };
    assert_eq!(taken, vec![accepted; 3]);
}

#[test]
fn a_push_of_too_many_rows_is_refused_as_a_whole() {
    let mut node = Node::new(&[bureau("371502", None), school("s1", "371502")]);
    let one = report("s1", 10);
    let rows = (1..).zip(std::iter::repeat_n(one, MAX_ROWS + 1)).collect();
    let push = Push {
        id: "p".to_owned(),
        by: "test".to_owned(),
        rows,
        all_or_nothing: false,
        fingerprints: Fingerprints::default(),
    };
    let Ok(Answer::Reports(outcomes)) = node.run(Command::PushReports(push)) else {
        panic!("a push is answered with outcomes");
    };
    assert_eq!(outcomes.len(), MAX_ROWS + 1);
    for (_, outcome) in outcomes {
        assert!(
            matches!(outcome, Outcome::Refused(refusal) if refusal.reason == Reason::TooManyRows)
        );
    }
    assert_eq!(node.journal.len(), 1);
}
