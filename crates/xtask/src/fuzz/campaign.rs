//! A run of several targets: a few engines at a time, in portions, so that whenever it is stopped
//! every target has had its part of what was done, and little of it is not in the ledger yet.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::engine::{Ended, Limits, Place, Ran};
use super::ledger::{Entry, Ledger, grouped};
use super::targets::Target;

/// The longest that an engine runs before its target is looked at again.
pub(crate) const PORTION: Duration = Duration::from_secs(60);

/// Executions a second before anything is known of a target.
const GUESS: u64 = 5_000;

/// What is left of a target, and of what it had at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Runs(u64),
    Time(Duration),
}

impl Left {
    fn amount(self) -> u128 {
        match self {
            Self::Runs(runs) => u128::from(runs),
            Self::Time(time) => time.as_millis(),
        }
    }
}

/// One target of a campaign.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) target: Target,
    asked: Left,
    left: Left,
    /// Engines that work on it now.
    engines: usize,
    pub(crate) executions: u64,
    /// How long its engines ran.
    pub(crate) took: Duration,
    pub(crate) coverage: u64,
    pub(crate) corpus: u64,
    pub(crate) broken: Option<String>,
}

impl Part {
    pub(crate) fn new(target: Target, asked: Left) -> Self {
        Self {
            target,
            asked,
            left: asked,
            engines: 0,
            executions: 0,
            took: Duration::ZERO,
            coverage: 0,
            corpus: 0,
            broken: None,
        }
    }

    /// Executions a second of one engine.
    pub(crate) fn rate(&self) -> u64 {
        let milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        self.executions
            .saturating_mul(1_000)
            .checked_div(milliseconds)
            .unwrap_or(0)
    }

    /// Takes the next portion away from what is left.
    fn take(&mut self) -> Limits {
        self.engines += 1;
        match &mut self.left {
            Left::Runs(left) => {
                let rate = match self.executions {
                    0 => GUESS,
                    known => {
                        known * 1_000 / u64::try_from(self.took.as_millis()).unwrap_or(1).max(1)
                    }
                };
                let runs = rate.max(1).saturating_mul(PORTION.as_secs()).min(*left);
                *left -= runs;
                Limits {
                    runs,
                    time: PORTION,
                }
            }
            Left::Time(left) => {
                let time = PORTION.min(*left);
                *left -= time;
                Limits {
                    runs: u64::MAX >> 1,
                    time,
                }
            }
        }
    }

    /// Puts back what the portion did not come to, and notes what it came to.
    fn note(&mut self, limits: Limits, ran: &Ran) {
        self.engines -= 1;
        self.executions += ran.found.executions;
        self.took += ran.took;
        self.coverage = self.coverage.max(ran.found.coverage);
        self.corpus = ran.found.corpus;
        if let Left::Runs(left) = &mut self.left {
            *left += limits.runs.saturating_sub(ran.found.executions);
        }
        if let Ended::Broken(how) = &ran.ended {
            self.broken = Some(how.clone());
        }
    }
}

/// What the workers of a campaign share.
#[derive(Debug)]
struct Shared {
    parts: Vec<Part>,
    is_stopped: bool,
    begun: Instant,
}

impl Shared {
    /// The part to go on with: one that nobody works on before one that somebody does, and of
    /// those the one with the largest share left.
    fn next(&self) -> Option<usize> {
        let mut best: Option<(usize, &Part)> = None;
        for (place, part) in self.parts.iter().enumerate() {
            if self.is_stopped || part.broken.is_some() || part.left.amount() == 0 {
                continue;
            }
            let is_better = best.is_none_or(|(_, other)| {
                let (own, others) = (part.left.amount(), other.left.amount());
                let share = own * other.asked.amount();
                let others_share = others * part.asked.amount();
                (other.engines, share) > (part.engines, others_share)
            });
            if is_better {
                best = Some((place, part));
            }
        }
        best.map(|(place, _)| place)
    }

    fn executions(&self) -> u64 {
        self.parts.iter().map(|part| part.executions).sum()
    }

    fn rate(&self) -> u64 {
        self.executions() / self.begun.elapsed().as_secs().max(1)
    }
}

/// Runs every part to its end with so many engines at a time; `say` is told of each portion.
///
/// # Errors
/// When an engine cannot be started or the ledger not be written. What breaks is in the parts.
pub(crate) fn run(
    place: &Place,
    ledger: &Ledger,
    parts: Vec<Part>,
    jobs: usize,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Vec<Part>> {
    let shared = Mutex::new(Shared {
        parts,
        is_stopped: false,
        begun: Instant::now(),
    });
    let outcomes: Vec<Result<()>> = std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for slot in 0..jobs {
            let shared = &shared;
            workers.push(scope.spawn(move || work(place, ledger, shared, slot, say)));
        }
        let joined = workers.into_iter().map(|worker| worker.join());
        joined
            .map(|outcome| outcome.unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked"))))
            .collect()
    });
    let shared = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.into_iter().collect::<Result<()>>()?;
    Ok(shared.parts)
}

fn work(
    place: &Place,
    ledger: &Ledger,
    shared: &Mutex<Shared>,
    slot: usize,
    say: &(dyn Fn(&str) + Sync),
) -> Result<()> {
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let (at, target, limits) = {
            let mut shared = lock();
            let Some(at) = shared.next() else {
                return Ok(());
            };
            let part = &mut shared.parts[at];
            (at, part.target, part.take())
        };
        let portion = portion(place, ledger, target, limits, slot);
        let mut shared = lock();
        let ran = match portion {
            Ok(ran) => ran,
            Err(error) => {
                shared.is_stopped = true;
                return Err(error);
            }
        };
        shared.parts[at].note(limits, &ran);
        match &ran.ended {
            Ended::Well => {}
            Ended::Interrupted => shared.is_stopped = true,
            Ended::Broken(how) => say(how),
        }
        let found = ran.found;
        let rate =
            found.executions * 1_000 / u64::try_from(ran.took.as_millis()).unwrap_or(1).max(1);
        say(&format!(
            "{}: {} executions in {} s, {} a second, coverage {}, {} inputs; all targets: {}, {} a \
             second",
            target.name,
            grouped(found.executions),
            ran.took.as_secs(),
            grouped(rate),
            found.coverage,
            found.corpus,
            grouped(shared.executions()),
            grouped(shared.rate()),
        ));
    }
}

/// One run of the engine, entered into the ledger.
fn portion(
    place: &Place,
    ledger: &Ledger,
    target: Target,
    limits: Limits,
    slot: usize,
) -> Result<Ran> {
    let log = ledger.log(target.name, slot);
    let ran = place.run(target, limits, &log)?;
    let ended = match ran.ended {
        Ended::Well => "done",
        Ended::Interrupted => "interrupted",
        Ended::Broken(_) => "broken",
    };
    ledger.enter(&Entry {
        commit: ledger.commit.clone(),
        target: target.name.to_owned(),
        executions: ran.found.executions,
        took: ran.took,
        ended: ended.to_owned(),
    })?;
    let kept = place.home().join(format!("{}.log", target.name));
    std::fs::rename(&log, &kept).with_context(|| format!("cannot keep {}", log.display()))?;
    Ok(ran)
}

#[cfg(test)]
mod tests;
