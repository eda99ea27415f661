//! The two languages that messages are written in.

/// A language for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    /// Simplified Chinese.
    Zh,
    /// English.
    #[default]
    En,
}

impl Language {
    /// Reads a POSIX locale (`zh_CN.UTF-8`) or an `Accept-Language` header (`zh-CN,zh;q=0.9`):
    /// Chinese when its first language is Chinese, English otherwise.
    pub fn from_tag(tag: &str) -> Self {
        if tag
            .trim_start()
            .get(..2)
            .is_some_and(|first| first.eq_ignore_ascii_case("zh"))
        {
            Self::Zh
        } else {
            Self::En
        }
    }

    /// The one of two texts that this language asks for.
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}
