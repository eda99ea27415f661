//! What is pushed, and pushing it.

use std::sync::Arc;

use anyhow::{Context, Result};
use liandong_client::wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_core::indicator::IndicatorKind;
use liandong_core::period::PeriodKind;
use liandong_core::region::RegionKind;
use liandong_load::{ClosedLoop, Pushed, Reported, Requests, Target, closed_loop, connect};
use liandong_tests::node::Node;

/// Indicators that a school reports every month, unless said.
pub(crate) const INDICATORS: usize = 41;
/// Connections of whoever pushes in bulk, and its batches under way.
const BULK_CONNECTIONS: usize = 4;
pub(crate) const UNDER_WAY: usize = 16;

/// Indicators that a kind of region reports every month, as many as there are up to `most`.
pub(crate) fn monthly(kind: RegionKind, most: usize) -> Result<Vec<Reported>> {
    let known = liandong_catalog::builtin_indicators()
        .map_err(|errors| anyhow::anyhow!("the catalogue: {errors:?}"))?;
    let mut found = Vec::new();
    for (code, indicator) in known {
        let is_sent = matches!(
            indicator.kind,
            IndicatorKind::Count | IndicatorKind::Ratio | IndicatorKind::Money
        );
        let is_expected = indicator.reported_by.is_empty() || indicator.reported_by.contains(&kind);
        if is_sent && is_expected && indicator.period == PeriodKind::Month {
            found.push(Reported {
                code,
                has_denominator: indicator.kind.has_denominator(),
            });
        }
    }
    found.truncate(most);
    Ok(found)
}

/// One unit's figures of a month; every numerator is the same.
pub(crate) fn month_of(
    unit: &str,
    indicators: &[Reported],
    period: &str,
    numerator: i64,
    revision: u32,
) -> Vec<Report> {
    let rows = indicators.iter().map(|indicator| Report {
        source: unit.to_owned(),
        indicator: indicator.code.to_string(),
        period: period.to_owned(),
        numerator,
        denominator: indicator.has_denominator.then_some(1_000_000),
        revision,
        ..Report::default()
    });
    rows.collect()
}

/// A batch.
pub(crate) fn request(id: String, rows: Vec<Report>) -> Arc<PushReportsRequest> {
    Arc::new(PushReportsRequest {
        batch: Some(ReportBatch {
            id,
            by: "bench".to_owned(),
            rows,
            ..ReportBatch::default()
        }),
        all_outcomes: false,
    })
}

/// Pushes all of it, as quickly as the node takes it.
pub(crate) async fn push_all<T: Target>(
    targets: &[T],
    requests: Requests,
    under_way: usize,
) -> Result<Pushed> {
    let how = ClosedLoop::of(under_way);
    let pushed = closed_loop(targets, requests, how).await;
    pushed.context("pushing")
}

/// The node's administrator, over a few connections.
pub(crate) async fn bulk(node: &Node) -> Result<Vec<liandong_client::Client>> {
    let address = node.url().parse()?;
    Ok(connect(&address, &node.options(), BULK_CONNECTIONS).await?)
}
