//! Row 1: no acknowledgement before the fdatasync that covers it, seen in strace.

use std::fs::File;
use std::io::BufReader;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use liandong_tests::machine::lacks_program;
use liandong_tests::node::Node;
use liandong_tests::outcome::{counted, not_run, times};
use liandong_tests::syscalls::{Order, TRACED, order};
use liandong_tests::wait::eventually;

use crate::county::{BUSY, Office, settings};

const ROW: &str = "row 1";
const TRACE: &str = "trace";

/// Lets a node take at least so many pushes under strace and reads what it did.
async fn traced(office: &mut Office, pushes: u64, inject: &[&str]) -> Result<(Order, u64)> {
    let mut node = Node::prepare(settings(BUSY).plain())?;
    let trace = node.path(TRACE);
    let trace = trace.to_str().context("a folder with a strange name")?;
    let mut words = vec![
        "strace", "-D", "-f", "-y", "-s", "1000000", "-e", TRACED, "-o", trace,
    ];
    words.extend(inject);
    node.run_under(&words);
    node.resume().await?;
    let pid = node.pid()?;
    let begun = Instant::now();
    let longest = Duration::from_secs(120 + pushes / 100);
    while node.status().await?.journal_frame < pushes && begun.elapsed() < longest {
        // A month of its own each time: a history shows a thousand versions at most.
        office.calm(&node, Duration::from_secs(1)).await?;
    }
    if inject.is_empty() {
        office.settle(&node).await?;
    }
    node.terminate().await?;
    let process = pid.to_string();
    eventually("strace has written everything", async || {
        let written = std::fs::read(node.path(TRACE))?;
        let tail = written.split_at(written.len().saturating_sub(4_096)).1;
        let tail = String::from_utf8_lossy(tail);
        let ended = tail.lines().any(|line| {
            let said = line.strip_prefix(&process).map(str::trim_start);
            said.is_some_and(|said| said.starts_with("+++"))
        });
        Ok(ended.then_some(()))
    })
    .await?;
    let file = File::open(node.path(TRACE))?;
    let bytes = file.metadata()?.len();
    Ok((order(BufReader::new(file))?, bytes))
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row 1"]
async fn row_01_no_acknowledgement_before_its_sync() -> Result<()> {
    if let Some(why) = lacks_program(&["strace"]) {
        not_run(ROW, &why);
        return Ok(());
    }
    let wanted = times(5_000, 100_000)?;
    let mut office = Office::open(ROW)?;

    // First with syncs that strace makes up: every one of these answers is early, and seen to be.
    let made_up = ["-e", "inject=fdatasync,fsync:retval=0"];
    let (control, _) = traced(&mut office, 100, &made_up).await?;
    ensure!(
        control.answered >= 100 && control.early == control.answered,
        "early answers are not recognised: {control:?}"
    );

    let mut office = Office::open(ROW)?;
    let (mut seen, mut bytes) = (Order::default(), 0);
    while seen.answered < wanted {
        // In parts, so that a trace does not fill the disk.
        let part = (wanted - seen.answered).min(25_000);
        let (more, size) = traced(&mut office, part, &[]).await?;
        ensure!(more.answered > 0, "nothing was answered: {more:?}");
        seen.answered += more.answered;
        seen.early += more.early;
        seen.syncs += more.syncs;
        bytes += size;
        office = Office::open(ROW)?;
    }
    counted(
        ROW,
        &format!(
            "{} acknowledgements, {} syncs, {} early (control without real syncs: {} of {} early; \
             {} MiB of trace)",
            seen.answered,
            seen.syncs,
            seen.early,
            control.early,
            control.answered,
            bytes >> 20
        ),
    );
    ensure!(seen.early == 0, "{seen:?}");
    Ok(())
}
