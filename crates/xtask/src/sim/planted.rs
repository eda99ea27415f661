//! Planted bugs: each must be found within a hundred seeds, or the simulator proves nothing.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::build::Built;
use super::many::each;
use super::seed::{Wanted, run};
use super::shrink::invariant;

/// A bug must be found within so many seeds.
const SEEDS: u64 = 100;

/// What became of one bug.
#[derive(Debug)]
struct Caught {
    bug: String,
    /// The first seed that found it, how many seeds from the first on that is, and what broke.
    by: Option<(u64, u64, String)>,
    took: Duration,
}

/// What became of all bugs.
#[derive(Debug)]
pub(super) struct Table(Vec<Caught>);

/// Runs each bug until it is caught.
///
/// # Errors
/// When a process cannot be started.
pub(super) fn all(built: &Built, from: u64, jobs: usize) -> Result<Table> {
    let output = Command::new(&built.program)
        .arg("--list-planted")
        .output()
        .context("cannot start the simulator")?;
    ensure!(output.status.success(), "the simulator does not list bugs");
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut table = Vec::new();
    for bug in names.lines() {
        table.push(one(built, bug, from, jobs)?);
    }
    Ok(Table(table))
}

fn one(built: &Built, bug: &str, from: u64, jobs: usize) -> Result<Caught> {
    let began = Instant::now();
    let wanted = Wanted {
        plant: Some(bug.to_owned()),
        ..Wanted::default()
    };
    // No seed behind one that has found it needs to run.
    let found = AtomicU64::new(u64::MAX);
    let runs = each(from, SEEDS, jobs, |number| {
        if number > found.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let one = run(built, number, &wanted)?;
        if one.held() {
            return Ok(None);
        }
        // What breaks without the bug as well is not what it was caught by.
        if !run(built, number, &Wanted::default())?.held() {
            return Ok(None);
        }
        found.fetch_min(number, Ordering::Relaxed);
        Ok(Some((number, number - from + 1, invariant(&one))))
    })?;
    Ok(Caught {
        bug: bug.to_owned(),
        by: runs.into_iter().flatten().next(),
        took: began.elapsed(),
    })
}

impl Table {
    /// Whether every bug was caught.
    pub(super) fn held(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|caught| caught.by.is_some())
    }

    /// What is told to a person.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for caught in &self.0 {
            let bug = &caught.bug;
            let took = caught.took;
            lines.push(match &caught.by {
                Some((seed, number, by)) => {
                    format!("sim: planted {bug}: caught at seed {seed} (number {number}) by {by}, {took:.1?}")
                }
                None => format!("sim: planted {bug}: NOT caught in {SEEDS} seeds, {took:.1?}"),
            });
        }
        let caught = self.0.iter().filter(|caught| caught.by.is_some()).count();
        lines.push(format!(
            "sim: {caught} of {} planted bugs caught",
            self.0.len()
        ));
        lines
    }
}
