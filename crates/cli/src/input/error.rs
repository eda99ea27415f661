//! What makes a whole file unreadable.

use liandong_core::language::Language;
use thiserror::Error;

/// The most bytes that one row may have. The longest sensible row, with its note, has about 1,000;
/// beyond this a quotation mark was not closed or the file is not what it seems to be.
pub(crate) const MAX_ROW_BYTES: u64 = 1 << 20;

/// Why a file cannot be read on.
#[derive(Debug, Error)]
pub enum InputError {
    /// The operating system failed to read.
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
    /// Bytes that are text in neither encoding.
    #[error("line {line} is neither UTF-8 nor GB18030")]
    Encoding {
        /// The line, from 1.
        line: u64,
    },
    /// The beginning of another kind of file.
    #[error("is {kind}")]
    OtherFile {
        /// What it is.
        kind: OtherFile,
    },
    /// A row that never ends.
    #[error("line {line} has more than {MAX_ROW_BYTES} bytes")]
    RowTooLong {
        /// The line it begins on.
        line: u64,
    },
    /// Columns that are needed and not there.
    #[error("lacks columns")]
    MissingColumns {
        /// The names that each missing column may have.
        missing: Vec<Vec<&'static str>>,
        /// The headings that are there.
        found: Vec<String>,
    },
    /// Two columns with the same meaning.
    #[error("has the column {first} twice")]
    DoubleColumn {
        /// The heading that came first.
        first: String,
        /// The one that came later.
        second: String,
    },
    /// Nothing in the file.
    #[error("is empty")]
    Empty,
    /// One JSON array instead of one object per line.
    #[error("is one JSON array")]
    JsonArray,
    /// More lines than can be numbered.
    #[error("has more than 4,294,967,295 lines")]
    TooManyLines,
}

/// Files that are taken for CSV by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherFile {
    /// An Excel workbook, old or new.
    Workbook,
    /// Text in UTF-16, as Excel's "Unicode text".
    Utf16,
    /// Compressed.
    Gzip,
}

impl std::fmt::Display for OtherFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name(Language::En))
    }
}

impl OtherFile {
    fn name(self, language: Language) -> &'static str {
        match self {
            Self::Workbook => language.pick("Excel 工作簿", "an Excel workbook"),
            Self::Utf16 => language.pick("UTF-16 文本", "text in UTF-16"),
            Self::Gzip => language.pick("gzip 压缩文件", "compressed with gzip"),
        }
    }

    fn advice(self, language: Language) -> &'static str {
        match self {
            Self::Workbook | Self::Utf16 => language.pick(
                "请在 Excel 中另存为“CSV UTF-8（逗号分隔）”",
                "save it in Excel as \"CSV UTF-8 (comma delimited)\"",
            ),
            Self::Gzip => language.pick("请先解压", "decompress it first"),
        }
    }
}

impl InputError {
    /// The sentence for a person, to stand after the name of the file.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Read(error) => language.pick(
                format!("无法读取：{error}"),
                format!("cannot be read: {error}"),
            ),
            Self::Encoding { line } => language.pick(
                format!(
                    "第 {line} 行既不是 UTF-8 也不是 GB18030 编码；可用编码：UTF-8、GB18030（GBK）"
                ),
                format!(
                    "line {line} is neither UTF-8 nor GB18030; accepted encodings: UTF-8, GB18030 \
                     (GBK)"
                ),
            ),
            Self::OtherFile { kind } => {
                let (name, advice) = (kind.name(language), kind.advice(language));
                language.pick(
                    format!("是{name}，不是 CSV 或 JSON 行；{advice}"),
                    format!("is {name}, not CSV or JSON lines; {advice}"),
                )
            }
            Self::RowTooLong { line } => language.pick(
                format!("第 {line} 行起超过 {MAX_ROW_BYTES} 字节仍未结束；请检查引号是否成对"),
                format!(
                    "the row that begins on line {line} has more than {MAX_ROW_BYTES} bytes; check \
                     that its quotation marks are closed"
                ),
            ),
            Self::MissingColumns { missing, found } => {
                let wanted: Vec<String> = missing.iter().map(|names| names.join("/")).collect();
                let (wanted, found) = (wanted.join(", "), found.join(", "));
                language.pick(
                    format!("第 1 行缺少列：{wanted}；现有列：{found}"),
                    format!("line 1 lacks the columns {wanted}; it has: {found}"),
                )
            }
            Self::DoubleColumn { first, second } => language.pick(
                format!("第 1 行的“{first}”与“{second}”含义相同；请只保留一列"),
                format!("on line 1 \"{first}\" and \"{second}\" mean the same; keep one of them"),
            ),
            Self::Empty => language.pick(
                "是空文件；需要一行表头和至少一行数据".to_owned(),
                "is empty; it needs a heading and at least one row".to_owned(),
            ),
            Self::JsonArray => language.pick(
                "是一个 JSON 数组；请每行写一个 JSON 对象".to_owned(),
                "is one JSON array; write one JSON object per line".to_owned(),
            ),
            Self::TooManyLines => language.pick(
                "超过 4294967295 行；请分成几个文件".to_owned(),
                "has more than 4,294,967,295 lines; split it".to_owned(),
            ),
        }
    }
}

/// What readers hand through `std::io::Read`, to be found again on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum ReadStop {
    /// Bytes on this line are text in neither encoding.
    #[error("line {0} is neither UTF-8 nor GB18030")]
    Encoding(u64),
    /// The row did not end within its budget.
    #[error("row too long")]
    Budget,
}

impl InputError {
    /// What an I/O error means; `line` is where the row being read began.
    pub(crate) fn from_io(error: std::io::Error, row_line: u64) -> Self {
        let stop = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<ReadStop>());
        match stop {
            Some(ReadStop::Encoding(line)) => Self::Encoding { line: *line },
            Some(ReadStop::Budget) => Self::RowTooLong { line: row_line },
            None => Self::Read(error),
        }
    }
}

impl From<ReadStop> for std::io::Error {
    fn from(stop: ReadStop) -> Self {
        Self::new(std::io::ErrorKind::InvalidData, stop)
    }
}
