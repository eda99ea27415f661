//! The columns of a file of reports, and the headings they are found by.

use liandong_core::language::Language;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The unit that reports.
    Source,
    /// The indicator, by code or exact Chinese name.
    Indicator,
    /// The period.
    Period,
    /// The figure, or the part above the line.
    Numerator,
    /// The part below the line.
    Denominator,
    /// The client's id of this version.
    Id,
    /// The client's number of this version.
    Revision,
    /// Why it was corrected.
    Note,
}

/// How many columns have a meaning.
pub(crate) const FIELDS: usize = 8;

impl Field {
    /// Every field, in the order in which files are written.
    pub const ALL: [Self; FIELDS] = [
        Self::Source,
        Self::Indicator,
        Self::Period,
        Self::Numerator,
        Self::Denominator,
        Self::Id,
        Self::Revision,
        Self::Note,
    ];

    /// The headings it is found by; the first two are the ones files are written with.
    pub fn headings(self) -> &'static [&'static str] {
        match self {
            Self::Source => &["source", "单位代码", "单位", "填报单位", "填报单位代码"],
            Self::Indicator => &["indicator", "指标", "指标代码"],
            Self::Period => &["period", "周期", "填报周期", "期间"],
            Self::Numerator => &["numerator", "分子", "数值", "完成值", "value"],
            Self::Denominator => &["denominator", "分母"],
            Self::Id => &["id", "编号"],
            Self::Revision => &["revision", "修订", "修订号"],
            Self::Note => &["note", "备注"],
        }
    }

    /// The heading that files are written with.
    pub fn heading(self, language: Language) -> &'static str {
        let names = self.headings();
        language.pick(names[1], names[0])
    }

    /// Whether a file cannot do without it.
    pub fn is_required(self) -> bool {
        matches!(
            self,
            Self::Source | Self::Indicator | Self::Period | Self::Numerator
        )
    }

    /// The field that a heading names.
    pub fn from_heading(heading: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| {
            let names = field.headings();
            names.iter().any(|name| name.eq_ignore_ascii_case(heading))
        })
    }

    /// The field that the last part of a refusal's path names: `rows[3].period` is the period.
    pub fn from_path(path: &str) -> Option<Self> {
        let last = path.rsplit('.').next().unwrap_or(path);
        Self::ALL
            .into_iter()
            .find(|field| field.headings()[0] == last)
    }

    /// Its place among [`Field::ALL`].
    pub fn place(self) -> usize {
        self as usize
    }
}

/// Headings that templates and lists of refused rows carry for people, and that are passed over.
const FOR_PEOPLE: [&str; 18] = [
    "单位名称",
    "指标名称",
    "计量单位",
    "分子口径",
    "分母口径",
    "口径",
    "行",
    "有误的列",
    "有误的值",
    "原因",
    "说明",
    "source_name",
    "indicator_name",
    "unit",
    "row",
    "field",
    "reason",
    "message",
];

/// Whether a heading is passed over without a word.
pub(crate) fn is_for_people(heading: &str) -> bool {
    heading.is_empty()
        || matches!(
            heading,
            "numerator_definition" | "denominator_definition" | "refused_value"
        )
        || FOR_PEOPLE.contains(&heading)
}
