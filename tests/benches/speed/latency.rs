//! What one person waits for: one school's month on a quiet node, and a roll-up. Beside them what
//! both are made of: a durable write, and the same call to a server that stores nothing.

use std::time::Instant;

use anyhow::{Result, ensure};
use liandong_client::Client;
use liandong_client::wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_client::wire::rollup::v1::GetRollupRequest;
use liandong_client::wire::rollup::v1::get_rollup_request::Subject;
use liandong_tests::node::Node;

use crate::disk;
use crate::figures::percentile;
use crate::limit::Server;
use crate::load::{COUNTY, Load};

const TRIES: usize = 500;

/// Measures and prints, each as often as there are rounds.
pub(crate) async fn run(load: &Load, rounds: usize) -> Result<()> {
    let node = Node::start(load.settings()).await?;
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
        let syncs = disk::syncs()?;
        let mut echoes = Vec::new();
        let mut pushes = Vec::new();
        for _ in 0..TRIES {
            revision += 1;
            let request = request(&month, revision);
            let begun = Instant::now();
            client.progress().push_reports(request).await?;
            pushes.push(begun.elapsed());
        }
        for _ in 0..TRIES {
            let request = request(&month, revision);
            let begun = Instant::now();
            bare_client.progress().push_reports(request).await?;
            echoes.push(begun.elapsed());
        }
        pushes.sort_unstable();
        echoes.sort_unstable();
        let mut reads = Vec::new();
        for _ in 0..TRIES {
            let request = GetRollupRequest {
                region: COUNTY.to_owned(),
                subject: Some(Subject::Indicator(month[0].indicator.clone())),
                period: month[0].period.clone(),
            };
            let begun = Instant::now();
            client.rollup().get_rollup(request).await?;
            reads.push(begun.elapsed());
        }
        reads.sort_unstable();
        println!(
            "measured: {} figures of one school on a quiet node: {:?} (p50) {:?} (p99); \
             write and fdatasync alone: {:?} (p50) {:?} (p99); the figures to the limit: {:?} (p50) \
             {:?} (p99); one roll-up row: {:?} (p50) {:?} (p99)",
            month.len(),
            percentile(&pushes, 50),
            percentile(&pushes, 99),
            percentile(&syncs, 50),
            percentile(&syncs, 99),
            percentile(&echoes, 50),
            percentile(&echoes, 99),
            percentile(&reads, 50),
            percentile(&reads, 99),
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
