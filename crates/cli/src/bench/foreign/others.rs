//! What others have reported where a measurement would write: it is looked for before anything is
//! written, in every figure of every sum that would change.

use liandong_client::Client;
use liandong_client::wire::progress::v1::ListHistoryRequest;
use liandong_client::wire::rollup::v1::DrillRollupRequest;
use liandong_core::region::RegionCode;
use liandong_load::LoadPlan;
use tokio::task::JoinSet;

use super::{FRESH_PERIOD, NAME};
use crate::bench::error::BenchError;

/// Histories that are asked for at once.
const AT_ONCE: usize = 32;

/// Refuses when a sum that would change has a figure that was not measured.
pub(super) async fn refuse(
    client: &Client,
    region: RegionCode,
    plan: &LoadPlan,
) -> Result<(), BenchError> {
    let months = (1..=plan.months).map(|month| format!("{}-{month:02}", plan.year));
    let mut asking = JoinSet::new();
    for period in months.chain([FRESH_PERIOD.to_owned()]) {
        for indicator in &plan.indicators {
            let code = indicator.code.to_string();
            for source in reporting(client, region, &code, &period).await? {
                if asking.len() >= AT_ONCE {
                    answered(asking.join_next().await)?;
                }
                let request = ListHistoryRequest {
                    source,
                    indicator: code.clone(),
                    period: period.clone(),
                    ..ListHistoryRequest::default()
                };
                asking.spawn(refuse_figure(client.clone(), region, request));
            }
        }
    }
    while let Some(answer) = asking.join_next().await {
        answered(Some(answer))?;
    }
    Ok(())
}

/// What one look came to; one that was broken off is a fault of this program.
fn answered(
    answer: Option<Result<Result<(), BenchError>, tokio::task::JoinError>>,
) -> Result<(), BenchError> {
    match answer {
        None => Ok(()),
        Some(Ok(answer)) => answer,
        Some(Err(error)) => Err(liandong_load::PushError::Stopped(error.to_string()).into()),
    }
}

/// Who has reported for a sum: schools, and the region itself.
async fn reporting(
    client: &Client,
    region: RegionCode,
    indicator: &str,
    period: &str,
) -> Result<Vec<String>, BenchError> {
    let request = DrillRollupRequest {
        region: region.to_string(),
        indicator: indicator.to_owned(),
        period: period.to_owned(),
        live: false,
    };
    let drill = client.rollup().drill_rollup(request).await?.drill;
    let drill = drill.unwrap_or_default();
    let mut sources = Vec::new();
    // What is hidden from whoever asks is there all the same.
    if drill.own.is_some() || drill.own_hidden {
        sources.push(region.to_string());
    }
    for row in drill.rows {
        if row.hidden || row.sums.is_some_and(|sums| sums.reported > 0) {
            sources.push(row.region);
        }
    }
    Ok(sources)
}

/// Refuses when somebody else has reported a figure.
async fn refuse_figure(
    client: Client,
    region: RegionCode,
    request: ListHistoryRequest,
) -> Result<(), BenchError> {
    let (indicator, period) = (request.indicator.clone(), request.period.clone());
    let versions = client.progress().every_version(request).await?;
    let other = versions
        .into_iter()
        .find(|version| !version.by.starts_with(NAME));
    match other {
        None => Ok(()),
        Some(other) => Err(BenchError::Taken {
            region,
            indicator,
            period,
            by: other.by,
        }),
    }
}
