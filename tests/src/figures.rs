//! Pushing figures and reading sums.

use anyhow::{Context, Result, bail, ensure};
use liandong_client::wire::progress::v1::{
    PushReportsRequest, PushReportsResponse, Report, ReportBatch,
};
use liandong_client::wire::rollup::v1::get_rollup_request::Subject;
use liandong_client::wire::rollup::v1::{GetRollupRequest, Sums};
use liandong_client::{Client, ClientError};

use crate::node::Node;
use crate::wait::eventually;

/// Pupils out of school: a count that schools report every month.
pub const DROPOUTS: &str = "compulsory-dropouts";
/// Schools with a care room: a ratio that schools report every month.
pub const CARE_ROOMS: &str = "left-behind-care-room";
/// A month that is over, so that every clock takes it.
pub const MONTH: &str = "2025-03";

/// One figure without a denominator.
pub fn count(source: &str, numerator: i64) -> Report {
    Report {
        source: source.to_owned(),
        indicator: DROPOUTS.to_owned(),
        period: MONTH.to_owned(),
        numerator,
        ..Report::default()
    }
}

/// One figure with a denominator.
pub fn share(source: &str, numerator: i64, denominator: i64) -> Report {
    Report {
        indicator: CARE_ROOMS.to_owned(),
        denominator: Some(denominator),
        ..count(source, numerator)
    }
}

/// Pushes rows and returns what became of each.
///
/// # Errors
/// When the node refuses the whole push or does not answer.
pub async fn push(
    node: &Node,
    batch: &str,
    rows: Vec<Report>,
) -> Result<PushReportsResponse, ClientError> {
    let request = PushReportsRequest {
        batch: Some(ReportBatch {
            id: batch.to_owned(),
            by: "测试".to_owned(),
            rows,
            ..ReportBatch::default()
        }),
        all_outcomes: true,
    };
    let client = node.dial().await?;
    client.progress().push_reports(request).await
}

/// Pushes rows that must all be taken for the first time.
///
/// # Errors
/// When one was not.
pub async fn push_new(node: &Node, batch: &str, rows: Vec<Report>) -> Result<()> {
    let expected = u64::try_from(rows.len())?;
    let answer = push(node, batch, rows).await?;
    let counts = answer.counts.context("no counts")?;
    ensure!(
        counts.accepted == expected,
        "not all are new: {:?}",
        answer.outcomes
    );
    Ok(())
}

/// The sums that a node holds of a region.
///
/// # Errors
/// When the node does not answer.
pub async fn sums(node: &Node, region: &str, indicator: &str) -> Result<Sums> {
    sums_in(&node.client().await?, region, indicator, MONTH).await
}

/// The sums that a node holds of a region in a period.
///
/// # Errors
/// When the node does not answer.
pub async fn sums_in(client: &Client, region: &str, indicator: &str, period: &str) -> Result<Sums> {
    let request = GetRollupRequest {
        region: region.to_owned(),
        subject: Some(Subject::Indicator(indicator.to_owned())),
        period: period.to_owned(),
    };
    let answer = client.rollup().get_rollup(request).await?;
    let [row] = answer.rows.as_slice() else {
        bail!("{} rows for one indicator", answer.rows.len());
    };
    row.sums.context("no sums")
}

/// Waits until a node holds a region's numerator and number of reporting units.
///
/// # Errors
/// When it does not come to that.
pub async fn arrives(
    node: &Node,
    region: &str,
    indicator: &str,
    numerator: i64,
    reported: u32,
) -> Result<Sums> {
    let at = node.region();
    let what = format!("{at} holds {numerator} of {reported} units for {region} {indicator}");
    eventually(&what, async || {
        let found = sums(node, region, indicator).await?;
        ensure!(
            (found.numerator, found.reported) == (numerator, reported),
            "it holds {found:?}"
        );
        Ok(Some(found))
    })
    .await
}
