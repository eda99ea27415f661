//! One node as a process.
//!
//! A node never outlives the program that started it: it stops when its standard input closes,
//! which happens however that program ends, and it is killed when it does not stop in time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use liandong_client::{Client, ConnectOptions};
use liandong_core::region::RegionCode;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::error::LocalError;
use super::workdir::failed;

/// How long a node may take until it listens.
const START_TIME: Duration = Duration::from_secs(30);
/// How long a node may take to stop before it is killed.
const STOP_TIME: Duration = Duration::from_secs(5);
/// How often the address file is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How much of a log is shown when its node failed.
const LOG_TAIL_LINES: usize = 20;

/// A node that may not listen yet.
#[derive(Debug)]
pub(crate) struct Starting {
    region: RegionCode,
    dir: PathBuf,
    child: Child,
}

/// A node that listens.
#[derive(Debug)]
pub(crate) struct Running {
    dir: PathBuf,
    child: Child,
    address: String,
    client: Client,
}

impl Starting {
    /// Starts the node whose `node.toml` is in a directory. It holds the lock while it lives.
    pub(crate) fn spawn(region: RegionCode, dir: PathBuf, lock: &File) -> Result<Self, LocalError> {
        // What a killed node has left says where it was, not where it will be.
        let _ = fs::remove_file(address_file(&dir));
        let log_path = log_file(&dir);
        let log = File::options().create(true).append(true).open(&log_path);
        let log = log.map_err(|source| failed("open", &log_path, source))?;
        let lock = lock.try_clone().map_err(LocalError::Start)?;
        let child = Command::new(own_program()?)
            .arg0("liandong")
            .arg("serve")
            .arg("--config")
            .arg(dir.join("node.toml"))
            .arg("--stop-with-stdin")
            // As the unit file has it.
            .env("MALLOC_ARENA_MAX", "1")
            .env("MALLOC_MMAP_THRESHOLD_", "524288")
            .stdin(Stdio::piped())
            // A node writes nothing there; what counts is that it holds the lock while it lives.
            .stdout(Stdio::from(lock))
            .stderr(Stdio::from(log))
            // An interrupt from the terminal is for this program, which stops its nodes.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(LocalError::Start)?;
        Ok(Self { region, dir, child })
    }

    /// Waits until the node listens and connects with it.
    pub(crate) async fn meet(self, options: ConnectOptions) -> Result<Running, LocalError> {
        let Self {
            region,
            dir,
            mut child,
        } = self;
        let deadline = Instant::now() + START_TIME;
        let address = loop {
            if let Ok(text) = fs::read_to_string(address_file(&dir))
                && text.ends_with('\n')
            {
                break format!("https://{}", text.trim());
            }
            if !matches!(child.try_wait(), Ok(None)) {
                let log = tail(&dir);
                return Err(LocalError::Ended { region, log });
            }
            if Instant::now() > deadline {
                let log = tail(&dir);
                return Err(LocalError::Silent { region, log });
            }
            sleep(LOOK_EVERY).await;
        };
        let client = Client::connect_with(&address.parse()?, options).await?;
        Ok(Running {
            dir,
            child,
            address,
            client,
        })
    }
}

impl Running {
    /// A client of it.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its process; `None` once it has ended.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends it without any warning, as a power cut would.
    pub(crate) async fn kill(mut self) -> Result<(), LocalError> {
        self.child.kill().await.map_err(LocalError::Start)
    }

    /// The end of its log when it ended by itself, for a message about a failure.
    pub(crate) fn fallen(&mut self) -> Option<String> {
        let has_ended = matches!(self.child.try_wait(), Ok(Some(_)));
        has_ended.then(|| tail(&self.dir))
    }
}

/// Stops nodes and waits until all are gone.
pub(crate) async fn stop(nodes: impl IntoIterator<Item = Running>) {
    let mut stopping: Vec<Child> = Vec::new();
    for node in nodes {
        let mut child = node.child;
        // Closing its standard input tells a node to stop.
        drop(child.stdin.take());
        stopping.push(child);
    }
    let deadline = Instant::now() + STOP_TIME;
    for mut child in stopping {
        let left = deadline.saturating_duration_since(Instant::now());
        if timeout(left, child.wait()).await.is_err() {
            // Killing fails only for a process that is gone already.
            let _ = child.kill().await;
        }
    }
}

/// This same program, even when its file was replaced by a newer build meanwhile.
fn own_program() -> Result<PathBuf, LocalError> {
    let running = Path::new("/proc/self/exe");
    if running.exists() {
        return Ok(running.to_owned());
    }
    std::env::current_exe().map_err(LocalError::Start)
}

fn address_file(dir: &Path) -> PathBuf {
    dir.join("data").join("address")
}

fn log_file(dir: &Path) -> PathBuf {
    dir.join("log")
}

fn tail(dir: &Path) -> String {
    let text = fs::read_to_string(log_file(dir)).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LOG_TAIL_LINES);
    lines[from..].join("\n")
}
