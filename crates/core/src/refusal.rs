//! Refusals: what was wrong, in which field, with which value, and what would be accepted.
//!
//! Every rule of the mesh refuses with this one type, so that a clerk reads the same sentence on
//! the command line, in a page and in a client's error details, in Chinese or English.

mod reason;

pub use reason::{Class, Reason};

use std::fmt;
use std::time::Duration;

use crate::language::Language;

/// Something that was asked and cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What rule was broken.
    pub reason: Reason,
    /// The field or column it is about; empty when it is about the whole request.
    pub field: String,
    /// The value that was given, shortened to what a message can bear.
    pub value: String,
    /// What would be accepted instead.
    pub accepted: Accepted,
}

/// What would be accepted in place of a refused value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Nothing can be named.
    Nothing,
    /// One of these values.
    OneOf(Vec<String>),
    /// A value of this form, given as an example or pattern.
    Form(String),
    /// A whole number in this range, bounds included.
    Range(i64, i64),
    /// A text of at most this many characters.
    AtMostChars(usize),
    /// The same again, after so long.
    Later(Duration),
    /// What to do next, in both languages.
    Advice {
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
}

impl Refusal {
    /// A refusal of `value` in `field`.
    pub fn new(reason: Reason, field: &str, value: impl fmt::Display, accepted: Accepted) -> Self {
        Self {
            reason,
            field: field.to_owned(),
            value: shorten(&value.to_string()),
            accepted,
        }
    }

    /// A refusal with advice on what to do next.
    pub fn advise(
        reason: Reason,
        field: &str,
        value: impl fmt::Display,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        let accepted = Accepted::Advice {
            zh: zh.into(),
            en: en.into(),
        };
        Self::new(reason, field, value, accepted)
    }

    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let mut text = String::new();
        if !self.field.is_empty() {
            text.push_str(&self.field);
            text.push_str(language.pick("：", ": "));
        }
        if !self.value.is_empty() {
            text.push_str(
                &language.pick(format!("“{}” ", self.value), format!("\"{}\" ", self.value)),
            );
        }
        text.push_str(self.reason.describe(language));
        let accepted = self.accepted.message(language);
        if !accepted.is_empty() {
            text.push_str(language.pick("；", "; "));
            text.push_str(&accepted);
        }
        text
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(Language::En))
    }
}

impl std::error::Error for Refusal {}

impl Accepted {
    /// The part of the sentence that says what would be accepted; empty when nothing can be named.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::OneOf(values) => {
                const SHOWN: usize = 12;
                let mut list = values
                    .iter()
                    .take(SHOWN)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", ");
                if values.len() > SHOWN {
                    list.push_str(" …");
                }
                language.pick(format!("可填：{list}"), format!("accepted: {list}"))
            }
            Self::Form(form) => language.pick(format!("格式：{form}"), format!("write {form}")),
            Self::Range(low, high) => language.pick(
                format!("可填 {low} 至 {high} 的整数"),
                format!("accepted: whole numbers from {low} to {high}"),
            ),
            Self::AtMostChars(limit) => language.pick(
                format!("最多 {limit} 个字符"),
                format!("at most {limit} characters"),
            ),
            Self::Later(wait) => {
                let wait = spoken(*wait, language);
                language.pick(format!("请在 {wait}后重试"), format!("try again in {wait}"))
            }
            Self::Advice { zh, en } => language.pick(zh.clone(), en.clone()),
        }
    }
}

/// A span of time in the unit that suits it, never shorter than it is.
fn spoken(span: Duration, language: Language) -> String {
    let milliseconds = span.as_millis();
    let seconds = milliseconds.div_ceil(1_000);
    let (number, zh, en) = match seconds {
        0..=1 => (milliseconds.max(1), "毫秒", "ms"),
        2..=120 => (seconds, "秒", "s"),
        121..=7_200 => (seconds.div_ceil(60), "分钟", "min"),
        _ => (seconds.div_ceil(3_600), "小时", "h"),
    };
    format!("{number} {}", language.pick(zh, en))
}

/// Values come from outside and may be megabytes; a message shows their start.
fn shorten(value: &str) -> String {
    const SHOWN: usize = 60;
    let mut short: String = value
        .chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if value.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Accepted;
    use crate::language::Language;

    #[test]
    fn a_wait_is_said_in_the_unit_that_suits_it_and_never_too_short() {
        let cases = [
            (0, "1 ms"),
            (250, "250 ms"),
            (1_000, "1000 ms"),
            (1_001, "2 s"),
            (119_001, "120 s"),
            (120_001, "3 min"),
            (7_200_001, "3 h"),
            (86_400_000, "24 h"),
        ];
        for (milliseconds, expected) in cases {
            let later = Accepted::Later(Duration::from_millis(milliseconds));
            let said = later.message(Language::En);
            assert_eq!(said, format!("try again in {expected}"));
        }
    }
}
