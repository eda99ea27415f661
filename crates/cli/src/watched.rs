//! A cell that is watched until it shows a figure, by whoever measures how soon it does.

use std::time::Duration;

use liandong_client::wire::rollup::v1::{WatchRollupRequest, WatchRollupResponse};
use liandong_client::{Client, ClientError, Watch, WatchEvent};
use tokio::time::timeout;

/// A watch on one cell of a node.
pub(crate) struct WatchedCell {
    watch: Watch,
    region: String,
    indicator: String,
    period: String,
}

impl WatchedCell {
    /// Watches a cell; what it holds already is shown, too.
    pub(crate) fn at(client: &Client, region: &str, indicator: &str, period: &str) -> Self {
        let request = WatchRollupRequest {
            regions: vec![region.to_owned()],
            indicators: vec![indicator.to_owned()],
            ..WatchRollupRequest::default()
        };
        Self {
            watch: client.rollup().watch(request),
            region: region.to_owned(),
            indicator: indicator.to_owned(),
            period: period.to_owned(),
        }
    }

    /// Waits until the cell's numerator is `expected`; false when it was not within `patience`.
    ///
    /// # Errors
    /// When the node refuses to be watched.
    pub(crate) async fn shows(
        &mut self,
        expected: i64,
        patience: Duration,
    ) -> Result<bool, ClientError> {
        let arrival = async {
            loop {
                let changes = match self.watch.next().await? {
                    WatchEvent::Changes(changes) | WatchEvent::StartedOver(changes) => changes,
                    WatchEvent::Interrupted { .. } => continue,
                };
                if self.is_in(&changes, expected) {
                    return Ok(true);
                }
            }
        };
        timeout(patience, arrival).await.unwrap_or(Ok(false))
    }

    fn is_in(&self, changes: &WatchRollupResponse, expected: i64) -> bool {
        changes.cells.iter().any(|change| {
            change.region == self.region
                && change.indicator == self.indicator
                && change.period == self.period
                && change.sums.is_some_and(|sums| sums.numerator == expected)
        })
    }
}
