//! A county that takes figures, and the nodes above it.

use std::time::Duration;

use anyhow::{Context, Result};
use liandong_tests::chance::Chance;
use liandong_tests::disk::Disk;
use liandong_tests::ledger::Ledger;
use liandong_tests::load::{Load, Numbers, Work};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};

pub(crate) const COUNTY: &str = "371524";
pub(crate) const CITY: &str = "371500";
pub(crate) const PROVINCE: &str = "370000";

const SCHOOLS: usize = 12;
const CLERKS: usize = 4;

/// Small segments and frequent checkpoints, so that faults meet them, too; and no floor, which the
/// disk of the machine would have to keep.
pub(crate) const BUSY: &str =
    "[journal]\nsegment_mb = 1\nfree_floor_mb = 0\ncheckpoint_frames = 50\n";

/// The settings of a county with schools that report.
pub(crate) fn settings(sections: &str) -> Settings {
    Settings::new(COUNTY)
        .schools(COUNTY, SCHOOLS)
        .section(sections)
}

/// A node whose data is on a disk of its own.
pub(crate) struct Plugged {
    // Taken away before the folder it is mounted in.
    pub(crate) disk: Disk,
    pub(crate) node: Node,
}

impl Plugged {
    pub(crate) fn make(settings: Settings, megabytes: u64, volatile_cache: bool) -> Result<Self> {
        let node = Node::prepare(settings)?;
        let disk = Disk::make(&node.path("data"), megabytes, volatile_cache)?;
        Ok(Self { disk, node })
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        if self.node.pid().is_ok() {
            // One that has ended by itself does not hold the disk, either.
            let _ = self.node.kill();
        }
    }
}

/// What a county's clerks push, and what they were told.
pub(crate) struct Office {
    pub(crate) ledger: Ledger,
    pub(crate) chance: Chance,
    numbers: Numbers,
    months: u32,
}

impl Office {
    pub(crate) fn open(test: &str) -> Result<Self> {
        let numbers = Numbers::default();
        numbers.store(1, std::sync::atomic::Ordering::Relaxed);
        Ok(Self {
            ledger: Ledger::default(),
            chance: Chance::begin(test)?,
            numbers,
            months: 0,
        })
    }

    /// The next month to push figures of: histories stay short, and many cells come about.
    pub(crate) fn next_month(&mut self) -> String {
        // 75 years of months that are over.
        let month = self.months % 900;
        self.months += 1;
        format!("{}-{:02}", 1950 + month / 12, month % 12 + 1)
    }

    /// Work for the clerks in a month of its own.
    pub(crate) fn work(&mut self, node: &Node) -> Work {
        Work {
            url: node.url(),
            options: node.options(),
            schools: (1..=SCHOOLS).map(|number| school(COUNTY, number)).collect(),
            clerks: CLERKS,
            period: self.next_month(),
            note: String::new(),
            stubborn: false,
            deadline: Duration::from_secs(10),
        }
    }

    /// Sends the clerks to work.
    pub(crate) fn push(&mut self, work: &Work) -> Load {
        Load::start(work, &self.numbers, &mut self.chance)
    }

    /// Enters what the clerks did.
    pub(crate) async fn close(&mut self, load: Load) -> Result<()> {
        self.ledger.add(load.finish().await.context("the clerks")?);
        Ok(())
    }

    /// Work for the clerks that fills segments soon.
    pub(crate) fn bulky_work(&mut self, node: &Node) -> Work {
        let mut work = self.work(node);
        work.note = "订".repeat(200);
        work
    }

    /// Pushes for a while without any fault.
    pub(crate) async fn calm(&mut self, node: &Node, how_long: Duration) -> Result<()> {
        let work = self.work(node);
        let load = self.push(&work);
        tokio::time::sleep(how_long).await;
        self.close(load).await
    }

    /// Repeats some of what had no answer, and compares.
    pub(crate) async fn settle(&mut self, node: &Node) -> Result<()> {
        self.ledger.repeat_unsure(node, &mut self.chance).await;
        self.ledger.settle(node).await
    }
}
