//! Row 3: power cuts, some while a node starts or recovers.
//!
//! Every second disk has a volatile cache, so that what was written but not flushed is lost, too.
//! A control run on each kind shows that it does lose what was not made durable; else this row
//! would prove nothing.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use liandong_tests::disk::{Cut, Disk, NEEDS};
use liandong_tests::machine::{lacks, run};
use liandong_tests::outcome::{counted, not_run, times};

use crate::county::{BUSY, Office, Plugged, settings};

const ROW: &str = "row 3";
const MEGABYTES: u64 = 96;

/// Shows that a cut takes what was written without a sync, and leaves what was synced.
fn control(volatile_cache: bool, cut: Cut) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = folder.path().join("disk");
    let mut disk = Disk::make(&at, MEGABYTES, volatile_cache)?;
    let synced = at.join("synced");
    write_synced(&synced, &[1; 8_192])?;
    let unsynced = at.join("unsynced");
    write_synced(&unsynced, &[0; 8_192])?;
    let switch = disk.switch(cut)?;
    if volatile_cache {
        // Straight to the disk, past the system's memory, but without a flush of its cache.
        let from = folder.path().join("ones");
        std::fs::write(&from, [1; 8_192])?;
        let (from, to) = (
            format!("if={}", text(&from)?),
            format!("of={}", text(&unsynced)?),
        );
        run(&["dd", &from, &to, "bs=4096", "oflag=direct", "conv=notrunc"])?;
    } else {
        File::options()
            .write(true)
            .open(&unsynced)?
            .write_all(&[1; 8_192])?;
    }
    switch.cut()?;
    disk.power_on()?;
    let kept = std::fs::read(&synced)?;
    ensure!(kept == [1; 8_192], "what was synced is gone");
    let lost = std::fs::read(&unsynced)?;
    ensure!(
        lost == [0; 8_192],
        "what was not synced is still there: this machine cannot play a power cut"
    );
    Ok(())
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    Ok(file.sync_all()?)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a folder with a strange name")
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row 3"]
async fn row_03_power_cuts() -> Result<()> {
    if let Some(why) = lacks(&NEEDS) {
        not_run(ROW, &why);
        return Ok(());
    }
    let cuts = times(20, 500)?;
    for cut in [Cut::Plain, Cut::AfterJournal] {
        control(false, cut)?;
        control(true, cut)?;
    }
    let mut office = Office::open(ROW)?;
    let begun = Instant::now();
    let (mut made, mut starting, mut volatile) = (0, 0, 0);
    // A new disk from time to time, as the journal is kept for ever.
    let mut kind = false;
    while made < cuts {
        kind = !kind;
        let mut plugged = Plugged::make(settings(BUSY), MEGABYTES, kind)?;
        let (node, disk) = (&mut plugged.node, &mut plugged.disk);
        let here = (cuts - made).min(25.min(cuts.div_ceil(2)));
        let mut office_here = Office::open(ROW)?;
        node.resume().await?;
        for _ in 0..here {
            let cut = if office.chance.one_in(2) {
                Cut::Plain
            } else {
                Cut::AfterJournal
            };
            let switch = disk.switch(cut)?;
            if node.pid().is_err() {
                // Cut again while the node recovers from the last one.
                node.begin()?;
                tokio::time::sleep(office.chance.time_below(Duration::from_millis(60))).await;
                switch.cut()?;
                node.kill()?;
                starting += 1;
            } else {
                let work = office_here.work(node);
                let load = office_here.push(&work);
                tokio::time::sleep(office.chance.time_below(Duration::from_millis(300))).await;
                switch.cut()?;
                node.kill()?;
                office_here.close(load).await?;
            }
            made += 1;
            volatile += u64::from(kind);
            disk.power_on()?;
            if !office.chance.one_in(4) {
                node.resume().await?;
                office_here.settle(node).await?;
            }
        }
        if node.pid().is_err() {
            node.resume().await?;
        }
        office_here.settle(node).await?;
        office_here.ledger.settle_all(node).await?;
        node.recount().await?;
        node.kill()?;
        office.ledger.take_over(&office_here.ledger);
    }
    counted(
        ROW,
        &format!(
            "{made} cuts, {starting} at start, {volatile} with a volatile cache, {} in {} s \
             (controls: unsynced writes are lost)",
            office.ledger.tally(),
            begun.elapsed().as_secs()
        ),
    );
    Ok(())
}
