//! Simulated storms: `cargo xtask sim`, and a short run of it as a step of the tests.
//!
//! Each seed is a process of its own, with the system's clocks and random bytes replaced by seeded
//! ones, so that it can be run again and does the same. The build is in a target folder of its
//! own, `target/sim`; the disks of the simulated machines are in memory where there is room.

mod build;
mod many;
mod planted;
mod seed;
mod shrink;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::run::{Bench, Show};

use build::{Built, commands};
use many::{Summary, many, replay};
use seed::Wanted;

/// Seeds that a run of all tests takes: the simulated storms, the replays.
const TEST_SEEDS: u64 = 200;
const TEST_REPLAYS: u64 = 20;

/// What is asked for.
#[derive(Clone, Debug)]
struct Asked {
    seeds: u64,
    from: u64,
    jobs: usize,
    replay: Option<u64>,
    planted: bool,
    /// One seed alone, with everything that it says.
    seed: Option<u64>,
    wanted: Wanted,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            seeds: TEST_SEEDS,
            from: 1,
            jobs: 2,
            replay: None,
            planted: false,
            seed: None,
            wanted: Wanted::default(),
        }
    }
}

/// The step of the tests: storms, replays, and the planted bugs. `LIANDONG_SIM_SEEDS` says how
/// many storms, if not [`TEST_SEEDS`].
pub(crate) fn test(bench: &mut Bench<'_>) -> Result<()> {
    let seeds = match std::env::var("LIANDONG_SIM_SEEDS") {
        Ok(text) => text.parse().context("LIANDONG_SIM_SEEDS is not a number")?,
        Err(_) => TEST_SEEDS,
    };
    for mut command in commands(bench.cargo(&[]), bench.root, &bench.target)? {
        bench.run(&mut command, Show::Nothing)?;
    }
    let built = Built::in_folder(&bench.target)?;
    let asked = Asked {
        seeds,
        ..Asked::default()
    };
    let storms = many(&built, &asked.wanted, asked.from, asked.seeds, asked.jobs)?;
    for line in storms.lines() {
        bench.say(&format!("measured: {line}"))?;
    }
    if !storms.held() {
        tell_failures(&built, &asked, &storms)?;
        bail!("a simulated storm left something broken");
    }
    let replayed = replay(&built, &asked.wanted, asked.from, TEST_REPLAYS, asked.jobs)?;
    bench.say(&format!("measured: {}", replayed.line()))?;
    ensure!(replayed.held(), "a seed did not do the same again");
    let caught = planted::all(&built, asked.from, asked.jobs)?;
    for line in caught.lines() {
        bench.say(&format!("measured: {line}"))?;
    }
    ensure!(caught.held(), "a planted bug was not caught");
    Ok(())
}

/// `cargo xtask sim`; whether everything held.
///
/// # Errors
/// When the arguments make no sense, or the simulator cannot be built or run.
pub(crate) fn command(root: &Path, arguments: &[&str]) -> Result<bool> {
    if matches!(arguments, ["help" | "-h" | "--help"]) {
        print_help();
        return Ok(true);
    }
    let asked = read(arguments)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let cargo = std::env::var_os("CARGO").map_or(PathBuf::from("cargo"), PathBuf::from);
    let mut cargo = Command::new(cargo);
    cargo.current_dir(root);
    for mut command in commands(cargo, root, &target)? {
        let status = command.status().context("cannot build the simulator")?;
        ensure!(status.success(), "the simulator cannot be built: {status}");
    }
    let built = Built::in_folder(&target)?;
    if let Some(number) = asked.seed {
        let one = seed::run(&built, number, &asked.wanted)?;
        println!("{}", one.said);
        return Ok(one.held());
    }
    if asked.planted {
        let caught = planted::all(&built, asked.from, asked.jobs)?;
        for line in caught.lines() {
            println!("{line}");
        }
        return Ok(caught.held());
    }
    if let Some(count) = asked.replay {
        let replayed = replay(&built, &asked.wanted, asked.from, count, asked.jobs)?;
        println!("{}", replayed.line());
        return Ok(replayed.held());
    }
    let storms = many(&built, &asked.wanted, asked.from, asked.seeds, asked.jobs)?;
    for line in storms.lines() {
        println!("{line}");
    }
    if !storms.held() {
        tell_failures(&built, &asked, &storms)?;
    }
    Ok(storms.held())
}

/// Says what failed, and for the first of it the shortest schedule that still does.
fn tell_failures(built: &Built, asked: &Asked, storms: &Summary) -> Result<()> {
    for failed in storms.failed() {
        println!("seed {} fails:", failed.seed);
        for broken in failed.broken.iter().take(6) {
            println!("    {broken}");
        }
        if failed.broken.len() > 6 {
            println!("    and {} more", failed.broken.len() - 6);
        }
    }
    let Some(first) = storms.failed().next() else {
        return Ok(());
    };
    let began = Instant::now();
    let least = shrink::shrink(built, first, &asked.wanted)?;
    println!(
        "shortest schedule of seed {} that still fails ({} runs, {:.0?}):",
        first.seed,
        least.runs,
        began.elapsed()
    );
    for fault in &least.run.faults {
        println!("    {fault}");
    }
    for broken in least.run.broken.iter().take(6) {
        println!("    {broken}");
    }
    println!("replay: {}", least.wanted.command(first.seed));
    Ok(())
}

fn read(arguments: &[&str]) -> Result<Asked> {
    let mut asked = Asked::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            let next = words.next().copied();
            next.with_context(|| format!("{word} needs a value"))
        };
        let number = |text: &str| {
            let number: Result<u64, _> = text.parse();
            number.with_context(|| format!("{word} {text:?}: accepted is a number"))
        };
        match *word {
            "--seeds" => asked.seeds = number(value()?)?,
            "--from" => asked.from = number(value()?)?,
            "--jobs" => asked.jobs = usize::try_from(number(value()?)?.clamp(1, 256))?,
            "--replay" => asked.replay = Some(number(value()?)?),
            "--seed" => asked.seed = Some(number(value()?)?),
            "--planted" => asked.planted = true,
            "--plant" => asked.wanted.plant = Some(value()?.to_owned()),
            "--schedule" => asked.wanted.schedule = Some(value()?.to_owned()),
            "--without" => asked.wanted.without = Some(value()?.to_owned()),
            "--aloud" => asked.wanted.aloud = true,
            other => bail!("unknown argument {other:?}; cargo xtask sim help says what there is"),
        }
    }
    Ok(asked)
}

fn print_help() {
    println!(
        "cargo xtask sim [--seeds N] [--from S] [--jobs J]   N storms from seed S on (200, 1, 2)\n\
         cargo xtask sim --replay N                          N seeds twice: the same must happen\n\
         cargo xtask sim --planted                           each planted bug until it is caught\n\
         cargo xtask sim --seed S [--aloud]                  one seed, with all that it says\n\
         with any of them:\n    \
         --schedule 'faults=1,2;clients=3'   only these faults and clients of the seed\n    \
         --without KIND,KIND                 no faults of these kinds\n    \
         --plant BUG                         with a planted bug"
    );
}
