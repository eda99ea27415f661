//! Regions, rosters and indicators as they travel, and what the recount and `status` tell.

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "written by the code generator; the proto files carry the comments"
)]
/// The generated messages, client and server of `liandong.admin.v1`.
pub mod v1 {
    tonic::include_proto!("liandong.admin.v1");
}

mod audit;
mod request;

use std::collections::BTreeMap;

use liandong_core::access::Relation;
use liandong_core::command::Command;
use liandong_core::document::Roster;
use liandong_core::indicator::{Direction, Indicator, IndicatorKind};
use liandong_core::period::PeriodKind;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::{Level, Region, RegionKind};
use liandong_core::rollup::Sums;
use liandong_core::state::{Mismatch, SetAside, Sizes};

use crate::read::{self, each, enumeration, optional_region, text_or_empty};

pub use audit::{AuditFilter, AuditPage, AuditPlace, By, MAX_AUDIT_PAGE};
pub use request::{Export, IndicatorFilter, RegionFilter, Verification, VerifyPart};

enumeration!(
    Level,
    level,
    [Nation, Province, Prefecture, County, Township, Unit]
);
enumeration!(
    RegionKind,
    region_kind,
    [
        Bureau,
        PrimarySchool,
        MiddleSchool,
        NineYearSchool,
        HighSchool,
        VocationalSchool,
        SpecialSchool,
        Kindergarten,
        TeachingPoint,
        OtherUnit,
    ]
);
enumeration!(
    PeriodKind,
    period_kind,
    [Day, Week, Month, Quarter, Half, Year, SchoolYear, Semester]
);
enumeration!(
    IndicatorKind,
    indicator_kind,
    [Count, Money, Ratio, Milestone, RatioOfRatios]
);
enumeration!(Direction, direction, [Up, Down, Zero]);
enumeration!(Relation, relation, [Parent, Child, Partner]);

impl From<&Region> for v1::Region {
    fn from(region: &Region) -> Self {
        Self {
            code: region.code.to_string(),
            name: region.name.clone(),
            parent: text_or_empty(region.parent),
            level: v1::Level::from(region.level).into(),
            kind: v1::RegionKind::from(region.kind).into(),
        }
    }
}

impl TryFrom<v1::Region> for Region {
    type Error = Refusal;

    fn try_from(region: v1::Region) -> Result<Self, Refusal> {
        let v1::Region {
            code,
            name,
            parent,
            level: level_number,
            kind,
        } = region;
        Ok(Self {
            code: read::region("code", &code)?,
            name,
            parent: optional_region("parent", &parent)?,
            level: level("level", level_number)?,
            kind: region_kind("kind", kind)?,
        })
    }
}

impl From<&Roster> for v1::Roster {
    fn from(roster: &Roster) -> Self {
        let entry = |(kind, count): (&RegionKind, &u32)| v1::RosterEntry {
            kind: v1::RegionKind::from(*kind).into(),
            count: *count,
        };
        Self {
            units: roster.units.iter().map(entry).collect(),
            bureaus: roster.bureaus,
            standing_in: roster.standing_in,
        }
    }
}

impl TryFrom<v1::Roster> for Roster {
    type Error = Refusal;

    fn try_from(roster: v1::Roster) -> Result<Self, Refusal> {
        let v1::Roster {
            units: entries,
            bureaus,
            standing_in,
        } = roster;
        let mut units = BTreeMap::new();
        for (place, v1::RosterEntry { kind, count }) in entries.into_iter().enumerate() {
            let field = || format!("units[{place}].kind");
            let read = region_kind("", kind).map_err(|refusal| read::inside(&field(), refusal))?;
            if units.insert(read, count).is_some() {
                return Err(Refusal::advise(
                    Reason::Malformed,
                    &field(),
                    read.word(),
                    "每类只能出现一次",
                    "name each kind once",
                ));
            }
        }
        Ok(Self {
            units,
            bureaus,
            standing_in,
        })
    }
}

impl From<&Indicator> for v1::Indicator {
    fn from(indicator: &Indicator) -> Self {
        let kinds = indicator.reported_by.iter();
        Self {
            code: indicator.code.to_string(),
            name: indicator.name.clone(),
            name_en: indicator.name_en.clone(),
            unit: indicator.unit.clone(),
            kind: v1::IndicatorKind::from(indicator.kind).into(),
            direction: v1::Direction::from(indicator.direction).into(),
            numerator: indicator.numerator.clone(),
            denominator: indicator.denominator.clone(),
            numerator_may_exceed: indicator.numerator_may_exceed,
            of: indicator.of.map(|[above, below]| v1::RatioPair {
                above: above.to_string(),
                below: below.to_string(),
            }),
            period: v1::PeriodKind::from(indicator.period).into(),
            reported_by: kinds
                .map(|kind| v1::RegionKind::from(*kind).into())
                .collect(),
        }
    }
}

impl TryFrom<v1::Indicator> for Indicator {
    type Error = Refusal;

    fn try_from(indicator: v1::Indicator) -> Result<Self, Refusal> {
        let v1::Indicator {
            code,
            name,
            name_en,
            unit,
            kind,
            direction: direction_number,
            numerator,
            denominator,
            numerator_may_exceed,
            of,
            period,
            reported_by: kinds,
        } = indicator;
        let pair = match of {
            None => None,
            Some(v1::RatioPair { above, below }) => Some([
                read::indicator("of.above", &above)?,
                read::indicator("of.below", &below)?,
            ]),
        };
        let mut reported_by = Vec::with_capacity(kinds.len());
        for (place, number) in kinds.into_iter().enumerate() {
            let field = |refusal| read::inside(&format!("reported_by[{place}]"), refusal);
            reported_by.push(region_kind("", number).map_err(field)?);
        }
        Ok(Self {
            code: read::indicator("code", &code)?,
            name,
            name_en,
            unit,
            kind: indicator_kind("kind", kind)?,
            direction: direction("direction", direction_number)?,
            numerator,
            denominator,
            numerator_may_exceed,
            of: pair,
            period: period_kind("period", period)?,
            reported_by,
        })
    }
}

impl TryFrom<v1::HostRegionsRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::HostRegionsRequest) -> Result<Self, Refusal> {
        let v1::HostRegionsRequest { regions } = request;
        Ok(Self::Host {
            configured: false,
            regions: each("regions", regions)?,
        })
    }
}

impl From<&Mismatch> for v1::Mismatch {
    fn from(mismatch: &Mismatch) -> Self {
        Self {
            region: mismatch.region.to_string(),
            indicator: mismatch.indicator.to_string(),
            period: mismatch.period.to_string(),
            kept: Some(v1::Recount::from(&mismatch.kept)),
            recounted: Some(v1::Recount::from(&mismatch.recounted)),
        }
    }
}

impl From<&Sums> for v1::Recount {
    fn from(sums: &Sums) -> Self {
        Self {
            numerator: sums.numerator,
            denominator: sums.denominator,
            reported: sums.reported,
            on_time: sums.on_time,
        }
    }
}

/// When a change was set aside; earlier programs did not write it down.
fn set_aside_at(set_aside: &SetAside) -> Option<prost_types::Timestamp> {
    let micros = Some(set_aside.at_micros).filter(|micros| *micros != 0)?;
    let at = jiff::Timestamp::from_microsecond(micros).ok()?;
    Some(crate::timestamp(at))
}

impl From<&SetAside> for v1::QuarantinedChange {
    fn from(set_aside: &SetAside) -> Self {
        Self {
            peer: set_aside.from.to_string(),
            what: set_aside.what.what.clone(),
            reason: set_aside.what.reason.clone(),
            message: set_aside.what.message.clone(),
            kind: set_aside.subject.kind.clone(),
            owner: set_aside.subject.owner.clone(),
            id: set_aside.subject.id.clone(),
            version: set_aside.subject.version,
            at: set_aside_at(set_aside),
        }
    }
}

/// Sizes of a node's state and of its journal on disk.
pub fn sizes(sizes: &Sizes, journal_bytes: u64) -> v1::Sizes {
    v1::Sizes {
        cells: sizes.cells as u64,
        reports: sizes.reports as u64,
        documents: sizes.documents as u64,
        journal_bytes,
    }
}
