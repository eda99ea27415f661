//! Many seeds, a few at a time, and what they came to together.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::build::Built;
use super::seed::{Run, Wanted, run};

/// Counts that are no faults: what clients did, and what followed from faults.
const DONE: [&str; 3] = ["client-", "of-which-", "sector-"];

/// What many seeds came to.
#[derive(Debug)]
pub(super) struct Summary {
    from: u64,
    runs: Vec<Run>,
    took: Duration,
}

/// What seeds came to that were run twice.
#[derive(Debug)]
pub(super) struct Replayed {
    from: u64,
    count: usize,
    different: Vec<u64>,
    took: Duration,
}

/// Runs so many seeds.
///
/// # Errors
/// When a process cannot be started.
pub(super) fn many(
    built: &Built,
    wanted: &Wanted,
    from: u64,
    seeds: u64,
    jobs: usize,
) -> Result<Summary> {
    let began = Instant::now();
    let told = AtomicU64::new(0);
    let runs = each(from, seeds, jobs, |number| {
        let mut one = run(built, number, wanted)?;
        if one.held() {
            // Ten thousand of them are kept until the end.
            one.said = String::new();
            one.faults = Vec::new();
        } else {
            let first = one.broken.first().map_or("", String::as_str);
            eprintln!("seed {number} fails: {first}");
        }
        let done = told.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(500) {
            eprintln!("{done} of {seeds} seeds, {:.0?}", began.elapsed());
        }
        Ok(one)
    })?;
    Ok(Summary {
        from,
        runs,
        took: began.elapsed(),
    })
}

/// Runs so many seeds, each twice.
///
/// # Errors
/// When a process cannot be started.
pub(super) fn replay(
    built: &Built,
    wanted: &Wanted,
    from: u64,
    seeds: u64,
    jobs: usize,
) -> Result<Replayed> {
    let began = Instant::now();
    let pairs = each(from, seeds, jobs, |number| {
        let first = run(built, number, wanted)?;
        let second = run(built, number, wanted)?;
        let same = !first.hash.is_empty() && first.hash == second.hash;
        Ok((number, same))
    })?;
    let different = pairs.iter().filter(|(_, same)| !same);
    Ok(Replayed {
        from,
        count: pairs.len(),
        different: different.map(|(number, _)| *number).collect(),
        took: began.elapsed(),
    })
}

/// Does something for each seed, so many at a time; what it came to, in the order of the seeds.
pub(super) fn each<T: Send>(
    from: u64,
    seeds: u64,
    jobs: usize,
    what: impl Fn(u64) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicU64::new(from);
    let failed = AtomicBool::new(false);
    let results = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while !failed.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= from.saturating_add(seeds) {
                        return;
                    }
                    let result = what(number);
                    if result.is_err() {
                        failed.store(true, Ordering::Relaxed);
                    }
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.insert(number, result);
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_values().collect()
}

impl Summary {
    /// Whether every seed held.
    pub(super) fn held(&self) -> bool {
        !self.runs.is_empty() && self.runs.iter().all(Run::held)
    }

    /// The seeds that did not.
    pub(super) fn failed(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| !run.held())
    }

    /// What is told to a person.
    pub(super) fn lines(&self) -> Vec<String> {
        let count = self.runs.len();
        let failed = self.failed().count();
        let last = self.from + count as u64 - 1;
        let hundredths = count as u128 * 100_000 / self.took.as_millis().max(1);
        let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
        for run in &self.runs {
            for (what, number) in &run.counts {
                *totals.entry(what).or_insert(0) += number;
            }
        }
        let is_done = |what: &str| DONE.iter().any(|done| what.starts_with(done));
        let (done, faults): (Vec<_>, Vec<_>) =
            totals.into_iter().partition(|(what, _)| is_done(what));
        let sum: u64 = faults.iter().map(|(_, number)| number).sum();
        let mut times: Vec<u64> = self
            .runs
            .iter()
            .filter(|run| run.held())
            .map(|run| run.converged_ms)
            .collect();
        times.sort_unstable();
        let at = |place: usize| times.get(place).copied().unwrap_or(0);
        let (median, worst) = (at(times.len() / 2), at(times.len().saturating_sub(1)));
        vec![
            format!(
                "sim: {count} seeds ({}..={last}), {failed} failed, {}.{:02} seeds/s",
                self.from,
                hundredths / 100,
                hundredths % 100
            ),
            format!("sim: {sum} faults: {}", list(&faults)),
            format!("sim: besides: {}", list(&done)),
            format!(
                "sim: converged after {} (median), {} (worst), simulated",
                seconds(median),
                seconds(worst)
            ),
        ]
    }
}

impl Replayed {
    /// Whether every seed did the same twice.
    pub(super) fn held(&self) -> bool {
        self.count > 0 && self.different.is_empty()
    }

    /// What is told to a person.
    pub(super) fn line(&self) -> String {
        let same = self.count - self.different.len();
        let last = self.from + self.count as u64 - 1;
        let mut line = format!(
            "sim: {same} of {} seeds ({}..={last}) did the same twice, {:.0?}",
            self.count, self.from, self.took
        );
        if !self.different.is_empty() {
            line.push_str(&format!("; different: {:?}", self.different));
        }
        line
    }
}

fn list(counts: &[(&str, u64)]) -> String {
    let words: Vec<String> = counts
        .iter()
        .map(|(what, number)| format!("{what} {number}"))
        .collect();
    words.join(", ")
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100)
}
