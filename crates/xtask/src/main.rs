//! Development tasks, run as `cargo xtask`.
//!
//! A task sets up what it needs by itself, keeps everything it brings under `target/`, and ends
//! with an exit status that is true. It is no part of the product and depends on none of it.

mod bench;
mod faults;
mod foreign;
mod fuzz;
mod micro;
mod profile;
mod run;
mod sim;
mod steps;
mod tools;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::steps::Step;

fn main() -> ExitCode {
    match chosen() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the arguments ask; whether it went well.
fn chosen() -> Result<bool> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if fuzz::is_for_compiler(&arguments) {
        return fuzz::compile(&arguments);
    }
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "-h" | "--help"] => {
            print_help();
            Ok(true)
        }
        ["test", "help" | "-h" | "--help"] => {
            print_help();
            Ok(true)
        }
        ["test"] => run::all(&root()?, &Step::ALL),
        ["test", names @ ..] => run::all(&root()?, &steps_named(names)?),
        ["bench", "micro", words @ ..] => micro::command(&root()?, words).map(|()| true),
        ["bench", arguments @ ..] => bench::command(&root()?, arguments),
        ["profile", arguments @ ..] => profile::command(&root()?, arguments),
        ["faults", arguments @ ..] => faults::command(&root()?, arguments),
        ["fuzz", arguments @ ..] => fuzz::command(&root()?, arguments),
        ["sim", arguments @ ..] => sim::command(&root()?, arguments),
        [other, ..] => {
            bail!("unknown task {other:?}; accepted: test, bench, profile, faults, fuzz, sim, help")
        }
    }
}

fn steps_named(names: &[&str]) -> Result<Vec<Step>> {
    let mut chosen = Vec::new();
    for name in names {
        let found = Step::ALL.into_iter().find(|step| step.name() == *name);
        let Some(step) = found else {
            let known: Vec<&str> = Step::ALL.iter().map(|step| step.name()).collect();
            bail!("unknown step {name:?}; accepted: {}", known.join(", "));
        };
        if !chosen.contains(&step) {
            chosen.push(step);
        }
    }
    Ok(chosen)
}

fn print_help() {
    println!("cargo xtask test            set up what is missing and run every step");
    println!(
        "cargo xtask bench           measure a node against what one would take instead; bench \
         help says more"
    );
    println!(
        "cargo xtask bench micro     time the stages of a batch one by one, in nanoseconds a report"
    );
    println!("cargo xtask profile         name what a node under load spends its time on");
    println!("cargo xtask faults          break real processes on purpose; faults help says more");
    println!("cargo xtask sim             storms over thirty simulated nodes; sim help says more");
    println!(
        "cargo xtask fuzz            feed every reader millions of inputs; fuzz help says more"
    );
    println!("cargo xtask test STEP...    run only these steps:");
    for step in Step::ALL {
        println!("    {:<8} {}", step.name(), step.about());
    }
}

/// The workspace's folder.
fn root() -> Result<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = own.ancestors().nth(2).map(Path::to_owned);
    root.context("this program was not built inside its workspace")
}
