//! The words of the command line.
//!
//! Help texts carry both languages as `中文 || English`; [`crate::localise`] keeps the one that the
//! reader asked for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use liandong_client::{Address, TraceParent};
use liandong_core::region::RegionCode;

use crate::command::{
    aid, audit, backup, cert, console, indicator, link, plan, region, repair, report, restore,
    rollup, status, task, verify,
};
use crate::output::Format;
use crate::{bench, demo, serve, value};

/// 教育协同推进：方案、任务、填报、汇总、帮扶 || Plans, tasks, reports, roll-ups and aid of a mesh of education bureaus
#[derive(Debug, Parser)]
#[command(
    name = "liandong",
    bin_name = "liandong",
    version,
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// 节点地址 || The node's address
    #[arg(long, global = true, env = "LIANDONG_NODE", value_name = "URL", default_value = "127.0.0.1:7410", value_parser = value::address)]
    pub(crate) node: Address,
    /// 证书目录：向节点出示身份（cert 命令默认为 ./identity） || The folder of the certificate to show to nodes (for `cert`, ./identity)
    #[arg(long, global = true, env = "LIANDONG_IDENTITY", value_name = "DIR")]
    pub(crate) identity: Option<PathBuf>,
    /// 不出示证书，以明文连接本机（回环地址）的节点；serve 则以明文运行，只限回环地址。对客户端也可设 LIANDONG_INSECURE_LOOPBACK=1 || Plain text without a certificate, with a node of this machine alone (loopback); `serve` runs such a node, which takes whoever reaches it for its administrator. LIANDONG_INSECURE_LOOPBACK=1 says the same, but not for `serve`
    #[arg(long, global = true)]
    pub(crate) insecure_loopback: bool,
    /// 语言：zh 中文、en 英文，默认取自 LC_ALL、LC_MESSAGES、LANG || The language; by default that of LC_ALL, LC_MESSAGES, LANG
    #[arg(long, global = true, value_name = "zh|en", hide_possible_values = true)]
    pub(crate) lang: Option<Lang>,
    /// 输出形式：table 表格、json、csv || The form of the output
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true
    )]
    pub(crate) format: Format,
    /// CSV 以 UTF-8 BOM 开头，便于 Excel 打开 || Begin CSV with a UTF-8 byte order mark, for Excel
    #[arg(long, global = true)]
    pub(crate) bom: bool,
    /// 以哪个区域的名义办理，默认为节点自己的区域 || The region that acts; by default the node's own
    #[arg(long = "region", global = true, value_name = "CODE", value_parser = value::region)]
    pub(crate) acting_region: Option<RegionCode>,
    /// 经办人或科室，默认为 $USER || Who acts; by default $USER
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// 理由 || Why
    #[arg(
        long,
        global = true,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) why: String,
    /// W3C 追踪标识 || The W3C trace parent of the calls
    #[arg(long, global = true, env = "TRACEPARENT", hide = true)]
    pub(crate) traceparent: Option<String>,
}

impl Shared {
    /// The trace that was handed in; one that cannot be read is not worth failing for.
    pub(crate) fn trace(&self) -> Option<TraceParent> {
        self.traceparent.as_deref()?.parse().ok()
    }
}

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    Zh,
    En,
}

/// The commands, by noun.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// 方案：导入、征求意见、印发 || Plans
    #[command(subcommand)]
    Plan(plan::PlanCommand),
    /// 任务：分解、签收、办结、验收、销号 || Tasks
    #[command(subcommand)]
    Task(task::TaskCommand),
    /// 填报：上报、模板、历史 || Reports
    #[command(subcommand)]
    Report(report::ReportCommand),
    /// 汇总：查看、监看、下钻、报送率、排名 || Roll-ups
    #[command(subcommand)]
    Rollup(rollup::RollupCommand),
    /// 结对帮扶：结对、项目、资金、支教、对账 || Pairings and aid
    #[command(subcommand)]
    Aid(aid::AidCommand),
    /// 区域和单位 || Regions and units
    #[command(subcommand)]
    Region(region::RegionCommand),
    /// 连接：密钥、用文件交换、重试搁置的变更 || Links: keys, exchange by file, changes set aside
    #[command(subcommand)]
    Link(link::LinkCommand),
    /// 证书：签发机构、邀请、领取、换发、吊销 || Certificates: an authority, invitations, issuing, renewing, revoking
    #[command(subcommand)]
    Cert(cert::CertCommand),
    /// 审计：谁、何时、为何、用哪张证书改了什么 || Who changed what, when, why, and by which certificate
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// 指标 || Indicators
    #[command(subcommand)]
    Indicator(indicator::IndicatorCommand),
    /// 节点状态：连接、搁置、日志、镜像、空间 || What the node is, how its links and its files are
    Status(status::StatusArguments),
    /// 在本机浏览器查看节点的页面，以本人证书 || A node's pages in a browser of this machine, seen with one's own certificate
    Console(console::ConsoleArguments),
    /// 核对日志、状态、汇总格，并与上下级比对 || Check journal, state and cells, compare with the peers
    Verify(verify::VerifyArguments),
    /// 备份数据目录，节点照常运行 || Back up a data folder while its node runs
    Backup(backup::BackupArguments),
    /// 从备份恢复到新的数据目录 || Make a new data folder from a backup
    Restore(restore::RestoreArguments),
    /// 用镜像或备份修复损坏的日志 || Mend a damaged journal from its mirror or a backup
    Repair(repair::RepairArguments),
    /// 运行一个节点 || Run one node
    Serve(serve::ServeArgs),
    /// 在本机演示整个网络 || A whole mesh on this machine
    Demo(demo::DemoArguments),
    /// 测速：填报、查询、时效、重启，连同所测机器 || How fast a node is: ingest, queries, freshness, restart, with the machine it was measured on
    Bench(bench::BenchArguments),
}

impl Command {
    /// Whether it works on files and processes of this machine and asks no node to act.
    pub(crate) fn is_of_this_machine(&self) -> bool {
        match self {
            Self::Backup(_)
            | Self::Restore(_)
            | Self::Repair(_)
            | Self::Console(_)
            | Self::Serve(_)
            | Self::Bench(_)
            | Self::Demo(_) => true,
            Self::Verify(arguments) => arguments.is_of_files(),
            Self::Cert(command) => !command.names_region(),
            _ => false,
        }
    }
}
