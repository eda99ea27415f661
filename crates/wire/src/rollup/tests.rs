use liandong_core::refusal::Reason;
use liandong_core::rollup::{Sums, Value};

use super::{Question, Subject, WatchQuestion, fraction, read_sums, sums, v1};

fn asked(subject: Option<v1::get_rollup_request::Subject>) -> v1::GetRollupRequest {
    v1::GetRollupRequest {
        region: "371500".to_owned(),
        subject,
        period: "2025-03".to_owned(),
    }
}

#[test]
fn a_question_needs_a_subject() {
    let refusal = Question::try_from(asked(None)).expect_err("no subject");
    assert_eq!(
        (refusal.reason, refusal.field.as_str()),
        (Reason::Missing, "subject")
    );
    let plan = v1::get_rollup_request::Subject::Plan(v1::PlanKey {
        issuer: "聊城".to_owned(),
        plan: "revitalisation".to_owned(),
    });
    let refusal = Question::try_from(asked(Some(plan))).expect_err("no code");
    assert_eq!(
        (refusal.reason, refusal.field.as_str()),
        (Reason::Malformed, "plan.issuer")
    );
    let indicator = v1::get_rollup_request::Subject::Indicator("home-visits".to_owned());
    let question = Question::try_from(asked(Some(indicator))).expect("a question");
    assert!(matches!(question.subject, Subject::Indicator(_)));
}

#[test]
fn a_watch_goes_on_only_within_an_incarnation() {
    let request = |after_change, incarnation: &[u8]| v1::WatchRollupRequest {
        regions: vec!["371500".to_owned()],
        after_change,
        incarnation: incarnation.to_vec(),
        ..v1::WatchRollupRequest::default()
    };
    let fresh = WatchQuestion::try_from(request(0, &[])).expect("a watch");
    assert_eq!(fresh.after, None);
    let resumed = WatchQuestion::try_from(request(9, &7u128.to_be_bytes())).expect("a watch");
    assert_eq!(resumed.after, Some((7, 9)));
    assert!(WatchQuestion::try_from(request(9, &[])).is_err());
    let nowhere = v1::WatchRollupRequest::default();
    assert_eq!(
        WatchQuestion::try_from(nowhere)
            .expect_err("no region")
            .field,
        "regions"
    );
}

#[test]
fn products_beyond_64_bits_stay_exact() {
    let huge = Value {
        numerator: i128::from(i64::MAX) * i128::from(i64::MAX),
        denominator: 3,
    };
    let (above, below) = fraction(huge);
    assert_eq!((above.parse(), below.as_str()), (Ok(huge.numerator), "3"));
    let unknown = Value {
        numerator: 5,
        denominator: 0,
    };
    assert_eq!(fraction(unknown), (String::new(), String::new()));
}

#[test]
fn sums_survive_the_wire() {
    let cell = Sums {
        numerator: i64::MAX,
        denominator: 2,
        reported: 3,
        on_time: 1,
    };
    assert_eq!(read_sums(sums(&cell, 8)), (cell, 8));
}
