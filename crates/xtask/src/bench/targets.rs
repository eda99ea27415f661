//! The targets: every row of what a node is to reach, computed from the names of measures. Ratios are
//! whole thousandths of medians.

use super::results::Results;

/// A measuring program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// Against peers.
    Speed,
    /// With much of everything.
    Scale,
}

/// What a row is computed from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// The median of a measure.
    Of(&'static str),
    /// Thousandths of one median by another.
    Ratio(&'static str, &'static str),
    /// Thousandths of the worst of several medians by another.
    Worst(&'static [&'static str], &'static str),
    /// By how many thousandths of the first median it exceeds the second.
    Excess(&'static str, &'static str),
}

/// On which side of a bound a value is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The bound or more.
    AtLeast,
    /// The bound or less.
    AtMost,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Thousandths as a factor: `12.34 x`.
    Times,
    /// Millionths as a percentage.
    Millionths,
    /// Thousandths as a percentage.
    Percent,
    /// Microseconds as milliseconds.
    Micros,
    /// Milliseconds as seconds.
    Millis,
    /// Thousandths of a byte.
    MilliBytes,
    /// Bytes as millions of them.
    MegaBytes,
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Row {
    /// What is measured.
    pub(super) what: &'static str,
    /// Who measures it.
    pub(super) program: Program,
    /// How it is computed.
    pub(super) value: Value,
    /// How it is written.
    pub(super) shown: Shown,
    /// On which side of its bounds it is to be.
    pub(super) side: Side,
    /// Target and stretch; `None` where a value is shown beside others and has no target.
    pub(super) bounds: Option<(u64, u64)>,
}

const fn row(
    program: Program,
    what: &'static str,
    value: Value,
    shown: Shown,
    side: Side,
    bounds: Option<(u64, u64)>,
) -> Row {
    Row {
        what,
        program,
        value,
        shown,
        side,
        bounds,
    }
}

/// Reports a second of the node.
const INGEST: &str = "ingest_node_reports_per_second";
/// What the node's processor time by connections is compared with.
const FEW: &str = "cpu_us_per_million_connections_10";
const MANY: &[&str] = &[
    "cpu_us_per_million_connections_100",
    "cpu_us_per_million_connections_1000",
    "cpu_us_per_million_connections_3000",
];

use Program::{Scale, Speed};
use Shown::{MegaBytes, Micros, MilliBytes, Millionths, Millis, Percent, Times};
use Side::{AtLeast, AtMost};
use Value::{Excess, Of, Ratio, Worst};

/// Every row, in the order of the table.
pub(super) const ROWS: [Row; 26] = [
    row(
        Speed,
        "durable ingest with deduplication, against the limit",
        Ratio(INGEST, "ingest_limit_reports_per_second"),
        Times,
        AtLeast,
        Some((350, 500)),
    ),
    row(
        Speed,
        "ingest against PostgreSQL with a summary kept by triggers",
        Ratio(INGEST, "ingest_postgres_summary_reports_per_second"),
        Times,
        AtLeast,
        Some((10_000, 15_000)),
    ),
    row(
        Speed,
        "ingest against PostgreSQL with GROUP BY when asked",
        Ratio(INGEST, "ingest_postgres_group_by_reports_per_second"),
        Times,
        AtLeast,
        None,
    ),
    row(
        Speed,
        "ingest against SQLite that keeps every version, as a node does",
        Ratio(INGEST, "ingest_sqlite_reports_per_second"),
        Times,
        AtLeast,
        Some((6_000, 12_000)),
    ),
    row(
        Speed,
        "ingest against SQLite that keeps the newest version alone",
        Ratio(INGEST, "ingest_sqlite_newest_reports_per_second"),
        Times,
        AtLeast,
        None,
    ),
    row(
        Speed,
        "ingest against JetStream, 512 reports a message",
        Ratio(INGEST, "ingest_jetstream_512_reports_per_second"),
        Times,
        AtLeast,
        Some((1_000, 2_000)),
    ),
    row(
        Speed,
        "ingest against JetStream, 64 reports a message",
        Ratio(INGEST, "ingest_jetstream_64_reports_per_second"),
        Times,
        AtLeast,
        None,
    ),
    row(
        Speed,
        "server processor time a million reports",
        Of("cpu_node_ms_per_million"),
        Millis,
        AtMost,
        Some((1_500, 800)),
    ),
    row(
        Speed,
        "acknowledgement p99 at half of full load, open loop",
        Of("half_load_node_ack_p99_us"),
        Micros,
        AtMost,
        Some((25_000, 10_000)),
    ),
    row(
        Speed,
        "one report of 41 indicators on a quiet node, p50, against an fdatasync",
        Ratio("one_report_p50_us", "fdatasync_p50_us"),
        Times,
        AtMost,
        Some((2_000, 1_300)),
    ),
    row(
        Speed,
        "roll-up of 656 cells, p50",
        Of("rollup_656_node_p50_us"),
        Micros,
        AtMost,
        Some((500, 200)),
    ),
    row(
        Speed,
        "PostgreSQL's GROUP BY against it, p50",
        Ratio(
            "rollup_656_postgres_group_by_p50_us",
            "rollup_656_node_p50_us",
        ),
        Times,
        AtLeast,
        Some((50_000, 200_000)),
    ),
    row(
        Speed,
        "PostgreSQL's summary table against it, p50, both at 10,000 reports/s",
        Ratio(
            "rollup_656_postgres_summary_busy_p50_us",
            "rollup_656_node_busy_p50_us",
        ),
        Times,
        AtLeast,
        Some((1_000, 2_000)),
    ),
    row(
        Speed,
        "SQLite's summary table, in its process, against it, p50",
        Ratio("rollup_656_sqlite_p50_us", "rollup_656_node_p50_us"),
        Times,
        AtLeast,
        None,
    ),
    row(
        Speed,
        "signing and checking, counted, of county's and city's processor time at full load",
        Of("signing_counted_share_millionths"),
        Millionths,
        AtMost,
        Some((100_000, 10_000)),
    ),
    row(
        Speed,
        "TLS, rights, trail, signing and checking together, of the same",
        Excess(
            "cpu_county_ms_per_million",
            "cpu_county_plain_ms_per_million",
        ),
        Percent,
        AtMost,
        None,
    ),
    row(
        Scale,
        "county to province, two hops, p50 beyond the coalescing window",
        Of("two_hops_p50_us"),
        Micros,
        AtMost,
        Some((5_000, 3_000)),
    ),
    row(
        Scale,
        "the same, p99",
        Of("two_hops_p99_us"),
        Micros,
        AtMost,
        Some((25_000, 10_000)),
    ),
    // Flat as far as such a figure is ever the same twice.
    row(
        Scale,
        "processor time a report at 100 to 3,000 connections, the worst against 10",
        Worst(MANY, FEW),
        Times,
        AtMost,
        Some((1_500, 1_100)),
    ),
    row(
        Scale,
        "bytes sent up a changed cell, batches of 41 and more",
        Of("bytes_up_per_changed_cell_milli"),
        MilliBytes,
        AtMost,
        Some((12_000, 8_000)),
    ),
    row(
        Scale,
        "journal bytes a report",
        Of("journal_bytes_per_report_milli"),
        MilliBytes,
        AtMost,
        Some((70_000, 40_000)),
    ),
    row(
        Scale,
        "whole store after a year of daily corrections, against its live data",
        Of("store_year_permille_of_live"),
        Times,
        AtMost,
        Some((2_000, 1_300)),
    ),
    row(
        Scale,
        "restart with 10 million cells, to ready",
        Of("restart_10m_cells_ms"),
        Millis,
        AtMost,
        Some((10_000, 3_000)),
    ),
    row(
        Scale,
        "resident memory a million cells",
        Of("resident_bytes_per_million_cells"),
        MegaBytes,
        AtMost,
        Some((150_000_000, 80_000_000)),
    ),
    row(
        Scale,
        "catch-up of a county a month offline over 50 kbit/s",
        Of("catch_up_month_ms"),
        Millis,
        AtMost,
        Some((60_000, 20_000)),
    ),
    row(
        Speed,
        "what the sender itself was late at half of full load, p99 (part of the row above)",
        Of("half_load_sender_late_p99_us"),
        Micros,
        AtMost,
        None,
    ),
];

impl Program {
    /// All of them.
    pub(super) const ALL: [Self; 2] = [Speed, Scale];

    /// The name of the program, and of its results.
    pub(super) fn name(self) -> &'static str {
        match self {
            Speed => "speed",
            Scale => "scale",
        }
    }
}

/// How a row came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Beyond the target.
    Stretch,
    /// As it is to be.
    Met,
    /// Not.
    Missed,
    /// There is no target.
    Shown,
    /// Some measure of it is not there; a miss when it was asked for.
    NotMeasured,
}

/// A row with what was measured.
#[derive(Debug)]
pub(super) struct Judged<'a> {
    /// The row.
    pub(super) row: &'a Row,
    /// Its value, in the row's unit.
    pub(super) value: Option<u64>,
    /// How it came out.
    pub(super) verdict: Verdict,
    /// Whether its program was asked for.
    pub(super) is_asked: bool,
}

impl Judged<'_> {
    /// Whether the whole run is to fail for it.
    pub(super) fn is_missed(&self) -> bool {
        let is_bad = matches!(self.verdict, Verdict::Missed | Verdict::NotMeasured);
        self.is_asked && is_bad && self.row.bounds.is_some()
    }
}

/// Judges rows by results.
pub(super) fn judge<'a>(rows: &'a [Row], results: &Results, asked: &[Program]) -> Vec<Judged<'a>> {
    let judged = |row: &'a Row| {
        let value = compute(row.value, results);
        let verdict = match (value, row.bounds) {
            (None, _) => Verdict::NotMeasured,
            (Some(_), None) => Verdict::Shown,
            (Some(value), Some((target, stretch))) => {
                let reaches = |bound: u64| match row.side {
                    AtLeast => value >= bound,
                    AtMost => value <= bound,
                };
                if reaches(stretch) {
                    Verdict::Stretch
                } else if reaches(target) {
                    Verdict::Met
                } else {
                    Verdict::Missed
                }
            }
        };
        Judged {
            row,
            value,
            verdict,
            is_asked: asked.contains(&row.program),
        }
    };
    rows.iter().map(judged).collect()
}

fn compute(value: Value, results: &Results) -> Option<u64> {
    let median = |name: &str| results.get(name).map(|measure| measure.median);
    let thousandths = |above: u64, below: u64| {
        let ratio = u128::from(above) * 1_000 / u128::from(below.max(1));
        u64::try_from(ratio).unwrap_or(u64::MAX)
    };
    match value {
        Of(name) => median(name),
        Ratio(above, below) => Some(thousandths(median(above)?, median(below)?)),
        Worst(names, below) => {
            let below = median(below)?;
            let mut worst = 0;
            for name in names {
                worst = worst.max(thousandths(median(name)?, below));
            }
            Some(worst)
        }
        Excess(more, less) => {
            let (more, less) = (median(more)?, median(less)?);
            Some(thousandths(more.saturating_sub(less), more))
        }
    }
}

#[cfg(test)]
mod tests;
