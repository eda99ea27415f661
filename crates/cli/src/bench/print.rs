//! What was measured, for people: what it was measured on, then every figure with its size.

use std::time::Duration;

use liandong_core::language::Language;
use liandong_load::{Machine, Quantiles};

use super::outcome::{Ingest, Outcome, Paced, Seen};
use crate::failure::Failure;
use crate::output::{Cell, Column, Listing, Output};

const COLUMNS: [Column; 6] = [
    Column::text("measured", "项目", "measured"),
    Column::number("figure", "数值", "figure"),
    Column::number("p50", "p50", "p50"),
    Column::number("p99", "p99", "p99"),
    Column::number("p99_9", "p99.9", "p99.9"),
    Column::text("of", "规模与条件", "of what"),
];

/// Shows everything.
pub(super) fn show(outcome: &Outcome, output: Output) -> Result<(), Failure> {
    for line in conditions(outcome, output.language) {
        output.line(&line)?;
    }
    output.line("")?;
    output.listing(&table(outcome))?;
    Ok(())
}

/// The machine, the node, the disk, the work.
fn conditions(outcome: &Outcome, language: Language) -> Vec<String> {
    let Outcome {
        version,
        machine,
        node,
        durability,
        work,
        ..
    } = outcome;
    let mut lines = Vec::new();
    let Machine {
        cores,
        processor,
        memory_bytes,
        kernel,
        unoptimised,
    } = machine;
    let memory = bytes(*memory_bytes);
    lines.push(language.pick(
        format!("本机：{cores} 核 {processor}，内存 {memory}，{kernel}"),
        format!("this machine: {cores} cores of {processor}, {memory} of memory, {kernel}"),
    ));
    if *unoptimised {
        lines.push(
            language
                .pick(
                    "注意：本程序未经优化编译，数值没有意义；请用 cargo build --release",
                    "note: this program is not an optimised build and its figures mean nothing; use cargo build --release",
                )
                .to_owned(),
        );
    }
    let (address, region) = (&node.address, &node.region);
    lines.push(if node.own {
        language.pick(
            format!("节点：为测量启动，liandong {version}，默认配置，启用证书、签名和权限检查；与本程序共用本机的核"),
            format!("node: started for this, liandong {version} as it is shipped, with certificates, signing and access checks; it shares the cores with this program"),
        )
    } else {
        let theirs = &node.version;
        language.pick(
            format!("节点：{address}（{region}，版本 {theirs}）；本机一行只是发送方，节点的机器和磁盘未测量"),
            format!("node: {address} ({region}, version {theirs}); the machine above is the sender's, the node's own machine and disk are not measured"),
        )
    });
    let mirror = if durability.mirror {
        language.pick(
            "，日志和镜像都落盘",
            ", on the journal's disk and its mirror's",
        )
    } else {
        ""
    };
    let mut durable = language.pick(
        format!("落盘：每批在覆盖它的 fdatasync 之后才答复{mirror}，没有别的方式"),
        format!("durability: every batch is acknowledged after the fdatasync that covers it{mirror}; there is no other mode"),
    );
    if let Some(system) = &durability.file_system {
        let (kind, device) = (&system.kind, &system.device);
        durable.push_str(&language.pick(
            format!("；目录在 {kind}（{device}）"),
            format!("; the folder is on {kind} ({device})"),
        ));
        if system.in_memory {
            durable.push_str(language.pick(
                "，在内存中：断电即失，请用 TMPDIR 指明真实磁盘上的目录",
                ", in memory: gone with the power; name a folder on a real disk with TMPDIR",
            ));
        }
    }
    lines.push(durable);
    lines.push(language.pick(
        format!(
            "数据：{} 所学校 × {} 个指标 × {} 个月 = {} 格，另有 10% 更正、2% 重复批次；每批 {} 条，{} 个连接，满载时 {} 批在途",
            work.schools, work.indicators, work.months, work.cells, work.reports_a_batch, work.connections, work.batches_under_way
        ),
        format!(
            "work: {} schools x {} indicators x {} months = {} cells, with 10 % corrections and 2 % repeated batches; {} reports a batch, {} connections, {} batches under way at full load",
            work.schools, work.indicators, work.months, work.cells, work.reports_a_batch, work.connections, work.batches_under_way
        ),
    ));
    lines
}

fn table(outcome: &Outcome) -> Listing {
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
                    "{} 次写 {} 字节，无其他负载",
                    times.count, durability.fdatasync_bytes
                ),
                format!(
                    "{} writes of {} bytes, nothing else running",
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
            format!("{} 次，每次 {} 格", query.table.count, query.table_cells),
            format!(
                "{} times, {} cells each",
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
            format!("{} 次，每次一条，无其他负载", acknowledged.count),
            format!(
                "{} single reports, nothing else running",
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
    let Quantiles { p50, p99, p999, .. } = seen;
    vec![
        name,
        Cell::text(""),
        Cell::text(time(*p50)),
        Cell::text(time(*p99)),
        Cell::text(time(*p999)),
        of,
    ]
}

fn timed(listing: &mut Listing, name: Cell, seen: &Quantiles, of: Cell) {
    listing.row(times(name, seen, of));
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
