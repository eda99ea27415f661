//! What was measured, for people: what it was measured on, then every figure with its size.

mod conditions;
mod table;

use std::time::Duration;

use liandong_core::language::Language;

use super::outcome::Outcome;
use crate::failure::Failure;
use crate::output::{Cell, Output};

/// Shows everything.
pub(super) fn show(outcome: &Outcome, output: Output) -> Result<(), Failure> {
    for line in conditions::conditions(outcome, output.language) {
        output.line(&line)?;
    }
    output.line("")?;
    output.listing(&table::table(outcome))?;
    Ok(())
}

fn bytes(number: u64) -> String {
    Cell::Bytes(number).for_people(Language::En)
}

/// A time in the unit that suits, cut off rather than rounded.
fn time(time: Duration) -> String {
    let micros = time.as_micros();
    if micros < 1_000 {
        format!("{micros} µs")
    } else if micros < 1_000_000 {
        format!("{}.{:02} ms", micros / 1_000, micros % 1_000 / 10)
    } else {
        format!(
            "{}.{:02} s",
            micros / 1_000_000,
            micros % 1_000_000 / 10_000
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::time;

    #[test]
    fn times_have_the_unit_that_suits() {
        let shown = |micros| time(Duration::from_micros(micros));
        assert_eq!(shown(999), "999 µs");
        assert_eq!(shown(1_999), "1.99 ms");
        assert_eq!(shown(64_050), "64.05 ms");
        assert_eq!(shown(1_050_000), "1.05 s");
    }
}
