//! The targets: every row of what a node is to reach, computed from the names of measures. Ratios are
//! whole thousandths of medians.

use super::row::Program::{Scale, Speed};
use super::row::Shown::{MegaBytes, Micros, MilliBytes, Millionths, Millis, Percent, Times};
use super::row::Side::{AtLeast, AtMost};
use super::row::Value::{Excess, Of, Ratio, Worst};
use super::row::{Program, Row, Shown, Side, Value};

/// Reports a second of the node.
const INGEST: &str = "ingest_node_reports_per_second";
/// What the node's processor time by connections is compared with.
const FEW: &str = "cpu_us_per_million_connections_10";
const MANY: &[&str] = &[
    "cpu_us_per_million_connections_100",
    "cpu_us_per_million_connections_1000",
    "cpu_us_per_million_connections_3000",
];

/// Every row, in the order of the table.
pub(super) const ROWS: [Row; 27] = [
    row(
        Speed,
        "durable ingest with deduplication, against the limit",
        Ratio(INGEST, "ingest_limit_reports_per_second"),
        Times,
        AtLeast,
        (Some(350), Some(500)),
    ),
    row(
        Speed,
        "ingest against PostgreSQL with a summary kept by triggers",
        Ratio(INGEST, "ingest_postgres_summary_reports_per_second"),
        Times,
        AtLeast,
        (Some(10_000), Some(15_000)),
    ),
    row(
        Speed,
        "ingest against PostgreSQL with GROUP BY when asked",
        Ratio(INGEST, "ingest_postgres_group_by_reports_per_second"),
        Times,
        AtLeast,
        (None, None),
    ),
    row(
        Speed,
        "ingest against SQLite that keeps every version, as a node does",
        Ratio(INGEST, "ingest_sqlite_reports_per_second"),
        Times,
        AtLeast,
        (Some(6_000), Some(12_000)),
    ),
    row(
        Speed,
        "ingest against SQLite that keeps the newest version alone",
        Ratio(INGEST, "ingest_sqlite_newest_reports_per_second"),
        Times,
        AtLeast,
        (None, None),
    ),
    row(
        Speed,
        "ingest against JetStream, 512 reports a message",
        Ratio(INGEST, "ingest_jetstream_512_reports_per_second"),
        Times,
        AtLeast,
        (Some(1_000), Some(2_000)),
    ),
    row(
        Speed,
        "the same until its consumer has the sums, as a node has when it answers",
        Ratio(INGEST, "summed_jetstream_512_reports_per_second"),
        Times,
        AtLeast,
        (None, None),
    ),
    row(
        Speed,
        "ingest against JetStream, 64 reports a message",
        Ratio(INGEST, "ingest_jetstream_64_reports_per_second"),
        Times,
        AtLeast,
        (None, None),
    ),
    row(
        Speed,
        "server processor time a million reports",
        Of("cpu_node_ms_per_million"),
        Millis,
        AtMost,
        (Some(1_500), Some(800)),
    ),
    row(
        Speed,
        "acknowledgement p99 at half of full load, open loop",
        Of("half_load_node_ack_p99_us"),
        Micros,
        AtMost,
        (Some(25_000), Some(10_000)),
    ),
    row(
        Speed,
        "of that, what the sender itself was late, p99",
        Of("half_load_sender_late_p99_us"),
        Micros,
        AtMost,
        (None, None),
    ),
    row(
        Speed,
        "one report of 41 indicators on a quiet node, p50, against an fdatasync",
        Ratio("one_report_p50_us", "fdatasync_p50_us"),
        Times,
        AtMost,
        (Some(2_000), Some(1_300)),
    ),
    row(
        Speed,
        "roll-up of 656 cells, p50",
        Of("rollup_656_node_p50_us"),
        Micros,
        AtMost,
        (Some(500), Some(200)),
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
        (Some(50_000), Some(200_000)),
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
        (Some(1_000), Some(2_000)),
    ),
    row(
        Speed,
        "SQLite's summary table, in its process, against it, p50",
        Ratio("rollup_656_sqlite_p50_us", "rollup_656_node_p50_us"),
        Times,
        AtLeast,
        (None, None),
    ),
    row(
        Speed,
        "signing and checking, counted, of county's and city's processor time at full load",
        Of("signing_counted_share_millionths"),
        Millionths,
        AtMost,
        (Some(100_000), None),
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
        (None, None),
    ),
    row(
        Scale,
        "county to province, two hops, p50 beyond the coalescing window",
        Of("two_hops_p50_us"),
        Micros,
        AtMost,
        (Some(5_000), Some(3_000)),
    ),
    row(
        Scale,
        "the same, p99",
        Of("two_hops_p99_us"),
        Micros,
        AtMost,
        (Some(25_000), Some(10_000)),
    ),
    // Flat as far as such a figure is ever the same twice.
    row(
        Scale,
        "processor time a report at 100 to 3,000 connections, the worst against 10",
        Worst(MANY, FEW),
        Times,
        AtMost,
        (Some(1_500), Some(1_100)),
    ),
    row(
        Scale,
        "bytes sent up a changed cell, batches of 41 and more",
        Of("bytes_up_per_changed_cell_milli"),
        MilliBytes,
        AtMost,
        (Some(12_000), Some(8_000)),
    ),
    row(
        Scale,
        "journal bytes a report",
        Of("journal_bytes_per_report_milli"),
        MilliBytes,
        AtMost,
        (Some(70_000), Some(40_000)),
    ),
    row(
        Scale,
        "whole store after a year of daily corrections, against its live data",
        Of("store_year_permille_of_live"),
        Times,
        AtMost,
        (Some(2_000), Some(1_300)),
    ),
    row(
        Scale,
        "restart with 10 million cells, to ready",
        Of("restart_10m_cells_ms"),
        Millis,
        AtMost,
        (Some(10_000), Some(3_000)),
    ),
    row(
        Scale,
        "resident memory a million cells",
        Of("resident_bytes_per_million_cells"),
        MegaBytes,
        AtMost,
        (Some(150_000_000), Some(80_000_000)),
    ),
    row(
        Scale,
        "catch-up of a county a month offline over 50 kbit/s",
        Of("catch_up_month_ms"),
        Millis,
        AtMost,
        (Some(60_000), Some(20_000)),
    ),
];

const fn row(
    program: Program,
    what: &'static str,
    value: Value,
    shown: Shown,
    side: Side,
    (target, stretch): (Option<u64>, Option<u64>),
) -> Row {
    Row {
        what,
        program,
        value,
        shown,
        side,
        target,
        stretch,
    }
}
