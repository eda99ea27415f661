//! Someone who uses the node as it is meant: asks for sums, pushes a figure now and then, and
//! connects anew from time to time.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use liandong_client::Client;
use liandong_client::wire::progress::v1::{PushReportsRequest, ReportBatch};
use liandong_client::wire::rollup::v1::GetRollupRequest;
use liandong_client::wire::rollup::v1::get_rollup_request::Subject;
use liandong_tests::figures::{DROPOUTS, MONTH, count};
use liandong_tests::settings::school;

use crate::place::Place;

/// The pause between two requests.
const PAUSE: Duration = Duration::from_millis(4);

/// Every so many requests are made on one connection.
const PER_CONNECTION: u64 = 50;

/// Every so many requests a figure is pushed.
const PER_PUSH: u64 = 20;

/// What an honest caller saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    times: Vec<Duration>,
    /// Requests that were not answered as they should.
    pub(crate) failed: u64,
}

impl Seen {
    /// How many requests were made.
    pub(crate) fn requests(&self) -> usize {
        self.times.len()
    }

    /// The time that a share of the requests stayed below, in percent.
    pub(crate) fn percentile(&mut self, percent: usize) -> Duration {
        self.times.sort_unstable();
        let place = (self.times.len() * percent / 100).min(self.times.len().saturating_sub(1));
        self.times.get(place).copied().unwrap_or_default()
    }
}

/// Uses the node for so long.
pub(crate) async fn use_it(place: &Place, time: Duration) -> Result<Seen> {
    let mut seen = Seen::default();
    let begun = Instant::now();
    let mut client = place.client().await?;
    let mut number = 0;
    while begun.elapsed() < time {
        number += 1;
        let asked = Instant::now();
        let answered = async {
            // The time to connect counts, too.
            if number % PER_CONNECTION == 0 {
                client = place.client().await?;
            }
            one(&client, number).await
        };
        if answered.await.is_err() {
            seen.failed += 1;
        }
        seen.times.push(asked.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(seen)
}

async fn one(client: &Client, number: u64) -> Result<()> {
    if number.is_multiple_of(PER_PUSH) {
        let unit = school("371524", usize::try_from(number % 4)? + 1);
        let figure = i64::try_from(number)?;
        let request = PushReportsRequest {
            batch: Some(ReportBatch {
                id: format!("honest-{number}"),
                by: "测试".to_owned(),
                rows: vec![count(&unit, figure)],
                ..ReportBatch::default()
            }),
            all_outcomes: false,
        };
        let answer = client.progress().push_reports(request).await?;
        answer.counts.context("no counts")?;
        return Ok(());
    }
    let request = GetRollupRequest {
        region: "371524".to_owned(),
        subject: Some(Subject::Indicator(DROPOUTS.to_owned())),
        period: MONTH.to_owned(),
    };
    let answer = client.rollup().get_rollup(request).await?;
    answer.rows.first().context("no row")?;
    Ok(())
}
