//! Each flood in turn, each against a node of its own.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use liandong_client::wire::progress::v1::{PushReportsRequest, ReportBatch};
use liandong_tests::figures::count;
use liandong_tests::outcome::{counted, is_long};
use liandong_tests::settings::{Settings, school};
use liandong_tests::wait::eventually;

use crate::attack::{Attackers, CONNECTIONS, Flood};
use crate::honest::use_it;
use crate::place::{COUNTY, Place};
use crate::resources::{Watch, files, resident};

/// Names how long each flood lasts, in seconds.
const SECONDS: &str = "LIANDONG_FLOOD_SECONDS";

/// Names the only flood to make, by the beginning of its name.
const ONLY: &str = "LIANDONG_FLOOD";

/// What a flood may add to the resident memory, in KiB.
const MOST_MEMORY: u64 = 64 << 10;

/// How long an honest caller may wait while the flood lasts, in percent of before.
const MOST_SLOWER: u128 = 200;

/// On a machine that also runs the attackers, times below this say nothing. A few seconds have so
/// few requests that one bad moment of the machine is their p99.
const NOISE: Duration = Duration::from_millis(20);
const NOISE_OF_SECONDS: Duration = Duration::from_millis(50);

/// Whoever waits longer is as good as not served.
const STILL_SERVED: Duration = Duration::from_secs(20);

/// How long a flood lasts in every test run, and over TLS.
const SHORT: Duration = Duration::from_secs(5);
const SHORT_ENCRYPTED: Duration = Duration::from_secs(3);

/// How long a node waits for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Schools of the county, so that a list of its regions is of some size.
const SCHOOLS: usize = 400;

fn lasting() -> Result<Duration> {
    let seconds = match std::env::var(SECONDS) {
        Ok(given) => given
            .parse()
            .with_context(|| format!("{SECONDS}={given:?}"))?,
        Err(_) if is_long() => 60,
        Err(_) => return Ok(SHORT),
    };
    Ok(Duration::from_secs(seconds))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts real processes and takes minutes: cargo xtask test fuzz"]
async fn a_node_bears_every_known_flood() -> Result<()> {
    let time = lasting()?;
    let only = std::env::var(ONLY).unwrap_or_default();
    let mut broken = Vec::new();
    let mut floods = 0;
    for flood in Flood::ALL {
        if !flood
            .name()
            .to_lowercase()
            .starts_with(&only.to_lowercase())
        {
            continue;
        }
        floods += 1;
        let settings = Settings::new(COUNTY).schools(COUNTY, SCHOOLS);
        let bears = async || bears(flood, Place::plain(settings).await?, time).await;
        if let Err(error) = bears().await {
            println!("measured: flood: {}: FAILED: {error:#}", flood.name());
            broken.push(format!("{}: {error:#}", flood.name()));
        }
    }
    ensure!(floods > 0, "no flood is called {only:?}");
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    let seconds = time.as_secs();
    counted(
        "row 15",
        &format!("{floods} floods from {CONNECTIONS} connections for {seconds} s each: 0 crashes"),
    );
    Ok(())
}

/// The same of callers with certificates, and of some who never come to show one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts real processes and takes minutes: cargo xtask test fuzz"]
async fn a_node_with_certificates_bears_floods_too() -> Result<()> {
    let time = match lasting()? {
        time if time == SHORT => SHORT_ENCRYPTED,
        time => time,
    };
    let only = std::env::var(ONLY).unwrap_or_default().to_lowercase();
    let (mut floods, mut broken) = (0, Vec::new());
    let chosen = Flood::ENCRYPTED
        .into_iter()
        .filter(|flood| flood.name().to_lowercase().starts_with(&only));
    for flood in chosen {
        floods += 1;
        let settings = Settings::new(COUNTY).schools(COUNTY, SCHOOLS);
        // As long as it takes until those who do not come through their handshake are let go.
        let time = if flood.is_handshake() {
            time.max(HANDSHAKE * 3)
        } else {
            time
        };
        let bears = async || bears(flood, Place::encrypted(settings).await?, time).await;
        if let Err(error) = bears().await {
            println!(
                "measured: flood over TLS: {}: FAILED: {error:#}",
                flood.name()
            );
            broken.push(format!("{}: {error:#}", flood.name()));
        }
    }
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    let seconds = time.as_secs();
    counted(
        "row 15",
        &format!("{floods} floods over TLS for {seconds} s each: 0 crashes"),
    );
    Ok(())
}

async fn bears(flood: Flood, place: Place, time: Duration) -> Result<()> {
    let pid = place.node.pid()?;
    // Everything that is made once is made now.
    use_it(&place, Duration::from_secs(1)).await?;
    let mut calm = use_it(&place, time.min(Duration::from_secs(5))).await?;
    ensure!(
        calm.failed == 0,
        "{} of the calm requests failed",
        calm.failed
    );
    let (memory_before, files_before) = (resident(pid)?, files(pid)?);

    let watch = Watch::begin(pid);
    let attackers = Attackers::begin(flood, &place.way()?)?;
    let mut during = use_it(&place, time).await?;
    let counts = attackers.end();
    let most = watch.end().await?;

    // The machine is not the same all the time: calm is the slower of before and after.
    let mut after = use_it(&place, time.min(Duration::from_secs(5))).await?;
    let before = calm.percentile(99).max(after.percentile(99));
    let under = during.percentile(99);
    let slower = under.as_micros() * 100 / before.as_micros().max(1);
    let grown = most.saturating_sub(memory_before);
    let connections = counts.connections.load(Ordering::Relaxed);
    let over = if place.is_encrypted() {
        " over TLS"
    } else {
        ""
    };
    println!(
        "measured: flood{over}: {}: +{} MiB, p99 {} us without and {} us under it ({slower} %), \
         {} honest requests with {} failed, {connections} connections of which the node ended {}, \
         {} bursts",
        flood.name(),
        grown / 1024,
        before.as_micros(),
        under.as_micros(),
        during.requests(),
        during.failed,
        counts.ended.load(Ordering::Relaxed),
        counts.bursts.load(Ordering::Relaxed),
    );
    let noise = if is_long() { NOISE } else { NOISE_OF_SECONDS };
    ensure!(
        connections >= flood.connections(),
        "only {connections} connections"
    );
    let ended = counts.ended.load(Ordering::Relaxed);
    ensure!(
        !flood.is_handshake() || ended >= flood.connections() / 2,
        "only {ended} that do not come through their handshake are let go"
    );
    ensure!(
        during.failed == 0,
        "{} honest requests failed",
        during.failed
    );
    ensure!(grown <= MOST_MEMORY, "{} MiB more memory", grown / 1024);
    // Handshakes are what TLS costs a node, and the machine is that of the attackers, too: here it
    // counts that whoever is honest is served at all.
    let noise = if place.is_encrypted() {
        STILL_SERVED
    } else {
        noise
    };
    ensure!(
        slower <= MOST_SLOWER || under < noise,
        "honest requests take {slower} % of the time without"
    );
    serves_on(&place, pid, files_before).await
}

/// The node takes a figure. What is malformed may have been a figure of that school before.
pub(crate) async fn takes_a_figure(place: &Place, batch: &str, figure: i64) -> Result<()> {
    let request = PushReportsRequest {
        batch: Some(ReportBatch {
            id: batch.to_owned(),
            by: "测试".to_owned(),
            rows: vec![count(&school(COUNTY, 9), figure)],
            ..ReportBatch::default()
        }),
        all_outcomes: true,
    };
    let progress = place.client().await?.progress();
    let answer = progress.push_reports(request).await?;
    let counts = answer.counts.context("no counts")?;
    let taken = counts.accepted + counts.superseded;
    ensure!(
        taken == 1,
        "{batch}: a figure was not taken: {:?}",
        answer.outcomes
    );
    Ok(())
}

/// The node takes figures, has let go of every connection, never panicked, and counts right.
pub(crate) async fn serves_on(place: &Place, pid: u32, files_before: usize) -> Result<()> {
    takes_a_figure(place, "afterwards", 9).await?;
    eventually("connections are let go", async || {
        let open = files(pid)?;
        ensure!(
            open <= files_before + 4,
            "{open} files, {files_before} before"
        );
        Ok(Some(()))
    })
    .await?;
    let log = place.node.log();
    let panicked = log.lines().find(|line| line.contains("panicked"));
    ensure!(panicked.is_none(), "{panicked:?}");
    place.node.recount().await?;
    Ok(())
}
