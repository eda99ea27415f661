//! Fuzzing: `cargo xtask fuzz`, and a short run of every target as a step of the tests.
//!
//! The engine is libFuzzer, built from its crate with the compiler's own coverage, so that the
//! stable toolchain and a C++ compiler are all it needs. It has a target folder of its own:
//! `target/fuzz`, with the build, the inputs found so far (`corpus/TARGET`), and what broke a
//! target (`crashes`).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::run::{Bench, Show};
use crate::steps::program;

/// The targets of the package `liandong-fuzz`, with their shares of a run: what is slower, or has
/// more behind it, gets more.
const TARGETS: [(&str, u32); 11] = [
    ("requests", 2),
    ("frames", 3),
    ("linkfile", 1),
    ("receive", 3),
    ("journal", 2),
    ("records", 1),
    ("reports", 2),
    ("regions", 1),
    ("plans", 1),
    ("config", 1),
    ("texts", 1),
];

/// How long all targets together run as a step of the tests.
const STEP: Duration = Duration::from_secs(100);

/// An input may take this long, in seconds, and the engine this much memory, in MB.
const LONGEST: u32 = 10;
const MOST_MEMORY: u32 = 1_024;

/// What makes the compiler count which code ran.
const COVERAGE: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// How long a target runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    For(Duration),
    Runs(u64),
}

/// What a run of one target came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Found {
    executions: u64,
    coverage: u64,
    corpus: u64,
}

/// The step of the tests: every target for its share of [`STEP`], then floods and malformed
/// exchanges against the program as it is shipped.
pub(crate) fn test(bench: &mut Bench<'_>) -> Result<()> {
    let mut build = build_command(bench.cargo(&[]), &bench.target)?;
    bench.run(&mut build, Show::Nothing)?;
    let shares: u32 = TARGETS.iter().map(|(_, share)| share).sum();
    let mut total = Found::default();
    let begun = Instant::now();
    let target = bench.target.clone();
    for (name, share) in TARGETS {
        let (found, line) = run(
            bench.root,
            &target,
            name,
            Length::For(STEP * share / shares),
        )?;
        bench.say(&format!("measured: {line}"))?;
        total.executions += found.executions;
        total.corpus += found.corpus;
    }
    let took = begun.elapsed();
    println!("counted: row 14: {}", summary(total, TARGETS.len(), took));
    let program = program(bench)?;
    let mut floods = bench.cargo(&[
        "test",
        "--locked",
        "-p",
        "liandong-tests",
        "--test",
        "floods",
    ]);
    floods
        .args(["--", "--ignored", "--nocapture", "--test-threads", "1"])
        .env("LIANDONG_BIN", program);
    bench.run(&mut floods, Show::Findings)
}

/// `cargo xtask fuzz [--target T] [--minutes M | --runs N] [--replay FILE]`; both lengths are for
/// each target. Whether nothing broke.
///
/// # Errors
/// A wrong argument, or an engine that cannot be built or started.
pub(crate) fn command(root: &Path, arguments: &[&str]) -> Result<bool> {
    let Some(asked) = read(arguments)? else {
        print_help();
        return Ok(true);
    };
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let cargo = std::env::var_os("CARGO").map_or(PathBuf::from("cargo"), PathBuf::from);
    let mut build = Command::new(cargo);
    build.current_dir(root);
    let built = build_command(build, &target)?.status();
    ensure!(
        built.context("cannot start cargo")?.success(),
        "the targets do not build"
    );
    if let Some(file) = &asked.replay {
        let [name] = asked.targets.as_slice() else {
            bail!("--replay needs --target");
        };
        let status = engine(root, &target, name)?.arg(file).status()?;
        return Ok(status.success());
    }
    let mut total = Found::default();
    let mut well = true;
    let begun = Instant::now();
    for name in &asked.targets {
        match run(root, &target, name, asked.length) {
            Ok((found, line)) => {
                println!("measured: {line}");
                total.executions += found.executions;
                total.corpus += found.corpus;
            }
            Err(error) => {
                println!("{error:#}");
                well = false;
            }
        }
    }
    let summary = summary(total, asked.targets.len(), begun.elapsed());
    if well {
        println!("counted: row 14: {summary}");
    }
    Ok(well)
}

/// What the arguments ask for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    targets: Vec<&'static str>,
    length: Length,
    replay: Option<PathBuf>,
}

/// `None` when help is asked for.
fn read(arguments: &[&str]) -> Result<Option<Asked>> {
    let mut asked = Asked {
        targets: TARGETS.iter().map(|(name, _)| *name).collect(),
        length: Length::For(Duration::from_secs(60)),
        replay: None,
    };
    let mut left = arguments.iter();
    while let Some(argument) = left.next() {
        if ["help", "-h", "--help"].contains(argument) {
            return Ok(None);
        }
        let value = left.next();
        let value = value.with_context(|| format!("{argument} needs a value"))?;
        let number = || {
            value
                .parse::<u64>()
                .with_context(|| format!("{argument} {value}?"))
        };
        match *argument {
            "--target" => {
                let known = TARGETS.iter().find(|(name, _)| name == value);
                let Some((name, _)) = known else {
                    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
                    bail!("unknown target {value:?}; accepted: {}", names.join(", "));
                };
                asked.targets = vec![name];
            }
            "--minutes" => asked.length = Length::For(Duration::from_secs(60 * number()?)),
            "--seconds" => asked.length = Length::For(Duration::from_secs(number()?)),
            "--runs" => asked.length = Length::Runs(number()?),
            "--replay" => asked.replay = Some(PathBuf::from(value)),
            other => bail!(
                "unknown argument {other:?}; accepted: --target, --minutes, --seconds, --runs, \
                 --replay"
            ),
        }
    }
    Ok(Some(asked))
}

/// What `cargo xtask fuzz help` says.
pub(crate) fn print_help() {
    println!("cargo xtask fuzz                       every target for a minute");
    println!("    --target T                         only this one");
    println!("    --minutes M | --seconds S | --runs N   how long, each target");
    println!("    --replay FILE --target T           one input again");
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    println!("targets: {}", names.join(", "));
}

fn summary(total: Found, targets: usize, took: Duration) -> String {
    let rate = total.executions / took.as_secs().max(1);
    format!(
        "{} executions of {targets} targets in {} s, {rate} a second, 0 panics, {} inputs kept",
        total.executions,
        took.as_secs(),
        total.corpus
    )
}

/// Where the engine is built and keeps its inputs.
fn home(target: &Path) -> PathBuf {
    target.join("fuzz")
}

/// The machine's own triple is named, so that build scripts are built without coverage.
fn build_command(mut cargo: Command, target: &Path) -> Result<Command> {
    cargo
        .args([
            "build",
            "--locked",
            "--profile",
            "fuzz",
            "--package",
            "liandong-fuzz",
        ])
        .args(["--features", "engine", "--target", &triple()?])
        .env("CARGO_TARGET_DIR", home(target))
        .env("RUSTFLAGS", COVERAGE.join(" "));
    Ok(cargo)
}

/// The compiler's name for this machine.
fn triple() -> Result<String> {
    let said = Command::new("rustc").arg("-vV").output();
    let said = said.context("cannot start rustc")?.stdout;
    let said = String::from_utf8_lossy(&said);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host
        .context("rustc does not say what it builds for")?
        .to_owned())
}

/// The engine for one target, with everything but its inputs.
fn engine(root: &Path, target: &Path, name: &str) -> Result<Command> {
    let home = home(target);
    let crashes = home.join("crashes");
    std::fs::create_dir_all(&crashes)
        .with_context(|| format!("cannot make {}", crashes.display()))?;
    let program = home.join(triple()?).join("fuzz/liandong-fuzz");
    let mut command = Command::new(program);
    command
        .current_dir(root)
        .env("LIANDONG_FUZZ_TARGET", name)
        .arg(format!("-artifact_prefix={}/{name}-", crashes.display()))
        .arg(format!("-timeout={LONGEST}"))
        .arg(format!("-rss_limit_mb={MOST_MEMORY}"));
    Ok(command)
}

/// Runs one target; its own output goes to a log.
fn run(root: &Path, target: &Path, name: &str, length: Length) -> Result<(Found, String)> {
    let home = home(target);
    let (corpus, seeds) = (
        home.join("corpus").join(name),
        home.join("seeds").join(name),
    );
    for folder in [&corpus, &seeds] {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let regressions = root.join("tests/fuzz/regressions");
    let log_path = home.join(format!("{name}.log"));
    let log =
        File::create(&log_path).with_context(|| format!("cannot write {}", log_path.display()))?;
    let mut command = engine(root, target, name)?;
    command
        .env("LIANDONG_FUZZ_SEEDS", &seeds)
        .arg("-print_final_stats=1")
        .arg(match length {
            Length::For(time) => format!("-max_total_time={}", time.as_secs().max(1)),
            Length::Runs(runs) => format!("-runs={runs}"),
        })
        .args([&corpus, &seeds, &regressions])
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("cannot write the log")?)
        .stderr(log);
    let begun = Instant::now();
    let status = command.status().context("cannot start the engine")?;
    let took = begun.elapsed();
    let said = std::fs::read(&log_path).context("cannot read the log")?;
    let said = String::from_utf8_lossy(&said);
    if !status.success() {
        let broken = broken_by(root, target, name, &said)?;
        bail!(
            "{name}: broken, {status}; log in {}\n{broken}",
            log_path.display()
        );
    }
    let found = read_statistics(&said);
    ensure!(
        found.executions > 0,
        "{name}: the engine ran nothing: {}",
        log_path.display()
    );
    let rate = found.executions * 1_000 / u64::try_from(took.as_millis()).unwrap_or(1).max(1);
    let line = format!(
        "fuzz {name}: {} executions, {rate} a second, coverage {}, 0 panics, {} inputs",
        found.executions, found.coverage, found.corpus
    );
    Ok((found, line))
}

/// What a person needs to see it again: the panic, the smallest input, and the command.
fn broken_by(root: &Path, target: &Path, name: &str, said: &str) -> Result<String> {
    let mut text = String::new();
    let about = said.lines().skip_while(|line| {
        let begins = ["panicked at", "ERROR: libFuzzer", "memory allocation"];
        !begins.iter().any(|begin| line.contains(begin))
    });
    for line in about.take(4) {
        text.push_str(line);
        text.push('\n');
    }
    let marker = "Test unit written to ";
    let written = said.lines().find_map(|line| line.split_once(marker));
    let Some((_, input)) = written else {
        return Ok(text);
    };
    let input = Path::new(input.trim());
    let smallest = input.with_file_name(format!(
        "smallest-{}",
        input.file_name().unwrap_or_default().to_string_lossy()
    ));
    let mut shrink = engine(root, target, name)?;
    shrink
        .args(["-minimize_crash=1", "-max_total_time=20"])
        .arg(format!("-exact_artifact_path={}", smallest.display()))
        .arg(input)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // Where nothing smaller breaks it, the input itself is the smallest.
    let shrunk = shrink.status().is_ok() && smallest.exists();
    let shown = if shrunk { smallest.as_path() } else { input };
    text.push_str(&format!(
        "input: {}\nreplay: cargo xtask fuzz --target {name} --replay {}\n",
        input.display(),
        shown.display()
    ));
    Ok(text)
}

/// Reads the engine's closing lines.
fn read_statistics(said: &str) -> Found {
    let mut found = Found::default();
    for line in said.lines() {
        if let Some(number) = line.strip_prefix("stat::number_of_executed_units:") {
            found.executions = number.trim().parse().unwrap_or(0);
        }
        if line.starts_with('#') && line.contains("DONE") {
            let words: Vec<&str> = line.split_whitespace().collect();
            for pair in words.windows(2) {
                match *pair {
                    ["cov:", number] => found.coverage = number.parse().unwrap_or(0),
                    ["corp:", number] => {
                        let inputs = number.split('/').next().unwrap_or_default();
                        found.corpus = inputs.parse().unwrap_or(0);
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Found, Length, TARGETS, read, read_statistics};

    #[test]
    fn the_closing_lines_are_read() {
        let said = "#4\tINITED cov: 1 ft: 2 corp: 3/4b exec/s: 0 rss: 38Mb\n\
                    #525499\tDONE   cov: 5847 ft: 13818 corp: 2215/575Kb lim: 7907 exec/s: 75071\n\
                    stat::number_of_executed_units: 525499\n";
        let expected = Found {
            executions: 525_499,
            coverage: 5_847,
            corpus: 2_215,
        };
        assert_eq!(read_statistics(said), expected);
    }

    #[test]
    fn arguments_are_read_or_refused() {
        let asked = read(&["--target", "frames", "--minutes", "3"]);
        let Ok(Some(asked)) = asked else {
            panic!("{asked:?}");
        };
        assert_eq!(asked.targets, ["frames"]);
        assert_eq!(asked.length, Length::For(Duration::from_secs(180)));
        let Ok(Some(asked)) = read(&["--runs", "1000"]) else {
            panic!("a number of runs is an argument");
        };
        assert_eq!(asked.targets.len(), TARGETS.len());
        assert_eq!(asked.length, Length::Runs(1_000));
        assert!(read(&["--target", "nothing"]).is_err());
        assert!(read(&["--minutes", "many"]).is_err());
        assert!(read(&["--minutes"]).is_err());
        assert!(matches!(read(&["help"]), Ok(None)));
    }
}
