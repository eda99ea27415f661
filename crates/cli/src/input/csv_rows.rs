//! Rows of a CSV file.

use std::io::{BufRead, BufReader, Read};

use csv::StringRecord;

use super::budget::{Budget, Budgeted};
use super::cells::{Cells, RawRow, RowTrouble};
use super::column::{Field, is_for_people};
use super::error::{InputError, MAX_ROW_BYTES};
use super::text::{normalise, trim};

type Source<R> = BufReader<Budgeted<R>>;

/// Reads the rows of a CSV file with a heading; `R` gives UTF-8 with line feeds.
pub(crate) struct CsvRows<R: Read> {
    reader: csv::Reader<Source<R>>,
    budget: Budget,
    /// What each column holds.
    places: Vec<Option<Field>>,
    unknown: Vec<String>,
    record: StringRecord,
}

impl<R: Read> CsvRows<R> {
    /// Reads the heading.
    pub(crate) fn new(mut source: Source<R>, budget: Budget) -> Result<Self, InputError> {
        let start = source
            .fill_buf()
            .map_err(|error| InputError::from_io(error, 1))?;
        let delimiter = delimiter_of(start);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(source);
        let mut record = StringRecord::new();
        budget.renew(MAX_ROW_BYTES);
        let has_heading = reader
            .read_record(&mut record)
            .map_err(|error| from_csv(error, 1))?;
        if !has_heading {
            return Err(InputError::Empty);
        }
        let (places, unknown) = find_columns(&record)?;
        Ok(Self {
            reader,
            budget,
            places,
            unknown,
            record,
        })
    }

    /// Headings that mean nothing here.
    pub(crate) fn unknown_columns(&self) -> &[String] {
        &self.unknown
    }

    /// The next row that is not blank; `None` at the end.
    pub(crate) fn next_row(&mut self) -> Result<Option<RawRow>, InputError> {
        loop {
            self.budget.renew(MAX_ROW_BYTES);
            let begins = self.reader.position().line();
            let more = self
                .reader
                .read_record(&mut self.record)
                .map_err(|error| from_csv(error, begins))?;
            if !more {
                return Ok(None);
            }
            // The reader passes over blank lines before a row, so its line is counted back from
            // where the row ended.
            let inside: usize = self.record.iter().map(line_feeds).sum();
            let after = self.reader.position().line();
            let counted = after.saturating_sub(1 + inside as u64);
            let mut row = self.take_apart(counted.max(begins));
            if counted < begins {
                // The last line feed was inside the row, so a quotation mark was never closed.
                let last = self.record.iter().next_back().unwrap_or_default();
                let start = last.chars().take(60).collect();
                row.trouble = Some(RowTrouble::OpenQuote(start));
            }
            if row.trouble.is_some() || !row.cells.is_blank() {
                return Ok(Some(row));
            }
        }
    }

    fn take_apart(&self, line: u64) -> RawRow {
        let mut cells = Cells::default();
        let mut trouble = None;
        for (place, text) in self.record.iter().enumerate() {
            match self.places.get(place) {
                Some(Some(field)) => cells.set(*field, text.to_owned()),
                Some(None) => {}
                None if trim(text).is_empty() => {}
                // Most likely a thousands separator without quotation marks, which has moved
                // every cell after it.
                None => {
                    trouble.get_or_insert_with(|| RowTrouble::TooManyCells(text.to_owned()));
                }
            }
        }
        RawRow {
            line,
            cells,
            trouble,
        }
    }
}

fn line_feeds(cell: &str) -> usize {
    cell.bytes().filter(|byte| *byte == b'\n').count()
}

/// The heading tells the delimiter: Excel writes commas, semicolons or tabs by locale.
fn delimiter_of(start: &[u8]) -> u8 {
    let heading = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    if heading.contains(&b',') {
        return b',';
    }
    [b'\t', b';']
        .into_iter()
        .find(|delimiter| heading.contains(delimiter))
        .unwrap_or(b',')
}

type Columns = (Vec<Option<Field>>, Vec<String>);

fn find_columns(headings: &StringRecord) -> Result<Columns, InputError> {
    let mut places = Vec::with_capacity(headings.len());
    let mut unknown = Vec::new();
    let mut first_names: Vec<(Field, String)> = Vec::new();
    for heading in headings {
        let name = normalise(heading);
        let field = Field::from_heading(&name);
        if let Some(field) = field {
            if let Some((_, first)) = first_names.iter().find(|(known, _)| *known == field) {
                return Err(InputError::DoubleColumn {
                    first: first.clone(),
                    second: name,
                });
            }
            first_names.push((field, name));
        } else if !is_for_people(&name) {
            unknown.push(name);
        }
        places.push(field);
    }
    let missing: Vec<Vec<&'static str>> = Field::ALL
        .into_iter()
        .filter(|field| field.is_required() && !places.contains(&Some(*field)))
        .map(|field| field.headings().to_vec())
        .collect();
    if missing.is_empty() {
        return Ok((places, unknown));
    }
    let shown = headings.iter().take(20);
    Err(InputError::MissingColumns {
        missing,
        found: shown
            .map(|heading| heading.chars().take(40).collect())
            .collect(),
    })
}

fn from_csv(error: csv::Error, row_line: u64) -> InputError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => InputError::from_io(error, row_line),
        // The text is UTF-8 and rows may be of any length, so no other kind arises.
        other => InputError::Read(std::io::Error::other(format!("{other:?}"))),
    }
}
