//! One run of the simulator: a seed, in a process of its own.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::build::Built;

/// A run that takes longer than this hangs.
const LONGEST: Duration = Duration::from_secs(180);

/// What is wanted of every run, besides its seed.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Which faults and clients take part; all when absent.
    pub(super) schedule: Option<String>,
    /// A bug that is put in.
    pub(super) plant: Option<String>,
    /// Kinds of faults that do not happen.
    pub(super) without: Option<String>,
    /// Whether everything that happens is said.
    pub(super) aloud: bool,
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) seed: u64,
    /// What does not hold; empty when all does.
    pub(super) broken: Vec<String>,
    /// The faults that took part, as they are told to a person.
    pub(super) faults: Vec<String>,
    /// What was injected and done, by kind.
    pub(super) counts: BTreeMap<String, u64>,
    /// Simulated milliseconds from healing until all held.
    pub(super) converged_ms: u64,
    /// The hash of everything that happened.
    pub(super) hash: String,
    /// All that it printed.
    pub(super) said: String,
}

impl Wanted {
    fn arguments(&self, seed: u64) -> Vec<String> {
        let mut words = vec!["--seed".to_owned(), seed.to_string()];
        let named = [
            ("--schedule", &self.schedule),
            ("--plant", &self.plant),
            ("--without", &self.without),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                words.extend([name.to_owned(), value.clone()]);
            }
        }
        if self.aloud {
            words.push("--aloud".to_owned());
        }
        words
    }

    /// What a person types to see it again.
    pub(super) fn command(&self, seed: u64) -> String {
        let mut line = "cargo xtask sim".to_owned();
        for word in self.arguments(seed) {
            if word.contains(';') || word.is_empty() {
                line.push_str(&format!(" '{word}'"));
            } else {
                line.push_str(&format!(" {word}"));
            }
        }
        line
    }
}

impl Run {
    /// Whether everything held.
    pub(super) fn held(&self) -> bool {
        self.broken.is_empty()
    }

    fn read(seed: u64, said: String) -> Self {
        let mut run = Self {
            seed,
            ..Self::default()
        };
        for line in said.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "broken" => run.broken.push(rest.to_owned()),
                "fault" => run.faults.push(rest.to_owned()),
                "hash" => run.hash = rest.to_owned(),
                "count" => {
                    if let Some((what, number)) = rest.split_once(' ') {
                        let number = number.parse().unwrap_or(0);
                        run.counts.insert(what.to_owned(), number);
                    }
                }
                "converged" => {
                    let number = rest.split(' ').next().unwrap_or("");
                    run.converged_ms = number.parse().unwrap_or(0);
                }
                _ => {}
            }
        }
        run.said = said;
        run
    }
}

/// Runs a seed to its end.
///
/// # Errors
/// When the process cannot be started; one that fails is a [`Run`] with something broken.
pub(super) fn run(built: &Built, seed: u64, wanted: &Wanted) -> Result<Run> {
    let disks = Disks::new();
    let mut child = Command::new(&built.program)
        .args(wanted.arguments(seed))
        .arg("--dir")
        .arg(&disks.0)
        .env_clear()
        .env("LD_PRELOAD", &built.preload)
        .env("LIANDONG_SIM_SEED", seed.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start the simulator")?;
    let said = child.stdout.take().map(reader);
    let told = child.stderr.take().map(reader);
    let began = Instant::now();
    let (status, hangs) = loop {
        if let Some(status) = child.try_wait().context("cannot wait for a run")? {
            break (status, false);
        }
        if began.elapsed() > LONGEST {
            child.kill().context("cannot end a run that hangs")?;
            break (child.wait().context("cannot wait for a run")?, true);
        }
        thread::sleep(Duration::from_millis(3));
    };
    let text = |reader: Option<thread::JoinHandle<String>>| {
        reader
            .and_then(|reader| reader.join().ok())
            .unwrap_or_default()
    };
    let (said, told) = (text(said), text(told));
    let mut run = Run::read(seed, said);
    if hangs {
        run.broken.push(format!("hang: no end after {LONGEST:?}"));
    } else if !status.success() && run.broken.is_empty() {
        let told = told.trim();
        let first = told.lines().find(|line| !line.is_empty()).unwrap_or("");
        let next = told.lines().nth(1).unwrap_or("");
        run.broken.push(format!("crash: {status}: {first} {next}"));
        run.said.push_str(told);
    }
    Ok(run)
}

fn reader(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What cannot be read any more is not said.
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A folder for the disks of a run, removed with it.
struct Disks(PathBuf);

impl Disks {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let memory = PathBuf::from("/dev/shm");
        let base = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(base.join(format!("liandong-sim-{}-{number}", std::process::id())))
    }
}

impl Drop for Disks {
    fn drop(&mut self) {
        // What is left is found by its name.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::{Run, Wanted};

    #[test]
    fn what_a_run_says_is_read() {
        let said = "fault 3 at 4502 ms: kill of 371522 for 6831 ms\nclients 28\ncount kill 1\n\
                    broken rollup: 370000 shows 1\nsimulated 84000 ms\nconverged 60800 ms\nhash ab12";
        let run = Run::read(4, said.to_owned());
        assert_eq!(run.broken, ["rollup: 370000 shows 1"]);
        assert_eq!(run.faults, ["3 at 4502 ms: kill of 371522 for 6831 ms"]);
        assert_eq!(run.counts.get("kill"), Some(&1));
        assert_eq!((run.converged_ms, run.hash.as_str()), (60_800, "ab12"));
        assert!(!run.held());
    }

    #[test]
    fn a_replay_can_be_typed() {
        let wanted = Wanted {
            schedule: Some("faults=3;clients=".to_owned()),
            plant: Some("no-sync".to_owned()),
            ..Wanted::default()
        };
        assert_eq!(
            wanted.command(7),
            "cargo xtask sim --seed 7 --schedule 'faults=3;clients=' --plant no-sync"
        );
    }
}
