//! What is shown: tables for people, JSON for programs, CSV for spreadsheets.

mod cell;
mod column;
mod listing;
mod said;
mod table;
mod word;

pub(crate) use cell::Cell;
pub(crate) use column::Column;
pub(crate) use listing::{Listing, harmless_words};
pub(crate) use said::Said;
pub(crate) use word::{
    action, check, deed, direction, indicator_kind, level, light, mirror_state, role,
};
pub(crate) use word::{pairing_kind, period_kind, plan_status, region_kind, relation, stage};
pub(crate) use word::{verify_part, verify_result};

use std::io::Write;

use liandong_core::language::Language;

/// The form in which something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Csv,
}

/// Where and how to show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) language: Language,
    /// Whether CSV begins with a byte order mark, without which Excel misreads Chinese.
    pub(crate) bom: bool,
}

impl Output {
    /// Shows one line to people; nothing in the other forms.
    pub(crate) fn line(&self, text: &str) -> std::io::Result<()> {
        if self.format != Format::Table {
            return Ok(());
        }
        writeln!(std::io::stdout().lock(), "{text}")
    }

    /// Shows a listing.
    pub(crate) fn listing(&self, listing: &Listing) -> std::io::Result<()> {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        match self.format {
            Format::Table => {
                let text = table::render(listing, self.language, table::Style::of_terminal());
                writeln!(out, "{text}")?;
            }
            Format::Json => {
                serde_json::to_writer_pretty(&mut out, listing)?;
                writeln!(out)?;
            }
            Format::Csv => listing.write_csv(&mut out, self.language, self.bom)?,
        }
        out.flush()
    }

    /// Shows a JSON value when JSON is asked for; says whether it was.
    pub(crate) fn json(&self, value: &impl serde::Serialize) -> std::io::Result<bool> {
        if self.format != Format::Json {
            return Ok(false);
        }
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        serde_json::to_writer_pretty(&mut out, value)?;
        writeln!(out)?;
        out.flush()?;
        Ok(true)
    }

    /// Shows what was done.
    pub(crate) fn said(&self, said: &Said) -> std::io::Result<()> {
        match self.format {
            Format::Table => self.line(said.sentence(self.language)),
            Format::Json => self.json(said.facts()).map(|_| ()),
            Format::Csv => self.listing(said.facts().as_listing()),
        }
    }

    /// The one of two texts that the language asks for.
    pub(crate) fn pick<T>(&self, zh: T, en: T) -> T {
        self.language.pick(zh, en)
    }
}
