//! What every run came to, so that several can be added up: `target/fuzz/ledger.tsv`.
//!
//! A line is written when a run is over, so what is in the ledger did happen. While a run lasts
//! its log stands in `target/fuzz/running`; a log whose run nobody waits for any more is entered
//! with the executions that it speaks of the next time the ledger is looked at.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::campaign::PORTION;
use super::engine::{Place, read_log, read_statistics};

/// What the targets are built from.
const SOURCES: [&str; 4] = ["Cargo.lock", "crates", "proto", "tests/fuzz"];

/// An engine that nobody waits for has come to its end after this, whatever it was doing.
const SURELY_OVER: Duration = Duration::from_secs(PORTION.as_secs() * 2 + 60);

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) commit: String,
    pub(crate) target: String,
    pub(crate) executions: u64,
    pub(crate) took: Duration,
    /// `done`, `interrupted` or `broken`.
    pub(crate) ended: String,
}

/// Where runs are entered.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    file: PathBuf,
    running: PathBuf,
    /// The commit that runs are entered under.
    pub(crate) commit: String,
}

impl Ledger {
    /// Opens the ledger and enters the runs that were left alone.
    pub(crate) fn open(place: &Place) -> Result<Self> {
        let ledger = Self {
            file: place.home().join("ledger.tsv"),
            running: place.folder("running")?,
            commit: commit(&place.root),
        };
        ledger.enter_what_was_left()?;
        Ok(ledger)
    }

    /// The log of a run that begins; `slot` tells runs of one process apart.
    pub(crate) fn log(&self, target: &str, slot: usize) -> PathBuf {
        let process = std::process::id();
        let commit = &self.commit;
        let name = format!("{target}@{commit}@{process}@{slot}");
        self.running.join(name)
    }

    /// Enters a run that is over.
    pub(crate) fn enter(&self, entry: &Entry) -> Result<()> {
        let opened = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file);
        let mut file = opened.with_context(|| format!("cannot open {}", self.file.display()))?;
        let line = format!(
            "{}\t{}\t{}\t{}\t{}\n",
            entry.commit,
            entry.target,
            entry.executions,
            entry.took.as_millis(),
            entry.ended
        );
        // One write, so that lines of several processes do not mix.
        file.write_all(line.as_bytes())
            .with_context(|| format!("cannot write {}", self.file.display()))
    }

    /// Every run that was entered.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>> {
        if !self.file.exists() {
            return Ok(Vec::new());
        }
        let text = std::fs::read_to_string(&self.file)
            .with_context(|| format!("cannot read {}", self.file.display()))?;
        text.lines()
            .map(|line| read_line(line).with_context(|| format!("in the ledger: {line:?}")))
            .collect()
    }

    fn enter_what_was_left(&self) -> Result<()> {
        for found in std::fs::read_dir(&self.running)? {
            let found = found?;
            let name = found.file_name().to_string_lossy().into_owned();
            let words: Vec<&str> = name.split('@').collect();
            let [target, commit, process, _] = *words.as_slice() else {
                continue;
            };
            if Path::new("/proc").join(process).exists() {
                continue;
            }
            let statistics = read_statistics(&read_log(&found.path())?);
            let age = found.metadata()?.modified()?.elapsed().unwrap_or_default();
            if !statistics.is_whole && age < SURELY_OVER {
                continue;
            }
            self.enter(&Entry {
                commit: commit.to_owned(),
                target: target.to_owned(),
                executions: statistics.executions,
                took: Duration::ZERO,
                ended: "interrupted".to_owned(),
            })?;
            std::fs::remove_file(found.path())?;
        }
        Ok(())
    }
}

/// The lines that say what all entries add up to.
pub(crate) fn total(entries: &[Entry]) -> Vec<String> {
    let mut targets: BTreeMap<&str, (u64, u64, Duration)> = BTreeMap::new();
    let mut commits: Vec<(&str, u64)> = Vec::new();
    for entry in entries {
        let sums = targets.entry(&entry.target).or_default();
        sums.0 += entry.executions;
        sums.1 += u64::from(entry.ended == "broken");
        sums.2 += entry.took;
        match commits
            .iter_mut()
            .find(|(commit, _)| *commit == entry.commit)
        {
            Some((_, executions)) => *executions += entry.executions,
            None => commits.push((&entry.commit, entry.executions)),
        }
    }
    let mut lines = vec![format!(
        "{:<10}{:>18}{:>12}{:>10}",
        "target", "executions", "seconds", "broken"
    )];
    let mut all = (0, 0, Duration::ZERO);
    for (target, sums) in &targets {
        lines.push(row(target, *sums));
        all = (all.0 + sums.0, all.1 + sums.1, all.2 + sums.2);
    }
    lines.push(row("total", all));
    for (commit, executions) in commits {
        lines.push(format!("at {commit}: {}", grouped(executions)));
    }
    lines
}

fn row(name: &str, (executions, broken, took): (u64, u64, Duration)) -> String {
    let executions = grouped(executions);
    format!(
        "{name:<10}{executions:>18}{:>12}{broken:>10}",
        took.as_secs()
    )
}

/// A number as people read it.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn read_line(line: &str) -> Option<Entry> {
    let words: Vec<&str> = line.split('\t').collect();
    let [commit, target, executions, took, ended] = *words.as_slice() else {
        return None;
    };
    Some(Entry {
        commit: commit.to_owned(),
        target: target.to_owned(),
        executions: executions.parse().ok()?,
        took: Duration::from_millis(took.parse().ok()?),
        ended: ended.to_owned(),
    })
}

/// The commit that is checked out, with a mark where what is built differs from it.
fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        let said = command.current_dir(root).args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        said.status.success().then_some(text)
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return "unknown".to_owned();
    };
    let status = [&["status", "--porcelain", "--"], SOURCES.as_slice()].concat();
    match git(&status) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}+changes"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Entry, grouped, read_line, total};

    fn entry(commit: &str, target: &str, executions: u64, ended: &str) -> Entry {
        Entry {
            commit: commit.to_owned(),
            target: target.to_owned(),
            executions,
            took: Duration::from_secs(2),
            ended: ended.to_owned(),
        }
    }

    #[test]
    fn runs_add_up() {
        let entries = [
            entry("c1", "texts", 1_000, "done"),
            entry("c1", "plans", 5, "broken"),
            entry("c2", "texts", 34_000, "interrupted"),
        ];
        let lines = total(&entries);
        let words: Vec<Vec<&str>> = lines
            .iter()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(words[1], ["plans", "5", "2", "1"]);
        assert_eq!(words[2], ["texts", "35,000", "4", "0"]);
        assert_eq!(words[3], ["total", "35,005", "6", "1"]);
        assert_eq!(lines[4..], ["at c1: 1,005", "at c2: 34,000"]);
    }

    #[test]
    fn a_line_is_read_or_refused() {
        let read = read_line("c1\ttexts\t1000\t2000\tdone");
        assert_eq!(read, Some(entry("c1", "texts", 1_000, "done")));
        assert_eq!(read_line("c1\ttexts\tmany\t2000\tdone"), None);
        assert_eq!(read_line("c1\ttexts"), None);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
