//! Regions: who administers, who reports, and the tree between them.
//!
//! A region is anything that can own documents: a province, a prefecture, a county, a township,
//! or a reporting unit such as a school. The tree is data that is loaded; nothing here knows a
//! particular code or a fixed depth.

mod code;
mod tree;

pub use code::{InvalidRegionCode, MAX_REGION_CODE_LEN, RegionCode};
pub use tree::{RegionTree, TreeError};

use serde::{Deserialize, Serialize};

/// The rung of the administrative ladder a region stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// The whole country.
    Nation,
    /// Province, autonomous region or municipality directly under the central government.
    Province,
    /// Prefecture-level city, prefecture, league.
    Prefecture,
    /// County, district, county-level city, banner.
    County,
    /// Township, town, sub-district.
    Township,
    /// A reporting unit: school, kindergarten, teaching point. Its cells stay in its county.
    Unit,
}

impl Level {
    /// Every level, from the top down.
    pub const ALL: [Self; 6] = [
        Self::Nation,
        Self::Province,
        Self::Prefecture,
        Self::County,
        Self::Township,
        Self::Unit,
    ];

    /// The word used in files and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nation => "nation",
            Self::Province => "province",
            Self::Prefecture => "prefecture",
            Self::County => "county",
            Self::Township => "township",
            Self::Unit => "unit",
        }
    }

    /// Reads the word used in files and on the wire, in English or Chinese.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "nation" | "国家" => Some(Self::Nation),
            "province" | "省" | "省级" => Some(Self::Province),
            "prefecture" | "city" | "市" | "地" | "市级" | "地级" => Some(Self::Prefecture),
            "county" | "县" | "区" | "县级" => Some(Self::County),
            "township" | "乡" | "镇" | "乡级" | "乡镇" => Some(Self::Township),
            "unit" | "school" | "学校" | "单位" => Some(Self::Unit),
            _ => None,
        }
    }
}

/// What a region is, which decides the indicators it is expected to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RegionKind {
    /// An education bureau: administers, and reports only what is its own (本级).
    Bureau,
    /// Primary school (小学).
    PrimarySchool,
    /// Junior middle school (初中).
    MiddleSchool,
    /// Nine-year school (九年一贯制学校).
    NineYearSchool,
    /// Senior high school (普通高中).
    HighSchool,
    /// Secondary vocational school (中等职业学校).
    VocationalSchool,
    /// Special education school (特殊教育学校).
    SpecialSchool,
    /// Kindergarten (幼儿园).
    Kindergarten,
    /// Small rural teaching point (教学点).
    TeachingPoint,
    /// Anything else that reports.
    OtherUnit,
}

impl RegionKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Bureau,
        Self::PrimarySchool,
        Self::MiddleSchool,
        Self::NineYearSchool,
        Self::HighSchool,
        Self::VocationalSchool,
        Self::SpecialSchool,
        Self::Kindergarten,
        Self::TeachingPoint,
        Self::OtherUnit,
    ];

    /// The word used in files and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bureau => "bureau",
            Self::PrimarySchool => "primary-school",
            Self::MiddleSchool => "middle-school",
            Self::NineYearSchool => "nine-year-school",
            Self::HighSchool => "high-school",
            Self::VocationalSchool => "vocational-school",
            Self::SpecialSchool => "special-school",
            Self::Kindergarten => "kindergarten",
            Self::TeachingPoint => "teaching-point",
            Self::OtherUnit => "other-unit",
        }
    }

    /// Reads the word used in files and on the wire, in English or Chinese.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "bureau" | "教育局" | "主管部门" => Some(Self::Bureau),
            "primary-school" | "小学" => Some(Self::PrimarySchool),
            "middle-school" | "初中" => Some(Self::MiddleSchool),
            "nine-year-school" | "九年一贯制学校" => Some(Self::NineYearSchool),
            "high-school" | "高中" | "普通高中" => Some(Self::HighSchool),
            "vocational-school" | "中职" | "职业学校" => Some(Self::VocationalSchool),
            "special-school" | "特殊教育学校" => Some(Self::SpecialSchool),
            "kindergarten" | "幼儿园" => Some(Self::Kindergarten),
            "teaching-point" | "教学点" => Some(Self::TeachingPoint),
            "other-unit" | "其他" => Some(Self::OtherUnit),
            _ => None,
        }
    }
}

/// One region of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Its code: GB/T 2260 six digits, nine for a township, its own for a unit.
    pub code: RegionCode,
    /// Its name as the bureau writes it.
    pub name: String,
    /// The region directly above, if any is known.
    pub parent: Option<RegionCode>,
    /// The rung it stands on.
    pub level: Level,
    /// What it is.
    pub kind: RegionKind,
}
