//! What is read without memory for texts is what the generated code reads.

use liandong_core::refusal::{Reason, Refusal};
use liandong_core::report::Report;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, proptest};
use proptest::prop_oneof;
use prost::Message;

use super::RowReader;
use crate::progress::v1;
use crate::read;

/// What a row says, by the generated code; `None` where it is no message.
fn generated(bytes: &[u8]) -> Option<Result<Report, Refusal>> {
    let report = v1::Report::decode(bytes).ok()?;
    let read = || {
        Ok(Report {
            period: read::period("period", &report.period)?,
            id: report.id.clone(),
            source: read::region("source", &report.source)?,
            indicator: read::indicator("indicator", &report.indicator)?,
            numerator: report.numerator,
            denominator: report.denominator,
            revision: report.revision,
            note: report.note.clone(),
        })
    };
    Some(read())
}

fn ensure_same(bytes: &[u8]) {
    ensure_same_behind_others(bytes, &mut RowReader::default());
}

fn ensure_same_behind_others<'a>(bytes: &'a [u8], reader: &mut RowReader<'a>) {
    let read = reader.read(bytes);
    match generated(bytes) {
        Some(expected) => assert_eq!(read, expected, "{bytes:?}"),
        None => {
            let refusal = read.expect_err("the generated code does not take it");
            assert_eq!(refusal.reason, Reason::Malformed, "{bytes:?}");
        }
    }
}

fn rows() -> impl Strategy<Value = v1::Report> {
    let source = prop_oneof![
        Just("371524-01"),
        Just("3715246-1"),
        Just(""),
        Just("东阿"),
        Just("371524")
    ];
    let period = prop_oneof![
        Just("2025-03"),
        Just("2026-03"),
        Just("2025-Q1"),
        Just(""),
        Just("三月")
    ];
    let indicator = prop_oneof![
        Just("compulsory-dropouts"),
        Just("compulsary-dropouts"),
        Just("X"),
        Just("")
    ];
    let texts = (".{0,5}", source, indicator, period, ".{0,5}");
    let numbers = (any::<i64>(), any::<Option<i64>>(), any::<u32>());
    (texts, numbers).prop_map(
        |((id, source, indicator, period, note), numbers)| v1::Report {
            id,
            source: source.to_owned(),
            indicator: indicator.to_owned(),
            period: period.to_owned(),
            numerator: numbers.0,
            denominator: numbers.1,
            revision: numbers.2,
            note,
        },
    )
}

proptest! {
    #[test]
    fn a_row_reads_as_the_generated_code_reads_it(row in rows()) {
        ensure_same(&row.encode_to_vec());
    }

    #[test]
    fn so_does_one_that_was_damaged(
        row in rows(),
        damage in vec((any::<usize>(), any::<u8>()), 1..4),
        cut in any::<Option<usize>>(),
    ) {
        let mut bytes = row.encode_to_vec();
        for (place, byte) in damage {
            let length = bytes.len().max(1);
            if let Some(hit) = bytes.get_mut(place % length) {
                *hit = byte;
            }
        }
        if let Some(cut) = cut {
            bytes.truncate(cut % (bytes.len() + 1));
        }
        ensure_same(&bytes);
    }

    #[test]
    fn so_does_one_said_in_two_parts(row in rows(), again in rows(), unknown in 9_u32..4_000) {
        let mut bytes = row.encode_to_vec();
        prost::encoding::string::encode(unknown, &"later".to_owned(), &mut bytes);
        bytes.extend(again.encode_to_vec());
        ensure_same(&bytes);
    }

    #[test]
    fn so_do_many_by_one_reader(rows in vec(rows(), 2..40)) {
        let rows: Vec<Vec<u8>> = rows.iter().map(Message::encode_to_vec).collect();
        let mut reader = RowReader::default();
        for row in &rows {
            ensure_same_behind_others(row, &mut reader);
        }
    }

    #[test]
    fn so_do_bytes_of_any_kind(bytes in vec(any::<u8>(), 0..40)) {
        ensure_same(&bytes);
    }
}

#[test]
fn the_period_of_the_row_before_is_not_taken_for_another() {
    let row = |period: &str| {
        let report = v1::Report {
            source: "371524".to_owned(),
            indicator: "compulsory-dropouts".to_owned(),
            period: period.to_owned(),
            ..v1::Report::default()
        };
        report.encode_to_vec()
    };
    let rows = ["2025-03", "2025-03", "", "2025-04"].map(row);
    let mut reader = RowReader::default();
    let read = rows
        .each_ref()
        .map(|row| reader.read(row).map(|report| report.period.to_string()));
    let [Ok(first), Ok(same), Err(missing), Ok(next)] = &read else {
        panic!("{read:?}");
    };
    assert_eq!(
        (first.as_str(), same.as_str(), next.as_str()),
        ("2025-03", "2025-03", "2025-04")
    );
    assert_eq!(
        (missing.reason, missing.field.as_str()),
        (Reason::Missing, "period")
    );
}

#[test]
fn what_is_no_text_is_refused_by_its_field() {
    let mut bytes = Vec::new();
    prost::encoding::bytes::encode(2, &vec![0xff, b'7'], &mut bytes);
    prost::encoding::bytes::encode(4, &b"2025-03".to_vec(), &mut bytes);
    let refusal = RowReader::default().read(&bytes).expect_err("no text");
    assert_eq!(
        (refusal.reason, refusal.field.as_str()),
        (Reason::Malformed, "source")
    );
}
