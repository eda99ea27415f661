//! `liandong verify`: proves a node, its files, and that its peers hold the same.

mod proof;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use liandong_client::wire::admin::v1;
use liandong_client::wire::admin::v1::{VerifyPart, VerifyResult};
use liandong_core::region::RegionCode;
use liandong_node::maintenance::{self, Check, Files};
use serde::Serialize;

use super::place::Place;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, Output, check, verify_part, verify_result};
use crate::progress;
use crate::session::Session;
use crate::value;

/// The arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// 只核对这些：journal 日志、mirror 镜像、state 检查点和状态、cells 汇总格、evidence 签名、peers 与对方比对 || These parts only
    #[arg(
        long,
        value_name = "PART,…",
        value_delimiter = ',',
        hide_possible_values = true
    )]
    only: Vec<Part>,
    /// 核对已停止的节点的数据目录 || The data folder of a node that is stopped
    #[arg(long, value_name = "DIR", conflicts_with_all = ["only", "backup", "config"])]
    data: Option<PathBuf>,
    /// 同上，数据目录和镜像写在配置中 || The same, with the folder and the mirror that a configuration names
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "backup"])]
    config: Option<PathBuf>,
    /// 核对一个备份 || A backup
    #[arg(long, value_name = "DIR", conflicts_with = "only")]
    backup: Option<PathBuf>,
    /// 核对 rollup drill --proof 写出的证明，不需要任何节点 || A proof that rollup drill --proof wrote, without any node
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "data", "config", "backup"])]
    proof: Option<PathBuf>,
    /// 自己信任的根证书（PEM）或其目录，可带吊销列表；默认取 --identity 中的 || The roots that you trust (PEM), or a folder of them and of lists of what was revoked; by default those in --identity
    #[arg(long, value_name = "FILE|DIR", requires = "proof")]
    roots: Option<PathBuf>,
    /// 已知该区域由这个区域的节点承载 || The region is known to be hosted by the node of this one
    #[arg(long, value_name = "CODE", value_parser = value::region, requires = "proof")]
    hosted_by: Option<RegionCode>,
}

impl VerifyArguments {
    /// Whether files are verified, and no running node.
    pub(crate) fn is_of_files(&self) -> bool {
        self.data.is_some()
            || self.config.is_some()
            || self.backup.is_some()
            || self.proof.is_some()
    }
}

/// A part of a running node's verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Journal,
    Mirror,
    State,
    Cells,
    Evidence,
    Peers,
}

impl Part {
    fn on_the_wire(self) -> VerifyPart {
        match self {
            Self::Journal => VerifyPart::Journal,
            Self::Mirror => VerifyPart::Mirror,
            Self::State => VerifyPart::State,
            Self::Cells => VerifyPart::Cells,
            Self::Evidence => VerifyPart::Evidence,
            Self::Peers => VerifyPart::Peers,
        }
    }
}

const PARTS: [Column; 6] = [
    Column::text("part", "核对", "part"),
    Column::text("peer", "对方", "peer"),
    Column::number("checked", "数目", "checked"),
    Column::text("result", "结果", "result"),
    Column::number("differing", "不符", "differing"),
    Column::text("first", "首处不符或原因", "first difference"),
];
const MISMATCHES: [Column; 9] = [
    Column::text("region", "区域", "region"),
    Column::text("indicator", "指标", "indicator"),
    Column::text("period", "周期", "period"),
    Column::number("kept_numerator", "汇总分子", "kept numerator"),
    Column::number("recounted_numerator", "清点分子", "recounted numerator"),
    Column::number("kept_denominator", "汇总分母", "kept denominator"),
    Column::number("recounted_denominator", "清点分母", "recounted denominator"),
    Column::number("kept_reported", "汇总报送", "kept reported"),
    Column::number("recounted_reported", "清点报送", "recounted reported"),
];

/// What a verification found, in the form that programs read.
#[derive(Serialize)]
struct Found {
    /// Whether everything that was checked fits.
    fits: bool,
    /// How many peers could not be compared.
    not_compared: u64,
    cells_checked: u64,
    mismatches: u64,
    journal_frames_checked: u64,
    parts: Listing,
    differences: Listing,
}

/// Verifies a running node, part by part, and compares it with its peers.
pub(crate) async fn run(
    session: &Session,
    arguments: &VerifyArguments,
) -> Result<Verdict, Failure> {
    let parts = if arguments.only.is_empty() {
        Part::value_variants().to_vec()
    } else {
        arguments.only.clone()
    };
    let spinner = progress::spinner();
    let mut found = Found::new();
    for part in parts {
        let part = part.on_the_wire();
        let doing = verify_part(part.into()).for_people(session.language());
        spinner.set_message(doing);
        let asked = session.client.admin().verify_patiently(&[part]).await;
        found.add(asked.inspect_err(|_| spinner.finish_and_clear())?);
    }
    spinner.finish_and_clear();
    found.show(session.output)
}

/// Verifies files at rest: a stopped node's, a backup's, or a proof. Signatures are checked by whom
/// the folder `trusting` trusts, or that of the configuration.
pub(crate) async fn run_on_files(
    arguments: &VerifyArguments,
    trusting: Option<PathBuf>,
    output: Output,
) -> Result<Verdict, Failure> {
    if let Some(path) = &arguments.proof {
        let roots = arguments.roots.clone().or(trusting);
        let (path, hosted_by) = (path.clone(), arguments.hosted_by);
        let checked = tokio::task::spawn_blocking(move || {
            proof::run(&path, roots.as_ref(), hosted_by, output)
        });
        return checked.await.map_err(Failure::Thread)?;
    }
    let named = match (&arguments.data, &arguments.config) {
        (None, None) => None,
        (data, config) => Some(Place::of(data.clone(), config.clone()).named()?),
    };
    let (dir, mirror, identity, kind) = match (named, &arguments.backup) {
        (Some(named), _) => (named.data, named.mirror, named.identity, Files::OfANode),
        (None, Some(backup)) => (backup.clone(), None, None, Files::OfABackup),
        // Clap sees to it that one of them is named.
        (None, None) => return Ok(Verdict::Done),
    };
    let identity = trusting.or(identity);
    let bar = progress::bytes(0);
    let shown = bar.clone();
    let language = output.language;
    let checked = tokio::task::spawn_blocking(move || {
        let (mirror, identity) = (mirror.as_deref(), identity.as_deref());
        maintenance::verify(&dir, mirror, kind, identity, &mut |done, total| {
            shown.set_length(total);
            shown.set_position(done);
        })
    })
    .await;
    bar.finish_and_clear();
    let mut found = Found::new();
    for one in checked.map_err(Failure::Thread)?? {
        let result = match one.fits {
            Some(true) => VerifyResult::Fits,
            Some(false) => VerifyResult::Differs,
            None => VerifyResult::NotChecked,
        };
        let first = one.wrong.as_ref();
        let first = first.map_or_else(String::new, |fault| {
            maintenance::fault_message(fault, language)
        });
        let differing = u64::from(one.wrong.is_some());
        match one.what {
            Check::Cells => {
                found.cells_checked = one.count;
                found.mismatches = differing;
            }
            Check::Journal | Check::Backup => found.journal_frames_checked = one.count,
            Check::Identity
            | Check::Mirror
            | Check::Checkpoint
            | Check::Evidence
            | Check::Seals
            | Check::Turns
            | Check::Handovers => {}
        }
        found.row(
            Cell::Word(check(one.what)),
            "",
            one.count,
            result,
            differing,
            Cell::text(first),
        );
    }
    found.show(output)
}

impl Found {
    fn new() -> Self {
        Self {
            fits: true,
            not_compared: 0,
            cells_checked: 0,
            mismatches: 0,
            journal_frames_checked: 0,
            parts: Listing::new(&PARTS),
            differences: Listing::new(&MISMATCHES),
        }
    }

    fn add(&mut self, answer: v1::VerifyNodeResponse) {
        self.cells_checked += answer.cells_checked;
        self.journal_frames_checked += answer.journal_frames_checked;
        self.mismatches += answer.mismatches.len() as u64;
        for part in answer.parts {
            self.row(
                Cell::Word(verify_part(part.part)),
                &part.peer,
                part.checked,
                part.result(),
                part.differing,
                Cell::text(&part.first),
            );
        }
        for mismatch in answer.mismatches {
            let kept = mismatch.kept.unwrap_or_default();
            let recounted = mismatch.recounted.unwrap_or_default();
            self.differences.row(vec![
                Cell::Text(mismatch.region),
                Cell::Text(mismatch.indicator),
                Cell::Text(mismatch.period),
                Cell::Whole(kept.numerator),
                Cell::Whole(recounted.numerator),
                Cell::Whole(kept.denominator),
                Cell::Whole(recounted.denominator),
                Cell::Count(kept.reported.into()),
                Cell::Count(recounted.reported.into()),
            ]);
        }
    }

    fn row(
        &mut self,
        part: Cell,
        peer: &str,
        checked: u64,
        result: VerifyResult,
        differing: u64,
        first: Cell,
    ) {
        match result {
            VerifyResult::Fits => {}
            VerifyResult::NotChecked => self.not_compared += 1,
            VerifyResult::Differs | VerifyResult::Healed | VerifyResult::Unspecified => {
                self.fits = false;
            }
        }
        self.parts.row(vec![
            part,
            Cell::text(peer),
            Cell::Count(checked),
            Cell::Word(verify_result(result.into())),
            Cell::Count(differing),
            first,
        ]);
    }

    fn show(&self, output: Output) -> Result<Verdict, Failure> {
        if !output.json(self)? {
            output.listing(&self.parts)?;
            if output.format == Format::Table {
                if !self.differences.is_empty() {
                    output.line("")?;
                    output.listing(&self.differences)?;
                }
                output.line(&self.sentence(output))?;
            }
        }
        Ok(match (self.fits, self.not_compared) {
            (false, _) => Verdict::Incomplete,
            (true, 0) => Verdict::Done,
            (true, _) => Verdict::NotCompared,
        })
    }

    fn sentence(&self, output: Output) -> String {
        let missing = self.not_compared;
        match (self.fits, missing) {
            (true, 0) => output.pick("\n全部相符", "\nAll of it fits").to_owned(),
            (true, _) => output.pick(
                format!("\n核对过的都相符；{missing} 项未核对（退出码 3）"),
                format!("\nWhat was checked fits; {missing} not checked (exit status 3)"),
            ),
            (false, _) => output.pick(
                "\n有不符之处，见上表；处理办法见 README“出了问题怎么办”".to_owned(),
                "\nSomething does not fit, see above; what to do stands in the README, \"What to do when\"".to_owned(),
            ),
        }
    }
}
