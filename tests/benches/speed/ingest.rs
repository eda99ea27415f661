//! Pushing the whole load, to the limit and to a node.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use liandong_client::{Client, ConnectOptions};
use liandong_tests::node::Node;
use tokio::task::JoinSet;

use crate::figures::{Ingest, cpu_time, resident_kib};
use crate::limit::Server;
use crate::load::{Load, rows_of};

/// Batches that are not yet answered at any time.
pub(crate) const UNDER_WAY: usize = 16;
const CONNECTIONS: usize = 4;

/// Pushes to the bare server.
pub(crate) async fn limit(load: &Load) -> Result<Ingest> {
    let server = Server::start().await?;
    let pid = server.process.id().unwrap_or_default();
    let before = cpu_time(pid)?;
    let (took, acks) = push(&server.url, server.options(), load).await?;
    let cpu = cpu_time(pid)?.saturating_sub(before);
    Ok(Ingest::new(load.reports, took, cpu, acks))
}

/// Pushes to a fresh node, then looks at what it has cost.
pub(crate) async fn node(load: &Load) -> Result<Ingest> {
    let mut node = Node::start(load.settings()).await?;
    let empty_kib = resident_kib(node.pid()?)?;
    let before = cpu_time(node.pid()?)?;
    let (took, acks) = push(&node.url(), node.options(), load).await?;
    let cpu = cpu_time(node.pid()?)?.saturating_sub(before);
    let mut ingest = Ingest::new(load.reports, took, cpu, acks);
    ingest.resident_kib = Some(resident_kib(node.pid()?)?.saturating_sub(empty_kib));
    ingest.journal_bytes = Some(journal_bytes(&node)?);
    node.kill()?;
    let begun = Instant::now();
    node.resume().await?;
    ingest.restart = Some(begun.elapsed());
    Ok(ingest)
}

/// What the segments hold: up to the zeros of the last one.
fn journal_bytes(node: &Node) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(node.path("data/journal"))? {
        let content = std::fs::read(entry?.path())?;
        let used = content.iter().rposition(|&byte| byte != 0);
        bytes += used.map_or(0, |last| last as u64 + 1);
    }
    Ok(bytes)
}

/// How long everything took, and each batch.
async fn push(
    url: &str,
    options: ConnectOptions,
    load: &Load,
) -> Result<(Duration, Vec<Duration>)> {
    let address = url.parse()?;
    let requests: Arc<Vec<_>> = Arc::new(load.requests.clone());
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect_with(&address, options.clone()).await?);
    }
    let mut pushing = JoinSet::new();
    let begun = Instant::now();
    for number in 0..UNDER_WAY {
        let progress = clients[number % CONNECTIONS].progress();
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        pushing.spawn(async move {
            let mut acks = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(at) else {
                    return anyhow::Ok(acks);
                };
                let sent = Instant::now();
                let answer = progress.push_reports(request.clone()).await?;
                acks.push(sent.elapsed());
                let counts = answer.counts.unwrap_or_default();
                ensure!(counts.refused == 0, "refused: {:?}", answer.outcomes);
                let known = counts.accepted + counts.superseded + counts.duplicate + counts.stale;
                let sent_rows = u64::try_from(rows_of(request))?;
                ensure!(known == sent_rows, "{known} of {sent_rows} rows were taken");
            }
        });
    }
    let mut acks = Vec::new();
    while let Some(done) = pushing.join_next().await {
        acks.extend(done??);
    }
    Ok((begun.elapsed(), acks))
}
