//! The cells of one row, by what they hold, as texts.

use super::column::{FIELDS, Field};

/// One row's cells; those that a file does not have are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    texts: [String; FIELDS],
}

impl Cells {
    /// The text of a column.
    pub fn get(&self, field: Field) -> &str {
        &self.texts[field.place()]
    }

    /// Puts a text into a column.
    pub fn set(&mut self, field: Field, text: String) {
        self.texts[field.place()] = text;
    }

    /// Whether nothing stands in it.
    pub fn is_blank(&self) -> bool {
        self.texts
            .iter()
            .all(|text| super::text::trim(text).is_empty())
    }

    /// The cells in the order of [`Field::ALL`].
    pub fn texts(&self) -> &[String; FIELDS] {
        &self.texts
    }
}

/// One row as it stands in the file, before anybody asks what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRow {
    /// The line it begins on, from 1.
    pub line: u64,
    /// What it holds.
    pub cells: Cells,
    /// What is wrong with its form, if anything.
    pub trouble: Option<RowTrouble>,
}

/// Why a row cannot be taken apart, while the rows around it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowTrouble {
    /// A quotation mark is not closed before the end of the file; the beginning of its cell.
    OpenQuote(String),
    /// It has more cells than there are columns; the first one too many.
    TooManyCells(String),
    /// It is not a JSON object of texts and numbers; its beginning.
    NotAnObject(String),
    /// A key or two that mean the same are there twice.
    DoubleKey(String),
    /// A key's value is neither a text nor a number.
    NotAValue(Field, String),
}
