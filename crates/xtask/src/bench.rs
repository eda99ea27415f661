//! `cargo xtask bench`: how fast a node is, against what the machine allows and what one would take
//! instead; and whether the targets are met.

mod judged;
mod peers;
mod picture;
mod results;
mod row;
mod table;
mod targets;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::run::Bench;
use judged::Asked;
use results::Results;
use row::Program;
use targets::ROWS;

/// Measures what the arguments name and judges it; whether every target of it is met.
///
/// # Errors
/// When something cannot be installed or built, or a measurement does not come to its end.
pub(crate) fn command(root: &Path, arguments: &[&str]) -> Result<bool> {
    let programs = match arguments {
        ["help" | "-h" | "--help"] => {
            print_help();
            return Ok(true);
        }
        [] | ["all"] => Program::ALL.to_vec(),
        ["speed"] => vec![Program::Speed],
        ["scale", ..] => vec![Program::Scale],
        // What was measured before, judged anew.
        ["table"] => Vec::new(),
        [other, ..] => bail!(
            "bench: unknown {other:?}; accepted: speed, scale, all, table, help. \
             LIANDONG_BENCH_REPORTS and LIANDONG_BENCH_ROUNDS make it shorter"
        ),
    };
    let parts = arguments.iter().skip(1).filter(|word| **word != "--");
    let asked = Asked {
        programs,
        parts: parts.map(|&part| part.to_owned()).collect(),
    };
    let mut bench = Bench::begin(root, "bench")?;
    let folder = bench.target.join("bench");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    if !asked.programs.is_empty() {
        let build = bench.cargo(&["build", "--release", "--locked", "-p", "liandong"]);
        show(build, "the program as it is shipped")?;
    }
    for program in &asked.programs {
        measure(&mut bench, *program, &asked.parts, &folder)?;
    }
    report(&folder, &asked)
}

/// Runs one program, which writes its own results.
fn measure(bench: &mut Bench<'_>, program: Program, parts: &[String], folder: &Path) -> Result<()> {
    let name = program.name();
    let written = folder.join(format!("{name}.json"));
    // What an earlier run left is not to pass for this one's.
    if written.exists() {
        std::fs::remove_file(&written)
            .with_context(|| format!("cannot remove {}", written.display()))?;
    }
    let mut command = bench.cargo(&["bench", "--locked", "-p", "liandong-tests"]);
    if program == Program::Speed {
        let peers = peers::prepare(bench)?;
        command
            .args(["--features", "peers"])
            .env("LIANDONG_BENCH_POSTGRES", peers.postgres)
            .env("LIANDONG_BENCH_NATS", peers.nats);
    }
    command
        .args(["--bench", name, "--"])
        .args(parts)
        .env("LIANDONG_BIN", bench.target.join("release/liandong"))
        .env("LIANDONG_BENCH_RESULTS", folder);
    show(command, name)?;
    ensure!(
        written.is_file(),
        "{name} ended without writing {}",
        written.display()
    );
    Ok(())
}

/// Runs a command to its end; what it says is seen at once.
fn show(mut command: std::process::Command, what: &str) -> Result<()> {
    let status = command.status().context("cannot start cargo")?;
    ensure!(status.success(), "{what}: {status}");
    Ok(())
}

/// Judges all that was measured, now and before; prints it and writes it as a table and a picture.
fn report(folder: &Path, asked: &Asked) -> Result<bool> {
    let results = Results::read(folder)?;
    let judged = judged::judge(&ROWS, &results, asked);
    let table = table::of(&judged, &results);
    print!("{table}");
    for (name, content) in [
        ("table.md", table),
        ("picture.svg", picture::of(&judged, &results)),
    ] {
        let path: PathBuf = folder.join(name);
        std::fs::write(&path, content)
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("written: {}", path.display());
    }
    let missed: Vec<&str> = judged
        .iter()
        .filter(|one| one.is_missed())
        .map(|one| one.row.what)
        .collect();
    if missed.is_empty() {
        return Ok(true);
    }
    println!("missed: {}", missed.join("; "));
    Ok(false)
}

fn print_help() {
    println!(
        "cargo xtask bench           everything below, and the table of all targets
cargo xtask bench speed     ingest and roll-ups against PostgreSQL, SQLite, NATS JetStream and the
                            limit; latency at half of full load; one report; what signing costs
cargo xtask bench scale     connections, millions of cells, restart, memory, a year of corrections,
                            two hops, bytes sent up; names of parts behind it measure those alone
cargo xtask bench table     the table and the picture of what was measured before

What was measured is in target/bench: a JSON file for each program, table.md and picture.svg.
The exit status is 1 when a target of what was asked for is missed.
LIANDONG_BENCH_REPORTS=50000 LIANDONG_BENCH_ROUNDS=1 make speed short, LIANDONG_SCALE_TRY=1 makes
scale short: such figures prove nothing."
    );
}
