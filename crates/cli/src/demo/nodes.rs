//! The nodes of the demonstration: real processes of this same program on the loopback interface.
//!
//! A node never outlives the demonstration: it stops when its standard input closes, which happens
//! however the demonstration ends, and it is killed when it does not stop in time.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use liandong_client::{Address, Client, ClientError, ConnectOptions, Credentials};
use liandong_core::identity::Role;
use liandong_core::language::Language;
use liandong_core::region::RegionCode;
use liandong_identity::Folder;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::error::DemoError;
use super::identities::{self, NODE};
use super::workdir::{Workdir, failed};
use super::world::World;
use crate::relay::Relay;

/// How long a node may take until it listens.
const START_TIME: Duration = Duration::from_secs(30);
/// How long a node may take to stop before it is killed.
const STOP_TIME: Duration = Duration::from_secs(5);
/// How often the address file is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How much of a log is shown when its node failed.
const LOG_TAIL_LINES: usize = 20;

/// One node.
#[derive(Debug)]
struct Running {
    dir: PathBuf,
    child: Child,
    address: String,
    client: Client,
}

/// All nodes that were started.
#[derive(Debug)]
pub(super) struct Mesh {
    base: PathBuf,
    lock: File,
    language: Language,
    nodes: BTreeMap<RegionCode, Running>,
}

impl Mesh {
    /// No nodes yet.
    pub(super) fn new(workdir: &Workdir, language: Language) -> Result<Self, DemoError> {
        Ok(Self {
            base: workdir.path().to_owned(),
            lock: workdir.lock()?,
            language,
            nodes: BTreeMap::new(),
        })
    }

    /// Starts every node, those above before those below, because a node dials the one above.
    pub(super) async fn start(&mut self, world: &World) -> Result<(), DemoError> {
        let places = &world.places;
        identities::make(&self.base, places)?;
        self.start_some(world, &[places.shandong, places.chongqing])
            .await?;
        self.start_some(world, &[places.liaocheng]).await?;
        let mut lower = vec![places.pengshui];
        lower.extend(&places.counties);
        self.start_some(world, &lower).await
    }

    /// Starts some nodes side by side.
    async fn start_some(&mut self, world: &World, regions: &[RegionCode]) -> Result<(), DemoError> {
        for region in regions {
            self.prepare(world, *region)?;
        }
        let mut starting = Vec::new();
        for region in regions {
            starting.push((*region, self.spawn(*region)?));
        }
        for (region, child) in starting {
            self.meet(region, child).await?;
        }
        Ok(())
    }

    /// Writes a node's configuration and tree of sample schools.
    fn prepare(&self, world: &World, region: RegionCode) -> Result<(), DemoError> {
        let dir = self.dir(region);
        fs::create_dir_all(&dir).map_err(|source| failed("create", &dir, source))?;
        let reports = world.places.reporting().contains(&region);
        if reports {
            let mut rows = String::from("code,name,parent,level,kind\n");
            for school in world.sources(region)?.iter().skip(1) {
                let (code, name) = (school.code, &school.name);
                let line = format!("{code},{name},{region},unit,{}\n", school.kind.word());
                rows.push_str(&line);
            }
            write(&dir.join("schools.csv"), &rows)?;
        }
        write(&dir.join("node.toml"), &self.config(world, region, reports))
    }

    fn config(&self, world: &World, region: RegionCode, reports: bool) -> String {
        let places = &world.places;
        let tree = if reports { r#"["schools.csv"]"# } else { "[]" };
        let mut text = format!(
            "region = \"{region}\"\ndata = \"data\"\nlisten = \"127.0.0.1:0\"\ntree = {tree}\n"
        );
        let mut peer = |table: &str, peer: RegionCode, address: Option<&str>| {
            // Writing to a text does not fail.
            let _ = writeln!(text, "\n{table}\nregion = \"{peer}\"");
            if let Some(address) = address {
                let _ = writeln!(text, "address = \"{address}\"");
            }
        };
        if let Some(parent) = places.parent(region) {
            peer("[parent]", parent, self.address(parent));
        }
        if region == places.liaocheng {
            peer("[[partner]]", places.pengshui, None);
        }
        if region == places.pengshui {
            peer(
                "[[partner]]",
                places.liaocheng,
                self.address(places.liaocheng),
            );
        }
        let _ = write!(text, "\n[identity]\nfolder = \"{NODE}\"\n");
        let _ = write!(
            text,
            "\n[reporting]\ngrace_days = {}\n\n[journal]\nsegment_mb = 4\nfree_floor_mb = 16\n",
            world.grace_days
        );
        text
    }

    fn dir(&self, region: RegionCode) -> PathBuf {
        self.base.join(region.as_str())
    }

    fn spawn(&self, region: RegionCode) -> Result<Child, DemoError> {
        let dir = self.dir(region);
        // What a killed node has left says where it was, not where it will be.
        let _ = fs::remove_file(address_file(&dir));
        let log_path = log_file(&dir);
        let log = File::options().create(true).append(true).open(&log_path);
        let log = log.map_err(|source| failed("open", &log_path, source))?;
        let lock = self.lock.try_clone().map_err(DemoError::Start)?;
        Command::new(own_program()?)
            .arg0("liandong")
            .arg("serve")
            .arg("--config")
            .arg(dir.join("node.toml"))
            .arg("--stop-with-stdin")
            .stdin(Stdio::piped())
            // A node writes nothing there; what counts is that it holds the lock while it lives.
            .stdout(Stdio::from(lock))
            .stderr(Stdio::from(log))
            // An interrupt from the terminal is for the demonstration, which stops its nodes.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(DemoError::Start)
    }

    /// Waits until a node listens and connects with it.
    async fn meet(&mut self, region: RegionCode, mut child: Child) -> Result<(), DemoError> {
        let dir = self.dir(region);
        let deadline = Instant::now() + START_TIME;
        let address = loop {
            if let Ok(text) = fs::read_to_string(address_file(&dir))
                && text.ends_with('\n')
            {
                break format!("https://{}", text.trim());
            }
            if !matches!(child.try_wait(), Ok(None)) {
                let log = tail(&dir);
                return Err(DemoError::Ended { region, log });
            }
            if Instant::now() > deadline {
                let log = tail(&dir);
                return Err(DemoError::Silent { region, log });
            }
            sleep(LOOK_EVERY).await;
        };
        let admin = Folder::at(self.folder(region, Role::Admin));
        let options = ConnectOptions {
            language: self.language,
            credentials: Some(Credentials::of_folder(admin).map_err(ClientError::from)?),
            ..ConnectOptions::default()
        };
        let parsed: Address = address.parse()?;
        let client = Client::connect_with(&parsed, options).await?;
        let running = Running {
            dir,
            child,
            address,
            client,
        };
        self.nodes.insert(region, running);
        Ok(())
    }

    /// The client of a node.
    pub(super) fn client(&self, region: RegionCode) -> Result<Client, DemoError> {
        let node = self.nodes.get(&region);
        node.map(|node| node.client.clone())
            .ok_or(DemoError::NotRunning(region))
    }

    /// A way for a browser into a node, seen with somebody's certificate.
    pub(super) async fn relay(&self, region: RegionCode, role: Role) -> Result<Relay, DemoError> {
        let node = self.nodes.get(&region);
        let node = node.ok_or(DemoError::NotRunning(region))?;
        let folder = Folder::at(self.folder(region, role));
        let credentials = Credentials::of_folder(folder).map_err(ClientError::from)?;
        let opened = Relay::open(node.address.parse()?, credentials, 0).await;
        opened.map_err(DemoError::Start)
    }

    /// Where everything is.
    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    /// The folder of somebody's certificate.
    pub(super) fn folder(&self, region: RegionCode, role: Role) -> PathBuf {
        identities::person(&self.base, region, role)
    }

    /// Where a node listens.
    pub(super) fn address(&self, region: RegionCode) -> Option<&str> {
        self.nodes.get(&region).map(|node| node.address.as_str())
    }

    /// Ends a node without any warning, as a power cut would.
    pub(super) async fn kill(&mut self, region: RegionCode) -> Result<(), DemoError> {
        let node = self.nodes.remove(&region);
        let mut node = node.ok_or(DemoError::NotRunning(region))?;
        node.child.kill().await.map_err(DemoError::Start)
    }

    /// Starts a node again on the data it left.
    pub(super) async fn restart(&mut self, region: RegionCode) -> Result<(), DemoError> {
        let child = self.spawn(region)?;
        self.meet(region, child).await
    }

    /// The ends of the logs of nodes that ended by themselves, for a message about a failure.
    pub(super) fn fallen(&mut self) -> Vec<(RegionCode, String)> {
        let mut fallen = Vec::new();
        for (region, node) in &mut self.nodes {
            if matches!(node.child.try_wait(), Ok(Some(_))) {
                fallen.push((*region, tail(&node.dir)));
            }
        }
        fallen
    }

    /// Stops every node and waits until all are gone.
    pub(super) async fn stop(&mut self) {
        let mut stopping: Vec<Child> = Vec::new();
        for (_, node) in std::mem::take(&mut self.nodes) {
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
}

/// This same program, even when its file was replaced by a newer build meanwhile.
fn own_program() -> Result<PathBuf, DemoError> {
    let running = Path::new("/proc/self/exe");
    if running.exists() {
        return Ok(running.to_owned());
    }
    std::env::current_exe().map_err(DemoError::Start)
}

fn address_file(dir: &Path) -> PathBuf {
    dir.join("data").join("address")
}

fn log_file(dir: &Path) -> PathBuf {
    dir.join("log")
}

fn write(path: &Path, text: &str) -> Result<(), DemoError> {
    fs::write(path, text).map_err(|source| failed("write", path, source))
}

fn tail(dir: &Path) -> String {
    let text = fs::read_to_string(log_file(dir)).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LOG_TAIL_LINES);
    lines[from..].join("\n")
}
