//! What is wrong with a catalogue file, and where.

use std::fmt;

use liandong_core::language::Language;
use liandong_core::refusal::Refusal;
use thiserror::Error;

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.message(Language::En))]
pub struct CatalogError {
    /// Where in the file.
    pub place: Place,
    /// The field or column, its value, the rule it broke and what would be accepted.
    pub refusal: Refusal,
}

/// Where in a file something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A line of the file, counted from 1.
    Line(u64),
    /// The head of a plan (`[plan]`).
    Plan,
    /// An item of a plan.
    Item {
        /// Its number; its position, counted from 1, while the number is not known.
        number: String,
    },
    /// A target of an item.
    Target {
        /// The item's number.
        item: String,
        /// The target's position in the item, counted from 1.
        position: usize,
    },
    /// An indicator.
    Indicator {
        /// Its code; its position, counted from 1, while the code is not known.
        code: String,
    },
}

impl CatalogError {
    /// The sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let place = self.place.describe(language);
        let refusal = self.refusal.message(language);
        if place.is_empty() {
            return refusal;
        }
        language.pick(format!("{place}，{refusal}"), format!("{place}, {refusal}"))
    }
}

impl Place {
    /// The words for a person; empty for the file as a whole.
    pub fn describe(&self, language: Language) -> String {
        match self {
            Self::File => String::new(),
            Self::Line(line) => language.pick(format!("第 {line} 行"), format!("line {line}")),
            Self::Plan => language.pick("方案".to_owned(), "plan".to_owned()),
            Self::Item { number } => {
                language.pick(format!("第 {number} 项"), format!("item {number}"))
            }
            Self::Target { item, position } => language.pick(
                format!("第 {item} 项第 {position} 个目标"),
                format!("item {item} target {position}"),
            ),
            Self::Indicator { code } => {
                language.pick(format!("指标 {code}"), format!("indicator {code}"))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(Language::En))
    }
}
