//! `cargo xtask faults`: real faults on real processes, alone, more of them, or one row.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::{Bench, Show};
use crate::steps::program;

const BUILD: [&str; 5] = ["build", "--release", "--locked", "-p", "liandong"];
const TEST: [&str; 6] = [
    "test",
    "--locked",
    "-p",
    "liandong-tests",
    "--test",
    "faults",
];
/// Two at a time: most of them wait for a process to come up or for a disk.
const RUNNER: [&str; 4] = ["--ignored", "--nocapture", "--test-threads", "2"];

/// What `cargo xtask faults` was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked<'a> {
    long: bool,
    count: Option<u64>,
    seed: Option<u64>,
    row: Option<&'a str>,
}

/// The step of the tests: every fault, as often as it is usually made.
pub(crate) fn test(bench: &mut Bench<'_>) -> Result<()> {
    let program = program(bench)?;
    let mut test = bench.cargo(&TEST);
    test.arg("--").args(RUNNER).env("LIANDONG_BIN", program);
    bench.run(&mut test, Show::Findings)
}

/// `cargo xtask faults [--long] [--row ROW] [--count N] [--seed N]`; whether all went well.
///
/// # Errors
/// A wrong argument, or a cargo that cannot be started.
pub(crate) fn command(root: &Path, arguments: &[&str]) -> Result<bool> {
    if matches!(arguments, ["help" | "-h" | "--help"]) {
        print_help();
        return Ok(true);
    }
    let asked = asked(arguments)?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), std::path::PathBuf::from);
    if !cargo(root)
        .args(BUILD)
        .status()
        .context("cannot start cargo")?
        .success()
    {
        return Ok(false);
    }
    let mut test = cargo(root);
    test.args(TEST).arg("--").args(RUNNER);
    if let Some(row) = asked.row {
        test.arg(filter(row));
    }
    test.env("LIANDONG_BIN", target.join("release/liandong"));
    if asked.long {
        test.env("LIANDONG_FAULTS_LONG", "1");
    }
    if let Some(count) = asked.count {
        test.env("LIANDONG_FAULTS_COUNT", count.to_string());
    }
    if let Some(seed) = asked.seed {
        test.env("LIANDONG_FAULTS_SEED", seed.to_string());
    }
    Ok(test.status().context("cannot start cargo")?.success())
}

fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(root).stdin(Stdio::null());
    command
}

/// The part of a test's name that a row is known by: its number, or a word.
fn filter(row: &str) -> String {
    match row.parse::<u32>() {
        // Flipped bits and torn files are one test.
        Ok(8) => "_08_".to_owned(),
        Ok(number) => format!("row_{number:02}_"),
        Err(_) => row.to_owned(),
    }
}

fn asked<'a>(arguments: &[&'a str]) -> Result<Asked<'a>> {
    let mut asked = Asked::default();
    let mut words = arguments.iter();
    while let Some(&word) = words.next() {
        if word == "--long" {
            asked.long = true;
            continue;
        }
        let known = ["--row", "--count", "--seed"];
        if !known.contains(&word) {
            bail!(
                "unknown option {word:?}; accepted: --long, {}",
                known.join(", ")
            );
        }
        let value = *words
            .next()
            .with_context(|| format!("{word} needs a value"))?;
        let number = || {
            value
                .parse()
                .with_context(|| format!("{word} {value:?}: no number"))
        };
        match word {
            "--row" => asked.row = Some(value),
            "--count" => asked.count = Some(number()?),
            _ => asked.seed = Some(number()?),
        }
    }
    Ok(asked)
}

fn print_help() {
    println!("cargo xtask faults [--long] [--row ROW] [--count N] [--seed N]");
    println!("    --long      as often as the requirement asks: hours");
    println!(
        "    --row ROW   one row: 1, 2, 3, 7, 8, 9, 10, 11, 12, frozen, partition, loss, slow_line"
    );
    println!("    --count N   each fault so often");
    println!("    --seed N    with the chance of an earlier run, which printed it");
}

#[cfg(test)]
mod tests {
    use super::{Asked, asked, filter};

    #[test]
    fn arguments_are_understood_or_refused() {
        let long = asked(&["--long", "--row", "2", "--count", "7"]).unwrap();
        let expected = Asked {
            long: true,
            count: Some(7),
            seed: None,
            row: Some("2"),
        };
        assert_eq!(long, expected);
        for wrong in [&["--row"][..], &["--count", "many"], &["--fast"]] {
            assert!(asked(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_row_is_found_by_number_or_word() {
        assert!("row_01_no_acknowledgement".contains(&filter("1")));
        assert!("row_07_08_flipped_bits".contains(&filter("8")));
        assert!("row_07_08_flipped_bits".contains(&filter("7")));
        assert!(!"row_10_full_disk".contains(&filter("1")));
        assert!("loss_of_packets".contains(&filter("loss")));
    }
}
