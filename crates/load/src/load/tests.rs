//! What a load is made of.

use std::collections::BTreeSet;

use super::{Load, LoadPlan, Sum, rows_of, unit_code};
use crate::error::LoadError;

#[test]
fn a_load_has_its_corrections_and_repetitions() -> Result<(), LoadError> {
    let plan = LoadPlan::of_cells("371524", 100_000)?;
    let load = plan.make()?;
    assert_eq!(load.cells, load.units * load.indicators * load.months);
    assert!(load.cells >= 100_000);
    let corrected = load.cells.div_ceil(10);
    let batches = (load.cells + corrected).div_ceil(512);
    let repeated = batches.div_ceil(50);
    assert_eq!(load.requests.len(), batches + repeated);
    let ids: BTreeSet<String> = load
        .requests
        .iter()
        .filter_map(|request| request.batch.as_ref())
        .map(|batch| batch.id.clone())
        .collect();
    assert_eq!(ids.len(), batches);
    let rows: usize = load.requests.iter().map(|one| rows_of(one)).sum();
    assert_eq!(rows, load.reports);
    Ok(())
}

#[test]
fn sums_count_each_figure_once_and_corrected() -> Result<(), LoadError> {
    let mut plan = LoadPlan::of_units(vec![unit_code("371524", 1), unit_code("371524", 2)])?;
    plan.indicators.truncate(1);
    plan.months = 1;
    plan.corrected_one_of = 2;
    plan.repeated_one_of = 1;
    let load = plan.make()?;
    // Of 8 and 15 the first is corrected to 7; both batches are sent twice.
    assert_eq!(load.reports, 6);
    let sums: Vec<Sum> = load.sums().into_values().collect();
    let shares = i64::from(plan.indicators[0].has_denominator);
    assert_eq!(
        sums,
        [Sum {
            numerator: 22,
            denominator: shares * 2_000,
            reported: 2
        }]
    );
    Ok(())
}

#[test]
fn a_load_with_higher_revisions_changes_every_figure() -> Result<(), LoadError> {
    let mut plan = LoadPlan::of_units(vec![unit_code("371524", 1)])?;
    plan.corrected_one_of = 1;
    let figures = |load: &Load| -> BTreeSet<(String, String, i64)> {
        let batches = load.requests.iter().filter_map(|one| one.batch.as_ref());
        let rows = batches.flat_map(|batch| &batch.rows);
        rows.map(|row| (row.indicator.clone(), row.period.clone(), row.numerator))
            .collect()
    };
    let first = plan.make()?;
    plan.first_revision += 2;
    let second = plan.make()?;
    assert!(figures(&first).is_disjoint(&figures(&second)));
    assert!(figures(&first).len() == 2 * first.cells);
    Ok(())
}

#[test]
fn a_load_of_nothing_is_refused() -> Result<(), LoadError> {
    let mut plan = LoadPlan::of_units(Vec::new())?;
    assert!(matches!(plan.make(), Err(LoadError::Nothing("units"))));
    plan.units.push(unit_code("371524", 1));
    plan.months = 13;
    assert!(matches!(plan.make(), Err(LoadError::Months(13))));
    Ok(())
}
