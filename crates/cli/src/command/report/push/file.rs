//! A file of reports, read row by row.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use liandong_core::report::Report;
use liandong_input::{
    InputError, Interpreted, KnownIndicators, RefusedRow, RowReader, Seen, interpret,
};

use crate::failure::Failure;
use crate::session::Session;

pub(super) fn open(path: &Path) -> Result<(Box<dyn Read>, Option<u64>), Failure> {
    if path == Path::new("-") {
        return Ok((Box::new(std::io::stdin().lock()), None));
    }
    let file = File::open(path).map_err(Failure::file(path))?;
    let about = file.metadata().map_err(Failure::file(path))?;
    let size = about.is_file().then_some(about.len());
    Ok((Box::new(file), size))
}

/// A bar on the standard error when that is a terminal.
pub(super) fn progress_bar(size: Option<u64>) -> ProgressBar {
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
pub(super) struct ReportFile<'f, R: Read> {
    pub(super) rows: RowReader<R>,
    pub(super) path: &'f Path,
    pub(super) known: &'f KnownIndicators,
    pub(super) row: u32,
    pub(super) seen: Seen,
}

/// What one row turned out to be.
pub(super) enum Found {
    Report(u32, Report),
    LeftEmpty,
    Refused(RefusedRow),
}

impl<R: Read> ReportFile<'_, R> {
    pub(super) fn next(&mut self, session: &Session) -> Result<Option<Found>, Failure> {
        let read = self.rows.next_row().map_err(Failure::input(self.path))?;
        let Some(raw) = read else { return Ok(None) };
        // A row's number is its line, so that people find it; it also names the row at the node.
        self.row = u32::try_from(raw.line).map_err(|_| Failure::Input {
            path: self.path.to_owned(),
            error: InputError::TooManyLines,
        })?;
        let found = interpret(&raw, self.known).and_then(|meant| match meant {
            Interpreted::Report(report) => {
                self.seen.note(raw.line, &report, self.known)?;
                Ok(Found::Report(self.row, report))
            }
            Interpreted::LeftEmpty => Ok(Found::LeftEmpty),
        });
        Ok(Some(found.unwrap_or_else(|refusal| {
            let language = session.language();
            Found::Refused(RefusedRow::here(raw.line, raw.cells, &refusal, language))
        })))
    }
}
