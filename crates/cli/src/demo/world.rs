//! Who takes part in the demonstration: the regions, their sample schools, the plans, the year.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use liandong_catalog::builtin;
use liandong_core::catalogue::Catalogue;
use liandong_core::indicator::{Indicator, IndicatorKind};
use liandong_core::period::{Period, PeriodKind};
use liandong_core::plan::{Bound, PlanText};
use liandong_core::region::{InvalidRegionCode, RegionCode, RegionKind};

use super::error::DemoError;

/// The plan that Liaocheng issues: 41 key projects.
pub(super) const LIAOCHENG_PLAN: &str = "liaocheng-2023";
/// The plan that Pengshui issues: 18 tasks.
pub(super) const PENGSHUI_PLAN: &str = "pengshui-2023";

/// The kinds of a county's sample schools with their names, one school each.
const SCHOOLS: [(RegionKind, &str); 12] = [
    (RegionKind::PrimarySchool, "样例小学01"),
    (RegionKind::PrimarySchool, "样例小学02"),
    (RegionKind::PrimarySchool, "样例小学03"),
    (RegionKind::PrimarySchool, "样例小学04"),
    (RegionKind::MiddleSchool, "样例初中05"),
    (RegionKind::MiddleSchool, "样例初中06"),
    (RegionKind::NineYearSchool, "样例九年一贯制学校07"),
    (RegionKind::TeachingPoint, "样例教学点08"),
    (RegionKind::Kindergarten, "样例幼儿园09"),
    (RegionKind::Kindergarten, "样例幼儿园10"),
    (RegionKind::Kindergarten, "样例幼儿园11"),
    (RegionKind::HighSchool, "样例高中12"),
];

/// The regions that run a node.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) shandong: RegionCode,
    pub(super) liaocheng: RegionCode,
    /// Liaocheng's eight counties and districts, by code.
    pub(super) counties: Vec<RegionCode>,
    pub(super) chongqing: RegionCode,
    pub(super) pengshui: RegionCode,
    /// The county that goes offline and comes back.
    pub(super) leaves: RegionCode,
    /// The county that comments on the draft.
    pub(super) comments: RegionCode,
}

impl Places {
    fn new() -> Result<Self, InvalidRegionCode> {
        let counties = [
            "371502", "371503", "371521", "371522", "371524", "371525", "371526", "371581",
        ];
        Ok(Self {
            shandong: "370000".parse()?,
            liaocheng: "371500".parse()?,
            counties: counties
                .iter()
                .map(|code| code.parse())
                .collect::<Result<_, _>>()?,
            chongqing: "500000".parse()?,
            pengshui: "500243".parse()?,
            leaves: "371526".parse()?,
            comments: "371524".parse()?,
        })
    }

    /// Every region with a node, parents first.
    pub(super) fn all(&self) -> Vec<RegionCode> {
        let mut all = vec![self.shandong, self.chongqing, self.liaocheng, self.pengshui];
        all.extend(&self.counties);
        all
    }

    /// The region whose node stands above that of `region`.
    pub(super) fn parent(&self, region: RegionCode) -> Option<RegionCode> {
        if self.counties.contains(&region) {
            return Some(self.liaocheng);
        }
        if region == self.liaocheng {
            return Some(self.shandong);
        }
        (region == self.pengshui).then_some(self.chongqing)
    }

    /// The regions whose schools report.
    pub(super) fn reporting(&self) -> Vec<RegionCode> {
        let mut reporting = self.counties.clone();
        reporting.push(self.pengshui);
        reporting
    }
}

/// Who reports: a sample school, or a county's bureau.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) code: RegionCode,
    pub(super) name: String,
    pub(super) county: RegionCode,
    pub(super) kind: RegionKind,
}

impl Source {
    /// Whether it is expected to report the indicator.
    pub(super) fn reports(&self, indicator: &Indicator) -> bool {
        if indicator.reported_by.is_empty() {
            return self.kind != RegionKind::Bureau;
        }
        indicator.reported_by.contains(&self.kind)
    }
}

/// An indicator of a plan that is reported, with the largest number that the plan demands of it.
#[derive(Clone, Debug)]
pub(super) struct Demanded {
    pub(super) indicator: Indicator,
    pub(super) bound: Option<Bound>,
}

/// Everything that the demonstration knows before it starts.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) places: Places,
    pub(super) catalogue: Catalogue,
    pub(super) today: Date,
    /// The last school year that is over.
    pub(super) school_year: Period,
    /// Its twelve months.
    pub(super) months: Vec<Period>,
    /// Days after the end of a month within which its reports count as in time, chosen so that the
    /// months from February on do: a whole year is reported on one day here.
    pub(super) grace_days: u16,
}

impl World {
    /// Reads the catalogue and the calendar.
    pub(super) fn new() -> Result<Self, DemoError> {
        // Bureaus work by China's calendar wherever the machine stands.
        let china = TimeZone::fixed(Offset::constant(8));
        Self::on(Timestamp::now().to_zoned(china).date())
    }

    /// The world as it is on a day.
    pub(super) fn on(today: Date) -> Result<Self, DemoError> {
        let school_year = Period::containing(PeriodKind::SchoolYear, today)
            .and_then(Period::previous)
            .ok_or(DemoError::Calendar)?;
        let mut months = Vec::new();
        let mut month = Period::containing(PeriodKind::Month, school_year.first_day());
        while let Some(current) = month {
            if current.first_day() > school_year.last_day() {
                break;
            }
            months.push(current);
            month = current.next();
        }
        let february = months.get(5).ok_or(DemoError::Calendar)?;
        let days = (today - february.last_day()).get_days();
        Ok(Self {
            places: Places::new()?,
            catalogue: builtin().map_err(DemoError::Catalogue)?,
            today,
            school_year,
            months,
            grace_days: u16::try_from(days).unwrap_or(u16::MAX),
        })
    }

    /// The month that the tables are of: the last but two of the school year, before the holidays.
    pub(super) fn shown(&self) -> Result<Period, DemoError> {
        self.months.get(9).copied().ok_or(DemoError::Calendar)
    }

    /// The last month of the school year.
    pub(super) fn last_month(&self) -> Result<Period, DemoError> {
        self.months.last().copied().ok_or(DemoError::Calendar)
    }

    /// A plan that ships.
    pub(super) fn plan(&self, code: &'static str) -> Result<&PlanText, DemoError> {
        self.catalogue
            .plans
            .get(code)
            .ok_or(DemoError::NoPlan(code))
    }

    /// The plan that a county's schools report for.
    pub(super) fn plan_of(&self, county: RegionCode) -> &'static str {
        if county == self.places.pengshui {
            PENGSHUI_PLAN
        } else {
            LIAOCHENG_PLAN
        }
    }

    /// The name of a region, or its code.
    pub(super) fn name(&self, region: RegionCode) -> String {
        let known = self.catalogue.regions.get(region);
        known.map_or_else(|| region.to_string(), |known| known.name.clone())
    }

    /// A county's bureau and its sample schools.
    pub(super) fn sources(&self, county: RegionCode) -> Result<Vec<Source>, DemoError> {
        let mut sources = vec![Source {
            code: county,
            name: self.name(county),
            county,
            kind: RegionKind::Bureau,
        }];
        for (place, (kind, name)) in SCHOOLS.into_iter().enumerate() {
            sources.push(Source {
                code: format!("{county}S{:02}", place + 1).parse()?,
                name: format!("{}{name}", self.name(county)),
                county,
                kind,
            });
        }
        Ok(sources)
    }

    /// Every indicator of a plan that is reported, once each, in the plan's order.
    pub(super) fn demanded(&self, plan: &'static str) -> Result<Vec<Demanded>, DemoError> {
        let mut found: Vec<Demanded> = Vec::new();
        for (_, target) in self.plan(plan)?.targets() {
            let Some(indicator) = self.catalogue.indicators.get(&target.indicator) else {
                continue;
            };
            if indicator.kind == IndicatorKind::RatioOfRatios {
                for part in indicator.of.iter().flatten() {
                    let Some(part) = self.catalogue.indicators.get(part) else {
                        continue;
                    };
                    note(&mut found, part, None);
                }
                continue;
            }
            note(&mut found, indicator, target.bound);
        }
        Ok(found)
    }
}

/// Adds an indicator, or raises what is demanded of one that is there.
fn note(found: &mut Vec<Demanded>, indicator: &Indicator, bound: Option<Bound>) {
    let known = found
        .iter_mut()
        .find(|known| known.indicator.code == indicator.code);
    match known {
        None => found.push(Demanded {
            indicator: indicator.clone(),
            bound,
        }),
        Some(known) => {
            let size = |bound: Option<Bound>| {
                bound.map_or(0, |bound| {
                    let value = bound.value();
                    i128::from(value.numerator()) * 1_000_000 / i128::from(value.denominator())
                })
            };
            if size(bound) > size(known.bound) {
                known.bound = bound;
            }
        }
    }
}

#[cfg(test)]
mod tests;
