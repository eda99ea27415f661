//! Pushing the whole load, to the limit and to a node.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use liandong_client::ConnectOptions;
use liandong_load::process::{cpu_time, resident};
use liandong_load::{ClosedLoop, Load, Pushed, closed_loop, connect};
use liandong_tests::node::Node;

use crate::figures::Ingest;
use crate::limit::Server;
use crate::settings;

/// Batches that are not yet answered at any time.
pub(crate) const UNDER_WAY: usize = 16;
const CONNECTIONS: usize = 4;

/// Pushes to the bare server.
pub(crate) async fn limit(load: &Load) -> Result<Ingest> {
    let server = Server::start().await?;
    let pid = server.process.id().unwrap_or_default();
    let before = cpu_time(pid)?;
    let pushed = push(&server.url, server.options(), load).await?;
    let cpu = cpu_time(pid)?.saturating_sub(before);
    Ok(Ingest::new(pushed, cpu))
}

/// Pushes to a fresh node, then looks at what it has cost.
pub(crate) async fn node(load: &Load) -> Result<Ingest> {
    let mut node = Node::start(settings(load.units)).await?;
    let empty = resident(node.pid()?)?;
    let before = cpu_time(node.pid()?)?;
    let pushed = push(&node.url(), node.options(), load).await?;
    let cpu = cpu_time(node.pid()?)?.saturating_sub(before);
    let mut ingest = Ingest::new(pushed, cpu);
    ingest.resident_bytes = Some(resident(node.pid()?)?.saturating_sub(empty));
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

async fn push(url: &str, options: ConnectOptions, load: &Load) -> Result<Pushed> {
    let clients = connect(&url.parse()?, &options, CONNECTIONS).await?;
    let how = ClosedLoop::of(UNDER_WAY);
    Ok(closed_loop(&clients, Arc::clone(&load.requests), how).await?)
}
