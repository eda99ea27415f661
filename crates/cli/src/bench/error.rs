//! Why something was not measured, told in two languages.

use std::io;

use liandong_client::ClientError;
use liandong_core::language::Language;
use liandong_core::region::{InvalidRegionCode, RegionCode};
use liandong_load::{DiskError, LoadError, MachineError, PushError};
use thiserror::Error;

use crate::local::{CertificatesError, LocalError};

/// What a measurement would leave in a node that keeps everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// The node.
    pub(crate) node: String,
    /// The region that is written to, and its name.
    pub(crate) region: RegionCode,
    pub(crate) name: String,
    /// Schools, indicators and figures of each school and month.
    pub(crate) units: usize,
    pub(crate) indicators: usize,
    pub(crate) cells: usize,
    /// Reports that stay in the journal, at the most.
    pub(crate) reports: usize,
    /// The year.
    pub(crate) year: u16,
    /// Who they are by.
    pub(crate) by: String,
}

/// Why something was not measured.
#[derive(Debug, Error)]
pub(crate) enum BenchError {
    #[error(
        "{node} keeps what is written to it for ever: name a region whose schools may be written to, with --into REGION, or leave out --to to measure nodes that are started for it and removed afterwards"
    )]
    Where { node: String },
    #[error("nothing was written")]
    NotWanted(Box<Left>),
    #[error(
        "{node} does not host {region}; it hosts {hosted}: name one of those with --into, or the node of {region} with --to"
    )]
    NotHosted {
        node: String,
        region: RegionCode,
        hosted: String,
    },
    #[error(
        "{region} has no primary school at this node, and those are written to: name a county with schools, see `liandong region list`"
    )]
    NoSchools { region: RegionCode },
    #[error(
        "{region} holds figures of {period} for {indicator} that {by} has reported: nothing is written over them. Name another region with --into"
    )]
    Taken {
        region: RegionCode,
        indicator: String,
        period: String,
        by: String,
    },
    #[error(
        "the sums of {region} differ from what was acknowledged, first for {indicator} in {period}: {found} instead of {expected}. That must never be: keep the node's folder, run `liandong verify` and tell the maintainers"
    )]
    Differs {
        region: RegionCode,
        indicator: String,
        period: String,
        expected: i64,
        found: i64,
    },
    #[error(
        "a report was acknowledged and did not show within {seconds} s at {region}: see `liandong status` there for its links"
    )]
    NotSeen { region: RegionCode, seconds: u64 },
    #[error("{0} ended while it was measured; the end of its log:\n{1}")]
    Fell(RegionCode, String),
    #[error(transparent)]
    Code(#[from] InvalidRegionCode),
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Push(#[from] PushError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Machine(#[from] MachineError),
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error("cannot wait for signals: {0}")]
    Signals(#[source] io::Error),
    #[error("interrupted; nodes that were started for it are gone")]
    Interrupted,
}

impl BenchError {
    /// The whole sentence for a person.
    pub(crate) fn message(&self, language: Language) -> String {
        match self {
            Self::NotWanted(left) => return left.message(language),
            Self::Client(error) | Self::Push(PushError::Target(error)) => {
                return in_words_of_bench(&error.message(language));
            }
            Self::Local(error @ LocalError::File { .. }) => {
                let why = error.message(language);
                return language.pick(
                    format!("{why}；节点的目录建在 TMPDIR 所指之处，否则在 /tmp"),
                    format!("{why}; the nodes' folder is made where TMPDIR says, else in /tmp"),
                );
            }
            Self::Local(error) => return error.message(language),
            _ => {}
        }
        if language == Language::En {
            return self.to_string();
        }
        match self {
            Self::Where { node } => format!(
                "{node} 会永久保留写入的数据：请用 --into REGION 指明可以写入哪个区域的学校；不填 --to 则自行启动节点测量，测完删除"
            ),
            Self::NotHosted {
                node,
                region,
                hosted,
            } => format!(
                "{node} 不承载 {region}，它承载 {hosted}：请用 --into 填其中之一，或用 --to 填 {region} 的节点"
            ),
            Self::NoSchools { region } => format!(
                "本节点中 {region} 没有小学，而测量写入的是小学：请填有学校的县区，可用 liandong region list 查看"
            ),
            Self::Taken {
                region,
                indicator,
                period,
                by,
            } => format!(
                "{region} 已有 {by} 填报的 {period} {indicator}，不予覆盖。请用 --into 填另一个区域"
            ),
            Self::Differs {
                region,
                indicator,
                period,
                expected,
                found,
            } => format!(
                "{region} 的汇总与已答复的填报不符，首处为 {period} {indicator}：应为 {expected}，实为 {found}。这绝不应发生：请保留节点目录，运行 liandong verify 并告知维护者"
            ),
            Self::NotSeen { region, seconds } => format!(
                "一条已答复的填报 {seconds} 秒内没有在 {region} 出现：请在该处用 liandong status 查看连接"
            ),
            Self::Fell(region, log) => format!("{region} 的节点在测量中退出，日志末尾：\n{log}"),
            Self::Certificates(error) => format!("证书：{error}"),
            Self::Push(PushError::NotTaken {
                sent,
                taken,
                refused,
            }) => format!(
                "一批 {sent} 条填报只收下 {taken} 条，拒收 {refused} 条：原因见该节点的日志"
            ),
            Self::Push(error) => format!("测量中断：{error}"),
            Self::Load(error) => format!("无法生成测量用的填报：{error}"),
            Self::Machine(error) => format!("无法读取本机情况：{error}"),
            Self::Disk(error) => format!(
                "无法在 {} 写入并落盘：{}；请用 TMPDIR 指明要测量的磁盘上的目录",
                error.path.display(),
                error.source
            ),
            Self::Signals(error) => format!("无法等待信号：{error}"),
            Self::Interrupted => "已中断；为测量启动的节点均已清除".to_owned(),
            Self::Code(_) | Self::NotWanted(_) | Self::Client(_) | Self::Local(_) => {
                self.to_string()
            }
        }
    }
}

/// The node is named by another option than elsewhere.
fn in_words_of_bench(message: &str) -> String {
    message
        .replace("--node 或 LIANDONG_NODE", "--to")
        .replace("--node or LIANDONG_NODE", "--to")
}

impl Left {
    fn message(&self, language: Language) -> String {
        let Self {
            node,
            region,
            name,
            units,
            indicators,
            cells,
            reports,
            year,
            by,
        } = self;
        language.pick(
            format!(
                "什么也没有写入。{node} 永久保留写入的数据；这次测量会在 {region} {name} 留下：\n  \
                 {units} 所小学 × {indicators} 个指标 × {year} 年 12 个月，共 {cells} 个数据（填报人 {by}…），以及 {year} 年的汇总，上级各节点也会得到\n  \
                 另加 1989-12 的一个数据；日志中至多 {reports} 条填报\n\
                 其他年份的数据不受影响；若 {year} 年已有他人的数据则不写入。确认写入请加 --really；不填 --to 则自行启动节点测量，什么也不留下"
            ),
            format!(
                "nothing was written. {node} keeps what is written to it for ever; this measurement would leave in {region} {name}:\n  \
                 {units} primary schools × {indicators} indicators × 12 months of {year}, {cells} figures (reported by {by}…), and the sums of {year}, which travel to every node above\n  \
                 one more figure, of 1989-12; in the journal at most {reports} reports\n\
                 No figure of another year changes, and nothing is written where somebody else has reported for {year}. Add --really to write it; leave out --to to measure nodes of its own, which leaves nothing"
            ),
        )
    }
}
