//! What is measured is what happens: rows are taken, corrected and known again, and add up.

use anyhow::{Result, ensure};
use liandong_core::report::Outcome;
use liandong_micro::{County, Kind, ROWS, Run, Sealing, Stage};

fn outcomes(kind: Kind, batches: usize) -> Result<Vec<Outcome>> {
    let county = County::new(25)?;
    let mut run = Run::new(&county, kind, false)?;
    let mut outcomes = Vec::new();
    for _ in 0..batches {
        outcomes.extend(run.step(&mut ())?.into_iter().map(|(_, outcome)| outcome));
    }
    ensure!(
        run.path().differing() == 0,
        "the sums are not those of the reports"
    );
    ensure!(outcomes.len() == batches * ROWS);
    Ok(outcomes)
}

#[test]
fn new_figures_are_taken_and_those_after_the_last_begin_again() -> Result<()> {
    let county = County::new(25)?;
    for outcome in outcomes(Kind::New, county.batches() + 1)? {
        ensure!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }
    Ok(())
}

#[test]
fn corrections_take_the_place_of_what_they_correct() -> Result<()> {
    for outcome in outcomes(Kind::Correction, 5)? {
        ensure!(matches!(outcome, Outcome::Superseded { .. }), "{outcome:?}");
    }
    Ok(())
}

#[test]
fn what_was_taken_is_known_again() -> Result<()> {
    for outcome in outcomes(Kind::Duplicate, 5)? {
        ensure!(matches!(outcome, Outcome::Duplicate { .. }), "{outcome:?}");
    }
    Ok(())
}

#[test]
fn a_seal_fits_its_figures_and_no_others() -> Result<()> {
    let county = County::new(25)?;
    let mut run = Run::new(&county, Kind::New, false)?;
    run.step(&mut ())?;
    let sealing = Sealing::new(county.code, run.path().figures())?;
    sealing.check()?;
    ensure!(sealing.fits(sealing.figures()));
    let mut others = sealing.figures();
    if let Some(figure) = others.first_mut() {
        figure.sums.numerator += 1;
    }
    ensure!(!sealing.fits(others));
    Ok(())
}

#[test]
fn stages_have_names_of_their_own() {
    let mut names: Vec<&str> = Stage::ALL.iter().map(|stage| stage.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Stage::ALL.len());
}
