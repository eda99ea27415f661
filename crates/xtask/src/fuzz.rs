//! Fuzzing: `cargo xtask fuzz`, and a short run of every target as a step of the tests.
//!
//! The engine is libFuzzer, built from its crate with the compiler's own coverage, so that the
//! stable toolchain and a C++ compiler are all it needs. It has a target folder of its own:
//! `target/fuzz`, with the build, the inputs found so far (`corpus/TARGET`), what broke a target
//! (`crashes`), and what every run came to (`ledger.tsv`).

mod arguments;
mod build;
mod campaign;
mod corpus;
mod engine;
mod ledger;
mod targets;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::run::{Bench, Show};
use crate::steps::program;

use arguments::{Asked, Length};
use campaign::{Left, Part};
use engine::Place;
use ledger::{Ledger, grouped};
use targets::{TARGETS, Target, divide};

pub(crate) use build::{compile, is_for_compiler};

/// How long all targets together run as a step of the tests, and with how many engines.
const STEP: Duration = Duration::from_secs(100);
const STEP_JOBS: u32 = 2;

/// The step of the tests: every target for its part of [`STEP`], then floods and malformed
/// exchanges against the program as it is shipped.
pub(crate) fn test(bench: &mut Bench<'_>) -> Result<()> {
    let mut build = build::command(bench.cargo(&[]), &bench.target)?;
    bench.run(&mut build, Show::Nothing)?;
    let place = Place {
        root: bench.root.to_owned(),
        target: bench.target.clone(),
    };
    let whole: u32 = TARGETS.iter().map(|target| target.of_time).sum();
    let engine_time = STEP * STEP_JOBS;
    let parts = TARGETS
        .map(|target| Part::new(target, Left::Time(engine_time * target.of_time / whole)))
        .to_vec();
    let begun = Instant::now();
    let ledger = Ledger::open(&place)?;
    let jobs = usize::try_from(STEP_JOBS)?;
    let parts = campaign::run(&place, &ledger, parts, jobs, &|_| {})?;
    for line in table(&parts) {
        bench.say(&format!("measured: fuzz {line}"))?;
    }
    let broken: Vec<&str> = parts
        .iter()
        .filter_map(|part| part.broken.as_deref())
        .collect();
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    println!("counted: row 14: {}", summary(&parts, begun.elapsed()));
    let program = program(bench)?;
    let test = ["test", "--locked", "-p", "liandong-tests", "--test"];
    let mut floods = bench.cargo(&test);
    floods
        .args(["floods", "--", "--ignored", "--nocapture"])
        .args(["--test-threads", "1"])
        .env("LIANDONG_BIN", program);
    bench.run(&mut floods, Show::Findings)
}

/// `cargo xtask fuzz`, as `cargo xtask fuzz help` says. Whether nothing broke.
///
/// # Errors
/// A wrong argument, or an engine that cannot be built or started.
pub(crate) fn command(root: &Path, arguments: &[&str]) -> Result<bool> {
    let asked = arguments::read(arguments)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let place = Place {
        root: root.to_owned(),
        target,
    };
    match asked {
        Asked::Help => {
            arguments::print_help();
            Ok(true)
        }
        Asked::Total => {
            let ledger = Ledger::open(&place)?;
            for line in ledger::total(&ledger.entries()?) {
                println!("{line}");
            }
            Ok(true)
        }
        Asked::Replay { target, file } => {
            build_engine(&place)?;
            let status = place.engine(target)?.arg(file).status();
            Ok(status.context("cannot start the engine")?.success())
        }
        Asked::Run {
            targets,
            length,
            jobs,
        } => {
            build_engine(&place)?;
            run(&place, &targets, length, jobs)
        }
    }
}

fn build_engine(place: &Place) -> Result<()> {
    let cargo = std::env::var_os("CARGO").map_or(PathBuf::from("cargo"), PathBuf::from);
    let mut cargo = Command::new(cargo);
    cargo.current_dir(&place.root);
    let status = build::command(cargo, &place.target)?.status();
    let status = status.context("cannot start cargo")?;
    ensure!(status.success(), "the targets do not build");
    Ok(())
}

fn run(place: &Place, targets: &[Target], length: Length, jobs: usize) -> Result<bool> {
    let parts: Vec<Part> = match length {
        Length::Each(time) => {
            let parts = targets
                .iter()
                .map(|target| Part::new(*target, Left::Time(time)));
            parts.collect()
        }
        Length::Runs(runs) => {
            let runs = divide(runs, targets);
            let parts = targets.iter().zip(runs);
            parts
                .map(|(target, runs)| Part::new(*target, Left::Runs(runs)))
                .collect()
        }
    };
    let ledger = Ledger::open(place)?;
    let begun = Instant::now();
    let parts = campaign::run(place, &ledger, parts, jobs, &|line| println!("{line}"))?;
    let took = begun.elapsed();
    let mut well = true;
    for part in &parts {
        if part.broken.is_some() {
            well = false;
        } else if part.executions > 0 {
            corpus::merge(place, part.target)?;
        }
    }
    println!();
    for line in table(&parts) {
        println!("{line}");
    }
    if well {
        println!("counted: row 14: {}", summary(&parts, took));
    }
    let mut all: u64 = 0;
    for entry in ledger.entries()? {
        all += entry.executions;
    }
    println!("in the ledger, all runs: {} executions", grouped(all));
    Ok(well)
}

/// What each target came to.
fn table(parts: &[Part]) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<10}{:>16}{:>12}{:>10}{:>8}{:>8}",
        "target", "executions", "a second", "coverage", "inputs", "panics"
    )];
    for part in parts {
        lines.push(format!(
            "{:<10}{:>16}{:>12}{:>10}{:>8}{:>8}",
            part.target.name,
            grouped(part.executions),
            grouped(part.rate()),
            part.coverage,
            part.corpus,
            u8::from(part.broken.is_some()),
        ));
    }
    lines
}

fn summary(parts: &[Part], took: Duration) -> String {
    let executions: u64 = parts.iter().map(|part| part.executions).sum();
    let inputs: u64 = parts.iter().map(|part| part.corpus).sum();
    let seconds = took.as_secs().max(1);
    format!(
        "{} executions of {} targets in {seconds} s, {} a second, 0 panics, {inputs} inputs kept",
        grouped(executions),
        parts.len(),
        grouped(executions / seconds),
    )
}
