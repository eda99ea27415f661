//! Row 10: a full disk, and a disk that fails to sync.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use liandong_tests::disk::NEEDS;
use liandong_tests::load::Fate;
use liandong_tests::machine::{lacks, lacks_program};
use liandong_tests::node::Node;
use liandong_tests::outcome::{counted, not_run, times};
use liandong_tests::wait::eventually;

use crate::county::{BUSY, Office, Plugged, settings};

const FULL: &str = "row 10 (full disk)";
const FLOOR: &str = "row 10 (floor)";
const FAILING: &str = "row 10 (EIO)";

const MEGABYTES: u64 = 96;
/// So often one disk is filled, until its journal is what fills it.
const FILLS_OF_A_DISK: u64 = 20;
const FLOOR_MEGABYTES: u64 = 8;
/// How long the node may live on what sealing gives back.
const SEALING: Duration = Duration::from_secs(8);
/// How long a full disk may go unnoticed.
const PATIENCE: Duration = Duration::from_secs(40);

/// Leaves at most so many bytes free, by a file that somebody else might have put there.
fn fill(data: &Path, leave: u64) -> Result<()> {
    let filler = data.join("filler");
    let mut file = File::options().create(true).append(true).open(&filler)?;
    loop {
        let free = free(data)?;
        let Some(more) = free.checked_sub(leave).filter(|&more| more > 0) else {
            return Ok(());
        };
        let part = vec![7; usize::try_from(more.min(1 << 20))?];
        if file
            .write_all(&part)
            .and_then(|()| file.sync_data())
            .is_err()
        {
            // Full to the last byte.
            return Ok(());
        }
    }
}

fn free(data: &Path) -> Result<u64> {
    let stat = rustix::fs::statvfs(data)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row 10"]
async fn row_10_full_disk() -> Result<()> {
    if let Some(why) = lacks(&NEEDS) {
        not_run(FULL, &why);
        return Ok(());
    }
    let fills = times(10, 200)?;
    let mut total = Office::open(FULL)?;
    let begun = Instant::now();
    let (mut made, mut stopped, mut refused) = (0, 0, 0);
    while made < fills {
        let mut office = Office::open(FULL)?;
        // No floor: the disk is let run full.
        let mut plugged = Plugged::make(settings(BUSY), MEGABYTES, false)?;
        let node = &mut plugged.node;
        node.resume().await?;
        for _ in 0..(fills - made).min(FILLS_OF_A_DISK) {
            made += 1;
            let work = office.bulky_work(node);
            let load = office.push(&work);
            tokio::time::sleep(office.chance.time_below(Duration::from_millis(100))).await;
            fill(&node.path("data"), office.chance.below(2 << 20))?;
            // Until there is no room for another segment. Sealing gives some back for a while, which is
            // then taken, too.
            let full = Instant::now();
            while node.exited()?.is_none() && load.refused() == 0 && full.elapsed() < PATIENCE {
                tokio::time::sleep(Duration::from_millis(20)).await;
                if full.elapsed() > SEALING {
                    fill(&node.path("data"), 0)?;
                }
            }
            let before = load.refused();
            office.close(load).await?;
            let ended = node.exited()?.is_some();
            ensure!(
                ended || before > 0,
                "the disk is full and nothing is refused"
            );
            refused += u64::from(before > 0);
            if ended {
                stopped += 1;
                node.kill()?;
            }
            std::fs::remove_file(node.path("data/filler"))?;
            if ended {
                node.resume().await?;
            }
            office.settle(node).await?;
        }
        office.ledger.settle_all(node).await?;
        node.recount().await?;
        total.ledger.take_over(&office.ledger);
    }
    counted(
        FULL,
        &format!(
            "{made} times full, {refused} times intake stopped, {stopped} times the node, {}, at most \
             {} versions of a figure, in {} s",
            total.ledger.tally(),
            total.ledger.longest_history(),
            begun.elapsed().as_secs()
        ),
    );
    Ok(())
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row 10"]
async fn row_10_free_space_floor() -> Result<()> {
    if let Some(why) = lacks(&NEEDS) {
        not_run(FLOOR, &why);
        return Ok(());
    }
    let fills = times(3, 50)?;
    let mut office = Office::open(FLOOR)?;
    let sections = format!(
        "[journal]\nsegment_mb = 1\nfree_floor_mb = {FLOOR_MEGABYTES}\ncheckpoint_frames = 50\n"
    );
    let mut plugged = Plugged::make(settings(&sections), MEGABYTES, false)?;
    let node = &mut plugged.node;
    node.resume().await?;
    let begun = Instant::now();
    let mut refused = 0;
    for _ in 0..fills {
        let work = office.work(node);
        let load = office.push(&work);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let below = office.chance.below(FLOOR_MEGABYTES << 20);
        fill(&node.path("data"), below)?;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let sent = load.finish().await?;
        let last = sent.iter().rev().take(4);
        ensure!(
            last.clone().any(|batch| batch.fate == Fate::Refused),
            "intake goes on below the floor"
        );
        ensure!(
            sent.iter().all(|batch| batch.fate != Fate::Unsure),
            "a clerk got no clear answer"
        );
        refused += sent
            .iter()
            .filter(|batch| batch.fate == Fate::Refused)
            .count();
        office.ledger.add(sent);
        ensure!(node.exited()?.is_none(), "the node ended:\n{}", node.log());
        ensure!(
            node.log().contains("intake stops"),
            "the node does not say it"
        );
        // What is there can still be read.
        office.ledger.settle(node).await?;
        std::fs::remove_file(node.path("data/filler"))?;
        let resumed = Instant::now();
        let work = office.work(node);
        eventually("intake resumes by itself", async || {
            let load = office.push(&work);
            tokio::time::sleep(Duration::from_millis(50)).await;
            let sent = load.finish().await?;
            let well = sent.iter().any(|batch| batch.fate == Fate::Acknowledged);
            office.ledger.add(sent);
            Ok(well.then_some(()))
        })
        .await?;
        ensure!(
            resumed.elapsed() < Duration::from_secs(10),
            "it took {:?}",
            resumed.elapsed()
        );
        office.ledger.settle(node).await?;
    }
    node.recount().await?;
    counted(
        FLOOR,
        &format!(
            "{fills} times below the floor, {refused} batches refused with NO_SPACE, resumed each \
             time, {} in {} s",
            office.ledger.tally(),
            begun.elapsed().as_secs()
        ),
    );
    Ok(())
}

/// Whether a segment of the journal was synced again after that had failed: what the disk holds of
/// it is unknown then, and a second sync would only hide that.
fn tried_again(traced: &str) -> bool {
    let mut failed: Vec<&str> = Vec::new();
    // The file of each thread's call that has not returned yet.
    let mut begun: HashMap<&str, &str> = HashMap::new();
    for line in traced.lines() {
        let Some((thread, said)) = line.split_once(' ') else {
            continue;
        };
        let path = if said.trim_start().starts_with("<... ") {
            begun.remove(thread)
        } else {
            let rest = said
                .split_once('<')
                .and_then(|(_, rest)| rest.split_once('>'));
            let path = rest
                .map(|(path, _)| path)
                .filter(|path| path.ends_with(".seg"));
            if path.is_some_and(|path| failed.contains(&path)) {
                return true;
            }
            path
        };
        let Some(path) = path else {
            continue;
        };
        if said.contains("<unfinished") {
            begun.insert(thread, path);
        } else if said.contains("(INJECTED)") {
            failed.push(path);
        }
    }
    false
}

#[test]
fn a_second_try_is_seen() {
    let other = "7 fdatasync(9</d/sled/db>) = -1 EIO (Input/output error) (INJECTED)\n";
    let fails = "8 fdatasync(5</d/journal/1.seg>) = -1 EIO (Input/output error) (INJECTED)\n";
    let late = "8 fdatasync(5</d/journal/1.seg> <unfinished ...>\n\
                8 <... fdatasync resumed>) = -1 EIO (Input/output error) (INJECTED)\n";
    let again = "6 fdatasync(5</d/journal/1.seg>) = 0\n";
    assert!(!tried_again(&[again, other, other, fails].concat()));
    assert!(tried_again(&[fails, again].concat()));
    assert!(tried_again(&[late, other, again].concat()));
    assert!(!tried_again(&[late, other].concat()));
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row 10"]
async fn row_10_failing_sync() -> Result<()> {
    if let Some(why) = lacks_program(&["strace"]) {
        not_run(FAILING, &why);
        return Ok(());
    }
    let failures = times(20, 200)?;
    let mut office = Office::open(FAILING)?;
    let mut node = Node::prepare(settings(BUSY))?;
    node.resume().await?;
    let begun = Instant::now();
    let (mut syncs, mut writes) = (0, 0);
    for round in 0..failures {
        // The n-th sync, or write, of a thread fails.
        let at = office.chance.below(60) + 1;
        let (call, error) = match round % 3 {
            0 | 1 => ("fdatasync", "EIO"),
            _ if office.chance.one_in(2) => ("pwrite64", "ENOSPC"),
            _ => ("pwrite64", "EIO"),
        };
        let inject = format!("inject={call}:error={error}:when={at}");
        let pid = node.pid()?.to_string();
        let trace = node.path("inject");
        let trace = trace.to_str().context("a folder with a strange name")?;
        let mut strace = std::process::Command::new("strace")
            .args([
                "-f",
                "-q",
                "-y",
                "-e",
                &format!("trace={call}"),
                "-e",
                &inject,
                "-o",
                trace,
            ])
            .args(["-p", &pid])
            .spawn()?;
        let work = office.work(&node);
        let load = office.push(&work);
        let stopped = node.ends().await;
        office.close(load).await?;
        // It ends with the process it follows.
        let _ = strace.wait();
        let traced = std::fs::read_to_string(trace)?;
        stopped.with_context(|| format!("{inject}: the node goes on"))?;
        let failed: Vec<&str> = traced
            .lines()
            .filter(|line| line.contains("(INJECTED)"))
            .collect();
        ensure!(!failed.is_empty(), "nothing was made to fail by {inject}");
        if call == "fdatasync" {
            ensure!(
                !tried_again(&traced),
                "a failed sync was tried again:\n{traced}"
            );
            syncs += 1;
        } else {
            writes += 1;
        }
        ensure!(
            node.log().contains("stopping"),
            "the node does not say why it stops"
        );
        node.resume().await?;
        office.settle(&node).await?;
    }
    office.ledger.settle_all(&node).await?;
    node.recount().await?;
    counted(
        FAILING,
        &format!(
            "{syncs} failed syncs, {writes} failed writes, the node stopped each time, {} in {} s",
            office.ledger.tally(),
            begun.elapsed().as_secs()
        ),
    );
    Ok(())
}
