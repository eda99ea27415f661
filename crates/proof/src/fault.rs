//! Why a file proves nothing, told to people in both languages.

use liandong_core::language::Language;
use liandong_core::proof::Fault;
use liandong_core::region::RegionCode;
use liandong_identity::{CertificateError, NotAttested};
use thiserror::Error;

use crate::line::FORMAT;

/// Bytes that are no line of a proof, or none that this program would have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is not written as a line of a proof is")]
pub struct BadLine;

/// Why a proof is not to be believed: the first thing that does not fit.
#[derive(Debug, Error)]
pub enum NotProven {
    /// The file cannot be read.
    #[error("cannot read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It does not begin like a proof.
    #[error("it is no proof file")]
    NoProof,
    /// A newer program wrote it.
    #[error("it has format {found}, this program reads format {FORMAT}: use a newer program")]
    OtherFormat {
        /// The format it says it has.
        found: u32,
    },
    /// A line that is damaged, or not where it may be.
    #[error("line {line} is damaged, or not what may stand there")]
    Line {
        /// Its number, from 1.
        line: u64,
    },
    /// It ends too soon.
    #[error("it ends in the middle, after line {line}")]
    Short {
        /// The last line.
        line: u64,
    },
    /// It does not have the digest that it ends with.
    #[error("it was changed after it was written: the digest on its last line is another")]
    Changed,
    /// Something follows its end.
    #[error("something follows its end")]
    Trailing,
    /// A certificate cannot be read.
    #[error("line {line}: {cause}")]
    Certificate {
        /// Where it stands.
        line: u64,
        /// Why.
        cause: CertificateError,
    },
    /// A signature shows nothing.
    #[error("line {line}: the statement of {region}: {cause}")]
    Signature {
        /// Where it stands.
        line: u64,
        /// Whose statement it is of.
        region: RegionCode,
        /// Why.
        cause: Box<NotAttested>,
    },
    /// What is said does not fit.
    #[error("line {line}: {fault}")]
    Fault {
        /// Where it is said; the last line for what is not said.
        line: u64,
        /// What does not fit.
        fault: Box<Fault>,
    },
}

impl NotProven {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::Unreadable(error) => format!("无法读取：{error}"),
            Self::NoProof => "不是证明文件".to_owned(),
            Self::OtherFormat { found } => {
                format!("文件格式为 {found}，本程序只认格式 {FORMAT}，请升级")
            }
            Self::Line { line } => format!("第 {line} 行已损坏，或不应在此处"),
            Self::Short { line } => format!("文件不完整，到第 {line} 行为止"),
            Self::Changed => "文件在写成之后被改动：与末行的摘要不符".to_owned(),
            Self::Trailing => "文件末尾之后还有内容".to_owned(),
            Self::Certificate { line, cause } => {
                format!("第 {line} 行：{}", cause.message(language))
            }
            Self::Signature {
                line,
                region,
                cause,
            } => format!("第 {line} 行：{region} 的陈述签名无效（{cause}）"),
            Self::Fault { line, fault } => {
                format!("第 {line} 行：{}", fault.message(Language::Zh))
            }
        };
        language.pick(chinese, self.to_string())
    }
}
