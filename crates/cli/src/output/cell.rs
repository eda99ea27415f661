//! Cells: one value with how it is written for people and for programs.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use liandong_client::wire;
use liandong_core::language::Language;
use liandong_core::quantity::{percent, yuan};
use serde::{Serialize, Serializer};

use super::word::Word;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Words; empty for none.
    Text(String),
    /// Words in both languages; English to programs.
    Both { zh: String, en: String },
    /// A whole number.
    Whole(i64),
    /// A whole number that is never negative.
    Count(u64),
    /// A number of bytes, shown in the unit that suits; the plain number to programs.
    Bytes(u64),
    /// An amount in 分, shown in 元; a text with two decimals in JSON.
    Fen(i64),
    /// A share in ten-thousandths, shown in per cent; a whole number in JSON.
    Share(Option<i64>),
    /// One of a fixed set of words.
    Word(Word),
    /// Yes or no; `None` where it is not known.
    Yes(Option<bool>),
    /// A moment.
    Moment(Option<Timestamp>),
    /// Several texts.
    List(Vec<String>),
    /// Several of a fixed set of words.
    Words(Vec<Word>),
}

impl Cell {
    /// Words.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Words in both languages.
    pub(crate) fn both(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Both {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// A moment as it travels.
    pub(crate) fn moment(at: Option<&wire::Timestamp>) -> Self {
        Self::Moment(at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok()))
    }

    /// How a spreadsheet reads it.
    pub(crate) fn for_spreadsheets(&self, language: Language) -> String {
        match self {
            Self::Bytes(bytes) => bytes.to_string(),
            other => other.for_people(language),
        }
    }

    /// How people read it.
    pub(crate) fn for_people(&self, language: Language) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Both { zh, en } => language.pick(zh, en).clone(),
            Self::Whole(number) => number.to_string(),
            Self::Count(number) => number.to_string(),
            Self::Bytes(bytes) => indicatif::BinaryBytes(*bytes).to_string(),
            Self::Fen(fen) => yuan(*fen),
            Self::Share(share) => share.map(percent).unwrap_or_default(),
            Self::Word(word) => word.for_people(language),
            Self::Yes(Some(true)) => language.pick("是", "yes").to_owned(),
            Self::Yes(Some(false)) => language.pick("否", "no").to_owned(),
            Self::Yes(None) | Self::Moment(None) => String::new(),
            Self::Moment(Some(at)) => {
                let local = at.to_zoned(TimeZone::system());
                local.strftime("%Y-%m-%d %H:%M:%S").to_string()
            }
            Self::List(texts) => texts.join(language.pick("、", ", ")),
            Self::Words(words) => {
                let texts: Vec<String> =
                    words.iter().map(|word| word.for_people(language)).collect();
                texts.join(language.pick("、", ", "))
            }
        }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) | Self::Both { en: text, .. } => serializer.serialize_str(text),
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Count(number) | Self::Bytes(number) => serializer.serialize_u64(*number),
            Self::Fen(fen) => serializer.serialize_str(&yuan(*fen)),
            Self::Share(share) => share.serialize(serializer),
            Self::Word(word) => serializer.serialize_str(word.code),
            Self::Yes(yes) => yes.serialize(serializer),
            Self::Moment(None) => serializer.serialize_none(),
            Self::Moment(Some(at)) => serializer.collect_str(at),
            Self::List(texts) => texts.serialize(serializer),
            Self::Words(words) => serializer.collect_seq(words.iter().map(|word| word.code)),
        }
    }
}
