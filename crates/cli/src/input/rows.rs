//! The rows of a file, whatever its kind and encoding.

use std::io::{BufRead, BufReader, Read};

use super::budget::{Budget, Budgeted};
use super::cells::RawRow;
use super::csv_rows::CsvRows;
use super::decode::Decoding;
use super::error::{InputError, MAX_ROW_BYTES};
use super::json_rows::JsonRows;
use super::newline::Newlines;

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum InputKind {
    /// A table with a heading.
    Csv,
    /// An object on each line.
    Jsonl,
}

type Text<R> = Newlines<Decoding<R>>;

/// Reads row after row, in memory bounded by one row.
pub struct RowReader<R: Read>(Rows<R>);

enum Rows<R: Read> {
    Csv(Box<CsvRows<Text<R>>>),
    Json(Box<JsonRows<Text<R>>>),
}

impl<R: Read> RowReader<R> {
    /// Tells encoding and kind by the beginning, unless `kind` says it, and reads the heading.
    pub fn new(bytes: R, kind: Option<InputKind>) -> Result<Self, InputError> {
        let text = Newlines::new(Decoding::new(bytes)?);
        let budget = Budget::new(MAX_ROW_BYTES);
        let mut source = BufReader::with_capacity(64 * 1024, Budgeted::new(text, budget.clone()));
        let kind = match kind {
            Some(kind) => kind,
            None => guess(&mut source)?,
        };
        Ok(match kind {
            InputKind::Csv => Self(Rows::Csv(Box::new(CsvRows::new(source, budget)?))),
            InputKind::Jsonl => Self(Rows::Json(Box::new(JsonRows::new(source, budget)))),
        })
    }

    /// The next row; `None` at the end.
    pub fn next_row(&mut self) -> Result<Option<RawRow>, InputError> {
        match &mut self.0 {
            Rows::Csv(rows) => rows.next_row(),
            Rows::Json(rows) => rows.next_row(),
        }
    }

    /// Columns or keys that mean nothing here, as far as they were seen.
    pub fn unknown_columns(&self) -> &[String] {
        match &self.0 {
            Rows::Csv(rows) => rows.unknown_columns(),
            Rows::Json(rows) => rows.unknown_columns(),
        }
    }
}

fn guess(source: &mut impl BufRead) -> Result<InputKind, InputError> {
    let start = source
        .fill_buf()
        .map_err(|error| InputError::from_io(error, 1))?;
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        Some(b'{') => Ok(InputKind::Jsonl),
        Some(b'[') => Err(InputError::JsonArray),
        Some(_) => Ok(InputKind::Csv),
        None if start.is_empty() => Err(InputError::Empty),
        None => Ok(InputKind::Csv),
    }
}

#[cfg(test)]
mod tests;
