//! What one person waits for: one school's month on a quiet node. Beside it what it is made of: a
//! durable write, and the same call to a server that stores nothing.

use std::time::Instant;

use anyhow::{Result, ensure};
use liandong_client::Client;
use liandong_client::wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_load::{Latencies, disk};
use liandong_tests::node::Node;

use crate::limit::Limit;
use crate::measures::Measures;
use crate::node;
use crate::province::Province;

const TRIES: u32 = 500;
/// About what the journal grows by for such a report.
const BYTES: u32 = 2_048;

/// Measures everything as often as there are rounds.
pub(crate) async fn run(province: &Province, rounds: usize, measures: &mut Measures) -> Result<()> {
    let node = Node::start(province.settings()).await?;
    let of_node = node::lines(&node, 1).await?;
    let limit = Limit::start().await?;
    let of_limit = limit.lines(1).await?;
    let first = province.load.requests.first();
    let rows: Vec<Report> = first
        .and_then(|one| one.batch.clone())
        .unwrap_or_default()
        .rows;
    let source = rows.first().map(|row| row.source.clone());
    let of_school = |row: &Report| Some(&row.source) == source.as_ref();
    let month: Vec<Report> = rows.into_iter().filter(of_school).collect();
    ensure!(!month.is_empty(), "no school reports");
    let mut revision = 1;
    for round in 1..=rounds {
        let syncs = disk::syncs(&std::env::temp_dir(), TRIES, BYTES)?;
        let answers = pushes(&of_node[0], &month, &mut revision).await?;
        let echoes = pushes(&of_limit[0], &month, &mut revision).await?;
        let mut said = Vec::new();
        for (name, latencies) in [
            ("one_report", &answers),
            ("one_report_limit", &echoes),
            ("fdatasync", &syncs),
        ] {
            let seen = latencies.quantiles();
            measures.time(&format!("{name}_p50_us"), seen.p50);
            measures.time(&format!("{name}_p99_us"), seen.p99);
            said.push(format!("{name} {:?} (p50) {:?} (p99)", seen.p50, seen.p99));
        }
        println!(
            "round {round}: {} figures of one school: {}",
            month.len(),
            said.join(", ")
        );
    }
    limit.server.stop().await
}

/// Pushes one behind the other, in a task like those that a program's own calls are made in: a thread
/// outside of the runtime would have to be woken for every answer.
async fn pushes(client: &Client, month: &[Report], revision: &mut u32) -> Result<Latencies> {
    let (client, month, before) = (client.clone(), month.to_vec(), *revision);
    *revision += TRIES;
    let pushing = tokio::spawn(async move {
        let mut latencies = Latencies::default();
        for number in 1..=TRIES {
            let request = request(&month, before + number);
            let begun = Instant::now();
            client.progress().push_reports(request).await?;
            latencies.record(begun.elapsed());
        }
        anyhow::Ok(latencies)
    });
    pushing.await?
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
