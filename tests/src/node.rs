//! One node as a process of its own.

mod asking;

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use liandong_client::Credentials;
use liandong_core::identity::Role;
use liandong_identity::Folder;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::certificates::furnish;
use crate::program;
use crate::settings::{IDENTITY, Settings};
use crate::wait::eventually;

/// Set to keep the folders of the nodes, with their logs, after a test.
const KEEP: &str = "LIANDONG_TEST_KEEP";

/// Where the certificate of its administrator is, in a node's folder.
pub const ADMIN: &str = "admin";

/// A node, running or not. Its process is killed when this is dropped.
#[derive(Debug)]
pub struct Node {
    settings: Settings,
    home: TempDir,
    address: SocketAddr,
    listen: SocketAddr,
    under: Vec<String>,
    admin: Option<Credentials>,
    process: Option<Child>,
}

/// A node that ended by itself.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// What it logged in that life.
    pub log: String,
}

impl Node {
    /// Starts a node in a folder of its own and waits until it answers.
    ///
    /// # Errors
    /// When the program cannot be built or started, or does not come up.
    pub async fn start(settings: Settings) -> Result<Self> {
        let mut node = Self::prepare(settings)?;
        node.resume().await?;
        Ok(node)
    }

    /// Makes a node's folder and finds it an address; starts nothing yet.
    ///
    /// # Errors
    /// When there is no folder or no address to be had.
    pub fn prepare(settings: Settings) -> Result<Self> {
        let mut home = tempfile::Builder::new().prefix("liandong-").tempdir()?;
        if std::env::var_os(KEEP).is_some() {
            home.disable_cleanup(true);
            println!("{} is kept in {}", settings.region(), home.path().display());
        }
        let address = free_address()?;
        if !settings.is_plain() {
            let region = settings.region();
            furnish(&home.path().join(IDENTITY), region, Role::Node)?;
            furnish(&home.path().join(ADMIN), region, Role::Admin)?;
        }
        let admin = (!settings.is_plain()).then(|| Folder::at(home.path().join(ADMIN)));
        Ok(Self {
            settings,
            home,
            address,
            listen: address,
            under: Vec::new(),
            admin: admin.map(Credentials::of_folder).transpose()?,
            process: None,
        })
    }

    /// Puts words in front of the program from the next start on: `strace`, `ip netns exec`. What
    /// they name must become the program itself, so that the process is still the node's own.
    pub fn run_under(&mut self, words: &[&str]) {
        self.under = words.iter().map(|&word| word.to_owned()).collect();
    }

    /// Listens on one address and is reached by this test on another.
    pub fn listen_on(&mut self, listen: SocketAddr, reached: SocketAddr) {
        self.listen = listen;
        self.address = reached;
    }

    /// Changes the settings from the next start on.
    pub fn set(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Starts the node again on its data and its address, with other settings.
    ///
    /// # Errors
    /// When the node does not come up.
    pub async fn resume_with(&mut self, settings: Settings) -> Result<()> {
        self.settings = settings;
        self.resume().await
    }

    /// Starts the node again on its data and its address.
    ///
    /// # Errors
    /// When the node does not come up.
    pub async fn resume(&mut self) -> Result<()> {
        if let Some(ended) = self.resume_or_end().await? {
            bail!("{} stopped: {}\n{}", self.region(), ended.status, ended.log);
        }
        Ok(())
    }

    /// Starts the node again and waits until it answers or has ended by itself, which it tells.
    ///
    /// # Errors
    /// When the program cannot be started, or neither answers nor ends.
    pub async fn resume_or_end(&mut self) -> Result<Option<Ended>> {
        let before = self.log().len();
        self.begin()?;
        let up = eventually("the node answers", async || {
            if let Some(status) = self.exited()? {
                return Ok(Some(Some(status)));
            }
            self.status().await.map(|_| Some(None))
        });
        match up.await {
            Ok(None) => Ok(None),
            Ok(Some(status)) => {
                self.process = None;
                let log = self.log().split_off(before);
                Ok(Some(Ended { status, log }))
            }
            Err(error) => bail!("{}: {error:#}\n{}", self.region(), self.log()),
        }
    }

    /// Starts the process and waits for nothing.
    ///
    /// # Errors
    /// When the program cannot be started, or the node is running.
    pub fn begin(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "{} is running", self.region());
        std::fs::write(self.path("tree.csv"), self.settings.tree())?;
        std::fs::write(self.path("node.toml"), self.settings.node_toml(self.listen))?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))?;
        let program = program::liandong()?;
        let mut command = match self.under.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .args(["serve", "--config"])
            .arg(self.path("node.toml"));
        if self.settings.is_plain() {
            command.arg("--insecure-loopback");
        }
        let child = command
            // As the unit file has it.
            .env("MALLOC_ARENA_MAX", "1")
            .env("MALLOC_MMAP_THRESHOLD_", "524288")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start the program")?;
        self.process = Some(child);
        Ok(())
    }

    /// How the process ended, if it has.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn exited(&mut self) -> Result<Option<ExitStatus>> {
        match &mut self.process {
            Some(child) => Ok(child.try_wait()?),
            None => Ok(None),
        }
    }

    /// Waits until the process has ended by itself.
    ///
    /// # Errors
    /// When it does not; it is killed then.
    pub async fn ends(&mut self) -> Result<ExitStatus> {
        let ended = eventually("the node ends", async || self.exited()).await;
        match ended {
            Ok(status) => {
                self.process = None;
                Ok(status)
            }
            Err(error) => {
                self.kill()?;
                Err(error)
            }
        }
    }

    /// The process.
    ///
    /// # Errors
    /// When the node is not running.
    pub fn pid(&self) -> Result<u32> {
        let child = self.process.as_ref().context("the node is not running")?;
        Ok(child.id())
    }

    /// Sends the process a signal.
    ///
    /// # Errors
    /// When the node is not running.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.pid()?)?).context("no such process")?;
        Ok(kill_process(pid, signal)?)
    }

    /// The region that the node stands for.
    pub fn region(&self) -> &str {
        self.settings.region()
    }

    /// What the node was told when it started.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where the node listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A file in the node's folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.home.path().join(name)
    }

    /// All that the node has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The largest resident memory that the process ever had, in KiB.
    ///
    /// # Errors
    /// When the node is not running.
    pub fn peak_memory_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.context("no VmHWM")?.trim().trim_end_matches(" kB");
        Ok(number.parse()?)
    }

    /// Pulls the plug: SIGKILL.
    ///
    /// # Errors
    /// When the node is not running.
    pub fn kill(&mut self) -> Result<()> {
        let mut child = self.process.take().context("the node is not running")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Asks the node to stop, SIGTERM, and waits for it; returns its exit status and the time it
    /// took.
    ///
    /// # Errors
    /// When it does not stop in time; it is killed then.
    pub async fn terminate(&mut self) -> Result<(ExitStatus, Duration)> {
        let begun = std::time::Instant::now();
        self.signal(Signal::TERM)?;
        let stopped = eventually("the node stops", async || self.exited()).await;
        let took = begun.elapsed();
        match stopped {
            Ok(status) => {
                self.process = None;
                Ok((status, took))
            }
            Err(error) => {
                self.kill()?;
                Err(error)
            }
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.process.is_some() {
            // A process that has ended already is as good as killed.
            let _ = self.kill();
        }
    }
}

/// An address of its own for each node: a port on an own address of the loopback range, which no
/// outgoing connection can take while the node is down.
fn free_address() -> Result<SocketAddr> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [.., high, low] = std::process::id().to_be_bytes();
    let [.., node] = number.to_be_bytes();
    // 127.0.*.* is what everybody else uses.
    let own = Ipv4Addr::new(127, high | 0x80, low, node.max(1));
    let listener = TcpListener::bind((own, 0)).with_context(|| format!("cannot use {own}"))?;
    Ok(listener.local_addr()?)
}
