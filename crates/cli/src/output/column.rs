//! Columns: a stable name for programs and a heading in each language for people.

use liandong_core::language::Language;

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name in JSON.
    pub(crate) key: &'static str,
    zh: &'static str,
    en: &'static str,
    pub(crate) is_number: bool,
}

impl Column {
    /// A column of words.
    pub(crate) const fn text(key: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self {
            key,
            zh,
            en,
            is_number: false,
        }
    }

    /// A column of numbers, which stand at the right.
    pub(crate) const fn number(key: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self {
            key,
            zh,
            en,
            is_number: true,
        }
    }

    pub(crate) fn heading(&self, language: Language) -> &'static str {
        language.pick(self.zh, self.en)
    }
}
