//! How often each stage asks for memory, and for how much.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use crate::county::{County, Kind, ROWS};
use crate::run::Run;
use crate::stage::{Meter, Stage};

/// Memory that was asked for; growing what is there counts as asking again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocated {
    /// How often.
    pub times: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// What every stage of every kind asked for.
#[derive(Clone, Debug)]
pub struct Table {
    reports: u64,
    stages: BTreeMap<(&'static str, Stage), Allocated>,
}

impl Table {
    /// How often a stage asked for memory for a thousand reports, rounded up; `None` for one that is
    /// not reached.
    pub fn per_thousand(&self, kind: Kind, stage: Stage) -> Option<u64> {
        let counted = self.stages.get(&(kind.name(), stage))?;
        Some((counted.times * 1_000).div_ceil(self.reports))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<12}{:<10}{:>28}{:>20}",
            "reports", "stage", "allocations a thousand", "bytes a report"
        )?;
        for kind in Kind::ALL {
            let of_kind = self.stages.range((kind.name(), Stage::Decode)..);
            let of_kind = of_kind.take_while(|((name, _), _)| *name == kind.name());
            let mut all = Allocated::default();
            for ((name, stage), counted) in of_kind {
                all.times += counted.times;
                all.bytes += counted.bytes;
                self.line(f, name, stage.name(), counted)?;
            }
            self.line(f, kind.name(), "all", &all)?;
        }
        Ok(())
    }
}

impl Table {
    fn line(
        &self,
        f: &mut fmt::Formatter<'_>,
        kind: &str,
        stage: &str,
        counted: &Allocated,
    ) -> fmt::Result {
        let times = (counted.times * 1_000).div_ceil(self.reports);
        let bytes = counted.bytes.div_ceil(self.reports);
        writeln!(f, "{kind:<12}{stage:<10}{times:>28}{bytes:>20}")
    }
}

/// Counts over some batches of each kind. `measure` does some work and tells what it asked for; it
/// belongs to the caller because it needs an allocator that counts.
///
/// # Errors
/// When a stage fails.
pub fn count(
    county: &County,
    batches: usize,
    measure: fn(&mut dyn FnMut()) -> Allocated,
) -> Result<Table> {
    let mut stages = BTreeMap::new();
    for kind in Kind::ALL {
        let mut run = Run::new(county, kind, true)?;
        let mut counter = Counter {
            kind,
            measure,
            stages: &mut stages,
        };
        for _ in 0..batches {
            run.step(&mut counter)?;
        }
    }
    let reports = (batches * ROWS) as u64;
    Ok(Table { reports, stages })
}

struct Counter<'a> {
    kind: Kind,
    measure: fn(&mut dyn FnMut()) -> Allocated,
    stages: &'a mut BTreeMap<(&'static str, Stage), Allocated>,
}

impl Meter for Counter<'_> {
    fn around<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let (mut work, mut done) = (Some(work), None);
        let counted = (self.measure)(&mut || done = work.take().map(|work| work()));
        let all = self.stages.entry((self.kind.name(), stage)).or_default();
        all.times += counted.times;
        all.bytes += counted.bytes;
        let Some(done) = done else {
            unreachable!("what measures does the work");
        };
        done
    }
}
