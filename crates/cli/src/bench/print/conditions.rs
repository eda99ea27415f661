//! What it was measured on: without it no figure can be judged.

use liandong_core::language::Language;
use liandong_load::Machine;

use super::bytes;
use crate::bench::outcome::Outcome;

/// The machine, the node, the disk, the work.
pub(super) fn conditions(outcome: &Outcome, language: Language) -> Vec<String> {
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
