//! The refused rows of a push: some for the screen, all for a file.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use liandong_client::RefusedReport;
use liandong_core::language::Language;
use liandong_input::{Field, KnownIndicators, RefusedRow, cells_of, sentence};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Cell, Column, Format, Listing, Output, Said, harmless_words};

/// How many refused rows are shown on a screen, and in JSON.
const SHOWN: usize = 20;
const SHOWN_IN_JSON: usize = 1_000;

/// Collects refused rows: the first ones in memory, all of them in a file where one is named.
pub(super) struct Refused {
    output: Output,
    file: Option<(PathBuf, csv::Writer<BufWriter<File>>)>,
    first: Vec<RefusedRow>,
    total: u64,
    here: u64,
}

impl Refused {
    pub(super) fn new(path: Option<&Path>, output: Output) -> Result<Self, Failure> {
        let file = match path {
            None => None,
            Some(path) => Some((path.to_owned(), start_file(path, output.language)?)),
        };
        Ok(Self {
            output,
            file,
            first: Vec::new(),
            total: 0,
            here: 0,
        })
    }

    /// How many were refused before anything was sent.
    pub(super) fn here(&self) -> u64 {
        self.here
    }

    /// Adds a row that was refused here.
    pub(super) fn add_here(&mut self, row: RefusedRow) -> Result<(), Failure> {
        self.here += 1;
        self.add(row)
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: RefusedRow) -> Result<(), Failure> {
        self.total += 1;
        let language = self.output.language;
        if let Some((path, writer)) = &mut self.file {
            writer
                .write_record(record(&row, language))
                .map_err(|error| csv_error(path, error))?;
        }
        let most = if self.output.format == Format::Json {
            SHOWN_IN_JSON
        } else {
            SHOWN
        };
        if self.first.len() < most {
            self.first.push(row);
        }
        Ok(())
    }

    /// Ends the file.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        if let Some((path, writer)) = &mut self.file {
            writer.flush().map_err(Failure::file(path))?;
        }
        Ok(())
    }

    /// Shows the first rows and the summary.
    pub(super) fn show(&self, summary: &Said) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Shown<'s, S: Serialize> {
            summary: &'s S,
            refused: &'s Listing,
        }
        let listing = self.listing();
        if self.output.json(&Shown {
            summary: summary.facts(),
            refused: &listing,
        })? {
            return Ok(());
        }
        if self.output.format == Format::Csv {
            return Ok(self.output.said(summary)?);
        }
        if !listing.is_empty() {
            self.output.listing(&listing)?;
            let more = self.total.saturating_sub(self.first.len() as u64);
            if more > 0 {
                self.output.line(&self.output.pick(
                    format!("……另有 {more} 行被拒；用 --errors FILE.csv 写出全部"),
                    format!("… and {more} more rows refused; --errors FILE.csv writes them all"),
                ))?;
            }
        }
        self.output.said(summary)?;
        Ok(())
    }

    fn listing(&self) -> Listing {
        let mut listing = Listing::new(&[
            Column::number("row", "行", "row"),
            Column::text("field", "列", "column"),
            Column::text("value", "值", "value"),
            Column::text("reason", "原因代码", "reason"),
            Column::text("message", "说明", "message"),
        ]);
        let mut rows: Vec<&RefusedRow> = self.first.iter().collect();
        rows.sort_by_key(|row| row.line);
        for row in rows {
            let column = if self.output.format == Format::Json {
                column_name(row.field, Language::En)
            } else {
                column_name(row.field, self.output.language)
            };
            listing.row(vec![
                Cell::Count(row.line),
                Cell::text(column),
                Cell::text(&row.value),
                Cell::text(&row.reason),
                Cell::text(&row.message),
            ]);
        }
        listing
    }
}

/// A refused row as it stands in the file. Whoever corrects the file opens it in a spreadsheet.
fn record(row: &RefusedRow, language: Language) -> Vec<String> {
    let mut record: Vec<String> = row.cells.texts().to_vec();
    record.push(row.line.to_string());
    record.push(column_name(row.field, language).to_owned());
    record.push(row.value.clone());
    record.push(row.reason.clone());
    record.push(row.message.clone());
    record.into_iter().map(harmless_words).collect()
}

fn column_name(field: Option<Field>, language: Language) -> &'static str {
    field.map_or("", |field| field.heading(language))
}

/// A file of refused rows can be corrected and pushed as it is: its first columns are a report's.
fn start_file(path: &Path, language: Language) -> Result<csv::Writer<BufWriter<File>>, Failure> {
    let file = File::create(path).map_err(Failure::file(path))?;
    let mut buffered = BufWriter::new(file);
    // Excel reads Chinese only after a byte order mark.
    std::io::Write::write_all(&mut buffered, "\u{feff}".as_bytes()).map_err(Failure::file(path))?;
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(buffered);
    let mut headings: Vec<&str> = Field::ALL.map(|field| field.heading(language)).to_vec();
    headings.extend(language.pick(
        ["行", "有误的列", "有误的值", "原因", "说明"],
        ["row", "field", "refused_value", "reason", "message"],
    ));
    writer
        .write_record(&headings)
        .map_err(|error| csv_error(path, error))?;
    Ok(writer)
}

fn csv_error(path: &Path, error: csv::Error) -> Failure {
    Failure::File {
        path: path.to_owned(),
        error: error.into(),
    }
}

/// A row that the node refused.
pub(super) fn from_node(
    row: RefusedReport,
    known: &KnownIndicators,
    language: Language,
) -> RefusedRow {
    let refusal = row.refusal;
    let message = match refusal.reason {
        Some(reason) => sentence(reason.describe(language), &refusal.accepted, language),
        None => refusal.message,
    };
    RefusedRow {
        line: u64::from(row.row),
        cells: cells_of(&row.report, known),
        field: Field::from_path(&refusal.field),
        value: refusal.value,
        reason: refusal.code,
        message,
    }
}

#[cfg(test)]
mod tests {
    use liandong_core::language::Language;
    use liandong_input::{Cells, Field, RefusedRow};

    use super::record;

    #[test]
    fn no_cell_of_a_refused_row_is_run_by_a_spreadsheet() {
        let mut cells = Cells::default();
        for (place, field) in Field::ALL.into_iter().enumerate() {
            let text = ["=1+1", "+cmd", "＝A1", "-5", "12", "\t=1", "本校"];
            cells.set(field, text[place % text.len()].to_owned());
        }
        let row = RefusedRow {
            line: 2,
            cells,
            field: None,
            value: "=HYPERLINK(\"x\")".to_owned(),
            reason: "MALFORMED".to_owned(),
            message: "=x".to_owned(),
        };
        let record = record(&row, Language::En);
        let signs = ['=', '+', '-', '@', '＝', '\t'];
        let runs = |cell: &&String| cell.starts_with(signs) && cell.as_str() != "-5";
        assert_eq!(record.iter().find(runs), None);
        assert!(record.contains(&"'=1+1".to_owned()), "{record:?}");
        assert!(record.contains(&"-5".to_owned()) && record.contains(&"12".to_owned()));
        assert!(record.contains(&"'=HYPERLINK(\"x\")".to_owned()));
    }
}
