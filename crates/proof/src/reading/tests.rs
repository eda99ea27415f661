//! How much of what somebody else wrote is held.

use liandong_identity::Trust;

use super::{LARGEST_CERTIFICATE, read};
use crate::fault::NotProven;
use crate::line::SignatureLine;
use crate::text::base64;

const HEADER: &str =
    r#"{"proof":{"format":1,"region":"371524","indicator":"schools","period":"2025-03"}}"#;

const STATEMENT: &str = r#"{"statement":{"region":"371524","indicator":"schools","period":"2025-03","sums":{"numerator":3,"denominator":0,"reported":1,"on_time":1},"journal":{"frame":7,"hash":"0909090909090909090909090909090909090909090909090909090909090909"},"own":{"numerator":3,"denominator":0,"revision":1,"role":"bureau","on_time":true,"received":"2025-04-01T00:00:00.000001Z","journal":{"frame":7,"hash":"0909090909090909090909090909090909090909090909090909090909090909"}},"parts":[]}}"#;

/// A certificate of that many bytes, which none can read.
fn certificate(number: u8, bytes: usize) -> String {
    let der = base64(&vec![number; bytes]);
    format!(r#"{{"certificate":{{"number":{number},"der":"{der}"}}}}"#)
}

/// What is found in a statement with these certificates, under a signature with those numbers.
fn found(certificates: &[String], numbers: &str) -> NotProven {
    let signature = format!(
        r#"{{"signature":{{"certificates":[{numbers}],"at":"2025-04-01T00:00:00Z","value":"BwcHBw=="}}}}"#
    );
    let mut lines = vec![HEADER];
    lines.extend(certificates.iter().map(String::as_str));
    lines.extend([STATEMENT, &signature]);
    let file: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let proven = read(file.as_bytes(), &Trust::default(), None, &mut |_| ());
    proven.expect_err("nobody is trusted")
}

#[track_caller]
fn is_bad(why: &NotProven, at: u64) {
    assert!(
        matches!(why, NotProven::Line { line } if *line == at),
        "{why:?}"
    );
}

#[track_caller]
fn is_looked_at(why: &NotProven) {
    assert!(matches!(why, NotProven::Certificate { .. }), "{why:?}");
}

#[test]
fn a_signature_names_few_certificates_and_each_once() {
    let two = [certificate(1, 9), certificate(2, 9)];
    is_looked_at(&found(&two, "1,2"));
    is_bad(&found(&two, "1,2,1"), 5);
    is_bad(&found(&two[..1], &["1"; 1_000_000].join(",")), 4);
    let check = |certificates: Vec<u32>| {
        let (at, value) = (String::new(), String::new());
        let line = SignatureLine {
            certificates,
            at,
            value,
        };
        line.check().is_ok()
    };
    assert!(check((1..=4).collect()));
    assert!(!check((1..=5).collect()));
    assert!(!check(vec![1, 2, 2]));
}

#[test]
fn certificates_are_small_and_few_wait_for_their_signature() {
    is_looked_at(&found(&[certificate(1, LARGEST_CERTIFICATE)], "1"));
    is_bad(&found(&[certificate(1, LARGEST_CERTIFICATE + 1)], "1"), 2);
    let five: Vec<String> = (1..=5).map(|number| certificate(number, 9)).collect();
    is_looked_at(&found(&five[..4], "1,2,3,4"));
    is_bad(&found(&five, "1,2,3,4,5"), 6);
}
