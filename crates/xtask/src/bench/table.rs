//! The table: every target with what was measured, as Markdown that can stand in the README.

use std::fmt::Write;

use super::judged::{Judged, Verdict};
use super::results::Results;
use super::row::{Shown, Side};

/// Who is measured beside each other, with the name that its measures have.
pub(super) const SYSTEMS: [(&str, &str); 8] = [
    (
        "limit",
        "the limit: decodes, counts, answers; stores nothing",
    ),
    ("node", "a liandong node"),
    ("jetstream_512", "NATS JetStream, 512 reports a message"),
    ("jetstream_64", "NATS JetStream, 64 reports a message"),
    ("sqlite_newest", "SQLite, newest version alone"),
    ("sqlite", "SQLite, every version"),
    ("postgres_group_by", "PostgreSQL, GROUP BY when asked"),
    ("postgres_summary", "PostgreSQL, summary kept by triggers"),
];

/// Both tables and what they were measured on.
pub(super) fn of(judged: &[Judged<'_>], results: &Results) -> String {
    let mut text = String::new();
    for origin in &results.origins {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{origin}  ");
    }
    text.push_str(
        "\n| who takes the same reports, durable at the answer | reports/s, median (low to high) | \
         server CPU ms a million | answer p50 / p99 ms | roll-up of 656 cells p50 / p99 ms |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for (name, said) in SYSTEMS {
        let rate = results.get(&format!("ingest_{name}_reports_per_second"));
        let rate = rate.map_or("not measured".to_owned(), |rate| {
            format!("{} ({} to {})", rate.median, rate.low, rate.high)
        });
        let cpu = results.get(&format!("cpu_{name}_ms_per_million"));
        let cpu = cpu.map_or("-".to_owned(), |cpu| cpu.median.to_string());
        let acks = pair(results, &format!("ack_{name}"));
        let rollup = pair(results, &format!("rollup_656_{name}"));
        let _ = writeln!(text, "| {said} | {rate} | {cpu} | {acks} | {rollup} |");
    }
    text.push_str("\n| what | measured | target | stretch | |\n| --- | --- | --- | --- | --- |\n");
    for one in judged {
        let row = one.row;
        let value = one
            .value
            .map_or("not measured".to_owned(), |value| written(value, row.shown));
        let bound = |bound: Option<u64>| match (bound, row.side) {
            (None, _) => "-".to_owned(),
            (Some(bound), Side::AtLeast) => format!("at least {}", written(bound, row.shown)),
            (Some(bound), Side::AtMost) => format!("at most {}", written(bound, row.shown)),
        };
        let (target, stretch) = (bound(row.target), bound(row.stretch));
        let verdict = match one.verdict {
            Verdict::Stretch => "stretch",
            Verdict::Met => "met",
            Verdict::Missed => "MISSED",
            Verdict::NotMeasured if one.is_missed() => "NOT MEASURED",
            Verdict::Shown | Verdict::NotMeasured => "",
        };
        let _ = writeln!(
            text,
            "| {} | {value} | {target} | {stretch} | {verdict} |",
            row.what
        );
    }
    text
}

/// The median p50 and p99 of something, in milliseconds.
fn pair(results: &Results, name: &str) -> String {
    let of = |quantile: &str| results.get(&format!("{name}_{quantile}_us"));
    match (of("p50"), of("p99")) {
        (Some(half), Some(tail)) => {
            let (half, tail) = (half.median, tail.median);
            format!("{} / {}", thousandths(half), thousandths(tail))
        }
        _ => "-".to_owned(),
    }
}

/// A number of thousandths as a decimal.
fn thousandths(value: u64) -> String {
    let (whole, rest) = (value / 1_000, value % 1_000);
    match whole {
        0 => format!("0.{rest:03}"),
        1..10 => format!("{whole}.{:02}", rest / 10),
        10..100 => format!("{whole}.{}", rest / 100),
        _ => whole.to_string(),
    }
}

/// A value in the unit that a person reads.
pub(super) fn written(value: u64, shown: Shown) -> String {
    match shown {
        Shown::Times => format!("{} x", thousandths(value)),
        Shown::Millionths => format!("{}.{:03} %", value / 10_000, value % 10_000 / 10),
        Shown::Percent => format!("{}.{} %", value / 10, value % 10),
        Shown::Micros => format!("{} ms", thousandths(value)),
        Shown::Millis => format!("{} s", thousandths(value)),
        Shown::MilliBytes => format!("{} B", thousandths(value)),
        Shown::MegaBytes => format!("{} MB", value / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::{Shown, written};

    #[test]
    fn values_are_written_without_rounding_up() {
        for (value, shown, text) in [
            (349, Shown::Times, "0.349 x"),
            (12_349, Shown::Times, "12.3 x"),
            (9_999, Shown::Micros, "9.99 ms"),
            (204_000, Shown::Micros, "204 ms"),
            (1_050, Shown::Millis, "1.05 s"),
            (99_999, Shown::Millionths, "9.999 %"),
            (99, Shown::Percent, "9.9 %"),
            (149_999_999, Shown::MegaBytes, "149 MB"),
        ] {
            assert_eq!(written(value, shown), text);
        }
    }
}
