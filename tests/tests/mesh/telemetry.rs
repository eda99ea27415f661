//! What a mesh tells about itself: one trace for one report, and the metrics that are promised.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use liandong_client::TraceParent;
use liandong_client::wire::progress::v1::{PushReportsRequest, ReportBatch};
use liandong_tests::collector::{Collector, Seen};
use liandong_tests::figures::{DROPOUTS, arrives, count, push_new};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};
use liandong_tests::wait::eventually;

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn one_report_is_one_trace_from_the_client_to_the_province() -> Result<()> {
    let collector = Collector::start().await?;
    let traced = |code: &str| Settings::new(code).otlp(collector.address());
    let province = Node::start(traced("370000")).await?;
    let city = Node::start(traced("371500").parent(&province)).await?;
    let county = traced("371524").schools("371524", 1).parent(&city);
    let county = Node::start(county).await?;
    eventually("the county's link is up", async || {
        let links = county.status().await?.links;
        Ok(links.iter().any(|link| link.connected).then_some(()))
    })
    .await?;

    let given: TraceParent = "00-5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e-00c0ffee00c0ffee-01".parse()?;
    let client = county.client().await?.with_trace_parent(given);
    let request = PushReportsRequest {
        batch: Some(ReportBatch {
            id: "traced".to_owned(),
            rows: vec![count(&school("371524", 1), 8)],
            ..ReportBatch::default()
        }),
        all_outcomes: false,
    };
    client.progress().push_reports(request).await?;
    arrives(&province, "370000", DROPOUTS, 8, 1).await?;
    let expected = BTreeSet::from(["370000", "371500", "371524"]);
    let spans = eventually("all three nodes have sent their spans", async || {
        let spans = collector.of_trace(&given.trace_id());
        let regions: BTreeSet<&str> = spans.iter().map(|span| span.region.as_str()).collect();
        ensure!(regions == expected, "only {regions:?} of {spans:?}");
        Ok(Some(spans))
    })
    .await?;
    let below_client = |span: &Seen| span.parent == "00c0ffee00c0ffee";
    ensure!(
        spans.iter().any(below_client),
        "no span is the client's child: {spans:?}"
    );
    Ok(())
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn the_metrics_page_has_what_is_promised() -> Result<()> {
    let city = Node::start(Settings::new("371500")).await?;
    let county = Settings::new("371524").schools("371524", 1).parent(&city);
    let county = Node::start(county).await?;
    push_new(&county, "1", vec![count(&school("371524", 1), 8)]).await?;
    arrives(&city, "371500", DROPOUTS, 8, 1).await?;
    let page = county.page("/metrics").await?;
    ensure!(page.starts_with("HTTP/1.1 200"), "{page}");
    for family in PROMISED {
        let line = page.lines().find(|line| line.starts_with(family));
        line.with_context(|| format!("no {family} in\n{page}"))?;
    }
    Ok(())
}

/// Families that dashboards and alarms are built on.
const PROMISED: [&str; 15] = [
    "liandong_batch_commands",
    "liandong_certificate_seconds_left",
    "liandong_commit_queue_commands",
    "liandong_journal_bytes_total",
    "liandong_journal_disk_bytes",
    "liandong_journal_frames_total",
    "liandong_journal_sync_seconds",
    "liandong_link_cells_sent_total",
    "liandong_link_connected",
    "liandong_link_lag_changes",
    "liandong_quarantined_changes",
    "liandong_reports_total",
    "liandong_request_seconds",
    "liandong_requests_total",
    "liandong_state_cells",
];
