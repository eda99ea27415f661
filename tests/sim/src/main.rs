//! One run of the simulator: thirty real nodes on a simulated network, in simulated time.
//!
//! A run is one process, so that nothing of one run reaches another. It prints what happened, line
//! by line, for whoever started it; `cargo xtask sim` starts many.

mod around;
mod clients;
mod dice;
mod ledger;
mod line;
mod machine;
mod places;
mod schedule;
mod shared;
mod trace;
mod watch;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use mimalloc::MiMalloc;

use crate::schedule::Part;

/// A good part of what a run does is to take memory and to give it back.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

/// What is asked of a run.
#[derive(Debug, Default)]
struct Asked {
    seed: u64,
    part: Part,
    /// A bug that is put in.
    plant: Option<String>,
    /// Kinds of faults that do not happen.
    without: Vec<String>,
    dir: Option<PathBuf>,
    aloud: bool,
    /// Where everything that happens is written, for comparing two runs.
    record: Option<PathBuf>,
    /// Print the names of the bugs that can be put in, and nothing else.
    list_planted: bool,
}

fn main() -> ExitCode {
    match asked().and_then(|asked| run(&asked)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sim: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn asked() -> Result<Asked> {
    let mut asked = Asked::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} needs a value"))
        };
        match word.as_str() {
            "--seed" => asked.seed = value()?.parse().context("--seed needs a number")?,
            "--schedule" => asked.part = Part::read(&value()?)?,
            "--plant" => asked.plant = Some(value()?),
            "--without" => asked.without = value()?.split(',').map(str::to_owned).collect(),
            "--dir" => asked.dir = Some(PathBuf::from(value()?)),
            "--aloud" => asked.aloud = true,
            "--record" => asked.record = Some(PathBuf::from(value()?)),
            "--list-planted" => asked.list_planted = true,
            other => bail!(
                "{other:?}: accepted are --seed, --schedule, --plant, --without, --dir, --aloud, \
                 --record, --list-planted"
            ),
        }
    }
    Ok(asked)
}

/// Runs and prints; whether everything held.
fn run(asked: &Asked) -> Result<bool> {
    if asked.list_planted {
        for bug in liandong_core::planted::Planted::ALL {
            println!("{}", bug.name());
        }
        return Ok(true);
    }
    if let Some(name) = &asked.plant {
        plant(name)?;
    }
    let faults = schedule::draw(asked.seed);
    let mut part = asked.part.clone();
    if !asked.without.is_empty() {
        let kept = faults.iter().enumerate().filter(|(place, planned)| {
            let kind = planned.fault.kind();
            part.has_fault(*place) && !asked.without.iter().any(|without| without == kind)
        });
        part.faults = Some(kept.map(|(place, _)| place).collect());
    }
    let (dir, own) = match &asked.dir {
        Some(dir) => (dir.clone(), false),
        None => (
            memory().join(format!("liandong-sim-{}", std::process::id())),
            true,
        ),
    };
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    for (place, planned) in faults.iter().enumerate() {
        if part.has_fault(place) {
            let at = planned.at;
            println!("fault {place} at {at} ms: {}", planned.fault);
        }
    }
    println!("clients {}", schedule::CLIENTS);
    trace::begin(asked.aloud);
    if let Some(path) = &asked.record {
        trace::record(path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let outcome = world::run(asked.seed, &faults, &part, &dir);
    if own {
        // What is left there is in memory only until the machine restarts.
        let _ = std::fs::remove_dir_all(&dir);
    }
    let outcome = outcome?;
    for (what, count) in &outcome.counts {
        println!("count {what} {count}");
    }
    for broken in &outcome.verdict.broken {
        println!("broken {broken}");
    }
    println!("simulated {} ms", outcome.elapsed.as_millis());
    println!("converged {} ms", outcome.verdict.converged.as_millis());
    println!("hash {}", outcome.hash);
    Ok(outcome.verdict.broken.is_empty())
}

#[cfg(feature = "planted")]
fn plant(name: &str) -> Result<()> {
    use liandong_core::planted::{Planted, plant};

    let bug = Planted::ALL.into_iter().find(|bug| bug.name() == name);
    plant(bug.with_context(|| format!("{name:?} is no bug that can be put in"))?);
    Ok(())
}

#[cfg(not(feature = "planted"))]
fn plant(name: &str) -> Result<()> {
    bail!("{name:?} cannot be put in: built without the feature `planted`")
}

/// A directory in memory, where there is one: thirty disks that sync often.
fn memory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    }
}
