//! One machine with its node and its disk.

use std::cell::{Cell, RefCell};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use liandong_node::config::Config;
use liandong_node::{Node, Unsynced};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::around::{Skewed, surroundings};
use crate::dice::Dice;
use crate::places::{DONOR, PORT, Place, RECIPIENT, host};
use crate::shared::Shared;
use crate::trace;

/// What a disk does in one piece.
const SECTOR: u64 = 512;

/// A disk that no write finds room on.
const NO_ROOM_MB: u64 = 1 << 39;

/// What a sync takes at most on a disk in good order, in milliseconds: some are still under way
/// when the simulated network moves on.
const USUAL_SYNC: u64 = 60;

/// How a machine is at its next start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Disk {
    /// What a sync takes; as the dice fall when absent.
    pub(crate) sync_takes: Option<Duration>,
    pub(crate) full: bool,
}

/// One machine.
pub(crate) struct Machine {
    pub(crate) place: &'static Place,
    /// Its name on the network.
    pub(crate) name: String,
    pub(crate) clock: Skewed,
    pub(crate) disk: Cell<Disk>,
    /// Whether its node gave up, as it does when its disk fails.
    pub(crate) failed: Cell<bool>,
    dir: PathBuf,
    shared: Rc<Shared>,
    metrics: PrometheusHandle,
    starts: Cell<u64>,
    unsynced: RefCell<Option<Unsynced>>,
    /// A second node with the identity of another may be refused; that is no fault.
    may_be_refused: bool,
}

impl Machine {
    /// A machine with an empty disk in `dir`.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub(crate) fn new(
        place: &'static Place,
        name: String,
        dir: PathBuf,
        shared: &Rc<Shared>,
        metrics: &PrometheusHandle,
    ) -> Result<Self> {
        std::fs::create_dir_all(&dir).context("cannot make a machine's directory")?;
        let mut tree = "code,name,parent,level,kind\n".to_owned();
        for school in place.schools {
            tree.push_str(&format!(
                "{school},小学,{},unit,primary-school\n",
                place.code
            ));
        }
        std::fs::write(dir.join("tree.csv"), tree).context("cannot write a tree")?;
        let may_be_refused = name != place.host();
        Ok(Self {
            place,
            name,
            clock: Skewed::default(),
            disk: Cell::default(),
            failed: Cell::new(false),
            dir,
            shared: Rc::clone(shared),
            metrics: metrics.clone(),
            starts: Cell::new(0),
            unsynced: RefCell::new(None),
            may_be_refused,
        })
    }

    /// Runs the node until the machine crashes.
    pub(crate) async fn run(self: Rc<Self>) -> turmoil::Result {
        let start = self.starts.get();
        self.starts.set(start + 1);
        self.failed.set(false);
        // What the node before had not synced is for the new one to find.
        self.unsynced.replace(None);
        let purpose = format!("{} start {start}", self.name);
        let mut dice = Dice::new(self.shared.seed, &purpose);
        let usual = Duration::from_millis(dice.between(1, USUAL_SYNC));
        let sync_takes = self.disk.get().sync_takes.unwrap_or(usual);
        let around = surroundings(&self.clock, dice, sync_takes);
        let config = match self.config() {
            Ok(config) => config,
            Err(error) => {
                self.shared
                    .broke(format!("start: {}: {error:#}", self.name));
                return std::future::pending().await;
            }
        };
        match Node::start_in(config, self.metrics.clone(), around).await {
            Ok(node) => {
                trace::say(&format!("{} runs", self.name));
                self.unsynced.replace(Some(node.unsynced()));
                let why = node.failed().await;
                trace::say(&format!("{} gave up: {why}", self.name));
                self.shared.count("gave-up");
                self.failed.set(true);
                // It is dropped with the machine.
                std::future::pending::<()>().await;
                drop(node);
            }
            Err(error) => {
                let said = format!("start: {} does not start: {error}", self.name);
                trace::say(&said);
                let full = self.disk.get().full || self.may_be_refused;
                if !full {
                    self.shared.broke(said);
                }
            }
        }
        std::future::pending().await
    }

    fn config(&self) -> Result<Config> {
        let Place { code, parent, .. } = self.place;
        let disk = self.disk.get();
        let floor = if disk.full { NO_ROOM_MB } else { 0 };
        let mut text = format!(
            "region = '{code}'\ndata = 'data'\nlisten = '0.0.0.0:{PORT}'\n\
             tree = ['tree.csv']\n"
        );
        if !parent.is_empty() {
            let address = format!("http://{}:{PORT}", host(parent));
            text.push_str(&format!(
                "[parent]\nregion = '{parent}'\naddress = '{address}'\n"
            ));
        }
        if *code == DONOR {
            let address = format!("http://{}:{PORT}", host(RECIPIENT));
            text.push_str(&format!(
                "[[partner]]\nregion = '{RECIPIENT}'\naddress = '{address}'\n"
            ));
        }
        if *code == RECIPIENT {
            text.push_str(&format!("[[partner]]\nregion = '{DONOR}'\n"));
        }
        text.push_str(&format!(
            "[journal]\nsegment_mb = 1\nfree_floor_mb = {floor}\n"
        ));
        let mut config = Config::read(&text, &self.dir.join("node.toml"))?;
        config.segment_bytes = SEGMENT;
        Ok(config)
    }

    /// Whether a power cut would lose something now.
    pub(crate) fn has_unsynced(&self) -> bool {
        let unsynced = self.unsynced.borrow();
        unsynced
            .as_ref()
            .is_some_and(|unsynced| !unsynced.extents().is_empty())
    }

    /// The power is gone: each sector that was written and not synced is on the disk, or not. A
    /// disk writes a sector as a whole; one that holds something else has decayed, on which a node
    /// rightly does not start. The node must not run any more.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub(crate) fn lose_unsynced(&self, dice: &mut Dice) -> io::Result<()> {
        let Some(unsynced) = self.unsynced.take() else {
            return Ok(());
        };
        for extent in unsynced.extents() {
            let Ok(file) = OpenOptions::new().write(true).open(&extent.path) else {
                continue;
            };
            let mut at = extent.from;
            while at < extent.to {
                let end = ((at / SECTOR + 1) * SECTOR).min(extent.to);
                let length = usize::try_from(end - at).unwrap_or(0);
                if dice.percent(50) {
                    self.shared.count("sector-kept");
                } else {
                    self.shared.count("sector-lost");
                    file.write_all_at(&vec![0; length], at)?;
                }
                at = end;
            }
        }
        Ok(())
    }

    /// The node's data.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Copies the journal as it is now.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub(crate) fn back_up(&self) -> io::Result<()> {
        let to = self.dir.join("backup");
        remove(&to)?;
        copy(&self.data().join("journal"), &to.join("journal"))
    }

    /// Puts the copy in the place of the data; what was there is gone.
    ///
    /// # Errors
    /// When files cannot be written.
    pub(crate) fn put_back(&self) -> io::Result<()> {
        remove(&self.data())?;
        copy(&self.dir.join("backup"), &self.data())
    }

    /// Removes all data.
    ///
    /// # Errors
    /// When files cannot be removed.
    pub(crate) fn wipe(&self) -> io::Result<()> {
        remove(&self.data())
    }

    /// Takes the data of another machine, or only its journal.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub(crate) fn copy_from(&self, other: &Self, journal_only: bool) -> io::Result<()> {
        remove(&self.data())?;
        if journal_only {
            copy(&other.data().join("journal"), &self.data().join("journal"))
        } else {
            copy(&other.data(), &self.data())
        }
    }
}

/// The size of a journal segment: small, so that a run fills several.
const SEGMENT: u64 = 64 << 10;

fn remove(dir: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
