//! Rows of JSON lines: one object per line.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::budget::{Budget, Budgeted};
use super::cells::{Cells, RawRow, RowTrouble};
use super::column::{Field, is_for_people};
use super::error::{InputError, MAX_ROW_BYTES};
use super::text::trim;

/// Reads the objects; `R` gives UTF-8 with line feeds.
pub(crate) struct JsonRows<R: Read> {
    source: BufReader<Budgeted<R>>,
    budget: Budget,
    line: u64,
    text: String,
    unknown: Vec<String>,
}

impl<R: Read> JsonRows<R> {
    pub(crate) fn new(source: BufReader<Budgeted<R>>, budget: Budget) -> Self {
        Self {
            source,
            budget,
            line: 0,
            text: String::new(),
            unknown: Vec::new(),
        }
    }

    /// Keys seen so far that mean nothing here.
    pub(crate) fn unknown_columns(&self) -> &[String] {
        &self.unknown
    }

    /// The next object; `None` at the end.
    pub(crate) fn next_row(&mut self) -> Result<Option<RawRow>, InputError> {
        loop {
            self.text.clear();
            self.line += 1;
            self.budget.renew(MAX_ROW_BYTES);
            let read = self.source.read_line(&mut self.text);
            if read.map_err(|error| InputError::from_io(error, self.line))? == 0 {
                return Ok(None);
            }
            if trim(&self.text).is_empty() {
                continue;
            }
            return Ok(Some(self.take_apart()));
        }
    }

    fn take_apart(&mut self) -> RawRow {
        let mut cells = Cells::default();
        let line = self.line;
        let text = trim(&self.text);
        let Ok(object) = serde_json::from_str::<Object<'_>>(text) else {
            let start = text.chars().take(60).collect();
            let trouble = Some(RowTrouble::NotAnObject(start));
            return RawRow {
                line,
                cells,
                trouble,
            };
        };
        let mut trouble = None;
        let mut seen: Vec<Field> = Vec::new();
        for (key, value) in object.pairs {
            let Some(field) = Field::from_heading(trim(&key)) else {
                const REMEMBERED: usize = 20;
                let is_new = !self.unknown.iter().any(|known| *known == key);
                if is_new && !is_for_people(&key) && self.unknown.len() < REMEMBERED {
                    self.unknown.push(key.into_owned());
                }
                continue;
            };
            if seen.contains(&field) {
                trouble.get_or_insert_with(|| RowTrouble::DoubleKey(key.into_owned()));
                continue;
            }
            seen.push(field);
            match text_of(value.get()) {
                Some(text) => cells.set(field, text),
                None => {
                    let start = value.get().chars().take(60).collect();
                    trouble.get_or_insert(RowTrouble::NotAValue(field, start));
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

/// A text, or a number exactly as it is written; `null` is an empty cell.
fn text_of(raw: &str) -> Option<String> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'n' => Some(String::new()),
        b'-' | b'0'..=b'9' => Some(raw.to_owned()),
        _ => None,
    }
}

/// The pairs of an object in their order, doubled keys included.
struct Object<'j> {
    pairs: Vec<(Cow<'j, str>, &'j RawValue)>,
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    pairs.push((key.0, value));
                }
                Ok(Object { pairs })
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[derive(Deserialize)]
struct Key<'j>(#[serde(borrow)] Cow<'j, str>);
