//! `liandong report push`: a file of any size, row by row.

mod file;
mod summary;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;
use jiff::Zoned;
use liandong_client::{PushCounts, RefusedReport};
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::report::{MAX_ROWS, Report, check};
use liandong_input::{InputKind, RefusedRow, RowReader, Seen};
use uuid::Uuid;

use super::refused::{Refused, from_node};
use crate::failure::{Failure, Verdict};
use crate::session::Session;

use file::{Found, ReportFile, open, progress_bar};
use summary::Summary;

/// The arguments of `report push`.
#[derive(Debug, Args)]
pub(crate) struct PushArguments {
    /// 文件，或 - 表示标准输入 || The file, or - for the standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// 文件种类，默认由内容判断 || The kind of file; by default told by its content
    #[arg(long, value_name = "csv|jsonl")]
    input: Option<InputKind>,
    /// 批次编号；同一文件以同一编号重报不会重复 || The push's id; the same file under the same id changes nothing
    #[arg(long, value_name = "ID")]
    batch: Option<String>,
    /// 整个文件要么全收、要么全不收 || Take the whole file or nothing
    #[arg(long)]
    all_or_nothing: bool,
    /// 只检查，不上报 || Check only, send nothing
    #[arg(long)]
    dry_run: bool,
    /// 把被拒的行和原因写入文件 || Write the refused rows with their reasons
    #[arg(long, value_name = "FILE.csv")]
    errors: Option<PathBuf>,
    /// 每批行数 || Rows per batch
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rows_per_batch: u32,
}

pub(super) async fn run(session: &Session, arguments: &PushArguments) -> Result<Verdict, Failure> {
    let known = session.indicators().await?;
    let path = arguments.file.as_path();
    let (bytes, size) = open(path)?;
    let bar = progress_bar(size);
    let reader = RowReader::new(bar.wrap_read(bytes), arguments.input);
    let mut file = ReportFile {
        rows: reader.map_err(Failure::input(path))?,
        path,
        known: &known,
        row: 0,
        seen: Seen::default(),
    };
    let mut refused = Refused::new(arguments.errors.as_deref(), session.output)?;
    let mut left_empty = 0;
    let outcome = if arguments.dry_run {
        let hosted = session.hosted_regions().await?;
        check_only(session, &hosted, &mut file, &mut refused, &mut left_empty)
    } else if arguments.all_or_nothing {
        push_whole(session, arguments, &mut file, &mut refused, &mut left_empty).await
    } else {
        push_rows(
            session,
            arguments,
            &mut file,
            &mut refused,
            &mut left_empty,
            &bar,
        )
        .await
    };
    bar.finish_and_clear();
    for column in file.rows.unknown_columns() {
        let output = session.output;
        crate::tell(&output.pick(
            format!("提示：未使用的列“{column}”"),
            format!("note: the column \"{column}\" was not used"),
        ));
    }
    refused.finish()?;
    let (counts, interrupted) = outcome?;
    let summary = Summary {
        counts,
        refused_here: refused.here(),
        left_empty,
        dry_run: arguments.dry_run,
    };
    summary.show(&refused)?;
    if let Some(failure) = interrupted {
        return Err(failure);
    }
    if summary.refused() > 0 {
        return Ok(Verdict::Incomplete);
    }
    Ok(Verdict::Done)
}

/// The counts, and what broke the push off, if anything.
type Outcome = Result<(PushCounts, Option<Failure>), Failure>;

/// Reads everything and checks what can be checked without sending it; `hosted` are the regions and
/// units that the node takes reports of.
fn check_only<R: Read>(
    session: &Session,
    hosted: &BTreeSet<RegionCode>,
    file: &mut ReportFile<'_, R>,
    refused: &mut Refused,
    left_empty: &mut u64,
) -> Outcome {
    let today = Zoned::now().date();
    let mut counts = PushCounts::default();
    while let Some(found) = file.next(session)? {
        match found {
            Found::Report(row, report) => {
                let indicator = file.known.get(report.indicator);
                let checked = match indicator {
                    Some(indicator) => check(&report, indicator, today),
                    None => Ok(()),
                };
                match checked.and_then(|()| check_source(&report, hosted)) {
                    Err(refusal) => {
                        let cells = liandong_input::cells_of(&report, file.known);
                        let language = session.language();
                        let line = u64::from(row);
                        refused.add_here(RefusedRow::here(line, cells, &refusal, language))?;
                    }
                    Ok(()) => counts.accepted += 1,
                }
            }
            Found::LeftEmpty => *left_empty += 1,
            Found::Refused(row) => refused.add_here(row)?,
        }
    }
    Ok((counts, None))
}

/// The node refuses reports of what it does not host.
fn check_source(report: &Report, hosted: &BTreeSet<RegionCode>) -> Result<(), Refusal> {
    if hosted.contains(&report.source) {
        return Ok(());
    }
    Err(Refusal::advise(
        Reason::ForeignRegion,
        "source",
        report.source,
        "请报给承载它的节点",
        "report it to the node that hosts it",
    ))
}

async fn push_rows<R: Read>(
    session: &Session,
    arguments: &PushArguments,
    file: &mut ReportFile<'_, R>,
    refused: &mut Refused,
    left_empty: &mut u64,
    bar: &ProgressBar,
) -> Outcome {
    let rows_per_batch = usize::try_from(arguments.rows_per_batch).unwrap_or(MAX_ROWS);
    let pusher = session
        .client
        .progress()
        .pusher(&batch_id(arguments), &session.by)
        .rows_per_batch(rows_per_batch);
    let mut upload = pusher.start();
    let known = file.known;
    let add_all = |refused: &mut Refused, rows: Vec<RefusedReport>| {
        for row in rows {
            refused.add(from_node(row, known, session.language()))?;
        }
        Ok::<(), Failure>(())
    };
    loop {
        // A file that cannot be read on: what was read before it is finished first.
        let found = match file.next(session) {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err(failure) => {
                let rest = upload.finish().await?;
                add_all(refused, rest)?;
                return Ok((*upload.counts(), Some(failure)));
            }
        };
        match found {
            Found::Report(row, report) => match upload.add(row, report).await {
                Ok(rows) => add_all(refused, rows)?,
                Err(error) => return Ok((*upload.counts(), Some(error.into()))),
            },
            Found::LeftEmpty => *left_empty += 1,
            Found::Refused(row) => refused.add_here(row)?,
        }
        bar.set_message(format!("{}", upload.counts().total()));
    }
    match upload.finish().await {
        Ok(rows) => {
            add_all(refused, rows)?;
            Ok((*upload.counts(), None))
        }
        Err(error) => Ok((*upload.counts(), Some(error.into()))),
    }
}

/// Reads the whole file, which has to fit one batch, and sends it when no row was refused here.
async fn push_whole<R: Read>(
    session: &Session,
    arguments: &PushArguments,
    file: &mut ReportFile<'_, R>,
    refused: &mut Refused,
    left_empty: &mut u64,
) -> Outcome {
    let mut reports: Vec<Report> = Vec::new();
    let mut lines: Vec<u32> = Vec::new();
    while let Some(found) = file.next(session)? {
        match found {
            Found::Report(row, report) => {
                if reports.len() == MAX_ROWS {
                    return Err(too_many_rows().into());
                }
                reports.push(report);
                lines.push(row);
            }
            Found::LeftEmpty => *left_empty += 1,
            Found::Refused(row) => refused.add_here(row)?,
        }
    }
    if refused.here() > 0 {
        return Ok((PushCounts::default(), None));
    }
    let pusher = session
        .client
        .progress()
        .pusher(&batch_id(arguments), &session.by)
        .rows_per_batch(MAX_ROWS)
        .all_or_nothing();
    // One batch has no gaps in its numbers, so blank lines are counted out here and in again.
    let numbered = (1..).zip(reports);
    let mut rows: Vec<RefusedReport> = Vec::new();
    let pushed = pusher
        .push_all(numbered, |_, refused| rows.extend_from_slice(refused))
        .await;
    for mut row in rows {
        let place = usize::try_from(row.row).unwrap_or(0).saturating_sub(1);
        row.row = lines.get(place).copied().unwrap_or(row.row);
        refused.add(from_node(row, file.known, session.language()))?;
    }
    Ok((pushed?, None))
}

fn too_many_rows() -> Refusal {
    Refusal::advise(
        Reason::TooManyRows,
        "--all-or-nothing",
        format!("> {MAX_ROWS}"),
        format!("整体上报最多 {MAX_ROWS} 行；请分成几个文件，或不用 --all-or-nothing"),
        format!(
            "at most {MAX_ROWS} rows are taken whole; split the file, or leave out --all-or-nothing"
        ),
    )
}

fn batch_id(arguments: &PushArguments) -> String {
    let given = arguments.batch.clone();
    given.unwrap_or_else(|| Uuid::now_v7().simple().to_string())
}
