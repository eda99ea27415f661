use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::report::{MAX_ROWS, Outcome, Report};

use prost::Message;

use super::{MAX_LISTED_REFUSALS, ReadBatch, RemoteOutcome, RemoteRow, UnreadBatch, v1};
use super::{add_to_upload, push_response};

fn row(source: &str, period: &str) -> v1::Report {
    v1::Report {
        id: String::new(),
        source: source.to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: period.to_owned(),
        numerator: 0,
        denominator: None,
        revision: 0,
        note: String::new(),
    }
}

/// As it travels.
fn batch(first_row: u32, all_or_nothing: bool, rows: Vec<v1::Report>) -> UnreadBatch {
    let sent = v1::ReportBatch {
        id: "march".to_owned(),
        by: "东阿县教育局".to_owned(),
        first_row,
        rows,
        all_or_nothing,
    };
    UnreadBatch::decode(sent.encode_to_vec().as_slice()).expect("a batch")
}

#[test]
fn every_source_of_a_batch_is_listed() {
    let named = ["371524", "371524", "371525", "371524", "371526"];
    let rows = named.map(|source| row(source, "2025-03")).into();
    let read = ReadBatch::try_from(batch(1, false, rows)).expect("a batch");
    let listed: Vec<_> = read.sources.iter().map(ToString::to_string).collect();
    assert_eq!(listed, ["371524", "371525", "371524", "371526"]);
}

#[test]
fn a_row_that_cannot_be_read_stops_no_other() {
    let rows = vec![
        row("371524-01", "2025-03"),
        row("371524-02", "三月"),
        row("371524-03", "2025-03"),
    ];
    let read = ReadBatch::try_from(batch(0, false, rows)).expect("a batch");
    let numbers: Vec<u32> = read.push.rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 3]);
    assert_eq!(read.refused.len(), 1);
    assert_eq!(read.refused[0].0, 2);
    assert_eq!(read.refused[0].1.field, "period");
    assert_eq!(read.refused[0].1.value, "三月");
    let (push, outcomes) = read.split();
    assert_eq!(push.map(|push| push.rows.len()), Some(2));
    assert_eq!(outcomes.len(), 1);
}

#[test]
fn each_row_keeps_its_own_period() {
    let periods = ["2025-03", "2025-03", "2025-04", "2025-Q1", "2025-03"];
    let rows = periods.map(|period| row("371524-01", period));
    let read = ReadBatch::try_from(batch(1, false, rows.into())).expect("a batch");
    let read: Vec<String> = read
        .push
        .rows
        .iter()
        .map(|(_, report)| report.period.to_string())
        .collect();
    assert_eq!(read, periods);
}

#[test]
fn all_or_nothing_pushes_nothing_when_a_row_cannot_be_read() {
    let rows = vec![row("371524-01", "2025-03"), row("", "2025-03")];
    let read = ReadBatch::try_from(batch(8, true, rows)).expect("a batch");
    let (push, outcomes) = read.split();
    assert!(push.is_none());
    let reasons: Vec<(u32, Reason)> = outcomes
        .iter()
        .map(|(number, outcome)| match outcome {
            Outcome::Refused(refusal) => (*number, refusal.reason),
            other => panic!("not refused: {other:?}"),
        })
        .collect();
    assert_eq!(reasons, [(8, Reason::BatchRefused), (9, Reason::Missing)]);
}

#[test]
fn row_numbers_never_overflow() {
    let read = ReadBatch::try_from(batch(u32::MAX, false, vec![row("371524", "2025-03")]));
    assert_eq!(read.expect_err("too high").field, "first_row");
    let many = vec![row("371524", "2025-03"); MAX_ROWS + 1];
    let read = ReadBatch::try_from(batch(1, false, many));
    assert_eq!(read.expect_err("too many").reason, Reason::TooManyRows);
}

#[test]
fn reports_survive_the_wire() {
    let report = Report {
        id: "2025-03/1".to_owned(),
        source: "371524-01".parse().expect("a code"),
        indicator: "dual-qualified-teachers".parse().expect("a code"),
        period: "2024-2025-S1".parse().expect("a period"),
        numerator: 41,
        denominator: Some(0),
        revision: 3,
        note: "更正".to_owned(),
    };
    let sent = batch(0, false, vec![v1::Report::from(&report)]);
    let read = ReadBatch::try_from(sent).expect("a batch");
    assert_eq!(read.push.rows, [(1, report)]);
}

#[test]
fn plainly_accepted_rows_are_only_counted() {
    let refusal = Refusal::new(Reason::FuturePeriod, "period", "2031", Accepted::Nothing);
    let outcomes = || {
        vec![
            (4, Outcome::Refused(refusal.clone().into())),
            (1, Outcome::Accepted { revision: 1 }),
            (2, Outcome::Superseded { revision: 2 }),
            (3, Outcome::Duplicate { revision: 2 }),
            (5, Outcome::Stale { revision: 7 }),
        ]
    };
    let response = push_response(outcomes(), false, Language::Zh);
    let counts = response.counts.expect("counts");
    assert_eq!(
        (counts.accepted, counts.superseded, counts.duplicate),
        (1, 1, 1)
    );
    assert_eq!((counts.stale, counts.refused), (1, 1));
    let rows: Vec<RemoteRow> = response
        .outcomes
        .into_iter()
        .map(|outcome| RemoteRow::try_from(outcome).expect("an outcome"))
        .collect();
    let numbers: Vec<u32> = rows.iter().map(|row| row.row).collect();
    assert_eq!(numbers, [2, 3, 4, 5]);
    assert_eq!(rows[0].outcome, RemoteOutcome::Superseded(2));
    assert_eq!(rows[3].outcome, RemoteOutcome::Stale(7));
    let RemoteOutcome::Refused(remote) = &rows[2].outcome else {
        panic!("not refused: {:?}", rows[2]);
    };
    assert_eq!(remote.reason, Some(Reason::FuturePeriod));
    assert_eq!(remote.message, refusal.message(Language::Zh));
    assert_eq!(
        push_response(outcomes(), true, Language::En).outcomes.len(),
        5
    );
}

#[test]
fn an_upload_lists_a_thousand_refusals_and_counts_the_rest() {
    let mut response = v1::UploadReportsResponse::default();
    for batch in ["one", "two"] {
        let refused = |number| {
            let refusal = Refusal::new(Reason::UnknownRegion, "source", number, Accepted::Nothing);
            (number, Outcome::Refused(refusal.into()))
        };
        add_to_upload(
            &mut response,
            batch,
            (1..=700).map(refused).collect(),
            Language::En,
        );
    }
    assert_eq!(response.batches, 2);
    assert_eq!(response.counts.expect("counts").refused, 1_400);
    assert_eq!(response.refused.len(), MAX_LISTED_REFUSALS);
    assert_eq!(
        (
            response.refused[700].batch.as_str(),
            response.refused[700].row
        ),
        ("two", 1)
    );
}
