//! What `cargo xtask fuzz` is asked for.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::targets::{TARGETS, Target, named};

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// Each target for so long.
    Each(Duration),
    /// So many executions, divided among the targets.
    Runs(u64),
}

/// What the arguments ask for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Help,
    /// What every run so far adds up to.
    Total,
    /// One input again.
    Replay {
        target: Target,
        file: PathBuf,
    },
    Run {
        targets: Vec<Target>,
        length: Length,
        jobs: usize,
    },
}

const ACCEPTED: &str = "--target, --minutes, --seconds, --runs, --jobs, --replay, --total";

/// Engines at a time, unless the arguments say otherwise.
const JOBS: usize = 2;

pub(crate) fn read(arguments: &[&str]) -> Result<Asked> {
    let mut targets = TARGETS.to_vec();
    let mut length = Length::Each(Duration::from_secs(60));
    let mut jobs = JOBS;
    let mut replay = None;
    let mut left = arguments.iter();
    while let Some(argument) = left.next() {
        if ["help", "-h", "--help"].contains(argument) {
            return Ok(Asked::Help);
        }
        if *argument == "--total" {
            return Ok(Asked::Total);
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
                let Some(target) = named(value) else {
                    bail!("unknown target {value:?}; accepted: {}", names().join(", "));
                };
                targets = vec![target];
            }
            "--minutes" => {
                let seconds = number()?.saturating_mul(60);
                length = Length::Each(Duration::from_secs(seconds));
            }
            "--seconds" => length = Length::Each(Duration::from_secs(number()?)),
            "--runs" => length = Length::Runs(number()?),
            "--jobs" => jobs = usize::try_from(number()?.clamp(1, 256))?,
            "--replay" => replay = Some(PathBuf::from(value)),
            other => bail!("unknown argument {other:?}; accepted: {ACCEPTED}"),
        }
    }
    let Some(file) = replay else {
        return Ok(Asked::Run {
            targets,
            length,
            jobs,
        });
    };
    let [target] = targets.as_slice() else {
        bail!("--replay needs --target");
    };
    Ok(Asked::Replay {
        target: *target,
        file,
    })
}

fn names() -> Vec<&'static str> {
    TARGETS.iter().map(|target| target.name).collect()
}

/// What `cargo xtask fuzz help` says.
pub(crate) fn print_help() {
    println!("cargo xtask fuzz                     every target for a minute");
    println!("    --target T                       only this one");
    println!("    --minutes M | --seconds S        how long, each target");
    println!("    --runs N                         how many executions, all targets together");
    println!("    --jobs J                         so many at a time ({JOBS})");
    println!("    --replay FILE --target T         one input again");
    println!("    --total                          what all runs so far add up to");
    println!("targets: {}", names().join(", "));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Asked, JOBS, Length, TARGETS, read};

    fn run(arguments: &[&str]) -> (Vec<&'static str>, Length, usize) {
        match read(arguments) {
            Ok(Asked::Run {
                targets,
                length,
                jobs,
            }) => {
                let names = targets.iter().map(|target| target.name).collect();
                (names, length, jobs)
            }
            other => panic!("{arguments:?}: {other:?}"),
        }
    }

    #[test]
    fn arguments_are_read() {
        let three = Length::Each(Duration::from_secs(180));
        let asked = run(&["--target", "frames", "--minutes", "3"]);
        assert_eq!(asked, (vec!["frames"], three, JOBS));
        let (names, length, jobs) = run(&["--runs", "1000", "--jobs", "5"]);
        assert_eq!(names.len(), TARGETS.len());
        assert_eq!((length, jobs), (Length::Runs(1_000), 5));
        assert!(matches!(read(&["--total"]), Ok(Asked::Total)));
        assert!(matches!(read(&["help"]), Ok(Asked::Help)));
        let replay = read(&["--replay", "x", "--target", "texts"]);
        assert!(matches!(replay, Ok(Asked::Replay { .. })), "{replay:?}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(read(&["--target", "nothing"]).is_err());
        assert!(read(&["--minutes", "many"]).is_err());
        assert!(read(&["--minutes"]).is_err());
        assert!(read(&["--replay", "x"]).is_err());
        assert!(read(&["--faster", "1"]).is_err());
    }
}
