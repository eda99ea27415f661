//! `liandong bench`: how fast a node is on this machine, or how fast one's own node is.
//!
//! Without `--to` it starts nodes of its own, as they are shipped, in a folder that is gone
//! afterwards. With `--to` it writes into somebody's node, whose store never forgets: it says what
//! it would leave behind and does nothing until that is wanted. Either way a node is only asked what
//! any client may ask, and every figure is printed with what it was measured on.

mod error;
mod foreign;
mod freshness;
mod ingest;
mod nodes;
mod outcome;
mod own;
mod print;
mod query;
mod steps;

use clap::Args;
use liandong_client::{Address, ConnectOptions};
use liandong_core::region::RegionCode;
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::{Failure, Verdict};
use crate::output::{Format, Output};
use crate::session::Standing;
use crate::value;

pub(crate) use error::BenchError;
use outcome::Outcome;
use steps::Steps;

/// Reports in the first phase of nodes of its own.
const OWN_REPORTS: u64 = 500_000;
/// The most reports that are made ready for the fixed rate: they are held in memory.
const OWN_PACED_REPORTS: u64 = 1_000_000;
/// Reports in the first phase of a foreign node, which keeps them for ever; the fixed rate takes at
/// most twice as many.
const FOREIGN_REPORTS: u64 = 50_000;

/// The arguments of `bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// 测量这个已有的节点；不填则自行启动节点，测完删除 || Measure this node, not nodes that are started for it and removed afterwards
    #[arg(long, value_name = "URL", value_parser = value::address)]
    to: Option<Address>,
    /// 写入该区域下属的小学（1990 年各月，永久保留）；须与 --to 同用 || The region whose primary schools are written to (months of 1990, for ever); with --to
    #[arg(long, value_name = "REGION", value_parser = value::region, requires = "to")]
    into: Option<RegionCode>,
    /// 确认写入：留下什么，不加此项时会说明 || Really write there; without it you are told what would be left behind
    #[arg(long, requires = "into")]
    really: bool,
    /// 满载阶段的填报条数，1000 至 2000000；默认 500000，已有节点 50000 || Reports at full load, 1000 to 2000000; by default 500000, and 50000 for --to
    #[arg(long, value_name = "N", value_parser = |text: &str| value::whole(text, 1_000, 2_000_000))]
    reports: Option<u64>,
    /// 满载和定速两个阶段各自最长多少秒，1 至 600 || The most seconds of each phase of ingest, 1 to 600
    #[arg(long, value_name = "S", default_value = "15", value_parser = |text: &str| value::whole(text, 1, 600))]
    seconds: u64,
    /// 连接数，1 至 256 || Connections, 1 to 256
    #[arg(long, value_name = "N", default_value = "4", value_parser = |text: &str| value::whole(text, 1, 256))]
    connections: u64,
    /// 满载时同时在途的批数，1 至 1024 || Batches under way at full load, 1 to 1024
    #[arg(long, value_name = "N", default_value = "16", value_parser = |text: &str| value::whole(text, 1, 1_024))]
    under_way: u64,
    /// 结果输出为一个 JSON 对象 || Show the result as one JSON object
    #[arg(long)]
    json: bool,
}

impl BenchArguments {
    /// Whether a node is measured that somebody else has started.
    pub(crate) fn is_of_a_node(&self) -> bool {
        self.to.is_some()
    }

    fn effort(&self) -> Effort {
        let default = match self.to {
            Some(_) => FOREIGN_REPORTS,
            None => OWN_REPORTS,
        };
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let reports = self.reports.unwrap_or(default);
        Effort {
            reports: whole(reports),
            paced_reports: match self.to {
                Some(_) => reports.saturating_mul(2),
                None => OWN_PACED_REPORTS,
            },
            seconds: self.seconds,
            connections: whole(self.connections),
            under_way: whole(self.under_way),
        }
    }
}

/// How much is done, and how.
#[derive(Clone, Copy, Debug)]
struct Effort {
    /// Reports at full load.
    reports: usize,
    /// The most reports at the fixed rate.
    paced_reports: u64,
    /// The most seconds of each phase of ingest.
    seconds: u64,
    /// Connections.
    connections: usize,
    /// Batches under way at full load.
    under_way: usize,
}

/// Measures and shows.
///
/// # Errors
/// What the nodes said, or what this machine does not let it do.
pub(crate) async fn run(
    arguments: &BenchArguments,
    standing: Standing,
    output: Output,
) -> Result<Verdict, Failure> {
    let mut steps = Steps::new(output.language);
    let outcome = match &arguments.to {
        None => own::measure(arguments.effort(), output.language, &mut steps).await?,
        Some(address) => {
            let options = standing.options(output.language)?;
            measure_foreign(arguments, address, options, &mut steps).await?
        }
    };
    steps.finish();
    show(&outcome, arguments.json, output)?;
    Ok(Verdict::Done)
}

async fn measure_foreign(
    arguments: &BenchArguments,
    address: &Address,
    options: ConnectOptions,
    steps: &mut Steps,
) -> Result<Outcome, BenchError> {
    let into = arguments.into.ok_or_else(|| BenchError::Where {
        node: address.to_string(),
    })?;
    let node = foreign::Foreign {
        address,
        options,
        into,
        really: arguments.really,
    };
    tokio::select! {
        measured = foreign::measure(&node, arguments.effort(), steps) => measured,
        stopped = stopped() => stopped,
    }
}

fn show(outcome: &Outcome, json: bool, output: Output) -> Result<(), Failure> {
    let form = Output {
        format: if json { Format::Json } else { output.format },
        ..output
    };
    if !form.json(outcome)? {
        print::show(outcome, form)?;
    }
    Ok(())
}

/// Waits until somebody stops the measurement, and says so.
async fn stopped<T>() -> Result<T, BenchError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(BenchError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(BenchError::Signals)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(BenchError::Signals)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
    }
    Err(BenchError::Interrupted)
}
