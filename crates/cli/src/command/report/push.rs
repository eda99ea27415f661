//! `liandong report push`: a file of any size, row by row.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Zoned;
use liandong_client::{PushCounts, RefusedReport};
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::report::{MAX_ROWS, Report, check};
use liandong_input::{
    InputError, InputKind, Interpreted, KnownIndicators, RefusedRow, RowReader, interpret,
};
use uuid::Uuid;

use super::refused::{Refused, from_node};
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Said};
use crate::session::Session;

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

fn open(path: &Path) -> Result<(Box<dyn Read>, Option<u64>), Failure> {
    if path == Path::new("-") {
        return Ok((Box::new(std::io::stdin().lock()), None));
    }
    let file = File::open(path).map_err(Failure::file(path))?;
    let about = file.metadata().map_err(Failure::file(path))?;
    let size = about.is_file().then_some(about.len());
    Ok((Box::new(file), size))
}

/// A bar on the standard error when that is a terminal.
fn progress_bar(size: Option<u64>) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match size {
        Some(size) => (
            ProgressBar::new(size),
            "{bar:30} {bytes}/{total_bytes} {eta} {msg}",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} {msg}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A file of reports with what its rows mean.
struct ReportFile<'f, R: Read> {
    rows: RowReader<R>,
    path: &'f Path,
    known: &'f KnownIndicators,
    row: u32,
}

/// What one row turned out to be.
enum Found {
    Report(u32, Report),
    LeftEmpty,
    Refused(RefusedRow),
}

impl<R: Read> ReportFile<'_, R> {
    fn next(&mut self, session: &Session) -> Result<Option<Found>, Failure> {
        let read = self.rows.next_row().map_err(Failure::input(self.path))?;
        let Some(raw) = read else { return Ok(None) };
        // A row's number is its line, so that people find it; it also names the row at the node.
        self.row = u32::try_from(raw.line).map_err(|_| Failure::Input {
            path: self.path.to_owned(),
            error: InputError::TooManyLines,
        })?;
        Ok(Some(match interpret(&raw, self.known) {
            Ok(Interpreted::Report(report)) => Found::Report(self.row, report),
            Ok(Interpreted::LeftEmpty) => Found::LeftEmpty,
            Err(refusal) => {
                let language = session.language();
                Found::Refused(RefusedRow::here(raw.line, raw.cells, &refusal, language))
            }
        }))
    }
}

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

/// What became of the file.
struct Summary {
    counts: PushCounts,
    refused_here: u64,
    left_empty: u64,
    dry_run: bool,
}

impl Summary {
    fn refused(&self) -> u64 {
        self.counts.refused + self.refused_here
    }

    fn show(&self, refused: &Refused) -> Result<(), Failure> {
        let PushCounts {
            accepted,
            superseded,
            duplicate,
            stale,
            ..
        } = self.counts;
        let (bad, empty) = (self.refused(), self.left_empty);
        let (empty_zh, empty_en) = if empty > 0 {
            (format!("，未填 {empty}"), format!(", left empty {empty}"))
        } else {
            (String::new(), String::new())
        };
        let said = if self.dry_run {
            Said::new(
                format!("检查：可报 {accepted}，有误 {bad}{empty_zh}；未上报"),
                format!("checked: good {accepted}, refused {bad}{empty_en}; nothing was sent"),
            )
        } else {
            Said::new(
                format!(
                    "新收 {accepted}，更正 {superseded}，未变 {duplicate}，过时 {stale}，被拒 {bad}{empty_zh}"
                ),
                format!(
                    "accepted {accepted}, superseded {superseded}, unchanged {duplicate}, stale {stale}, refused {bad}{empty_en}"
                ),
            )
        };
        let said = said
            .fact("dry_run", Cell::Yes(Some(self.dry_run)))
            .fact("accepted", Cell::Count(accepted))
            .fact("superseded", Cell::Count(superseded))
            .fact("unchanged", Cell::Count(duplicate))
            .fact("stale", Cell::Count(stale))
            .fact("refused", Cell::Count(bad))
            .fact("left_empty", Cell::Count(empty));
        refused.show(&said)?;
        Ok(())
    }
}
