//! What is wrong with a file.

use liandong_core::language::Language;
use liandong_core::refusal::Refusal;
use thiserror::Error;

/// Why bytes are no file that can be taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileFault {
    /// They do not begin like one.
    #[error("it is no link file")]
    NoLinkFile,
    /// A newer program wrote it.
    #[error("it has format {found}, this program reads format 1")]
    OtherFormat {
        /// The format it says it has.
        found: String,
    },
    /// A section is not what it may be at its place.
    #[error("section {place} is damaged")]
    Section {
        /// Its place, from 0.
        place: u64,
    },
    /// The header cannot be read.
    #[error("its header cannot be read: {0}")]
    Header(Refusal),
    /// It ends too soon.
    #[error("it ends in the middle, after {bytes} bytes")]
    Short {
        /// How many bytes there are.
        bytes: u64,
    },
    /// There is more behind its end.
    #[error("something follows its end")]
    Trailing,
    /// It does not have the digest that it ends with.
    #[error("it was changed after it was written")]
    Changed,
}

impl FileFault {
    /// The sentence, for a person.
    pub fn message(&self, language: Language) -> String {
        let zh = match self {
            Self::NoLinkFile => "不是联动交换文件".to_owned(),
            Self::OtherFormat { found } => {
                format!("文件格式为 {found}，本程序只认格式 1，请升级")
            }
            Self::Section { place } => format!("第 {place} 段已损坏"),
            Self::Header(refusal) => {
                format!("文件头无法识别（{}）", refusal.message(Language::Zh))
            }
            Self::Short { bytes } => format!("文件不完整，只有 {bytes} 字节"),
            Self::Trailing => "文件末尾之后还有内容".to_owned(),
            Self::Changed => "文件在导出之后被改动".to_owned(),
        };
        language.pick(zh, self.to_string())
    }
}
