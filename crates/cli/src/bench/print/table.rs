//! The figures, each beside its size.

use std::time::Duration;

use liandong_load::Quantiles;

use super::{bytes, time};
use crate::bench::outcome::{Ingest, Outcome, Paced, Seen};
use crate::output::{Cell, Column, Listing};

const COLUMNS: [Column; 6] = [
    Column::text("measured", "项目", "measured"),
    Column::number("figure", "数值", "figure"),
    Column::number("p50", "p50", "p50"),
    Column::number("p99", "p99", "p99"),
    Column::number("p99_9", "p99.9", "p99.9"),
    Column::text("of", "规模与条件", "of what"),
];

/// One row for each figure.
pub(super) fn table(outcome: &Outcome) -> Listing {
    let mut listing = Listing::new(&COLUMNS);
    let Outcome {
        durability,
        ingest,
        paced,
        query,
        freshness,
        ..
    } = outcome;
    let not_measured = || Cell::both("未测量", "not measured");
    match &durability.fdatasync {
        Some(times) => timed(
            &mut listing,
            Cell::both("磁盘 fdatasync", "the disk's fdatasync"),
            times,
            Cell::both(
                format!(
                    "{} 次写 {} 字节，本程序无其他负载",
                    times.count, durability.fdatasync_bytes
                ),
                format!(
                    "{} writes of {} bytes, no other load by this program",
                    times.count, durability.fdatasync_bytes
                ),
            ),
        ),
        None => listing.row(row(
            Cell::both("磁盘 fdatasync", "the disk's fdatasync"),
            not_measured(),
            Cell::both("节点在别处启动", "the node was started by somebody else"),
        )),
    }
    full_load(&mut listing, ingest);
    half_load(&mut listing, paced);
    timed(
        &mut listing,
        Cell::both("查询：一个指标", "query: one roll-up row"),
        &query.row,
        Cell::both(
            format!("{} 次", query.row.count),
            format!("{} times, one behind the other", query.row.count),
        ),
    );
    timed(
        &mut listing,
        Cell::both("查询：下钻", "query: drill"),
        &query.drill,
        Cell::both(
            format!("{} 次，每次 {} 行", query.drill.count, query.drill_rows),
            format!(
                "{} times, {} parts each",
                query.drill.count, query.drill_rows
            ),
        ),
    );
    timed(
        &mut listing,
        Cell::both("查询：全部汇总格", "query: every cell of the region"),
        &query.table,
        Cell::both(
            format!(
                "{} 次，每次 {} 格，经一次订阅读出",
                query.table.count, query.table_cells
            ),
            format!(
                "{} times, {} cells each, as a watch begins",
                query.table.count, query.table_cells
            ),
        ),
    );
    fresh(&mut listing, "本节点", "same node", &freshness.here);
    match &freshness.two_hops {
        Some(seen) => fresh(
            &mut listing,
            "县到省，两跳",
            "county to province, two hops",
            seen,
        ),
        None => listing.row(row(
            Cell::both("时效：两跳", "freshness: two hops"),
            not_measured(),
            Cell::both("只向这一个节点写入", "only this node is written to"),
        )),
    }
    let name = Cell::both(
        "kill -9 后重启到答复",
        "restart after kill -9, to the first answer",
    );
    listing.row(match &outcome.restart {
        Some(restart) => row(
            name,
            Cell::text(time(Duration::from_millis(restart.answered_ms))),
            Cell::both(
                format!(
                    "{} 格，日志 {}（含预留）",
                    restart.cells,
                    bytes(restart.journal_bytes)
                ),
                format!(
                    "{} cells, journal of {} with what is laid out ahead",
                    restart.cells,
                    bytes(restart.journal_bytes)
                ),
            ),
        ),
        None => row(
            name,
            not_measured(),
            Cell::both("不会去停别人的节点", "nobody's node is stopped for this"),
        ),
    });
    listing
}

fn full_load(listing: &mut Listing, ingest: &Ingest) {
    let Ingest {
        reports,
        batches,
        took_ms,
        reports_per_second,
        acknowledged,
        cpu_ms_per_million_reports,
        resident_bytes,
        cut_short,
        sums_compared,
    } = ingest;
    let took = time(Duration::from_millis(*took_ms));
    let (mut zh, mut en) = (
        format!("满载，{reports} 条 {batches} 批，用时 {took}"),
        format!("full load, {reports} reports in {batches} batches, {took}"),
    );
    if *cut_short {
        zh.push_str("，到时截止");
        en.push_str(", until the time was over");
    }
    if *sums_compared > 0 {
        zh.push_str(&format!("；{sums_compared} 个汇总核对相符"));
        en.push_str(&format!("; all {sums_compared} sums are right"));
    }
    let mut cells = times(
        Cell::both("填报：条/秒", "ingest: reports/s"),
        acknowledged,
        Cell::both(zh, en),
    );
    cells[1] = Cell::Count(*reports_per_second);
    listing.row(cells);
    if let Some(cpu) = cpu_ms_per_million_reports {
        listing.row(row(
            Cell::both("每百万条的 CPU 时间", "CPU per million reports"),
            Cell::text(time(Duration::from_millis(*cpu))),
            Cell::both("节点进程，同上", "the node's process, in the same phase"),
        ));
    }
    if let Some(resident) = resident_bytes {
        listing.row(row(
            Cell::both("常驻内存增加", "memory, above an empty node"),
            Cell::Bytes(*resident),
            Cell::both("节点进程，同上之后", "the node's process, after that phase"),
        ));
    }
}

fn half_load(listing: &mut Listing, paced: &Paced) {
    let Paced {
        reports,
        batches,
        due_per_second,
        reports_per_second,
        sent_late,
        ..
    } = paced;
    let late = time(sent_late.p99);
    let mut cells = times(
        Cell::both("填报：半载答复", "ingest: answered at half load"),
        &paced.acknowledged,
        Cell::both(
            format!(
                "定速每秒 {due_per_second} 条，{reports} 条 {batches} 批，从应发时刻算起；发送方自身延迟 p99 {late}"
            ),
            format!(
                "{due_per_second} reports/s fall due, {reports} in {batches} batches, from the moment each was due; the sender itself late by {late} (p99)"
            ),
        ),
    );
    cells[1] = Cell::Count(*reports_per_second);
    listing.row(cells);
}

fn fresh(listing: &mut Listing, zh: &str, en: &str, seen: &Seen) {
    let Seen {
        acknowledged,
        read,
        watched,
    } = seen;
    timed(
        listing,
        Cell::both(
            format!("时效（{zh}）：答复"),
            format!("freshness, {en}: answered"),
        ),
        acknowledged,
        Cell::both(
            format!("{} 次，每次一条，本程序无其他负载", acknowledged.count),
            format!(
                "{} single reports, no other load by this program",
                acknowledged.count
            ),
        ),
    );
    timed(
        listing,
        Cell::both(
            format!("时效（{zh}）：读到"),
            format!("freshness, {en}: read"),
        ),
        read,
        Cell::both(
            format!("{} 次，反复读取直到读到", read.count),
            format!("{} times, a reader who asks again and again", read.count),
        ),
    );
    timed(
        listing,
        Cell::both(
            format!("时效（{zh}）：订阅得知"),
            format!("freshness, {en}: watched"),
        ),
        watched,
        Cell::both(
            format!("{} 次，含合并变更的 20 毫秒", watched.count),
            format!(
                "{} times, the 20 ms in which a watch gathers changes included",
                watched.count
            ),
        ),
    );
}

/// A row with one figure.
fn row(name: Cell, figure: Cell, of: Cell) -> Vec<Cell> {
    let none = || Cell::text("");
    vec![name, figure, none(), none(), none(), of]
}

/// A row of times.
fn times(name: Cell, seen: &Quantiles, of: Cell) -> Vec<Cell> {
    let Quantiles {
        count,
        p50,
        p99,
        p999,
        ..
    } = seen;
    // Of fewer than a hundred or a thousand it would only be the longest, by another name.
    let of_at_least = |least: u64, quantile: Duration| match *count >= least {
        true => Cell::text(time(quantile)),
        false => Cell::text(""),
    };
    vec![
        name,
        Cell::text(""),
        Cell::text(time(*p50)),
        of_at_least(100, *p99),
        of_at_least(1_000, *p999),
        of,
    ]
}

fn timed(listing: &mut Listing, name: Cell, seen: &Quantiles, of: Cell) {
    listing.row(times(name, seen, of));
}
