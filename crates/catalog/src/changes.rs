//! What became of administrative codes since 1980.
//!
//! A bureau's old lists carry codes that are no longer in use. The table says where each went; it
//! is only a help for finding the present code, and never rewrites anything by itself. The tables
//! before 1984 renumbered the whole country several times, so early changes are less certain.

use std::collections::BTreeMap;

use liandong_core::region::{RegionCode, RegionTree};

use crate::error::CatalogError;
use crate::regions::bad_row;

const TABLE: &str = include_str!("../data/regions/changes.tsv");

/// What kind of change it was, in the source's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// 更名: another name.
    Renamed,
    /// 同名改码: the same name, another code.
    Recoded,
    /// 码位改派: the code was given to another region; where the former one went is not said.
    Reassigned,
    /// 新设: newly established.
    Established,
    /// 撤销: dissolved, possibly into another region.
    Dissolved,
    /// 撤县设市: a county became a city.
    CountyToCity,
    /// 撤县设区: a county became a district.
    CountyToDistrict,
    /// 撤市设区: a city became a district.
    CityToDistrict,
    /// 撤地设市: a prefecture became a city.
    PrefectureToCity,
    /// 撤区设区: districts became another district.
    DistrictToDistrict,
    /// 撤旗设区: a banner became a district.
    BannerToDistrict,
    /// 区划调整: borders or affiliation changed.
    Adjusted,
    /// 划转: a part went to another region.
    Transferred,
    /// 驻地迁移: the seat of government moved.
    SeatMoved,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Renamed,
        Self::Recoded,
        Self::Reassigned,
        Self::Established,
        Self::Dissolved,
        Self::CountyToCity,
        Self::CountyToDistrict,
        Self::CityToDistrict,
        Self::PrefectureToCity,
        Self::DistrictToDistrict,
        Self::BannerToDistrict,
        Self::Adjusted,
        Self::Transferred,
        Self::SeatMoved,
    ];

    /// The source's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Renamed => "更名",
            Self::Recoded => "同名改码",
            Self::Reassigned => "码位改派",
            Self::Established => "新设",
            Self::Dissolved => "撤销",
            Self::CountyToCity => "撤县设市",
            Self::CountyToDistrict => "撤县设区",
            Self::CityToDistrict => "撤市设区",
            Self::PrefectureToCity => "撤地设市",
            Self::DistrictToDistrict => "撤区设区",
            Self::BannerToDistrict => "撤旗设区",
            Self::Adjusted => "区划调整",
            Self::Transferred => "划转",
            Self::SeatMoved => "驻地迁移",
        }
    }
}

/// One change. The source leaves codes and names out where it does not know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The year in which it is first seen.
    pub year: i16,
    /// What kind of change it was.
    pub kind: ChangeKind,
    /// The code before.
    pub old_code: Option<RegionCode>,
    /// The name before; may be empty.
    pub old_name: &'static str,
    /// The code after.
    pub new_code: Option<RegionCode>,
    /// The name after; may be empty.
    pub new_name: &'static str,
    /// The number of the document that approved it (批复文号); mostly empty.
    pub document: &'static str,
}

/// All changes, found by the code before.
#[derive(Clone, Debug)]
pub struct CodeChanges {
    changes: Vec<Change>,
    // Positions in `changes` with a code before, ordered by that code and then by time.
    by_old_code: Vec<(RegionCode, usize)>,
}

/// Where a code went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Successor {
    /// The code is in use today.
    InUse,
    /// The region that last had the code has this one today.
    Now(RegionCode),
    /// The source does not say, or names several codes for the same year.
    Unknown,
}

/// All changes of codes since 1980, in order of time.
///
/// # Errors
/// Rows of the shipped table that cannot be read; the tests keep that from happening.
pub fn code_changes() -> Result<CodeChanges, Vec<CatalogError>> {
    let mut changes = Vec::with_capacity(TABLE.len() / 48);
    let mut errors = Vec::new();
    for (index, row) in TABLE.lines().enumerate().skip(1) {
        match read_row(row) {
            Some(change) => changes.push(change),
            None => errors.push(bad_row(index, row)),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(CodeChanges::new(changes))
}

fn read_row(row: &'static str) -> Option<Change> {
    let mut cells = row.split('\t');
    let year = cells.next()?.parse().ok()?;
    let word = cells.next()?;
    let kind = ChangeKind::ALL
        .into_iter()
        .find(|kind| kind.word() == word)?;
    let old_code = read_code(cells.next()?)?;
    let old_name = cells.next()?;
    let new_code = read_code(cells.next()?)?;
    let new_name = cells.next()?;
    let document = cells.next()?;
    if cells.next().is_some() {
        return None;
    }
    Some(Change {
        year,
        kind,
        old_code,
        old_name,
        new_code,
        new_name,
        document,
    })
}

/// A code or an empty cell; `None` for anything else.
fn read_code(cell: &str) -> Option<Option<RegionCode>> {
    if cell.is_empty() {
        return Some(None);
    }
    Some(Some(cell.parse().ok()?))
}

impl CodeChanges {
    fn new(changes: Vec<Change>) -> Self {
        let mut by_old_code: Vec<(RegionCode, usize)> = changes
            .iter()
            .enumerate()
            .filter_map(|(position, change)| Some((change.old_code?, position)))
            .collect();
        by_old_code.sort_unstable();
        Self {
            changes,
            by_old_code,
        }
    }

    /// Every change, in order of time.
    pub fn all(&self) -> &[Change] {
        &self.changes
    }

    /// The changes of what had this code, in order of time.
    pub fn of(&self, code: RegionCode) -> impl DoubleEndedIterator<Item = &Change> {
        let start = self.by_old_code.partition_point(|(old, _)| *old < code);
        let end = self.by_old_code.partition_point(|(old, _)| *old <= code);
        self.by_old_code[start..end]
            .iter()
            .map(|(_, position)| &self.changes[*position])
    }

    /// The code that the last holder of `code` has in `today`'s tree, through any number of steps.
    ///
    /// An old code may have had several holders; use [`CodeChanges::of`] where the name before or
    /// the year matters.
    pub fn successor(&self, code: RegionCode, today: &RegionTree) -> Successor {
        if today.contains(code) {
            return Successor::InUse;
        }
        let mut current = code;
        let mut since = i16::MIN;
        // Time only goes forward, but changes of one year could lead in a circle.
        for _ in 0..self.changes.len() {
            let Some((next, year)) = self.next_code(current, since) else {
                return Successor::Unknown;
            };
            if today.contains(next) {
                return Successor::Now(next);
            }
            current = next;
            since = year;
        }
        Successor::Unknown
    }

    /// Every old code whose last holder has another code in `today`'s tree.
    pub fn successors(&self, today: &RegionTree) -> BTreeMap<RegionCode, RegionCode> {
        let mut successors = BTreeMap::new();
        let mut last = None;
        for (code, _) in &self.by_old_code {
            if last == Some(*code) {
                continue;
            }
            last = Some(*code);
            if let Successor::Now(now) = self.successor(*code, today) {
                successors.insert(*code, now);
            }
        }
        successors
    }

    /// The code that the last holder of `code` got, and when; not before `since`.
    fn next_code(&self, code: RegionCode, since: i16) -> Option<(RegionCode, i16)> {
        let mut moves = self
            .of(code)
            .rev()
            .filter(|change| change.year >= since && change.kind != ChangeKind::Reassigned)
            .filter_map(|change| Some((change.new_code?, change.year)))
            .filter(|(new, _)| *new != code);
        let (last, year) = moves.next()?;
        let ambiguous = moves
            .take_while(|(_, other_year)| *other_year == year)
            .any(|(other, _)| other != last);
        if ambiguous { None } else { Some((last, year)) }
    }
}

#[cfg(test)]
mod tests;
