//! What a command did: a sentence for people, facts for programs.

use liandong_core::language::Language;
use serde::{Serialize, Serializer};

use super::cell::Cell;
use super::column::Column;
use super::listing::Listing;

/// What was done.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    zh: String,
    en: String,
    facts: Facts,
}

/// The facts of what was done, as one object.
#[derive(Clone, Debug)]
pub(crate) struct Facts(Listing);

impl Said {
    pub(crate) fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        let mut listing = Listing::new(&[]);
        listing.rows.push(Vec::new());
        Self {
            zh: zh.into(),
            en: en.into(),
            facts: Facts(listing),
        }
    }

    /// Adds a fact.
    #[must_use]
    pub(crate) fn fact(mut self, key: &'static str, cell: Cell) -> Self {
        let listing = &mut self.facts.0;
        listing.columns.push(Column::text(key, key, key));
        if let Some(row) = listing.rows.first_mut() {
            row.push(cell);
        }
        self
    }

    pub(crate) fn sentence(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }
}

impl Facts {
    pub(crate) fn as_listing(&self) -> &Listing {
        &self.0
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.first().serialize(serializer)
    }
}
