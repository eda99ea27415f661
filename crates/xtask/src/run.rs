//! Running steps one after the other: a line when one begins, a line when it ends, its whole
//! output when it fails, and a table at the end.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::steps::Step;

/// What a step works with.
pub(crate) struct Bench<'a> {
    /// The workspace's folder.
    pub(crate) root: &'a Path,
    /// Where build products, tools and logs go.
    pub(crate) target: PathBuf,
    log: File,
    log_path: PathBuf,
    tests: Tests,
}

/// How many tests ran, by the closing lines of their runners.
#[derive(Clone, Copy, Default)]
struct Tests {
    passed: u64,
    failed: u64,
}

/// Which lines of a command are shown while it runs; all of them are in the log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// None.
    Nothing,
    /// The closing lines of test runs, and what they belong to.
    TestResults,
    /// The lines that a test prints about itself, too.
    Findings,
}

struct Done {
    step: Step,
    took: Duration,
    went_well: bool,
}

/// Runs the steps in order until one fails; whether all went well.
pub(crate) fn all(root: &Path, steps: &[Step]) -> Result<bool> {
    let mut done: Vec<Done> = Vec::new();
    let mut tests = Tests::default();
    for (number, step) in (1..).zip(steps) {
        let (name, count) = (step.name(), steps.len());
        println!("[{number}/{count}] {name}: {}", step.about());
        let mut bench = Bench::begin(root, name)?;
        let begun = Instant::now();
        let outcome = step.run(&mut bench);
        tests.passed += bench.tests.passed;
        tests.failed += bench.tests.failed;
        let took = begun.elapsed();
        let went_well = outcome.is_ok();
        if let Err(error) = outcome {
            println!(
                "[{number}/{count}] {name}: FAILED after {}: {error:#}",
                seconds(took)
            );
        } else {
            println!("[{number}/{count}] {name}: ok in {}", seconds(took));
        }
        done.push(Done {
            step: *step,
            took,
            went_well,
        });
        if !went_well {
            break;
        }
    }
    let well = summary(steps, &done);
    if tests.passed + tests.failed > 0 {
        println!("\ntests: {} passed, {} failed", tests.passed, tests.failed);
    }
    Ok(well)
}

fn summary(steps: &[Step], done: &[Done]) -> bool {
    println!("\n{:<10}{:>10}  result", "step", "time");
    for step in steps {
        let found = done.iter().find(|one| one.step == *step);
        let (time, result) = match found {
            Some(one) if one.went_well => (seconds(one.took), "ok"),
            Some(one) => (seconds(one.took), "FAILED"),
            None => ("-".to_owned(), "not run"),
        };
        println!("{:<10}{time:>10}  {result}", step.name());
    }
    let total: Duration = done.iter().map(|one| one.took).sum();
    let passed = done.len() == steps.len() && done.iter().all(|one| one.went_well);
    let result = if passed { "ok" } else { "FAILED" };
    println!("{:<10}{:>10}  {result}", "total", seconds(total));
    passed
}

fn seconds(duration: Duration) -> String {
    format!(
        "{}.{} s",
        duration.as_secs(),
        duration.subsec_millis() / 100
    )
}

impl<'a> Bench<'a> {
    /// What something of that name works with; its log begins anew.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub(crate) fn begin(root: &'a Path, name: &str) -> Result<Self> {
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
        let logs = target.join("xtask");
        std::fs::create_dir_all(&logs)
            .with_context(|| format!("cannot make {}", logs.display()))?;
        let log_path = logs.join(format!("{name}.log"));
        let log = File::create(&log_path)
            .with_context(|| format!("cannot write {}", log_path.display()))?;
        Ok(Self {
            root,
            target,
            log,
            log_path,
            tests: Tests::default(),
        })
    }

    /// Says something to the person who watches.
    pub(crate) fn say(&mut self, text: &str) -> Result<()> {
        println!("    {text}");
        writeln!(self.log, "{text}").context("cannot write the log")
    }

    /// A command that runs in the workspace.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(self.root);
        command
    }

    /// A cargo command in the workspace, with the cargo that runs this.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").map_or(PathBuf::from("cargo"), PathBuf::from);
        let mut command = self.command(cargo);
        command.args(arguments);
        command
    }

    /// Runs a command to its end, keeping its output; prints all of it when the command fails.
    ///
    /// # Errors
    /// When the command cannot be started or does not exit with 0.
    pub(crate) fn run(&mut self, command: &mut Command, show: Show) -> Result<()> {
        let words = words(command);
        println!("    $ {words}");
        writeln!(self.log, "$ {words}").context("cannot write the log")?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {words}"))?;
        let (sender, lines) = mpsc::channel();
        let out = child
            .stdout
            .take()
            .map(|pipe| forward(pipe, sender.clone()));
        let err = child.stderr.take().map(|pipe| forward(pipe, sender));
        let mut kept = Vec::new();
        for line in lines {
            writeln!(self.log, "{line}").context("cannot write the log")?;
            self.tests.add_closing_line(&line);
            if show.shows(&line) {
                // Not indented, so that whoever reads closing lines finds them.
                println!("{}", line.trim_start());
            }
            kept.push(line);
        }
        for reader in [out, err].into_iter().flatten() {
            // A reader ends when its pipe does, and never panics.
            let _ = reader.join();
        }
        let status = child
            .wait()
            .with_context(|| format!("cannot wait for {words}"))?;
        if status.success() {
            return Ok(());
        }
        for line in &kept {
            println!("{line}");
        }
        bail!(
            "{words}: {status}; its output is above and in {}",
            self.log_path.display()
        )
    }

    /// Runs a command to its end and returns what it wrote to its standard output.
    ///
    /// # Errors
    /// When the command cannot be started or does not exit with 0.
    pub(crate) fn output(&mut self, command: &mut Command) -> Result<String> {
        let words = words(command);
        println!("    $ {words}");
        let output = command
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {words}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = String::from_utf8_lossy(&output.stderr);
        writeln!(self.log, "$ {words}\n{told}{said}").context("cannot write the log")?;
        if !output.status.success() {
            println!("{told}{said}");
            bail!("{words}: {}", output.status);
        }
        Ok(said)
    }
}

impl Tests {
    /// Takes `test result: ok. 3 passed; 0 failed; ...` into account; other lines say nothing.
    fn add_closing_line(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else {
            return;
        };
        let words: Vec<&str> = counts.split_whitespace().collect();
        for pair in words.windows(2) {
            let [number, what] = pair else {
                continue;
            };
            let number: u64 = number.parse().unwrap_or(0);
            match *what {
                "passed;" => self.passed += number,
                "failed;" => self.failed += number,
                _ => {}
            }
        }
    }
}

impl Show {
    fn shows(self, line: &str) -> bool {
        let text = line.trim_start();
        let results = text.starts_with("test result:")
            || text.starts_with("Running ")
            || text.starts_with("Doc-tests ");
        match self {
            Self::Nothing => false,
            Self::TestResults => results,
            Self::Findings => {
                let told = ["measured: ", "counted: ", "not run: ", "seed: ", "test "];
                results || told.iter().any(|begin| text.starts_with(begin))
            }
        }
    }
}

fn words(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let arguments = command
        .get_args()
        .map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = std::iter::once(name.to_string_lossy().into_owned())
        .chain(arguments)
        .collect();
    words.join(" ")
}

fn forward(pipe: impl Read + Send + 'static, to: mpsc::Sender<String>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        // What is not UTF-8 is shown as far as it is, and a broken pipe is the end.
        while reader
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|read| read > 0)
        {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            bytes.clear();
            if to.send(line).is_err() {
                return;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::Tests;

    #[test]
    fn closing_lines_are_added_up() {
        let mut tests = Tests::default();
        for line in [
            "running 4 tests",
            "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out",
            "test it_has_passed ... ok",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out",
        ] {
            tests.add_closing_line(line);
        }
        assert_eq!((tests.passed, tests.failed), (6, 3));
    }
}
