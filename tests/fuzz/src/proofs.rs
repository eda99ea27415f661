//! Proof files, which come from anybody: no line is read that would not be written again as it is,
//! and nothing is proven to whoever trusts nobody.

use liandong_identity::Trust;
use liandong_proof::{read, statement_from_line, statement_line};

pub(crate) fn run(data: &[u8]) {
    let proven = read(data, &Trust::default(), None, &mut |_| {
        panic!("a statement is believed of whom nobody trusts");
    });
    assert!(proven.is_err());
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(statement) = statement_from_line(line) else {
            continue;
        };
        let written = statement_line(&statement);
        assert_eq!(written.as_deref(), Ok(line));
        if statement.check().is_ok() {
            assert_eq!(statement.recount(), statement.sums);
            assert!(statement.reports() <= statement.parts.len() + 1);
        }
    }
}

const HEADER: &str =
    r#"{"proof":{"format":1,"region":"371500","indicator":"schools","period":"2025-03"}}"#;

const CERTIFICATE: &str = r#"{"certificate":{"number":1,"der":"MAMBAgM="}}"#;

/// A city with a county below it.
const ABOVE: &str = r#"{"statement":{"region":"371500","indicator":"schools","period":"2025-03","sums":{"numerator":3,"denominator":0,"reported":1,"on_time":1},"journal":{"frame":7,"hash":"0909090909090909090909090909090909090909090909090909090909090909"},"own":null,"parts":[{"region":"371524","sums":{"numerator":3,"denominator":0,"reported":1,"on_time":1},"report":null}]}}"#;

/// The county with its own report.
const BELOW: &str = r#"{"statement":{"region":"371524","indicator":"schools","period":"2025-03","sums":{"numerator":3,"denominator":0,"reported":1,"on_time":1},"journal":{"frame":7,"hash":"0909090909090909090909090909090909090909090909090909090909090909"},"own":{"numerator":3,"denominator":0,"revision":1,"role":"bureau","on_time":true,"received":"2025-04-01T00:00:00.000001Z","journal":{"frame":7,"hash":"0909090909090909090909090909090909090909090909090909090909090909"}},"parts":[]}}"#;

const SIGNATURE: &str =
    r#"{"signature":{"certificates":[1],"at":"2025-04-01T00:00:00Z","value":"BwcHBw=="}}"#;

const END: &str = r#"{"end":{"statements":2,"missing":0,"blake3":"0909090909090909090909090909090909090909090909090909090909090909"}}"#;

/// Statements alone, and a file with both.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let file = [HEADER, CERTIFICATE, ABOVE, SIGNATURE, BELOW, SIGNATURE, END];
    let file: String = file.iter().map(|line| format!("{line}\n")).collect();
    [ABOVE.to_owned(), BELOW.to_owned(), file]
        .map(String::into_bytes)
        .into()
}

#[cfg(test)]
mod tests {
    use super::{ABOVE, BELOW};

    #[test]
    fn the_first_inputs_are_statements() {
        for line in [ABOVE, BELOW] {
            let read = liandong_proof::statement_from_line(line.as_bytes());
            assert_eq!(read.map(|statement| statement.check()), Ok(Ok(())));
        }
    }
}
