//! One run of the engine on one target, from its start to what it says at its end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::build::{home, program};
use super::targets::Target;

/// An input may take this long, in seconds, and the engine this much memory, in MB.
const LONGEST: u32 = 10;
const MOST_MEMORY: u32 = 1_024;

/// What the engine exits with when it was interrupted.
const INTERRUPTED: i32 = 72;

/// The folders that engines work in.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The workspace.
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    pub(crate) target: PathBuf,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) executions: u64,
    pub(crate) coverage: u64,
    pub(crate) corpus: u64,
    /// Whether the engine came to its end and said so.
    pub(crate) is_whole: bool,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Well,
    Interrupted,
    /// What a person needs to see it again.
    Broken(String),
}

/// A run that is over.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) found: Found,
    pub(crate) took: Duration,
    pub(crate) ended: Ended,
}

/// How far a run goes: to whichever comes first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) runs: u64,
    pub(crate) time: Duration,
}

impl Place {
    pub(crate) fn home(&self) -> PathBuf {
        home(&self.target)
    }

    /// A folder of the engine's home, made if it is missing.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.home().join(name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// The inputs of a target that are kept.
    pub(crate) fn corpus(&self, name: &str) -> Result<PathBuf> {
        self.folder(&format!("corpus/{name}"))
    }

    /// The engine for one target, with everything but its inputs.
    pub(crate) fn engine(&self, target: Target) -> Result<Command> {
        let crashes = self.folder("crashes")?;
        let mut command = Command::new(program(&self.target, target.name)?);
        command
            .current_dir(&self.root)
            .arg(format!(
                "-artifact_prefix={}/{}-",
                crashes.display(),
                target.name
            ))
            .arg(format!("-max_len={}", target.longest))
            .arg(format!("-timeout={LONGEST}"))
            .arg(format!("-rss_limit_mb={MOST_MEMORY}"))
            .stdin(Stdio::null());
        Ok(command)
    }

    /// Everything that an engine begins with: its corpus, which grows, its first inputs, which it
    /// writes when it starts, and what broke a target once.
    pub(crate) fn inputs(&self, target: Target, command: &mut Command) -> Result<()> {
        let seeds = self.folder(&format!("seeds/{}", target.name))?;
        command
            .env("LIANDONG_FUZZ_SEEDS", &seeds)
            .arg(self.corpus(target.name)?)
            .arg(seeds)
            .arg(self.root.join("tests/fuzz/regressions"));
        Ok(())
    }

    /// Runs one target; its own output goes to `log`.
    ///
    /// # Errors
    /// When the engine cannot be started or its log not be read. That it found something is none.
    pub(crate) fn run(&self, target: Target, limits: Limits, log: &Path) -> Result<Ran> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = self.engine(target)?;
        command
            .arg("-print_final_stats=1")
            .arg("-reload=10")
            .arg(format!("-runs={}", limits.runs))
            .arg(format!("-max_total_time={}", limits.time.as_secs().max(1)));
        self.inputs(target, &mut command)?;
        command
            .stdout(file.try_clone().context("cannot write the log")?)
            .stderr(file);
        let begun = Instant::now();
        let status = command.status().context("cannot start the engine")?;
        let took = begun.elapsed();
        let said = read_log(log)?;
        let found = read_statistics(&said);
        let ended = if status.success() {
            let name = target.name;
            ensure!(
                found.executions > 0,
                "{name}: the engine ran nothing:\n{said}"
            );
            Ended::Well
        } else if status.code() == Some(INTERRUPTED) {
            Ended::Interrupted
        } else {
            let kept = self.folder("crashes")?.join(format!("{}.log", target.name));
            std::fs::copy(log, &kept).context("cannot keep the log")?;
            let broken = self.broken_by(target, &said)?;
            let (name, kept) = (target.name, kept.display());
            Ended::Broken(format!("{name}: broken, {status}; log in {kept}\n{broken}"))
        };
        Ok(Ran { found, took, ended })
    }

    /// The panic, the smallest input, and the command to see it again.
    fn broken_by(&self, target: Target, said: &str) -> Result<String> {
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
        let mut shrink = self.engine(target)?;
        shrink
            .args(["-minimize_crash=1", "-max_total_time=20"])
            .arg(format!("-exact_artifact_path={}", smallest.display()))
            .arg(input)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Where nothing smaller breaks it, the input itself is the smallest.
        let shrunk = shrink.status().is_ok() && smallest.exists();
        let shown = if shrunk { smallest.as_path() } else { input };
        text.push_str(&format!(
            "input: {}\nreplay: cargo xtask fuzz --target {} --replay {}\n",
            input.display(),
            target.name,
            shown.display()
        ));
        Ok(text)
    }
}

/// What an engine wrote, as far as it is text.
pub(crate) fn read_log(log: &Path) -> Result<String> {
    let said = std::fs::read(log).with_context(|| format!("cannot read {}", log.display()))?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// Reads what an engine says on its way and at its end. Of one that was stopped on its way, the
/// executions are those that it had spoken of.
pub(crate) fn read_statistics(said: &str) -> Found {
    let mut found = Found::default();
    for line in said.lines() {
        if let Some(number) = line.strip_prefix("stat::number_of_executed_units:") {
            found.executions = number.trim().parse().unwrap_or(found.executions);
            found.is_whole = true;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(number) = words.first().and_then(|word| word.strip_prefix('#')) else {
            continue;
        };
        if !words.contains(&"cov:") {
            continue;
        }
        if !found.is_whole {
            found.executions = number.parse().unwrap_or(found.executions);
        }
        for pair in words.windows(2) {
            match *pair {
                ["cov:", number] => found.coverage = number.parse().unwrap_or(found.coverage),
                ["corp:", number] => {
                    let inputs = number.split('/').next().unwrap_or_default();
                    found.corpus = inputs.parse().unwrap_or(found.corpus);
                }
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Found, read_statistics};

    const SAID: &str = "#4\tINITED cov: 1 ft: 2 corp: 3/4b exec/s: 0 rss: 38Mb\n\
                        #525499\tDONE   cov: 5847 ft: 13818 corp: 2215/575Kb lim: 7907 exec/s: 7\n";

    #[test]
    fn the_closing_lines_are_read() {
        let said = format!("{SAID}stat::number_of_executed_units: 525501\n");
        let expected = Found {
            executions: 525_501,
            coverage: 5_847,
            corpus: 2_215,
            is_whole: true,
        };
        assert_eq!(read_statistics(&said), expected);
    }

    #[test]
    fn an_engine_that_was_stopped_counts_as_far_as_it_said() {
        let found = read_statistics(SAID);
        assert_eq!((found.executions, found.is_whole), (525_499, false));
        assert_eq!(read_statistics("#0 in a backtrace\n").executions, 0);
    }
}
