//! Reads the fields of one TOML table, noting every mistake instead of stopping at the first.
//!
//! A field that nobody asks for is a mistake too: a misspelt key must not be dropped in silence.

use std::str::FromStr;

use liandong_core::refusal::{Accepted, Reason, Refusal};
use toml::{Table, Value};

use crate::error::{CatalogError, Place};

/// The longest text of a field, in characters; the longest of the source documents has about 600.
const MAX_TEXT_CHARS: usize = 10_000;

/// One table whose fields are being read.
pub(crate) struct Fields<'e> {
    place: Place,
    rest: Table,
    asked: Vec<&'static str>,
    errors: &'e mut Vec<CatalogError>,
}

impl<'e> Fields<'e> {
    pub(crate) fn new(place: Place, table: Table, errors: &'e mut Vec<CatalogError>) -> Self {
        Self {
            place,
            rest: table,
            asked: Vec::new(),
            errors,
        }
    }

    /// Says where the table is, once its own number or code has been read.
    pub(crate) fn set_place(&mut self, place: Place) {
        self.place = place;
    }

    /// Notes a mistake in `key`.
    pub(crate) fn refuse(&mut self, reason: Reason, key: &str, value: &str, accepted: Accepted) {
        self.errors.push(CatalogError {
            place: self.place.clone(),
            refusal: Refusal::new(reason, key, value, accepted),
        });
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.rest.remove(key)
    }

    /// A text that may be missing or empty.
    pub(crate) fn optional_text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) if text.chars().count() <= MAX_TEXT_CHARS => Some(text),
            Value::String(text) => {
                self.refuse(
                    Reason::TooLong,
                    key,
                    &text,
                    Accepted::AtMostChars(MAX_TEXT_CHARS),
                );
                None
            }
            other => {
                let form = Accepted::Form(format!("{key} = \"…\""));
                self.refuse(Reason::Malformed, key, &other.to_string(), form);
                None
            }
        }
    }

    /// A text that has to be there and must not be blank; empty after a noted mistake.
    pub(crate) fn text(&mut self, key: &'static str) -> String {
        let was_there = self.rest.contains_key(key);
        let text = self.optional_text(key);
        match text {
            Some(text) if !text.trim().is_empty() => text,
            None if was_there => String::new(),
            _ => {
                self.refuse(
                    Reason::Missing,
                    key,
                    "",
                    Accepted::Form(format!("{key} = \"…\"")),
                );
                String::new()
            }
        }
    }

    /// A list of texts; empty where it is missing.
    pub(crate) fn texts(&mut self, key: &'static str) -> Vec<String> {
        let form = || Accepted::Form(format!("{key} = [\"…\", \"…\"]"));
        let values = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(other) => {
                self.refuse(Reason::Malformed, key, &other.to_string(), form());
                return Vec::new();
            }
        };
        let mut texts = Vec::with_capacity(values.len());
        for value in values {
            match value {
                Value::String(text) if !text.trim().is_empty() => texts.push(text),
                other => self.refuse(Reason::Malformed, key, &other.to_string(), form()),
            }
        }
        texts
    }

    /// `true` or `false`; `false` where it is missing.
    pub(crate) fn flag(&mut self, key: &'static str) -> bool {
        match self.take(key) {
            None => false,
            Some(Value::Boolean(flag)) => flag,
            Some(other) => {
                let accepted = Accepted::OneOf(vec!["true".to_owned(), "false".to_owned()]);
                self.refuse(Reason::Malformed, key, &other.to_string(), accepted);
                false
            }
        }
    }

    /// A text that is read into a `T`; `None` where it is missing, empty, or wrong and noted.
    pub(crate) fn optional_parsed<T: FromStr>(
        &mut self,
        key: &'static str,
        form: &str,
    ) -> Option<T> {
        let text = self.optional_text(key)?;
        if text.is_empty() {
            return None;
        }
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.refuse(
                Reason::Malformed,
                key,
                &text,
                Accepted::Form(form.to_owned()),
            );
        }
        parsed
    }

    /// A text that has to be there and is read into a `T`; `None` after a noted mistake.
    pub(crate) fn parsed<T: FromStr>(&mut self, key: &'static str, form: &str) -> Option<T> {
        let text = self.text(key);
        if text.is_empty() {
            return None;
        }
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.refuse(
                Reason::Malformed,
                key,
                &text,
                Accepted::Form(form.to_owned()),
            );
        }
        parsed
    }

    /// One of the words of a closed list; `None` after a noted mistake.
    pub(crate) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        all: &[T],
        word_of: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.text(key);
        if text.is_empty() {
            return None;
        }
        let found = all.iter().copied().find(|one| word_of(*one) == text);
        if found.is_none() {
            let words = all.iter().map(|one| word_of(*one).to_owned()).collect();
            self.refuse(Reason::Malformed, key, &text, Accepted::OneOf(words));
        }
        found
    }

    /// A list of tables (`[[…]]`); empty where it is missing.
    pub(crate) fn tables(&mut self, key: &'static str, header: &str) -> Vec<Table> {
        let values = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(other) => vec![other],
        };
        let mut tables = Vec::with_capacity(values.len());
        for value in values {
            match value {
                Value::Table(table) => tables.push(table),
                other => {
                    let form = Accepted::Form(format!("[[{header}]]"));
                    self.refuse(Reason::Malformed, key, &other.to_string(), form);
                }
            }
        }
        tables
    }

    /// A table (`[…]`) that has to be there; `None` after a noted mistake.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<Table> {
        let form = Accepted::Form(format!("[{key}]"));
        match self.take(key) {
            Some(Value::Table(table)) => Some(table),
            Some(other) => {
                self.refuse(Reason::Malformed, key, &other.to_string(), form);
                None
            }
            None => {
                self.refuse(Reason::Missing, key, "", form);
                None
            }
        }
    }

    /// Notes every field that was not asked for.
    pub(crate) fn finish(self) {
        for (key, value) in self.rest {
            let known = self.asked.iter().map(|asked| (*asked).to_owned()).collect();
            self.errors.push(CatalogError {
                place: self.place.clone(),
                refusal: Refusal::new(
                    Reason::Malformed,
                    &key,
                    value.to_string(),
                    Accepted::OneOf(known),
                ),
            });
        }
    }
}

/// Reads a whole file into its top table.
///
/// A syntax error hides everything after it, so it is the only error then.
pub(crate) fn parse_table(text: &str) -> Result<Table, Vec<CatalogError>> {
    let error = match text.parse::<Table>() {
        Ok(table) => return Ok(table),
        Err(error) => error,
    };
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let value = text.lines().nth(line - 1).unwrap_or_default();
    Err(vec![CatalogError {
        place: Place::Line(line as u64),
        refusal: Refusal::advise(
            Reason::Malformed,
            "TOML",
            value,
            format!("第 {column} 个字符处：{}", error.message()),
            format!("at character {column}: {}", error.message()),
        ),
    }])
}
