//! Regions, indicators, plans and reports that tests start from.

use crate::catalogue::Catalogue;
use crate::indicator::{Direction, Indicator, IndicatorKind};
use crate::period::{Period, PeriodKind};
use crate::plan::{Bound, PlanItem, PlanText, Target};
use crate::region::{Level, Region, RegionCode, RegionKind};
use crate::report::Report;
use crate::step::Author;

pub(crate) fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

/// A bureau; its level follows from the length of its code as in GB/T 2260.
pub(crate) fn bureau(text: &str, parent: Option<&str>) -> Region {
    let level = match text {
        _ if text.len() > 6 => Level::Township,
        _ if text.ends_with("0000") => Level::Province,
        _ if text.ends_with("00") => Level::Prefecture,
        _ => Level::County,
    };
    Region {
        code: code(text),
        name: format!("bureau {text}"),
        parent: parent.map(code),
        level,
        kind: RegionKind::Bureau,
    }
}

pub(crate) fn school(text: &str, parent: &str) -> Region {
    Region {
        code: code(text),
        name: format!("school {text}"),
        parent: Some(code(parent)),
        level: Level::Unit,
        kind: RegionKind::PrimarySchool,
    }
}

pub(crate) fn indicator(text: &str, kind: IndicatorKind) -> Indicator {
    let denominator = kind.has_denominator().then(|| "schools".to_owned());
    Indicator {
        code: text.parse().unwrap(),
        name: text.to_owned(),
        name_en: text.to_owned(),
        unit: String::new(),
        kind,
        direction: Direction::Up,
        numerator: text.to_owned(),
        denominator,
        numerator_may_exceed: false,
        of: None,
        period: PeriodKind::Month,
        reported_by: Vec::new(),
    }
}

/// One indicator of each kind, named after it; two counts.
pub(crate) fn catalogue() -> Catalogue {
    let mut gap = indicator("gap", IndicatorKind::RatioOfRatios);
    gap.of = Some(["ratio".parse().unwrap(), "built".parse().unwrap()]);
    let mut catalogue = Catalogue::default();
    for known in [
        indicator("count", IndicatorKind::Count),
        indicator("other", IndicatorKind::Count),
        indicator("money", IndicatorKind::Money),
        indicator("ratio", IndicatorKind::Ratio),
        indicator("built", IndicatorKind::Milestone),
        gap,
    ] {
        catalogue.indicators.insert(known.code, known);
    }
    catalogue
}

pub(crate) fn month() -> Period {
    "2025-03".parse().unwrap()
}

/// A report of `count` for March 2025, without id or revision.
pub(crate) fn report(source: &str, numerator: i64) -> Report {
    Report {
        id: String::new(),
        source: code(source),
        indicator: "count".parse().unwrap(),
        period: month(),
        numerator,
        denominator: None,
        revision: 0,
        note: String::new(),
    }
}

pub(crate) fn author(why: &str) -> Author {
    Author {
        name: "办公室".to_owned(),
        why: why.to_owned(),
    }
}

pub(crate) fn target(indicator: &str, bound: Bound) -> Target {
    Target {
        indicator: indicator.parse().unwrap(),
        due: None,
        bound: Some(bound),
        text: String::new(),
    }
}

/// A plan with one item, number 1, that has these targets.
pub(crate) fn plan_text(plan: &str, targets: Vec<Target>) -> PlanText {
    let item = PlanItem {
        number: "1".to_owned(),
        group: String::new(),
        name: "item".to_owned(),
        content: String::new(),
        goal: String::new(),
        lead: Vec::new(),
        participants: Vec::new(),
        offices: Vec::new(),
        targets,
    };
    PlanText {
        code: plan.to_owned(),
        title: plan.to_owned(),
        document: String::new(),
        issuer: None,
        issued_on: None,
        consultation_until: None,
        source: String::new(),
        note: String::new(),
        items: vec![item],
    }
}
