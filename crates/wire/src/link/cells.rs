//! Roll-up cells in columns: some ten bytes for a changed cell.
//!
//! The column rules stand with `CellGroup` in `link.proto`. Indicator codes are some twenty letters
//! long and would be most of a message; each is sent once per stream and then named by its place
//! in the stream's list.

use std::collections::BTreeMap;

use liandong_core::document::CellDocument;
use liandong_core::event::{Content, Subject, Unapplied};
use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::rollup::Sums;

use super::{set_aside, v1};
use crate::read;

/// The most indicators that one stream may name; far more than any plan has.
const MAX_INDICATORS: usize = 65_536;

/// Writes cells; knows which indicators the stream has named.
#[derive(Debug, Default)]
pub(super) struct CellWriter {
    places: BTreeMap<IndicatorCode, u32>,
}

/// Reads cells; knows the indicators that the stream has named, in order. `None` stands for a text
/// that is no indicator's code: its cells are set aside, the others keep their places.
#[derive(Debug, Default)]
pub(super) struct CellReader {
    indicators: Vec<Option<IndicatorCode>>,
}

impl CellWriter {
    /// Writes cells; `None` when there are none.
    pub(super) fn write(&mut self, cells: &[CellDocument]) -> Option<v1::CellBlock> {
        if cells.is_empty() {
            return None;
        }
        let known_indicators = length(self.places.len());
        let mut new_indicators = Vec::new();
        let mut groups: BTreeMap<(RegionCode, Period), Vec<(u32, &CellDocument)>> = BTreeMap::new();
        for cell in cells {
            let next = length(self.places.len());
            let place = *self.places.entry(cell.indicator).or_insert_with(|| {
                new_indicators.push(cell.indicator.to_string());
                next
            });
            let group = groups.entry((cell.region, cell.period)).or_default();
            group.push((place, cell));
        }
        let groups = groups.into_iter();
        Some(v1::CellBlock {
            known_indicators,
            new_indicators,
            groups: groups
                .map(|((region, period), cells)| write_group(region, period, &cells))
                .collect(),
        })
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn write_group(
    region: RegionCode,
    period: Period,
    cells: &[(u32, &CellDocument)],
) -> v1::CellGroup {
    let version_base = cells.first().map_or(0, |(_, cell)| cell.version);
    let mut group = v1::CellGroup {
        region: region.to_string(),
        period: period.to_packed(),
        version_base,
        ..v1::CellGroup::default()
    };
    // Steps wrap around where two neighbours are further apart than the column's type reaches; the
    // reader wraps back.
    let (mut place_before, mut reported_before, mut version_before) = (0u32, 0u32, version_base);
    for (place, cell) in cells {
        let CellDocument { sums, version, .. } = cell;
        let place_step = place.wrapping_sub(place_before).cast_signed();
        let reported_step = sums.reported.wrapping_sub(reported_before).cast_signed();
        group.indicator_step.push(place_step);
        group.numerator.push(sums.numerator);
        group.denominator.push(sums.denominator);
        group.reported_step.push(reported_step);
        group.late.push(sums.reported.saturating_sub(sums.on_time));
        let version_step = version.wrapping_sub(version_before).cast_signed();
        group.version_step.push(version_step);
        (place_before, reported_before, version_before) = (*place, sums.reported, *version);
    }
    if group.denominator.iter().all(|value| *value == 0) {
        group.denominator.clear();
    }
    if group.reported_step.iter().all(|step| *step == 0) {
        group.reported_step.clear();
    }
    if group.late.iter().all(|late| *late == 0) {
        group.late.clear();
    }
    if group.version_step.iter().skip(1).all(|step| *step == 1) {
        group.version_step.clear();
    }
    group
}

impl CellReader {
    /// Reads cells into `cells`, and what cannot be read into `unreadable`.
    ///
    /// # Errors
    /// A refusal when the stream's list of indicators is not where this block says it is.
    pub(super) fn read(
        &mut self,
        block: v1::CellBlock,
        cells: &mut Vec<CellDocument>,
        unreadable: &mut Vec<Unapplied>,
    ) -> Result<(), Refusal> {
        let v1::CellBlock {
            known_indicators,
            new_indicators,
            groups,
        } = block;
        let known = length(self.indicators.len());
        if known_indicators != known {
            let accepted = Accepted::OneOf(vec![known.to_string()]);
            return Err(Refusal::new(
                Reason::Malformed,
                "known_indicators",
                known_indicators,
                accepted,
            ));
        }
        if self.indicators.len() + new_indicators.len() > MAX_INDICATORS {
            let most = i64::try_from(MAX_INDICATORS).unwrap_or(i64::MAX);
            return Err(Refusal::new(
                Reason::OutOfRange,
                "new_indicators",
                new_indicators.len(),
                Accepted::Range(0, most),
            ));
        }
        self.indicators
            .extend(new_indicators.iter().map(|code| code.parse().ok()));
        for group in groups {
            self.read_group(group, cells, unreadable);
        }
        Ok(())
    }

    /// Reads one group. One that is not what it says is set aside as a whole; a single cell that is
    /// not, by itself.
    fn read_group(
        &self,
        group: v1::CellGroup,
        cells: &mut Vec<CellDocument>,
        unreadable: &mut Vec<Unapplied>,
    ) {
        let count = group.indicator_step.len();
        let name = |region: &str, period: &dyn std::fmt::Display| {
            let region: String = region
                .chars()
                .take(64)
                .filter(|c| !c.is_control())
                .collect();
            format!("{count} cells of {region} {period}")
        };
        let fallback = name(&group.region, &group.period);
        let of_group = Subject {
            kind: "cell".to_owned(),
            owner: group.region.chars().take(64).collect(),
            ..Subject::default()
        };
        let columns = match Columns::read(group) {
            Ok(columns) => columns,
            Err(refusal) => {
                unreadable.push(set_aside(fallback, of_group, &refusal, Content::Nothing));
                return;
            }
        };
        let (mut place, mut reported, mut version) = (0u32, 0u32, columns.version_base);
        for row in 0..count {
            place = place.wrapping_add_signed(at(&columns.indicator_step, row));
            reported = reported.wrapping_add_signed(at(&columns.reported_step, row));
            let version_step = if columns.version_step.is_empty() {
                i64::from(row > 0)
            } else {
                at(&columns.version_step, row)
            };
            version = version.wrapping_add_signed(version_step);
            let indicator = self.indicators.get(place as usize).copied().flatten();
            let on_time = reported.checked_sub(at(&columns.late, row));
            let (Some(indicator), Some(on_time)) = (indicator, on_time) else {
                let (field, value) = if indicator.is_none() {
                    ("indicator_step", u64::from(place))
                } else {
                    ("late", u64::from(at(&columns.late, row)))
                };
                let refusal = Refusal::new(Reason::Malformed, field, value, Accepted::Nothing);
                let what = format!(
                    "cell {row} of {} {} version {version}",
                    columns.region, columns.period
                );
                let subject = Subject {
                    kind: "cell".to_owned(),
                    owner: columns.region.to_string(),
                    id: indicator.map_or_else(String::new, |indicator| {
                        format!("{indicator}/{}", columns.period)
                    }),
                    version,
                };
                unreadable.push(set_aside(what, subject, &refusal, Content::Nothing));
                continue;
            };
            cells.push(CellDocument {
                region: columns.region,
                indicator,
                period: columns.period,
                sums: Sums {
                    numerator: at(&columns.numerator, row),
                    denominator: at(&columns.denominator, row),
                    reported,
                    on_time,
                },
                version,
            });
        }
    }
}

/// A group whose names were read and whose columns were found to be as long as each other.
struct Columns {
    region: RegionCode,
    period: Period,
    version_base: u64,
    indicator_step: Vec<i32>,
    numerator: Vec<i64>,
    denominator: Vec<i64>,
    reported_step: Vec<i32>,
    late: Vec<u32>,
    version_step: Vec<i64>,
}

impl Columns {
    fn read(group: v1::CellGroup) -> Result<Self, Refusal> {
        let v1::CellGroup {
            region,
            period,
            version_base,
            indicator_step,
            numerator,
            denominator,
            reported_step,
            late,
            version_step,
        } = group;
        let count = indicator_step.len();
        check_length("numerator", numerator.len(), count, false)?;
        check_length("denominator", denominator.len(), count, true)?;
        check_length("reported_step", reported_step.len(), count, true)?;
        check_length("late", late.len(), count, true)?;
        check_length("version_step", version_step.len(), count, true)?;
        Ok(Self {
            region: read::region("region", &region)?,
            period: Period::from_packed(period).ok_or_else(|| {
                Refusal::new(Reason::Malformed, "period", period, Accepted::Nothing)
            })?,
            version_base,
            indicator_step,
            numerator,
            denominator,
            reported_step,
            late,
            version_step,
        })
    }
}

fn check_length(
    field: &str,
    length: usize,
    count: usize,
    may_be_absent: bool,
) -> Result<(), Refusal> {
    if length == count || (may_be_absent && length == 0) {
        return Ok(());
    }
    let accepted = Accepted::Form(format!("{count} elements"));
    let value = format!("{length} elements");
    Err(Refusal::new(Reason::Malformed, field, value, accepted))
}

/// The element of a column; 0 where the column is absent.
fn at<T: Copy + Default>(column: &[T], row: usize) -> T {
    column.get(row).copied().unwrap_or_default()
}
