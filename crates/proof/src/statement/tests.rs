//! One way to write each line, and no other that is read.

use liandong_core::proof::{Figure, JournalPlace, Part, ProvenReport, Statement};
use liandong_core::report::Role;

use super::{statement_from_line, statement_line};
use crate::fault::BadLine;
use crate::line::Line;
use crate::text::{from_base64, hash, moment};

fn statement() -> Statement {
    let place = JournalPlace {
        frame: 7,
        hash: [0xab; 32],
    };
    let report = ProvenReport {
        numerator: 3,
        denominator: 4,
        revision: 2,
        role: Role::Unit,
        on_time: true,
        received_micros: 1_743_465_600_000_001,
        place,
    };
    let own = ProvenReport {
        role: Role::Own,
        on_time: false,
        ..report
    };
    let part = Part {
        region: "371524-A".parse().expect("a region"),
        sums: report.sums(),
        report: Some(report),
    };
    let mut statement = Statement {
        figure: Figure {
            region: "371524".parse().expect("a region"),
            indicator: "bachelors".parse().expect("an indicator"),
            period: "2025-03".parse().expect("a period"),
        },
        sums: own.sums(),
        place,
        own: Some(own),
        parts: vec![part],
    };
    statement.sums = statement.recount();
    statement
}

#[test]
fn a_statement_is_read_as_it_was_written_and_documented() {
    let line = statement_line(&statement()).expect("written");
    assert_eq!(statement_from_line(&line), Ok(statement()));
    let hash = "ab".repeat(32);
    let report = |role: &str, on_time: &str| {
        format!(
            "{{\"numerator\":3,\"denominator\":4,\"revision\":2,\"role\":\"{role}\",\
             \"on_time\":{on_time},\"received\":\"2025-04-01T00:00:00.000001Z\",\
             \"journal\":{{\"frame\":7,\"hash\":\"{hash}\"}}}}"
        )
    };
    let (own, unit) = (report("own", "false"), report("unit", "true"));
    let expected = format!(
        "{{\"statement\":{{\"region\":\"371524\",\"indicator\":\"bachelors\",\
         \"period\":\"2025-03\",\"sums\":{{\"numerator\":6,\"denominator\":8,\"reported\":1,\
         \"on_time\":1}},\"journal\":{{\"frame\":7,\"hash\":\"{hash}\"}},\"own\":{own},\
         \"parts\":[{{\"region\":\"371524-A\",\"sums\":{{\"numerator\":3,\"denominator\":4,\
         \"reported\":1,\"on_time\":1}},\"report\":{unit}}}]}}}}"
    );
    assert_eq!(String::from_utf8(line), Ok(expected));
}

#[test]
fn another_writing_of_the_same_is_none() {
    let line = String::from_utf8(statement_line(&statement()).expect("written")).expect("a text");
    let ab = "ab".repeat(32);
    for (from, to) in [
        (":3,", ": 3,"),
        (":3,", ":3.0,"),
        (":3,", ":03,"),
        (":3,", ":3e0,"),
        ("371524-A", "371524\\u002dA"),
        ("\"own\":{", "\"own\":null,\"own\":{"),
        ("\"on_time\":1}", "\"on_time\":1,\"more\":1}"),
        (ab.as_str(), ab.to_uppercase().as_str()),
        ("00.000001Z", "00.0000010Z"),
        ("T00:00:00.000001Z", "T00:00:00.0000011Z"),
        ("00.000001Z", "00.000001+00:00"),
        ("\"2025-03\"", "\"2025-3\""),
        ("\"unit\"", "\"Unit\""),
        ("{\"statement\"", " {\"statement\""),
        ("]}}", "]}} "),
    ] {
        let other = line.replacen(from, to, 1);
        assert_ne!(other, line, "{from}");
        assert_eq!(
            statement_from_line(other.as_bytes()),
            Err(BadLine),
            "{from} {to}"
        );
    }
    assert_eq!(Line::read(b"{}"), Err(BadLine));
    assert_eq!(
        statement_from_line(b"{\"missing\":{\"region\":\"1\"}}"),
        Err(BadLine)
    );
}

#[test]
fn hashes_moments_and_base64_have_one_writing() {
    assert_eq!(hash(&"ab".repeat(31)), Err(BadLine));
    assert_eq!(moment("2025-04-01"), Err(BadLine));
    assert_eq!(from_base64("AQ=="), Ok(vec![1]));
    // Bits that no byte needs, no padding, and a line feed.
    for other in ["AR==", "AQ", "AQ==\n"] {
        assert_eq!(from_base64(other), Err(BadLine), "{other}");
    }
}
