//! The shortest schedule that still fails: faults and clients are left out, half of them at a
//! time and then fewer, for as long as the seed fails without them.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::build::Built;
use super::seed::{Run, Wanted, run};

/// Looking for less ends after this, with what was found.
const LONGEST: Duration = Duration::from_secs(120);

/// How many clients a seed has, as it says itself.
fn clients(run: &Run) -> usize {
    let said = run
        .said
        .lines()
        .find_map(|line| line.strip_prefix("clients "));
    said.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The faults of a run, by their places in the seed's list.
fn faults(run: &Run) -> Vec<usize> {
    let place = |fault: &String| fault.split(' ').next().and_then(|word| word.parse().ok());
    run.faults.iter().filter_map(place).collect()
}

/// The least that was found.
pub(super) struct Least {
    pub(super) run: Run,
    pub(super) wanted: Wanted,
    /// How many runs it took.
    pub(super) runs: u32,
}

/// A search for less.
struct Search<'a> {
    built: &'a Built,
    wanted: &'a Wanted,
    seed: u64,
    /// What a failure is told by: the invariant that broke first.
    invariant: String,
    until: Instant,
    runs: u32,
}

/// Looks for the shortest schedule of a failed seed that breaks the same invariant.
///
/// # Errors
/// When a process cannot be started.
pub(super) fn shrink(built: &Built, failed: &Run, wanted: &Wanted) -> Result<Least> {
    let mut search = Search {
        built,
        wanted,
        seed: failed.seed,
        invariant: invariant(failed),
        until: Instant::now() + LONGEST,
        runs: 0,
    };
    let all_clients: Vec<usize> = (0..clients(failed)).collect();
    let kept_faults = search.least(faults(failed), |faults| schedule(faults, &all_clients))?;
    let kept_clients = search.least(all_clients, |clients| schedule(&kept_faults, clients))?;
    // With fewer clients some faults may not matter any more.
    let kept_faults = search.least(kept_faults, |faults| schedule(faults, &kept_clients))?;
    let text = schedule(&kept_faults, &kept_clients);
    let wanted = with(wanted, text);
    let last = run(built, failed.seed, &wanted)?;
    Ok(Least {
        run: last,
        wanted,
        runs: search.runs,
    })
}

impl Search<'_> {
    /// Leaves out as much of a list as can be.
    fn least(
        &mut self,
        mut kept: Vec<usize>,
        text: impl Fn(&[usize]) -> String,
    ) -> Result<Vec<usize>> {
        let mut piece = kept.len().div_ceil(2);
        while piece > 0 && !kept.is_empty() {
            let mut begin = 0;
            while begin < kept.len() {
                if Instant::now() > self.until {
                    return Ok(kept);
                }
                let mut fewer = kept.clone();
                fewer.drain(begin..(begin + piece).min(kept.len()));
                if self.still_fails(text(&fewer))? {
                    kept = fewer;
                } else {
                    begin += piece;
                }
            }
            piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
        }
        Ok(kept)
    }

    fn still_fails(&mut self, text: String) -> Result<bool> {
        self.runs += 1;
        let again = run(self.built, self.seed, &with(self.wanted, text))?;
        Ok(!again.held() && invariant(&again) == self.invariant)
    }
}

fn with(wanted: &Wanted, schedule: String) -> Wanted {
    Wanted {
        schedule: Some(schedule),
        ..wanted.clone()
    }
}

fn schedule(faults: &[usize], clients: &[usize]) -> String {
    let list = |places: &[usize]| {
        let words: Vec<String> = places.iter().map(ToString::to_string).collect();
        words.join(",")
    };
    format!("faults={};clients={}", list(faults), list(clients))
}

/// The invariant that broke first.
pub(super) fn invariant(run: &Run) -> String {
    let first = run.broken.first().map_or("", String::as_str);
    first.split(':').next().unwrap_or("").to_owned()
}
