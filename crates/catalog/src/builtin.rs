//! The plans and indicators that ship with the project.

use std::collections::BTreeMap;

use liandong_core::catalogue::Catalogue;
use liandong_core::indicator::{Indicator, IndicatorCode};
use liandong_core::plan::PlanText;
use liandong_core::refusal::{Accepted, Reason, Refusal};

use crate::changes::code_changes;
use crate::error::{CatalogError, Place};
use crate::indicator_file::parse_indicator_file;
use crate::plan_file::{parse_plan_file, unknown_indicators};
use crate::regions::national_regions;

const INDICATOR_FILES: [&str; 10] = [
    include_str!("../data/indicators/aid.toml"),
    include_str!("../data/indicators/cooperation.toml"),
    include_str!("../data/indicators/culture.toml"),
    include_str!("../data/indicators/governance.toml"),
    include_str!("../data/indicators/kindergartens.toml"),
    include_str!("../data/indicators/schools.toml"),
    include_str!("../data/indicators/students.toml"),
    include_str!("../data/indicators/teachers.toml"),
    include_str!("../data/indicators/teaching.toml"),
    include_str!("../data/indicators/vocational.toml"),
];

const PLAN_FILES: [&str; 5] = [
    include_str!("../data/plans/liaocheng-2023.toml"),
    include_str!("../data/plans/meixian-2023.toml"),
    include_str!("../data/plans/pengshui-2023.toml"),
    include_str!("../data/plans/summary-2025h1.toml"),
    include_str!("../data/plans/yunxi-2024.toml"),
];

/// Everything that ships: the national regions, the indicators and the plans.
///
/// # Errors
/// What is wrong with the shipped files; the tests keep that from happening.
pub fn builtin() -> Result<Catalogue, Vec<CatalogError>> {
    let regions = national_regions()?;
    let indicators = builtin_indicators()?;
    let plans = builtin_plans()?;
    let errors: Vec<CatalogError> = plans
        .values()
        .flat_map(|plan| unknown_indicators(plan, &indicators))
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let successors = code_changes()?.successors(&regions);
    Ok(Catalogue {
        regions,
        indicators,
        plans,
        successors,
    })
}

/// The indicators that ship, by code.
///
/// # Errors
/// What is wrong with the shipped files; the tests keep that from happening.
pub fn builtin_indicators() -> Result<BTreeMap<IndicatorCode, Indicator>, Vec<CatalogError>> {
    let mut indicators = BTreeMap::new();
    for text in INDICATOR_FILES {
        for indicator in parse_indicator_file(text)? {
            let code = indicator.code;
            if indicators.insert(code, indicator).is_some() {
                let place = Place::Indicator {
                    code: code.to_string(),
                };
                return Err(vec![taken(place, code.as_str())]);
            }
        }
    }
    Ok(indicators)
}

/// The plans that ship, by code.
///
/// # Errors
/// What is wrong with the shipped files; the tests keep that from happening.
pub fn builtin_plans() -> Result<BTreeMap<String, PlanText>, Vec<CatalogError>> {
    let mut plans = BTreeMap::new();
    for text in PLAN_FILES {
        let plan = parse_plan_file(text)?.plan;
        let code = plan.code.clone();
        if plans.insert(code.clone(), plan).is_some() {
            return Err(vec![taken(Place::Plan, &code)]);
        }
    }
    Ok(plans)
}

fn taken(place: Place, code: &str) -> CatalogError {
    CatalogError {
        place,
        refusal: Refusal::new(Reason::AlreadyExists, "code", code, Accepted::Nothing),
    }
}

#[cfg(test)]
mod tests;
