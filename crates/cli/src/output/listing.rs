//! Listings: rows under columns, in every form.

use std::io::Write;

use liandong_core::language::Language;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::cell::Cell;
use super::column::Column;

/// Rows under columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Listing {
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, cell by cell in the order of the columns.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(cells);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the rows under a heading in the reader's language, with the line ends of RFC 4180.
    pub(crate) fn write_csv(
        &self,
        out: &mut impl Write,
        language: Language,
        bom: bool,
    ) -> std::io::Result<()> {
        if bom {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        let headings = self.columns.iter().map(|column| column.heading(language));
        writer.write_record(headings).map_err(io_error)?;
        for row in &self.rows {
            let texts = row
                .iter()
                .map(|cell| harmless(cell.for_spreadsheets(language), cell));
            writer.write_record(texts).map_err(io_error)?;
        }
        writer.flush()
    }

    /// Some of the columns, in the order in which they are named.
    pub(crate) fn only(&self, keys: &[&str]) -> Self {
        let place_of = |key: &&str| self.columns.iter().position(|column| column.key == *key);
        let places: Vec<usize> = keys.iter().filter_map(place_of).collect();
        let pick_cells = |row: &Vec<Cell>| places.iter().map(|place| row[*place].clone()).collect();
        Self {
            columns: places.iter().map(|place| self.columns[*place]).collect(),
            rows: self.rows.iter().map(pick_cells).collect(),
        }
    }

    /// The rows in which at least one of these columns has something to show.
    pub(crate) fn with(&self, keys: &[&str]) -> Self {
        let mut kept = Self::new(&self.columns);
        for row in &self.rows {
            let shows = self.columns.iter().zip(row).any(|(column, cell)| {
                keys.contains(&column.key) && !cell.for_people(Language::En).is_empty()
            });
            if shows {
                kept.rows.push(row.clone());
            }
        }
        kept
    }

    fn row_of<'l>(&'l self, cells: &'l [Cell]) -> Row<'l> {
        Row {
            columns: &self.columns,
            cells,
        }
    }

    /// The only row as a JSON object.
    pub(crate) fn first(&self) -> Option<Row<'_>> {
        self.rows.first().map(|cells| self.row_of(cells))
    }
}

/// Keeps what the operating system said, by which a broken pipe is recognised.
fn io_error(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

fn harmless(text: String, cell: &Cell) -> String {
    match cell {
        Cell::Text(_) | Cell::List(_) => harmless_words(text),
        _ => text,
    }
}

/// Spreadsheets run words that begin like a formula, some of them in full-width signs, too; an
/// apostrophe keeps them words. A number that stands for itself is left as it is.
pub(crate) fn harmless_words(text: String) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n']);
    if runs && text.parse::<i64>().is_err() {
        return format!("'{text}");
    }
    text
}

impl Serialize for Listing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.rows.len()))?;
        for cells in &self.rows {
            rows.serialize_element(&self.row_of(cells))?;
        }
        rows.end()
    }
}

/// One row as a JSON object, in the order of the columns.
pub(crate) struct Row<'l> {
    columns: &'l [Column],
    cells: &'l [Cell],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.columns.len()))?;
        for (column, cell) in self.columns.iter().zip(self.cells) {
            object.serialize_entry(column.key, cell)?;
        }
        object.end()
    }
}

#[cfg(test)]
mod tests;
