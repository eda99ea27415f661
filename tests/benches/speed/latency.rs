//! What one person waits for: one school's month on a quiet node, and a roll-up. Beside them what
//! both are made of: a durable write, and the same call to a server that stores nothing.

use std::time::Instant;

use anyhow::{Result, ensure};
use liandong_client::Client;
use liandong_client::wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_client::wire::rollup::v1::GetRollupRequest;
use liandong_client::wire::rollup::v1::get_rollup_request::Subject;
use liandong_load::{Latencies, Load, disk};
use liandong_tests::node::Node;

use crate::figures::times;
use crate::limit::Server;
use crate::{COUNTY, settings};

const TRIES: usize = 500;
/// Writes with an fdatasync each, beside which a push is shown, and the bytes of each.
const SYNCS: u32 = 1_000;
const SYNC_BYTES: u32 = 2_048;

/// Measures and prints, each as often as there are rounds.
pub(crate) async fn run(load: &Load, rounds: usize) -> Result<()> {
    let node = Node::start(settings(load.units)).await?;
    let client = node.client().await?;
    let bare = Server::start().await?;
    let bare_client = Client::connect_with(&bare.url.parse()?, bare.options()).await?;
    let first = load.requests.first().and_then(|one| one.batch.clone());
    let rows: Vec<Report> = first.unwrap_or_default().rows;
    let source = rows
        .first()
        .map(|row| row.source.clone())
        .unwrap_or_default();
    let month: Vec<Report> = rows
        .into_iter()
        .filter(|row| row.source == source)
        .collect();
    ensure!(!month.is_empty(), "no school reports");
    let mut revision = 1;
    for _ in 0..rounds {
        // In the folder for temporary files, where the node has its data, too.
        let folder = std::env::temp_dir();
        let syncs = disk::syncs(&folder, SYNCS, SYNC_BYTES)?;
        let mut echoes = Latencies::default();
        let mut pushes = Latencies::default();
        for _ in 0..TRIES {
            revision += 1;
            let request = request(&month, revision);
            let begun = Instant::now();
            client.progress().push_reports(request).await?;
            pushes.record(begun.elapsed());
        }
        for _ in 0..TRIES {
            let request = request(&month, revision);
            let begun = Instant::now();
            bare_client.progress().push_reports(request).await?;
            echoes.record(begun.elapsed());
        }
        let mut reads = Latencies::default();
        for _ in 0..TRIES {
            let request = GetRollupRequest {
                region: COUNTY.to_owned(),
                subject: Some(Subject::Indicator(month[0].indicator.clone())),
                period: month[0].period.clone(),
            };
            let begun = Instant::now();
            client.rollup().get_rollup(request).await?;
            reads.record(begun.elapsed());
        }
        println!(
            "measured: {} figures of one school on a quiet node: {}; write and fdatasync alone: {}; \
             the figures to the limit: {}; one roll-up row: {}",
            month.len(),
            times(&pushes.quantiles()),
            times(&syncs.quantiles()),
            times(&echoes.quantiles()),
            times(&reads.quantiles()),
        );
    }
    Ok(())
}

/// A school's month once more, all figures corrected.
fn request(month: &[Report], revision: u32) -> PushReportsRequest {
    let rows = month.iter().map(|row| Report {
        numerator: i64::from(revision % 500),
        revision,
        ..row.clone()
    });
    PushReportsRequest {
        batch: Some(ReportBatch {
            id: format!("one-{revision}"),
            by: "bench".to_owned(),
            rows: rows.collect(),
            ..ReportBatch::default()
        }),
        all_outcomes: false,
    }
}
