//! Pushing the sample year: every county at once, each through its own node, in batches.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use liandong_client::{Client, ClientError, PushCounts, RefusedReport};
use liandong_core::region::RegionCode;
use liandong_core::report::Report;
use serde::Serialize;
use tokio::task::JoinSet;

use super::book::Book;
use super::error::DemoError;
use super::nodes::Mesh;
use super::samples::{Year, county_year};
use super::steps::millis;
use super::world::World;

/// Who pushes.
const PUSHED_BY: &str = "演示（样例数据）";

/// The sample years of all counties, and the books that follow from what of them was pushed.
#[derive(Debug)]
pub(super) struct Samples {
    pub(super) years: BTreeMap<RegionCode, Year>,
    pub(super) shandong: Book,
    pub(super) chongqing: Book,
    batch: String,
}

/// How the pushing went.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct PushOutcome {
    /// Counties and the like that pushed.
    pub(super) counties: usize,
    pub(super) reports: u64,
    pub(super) accepted: u64,
    pub(super) superseded: u64,
    pub(super) duplicate: u64,
    pub(super) ms: u64,
    pub(super) reports_per_second: u64,
}

/// Which half of a year is pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// What came first.
    First,
    /// What set right what was wrong in it.
    Corrections,
}

impl Samples {
    /// Makes up the year of every county.
    pub(super) fn new(world: &World) -> Result<Self, DemoError> {
        let mut years = BTreeMap::new();
        for county in world.places.reporting() {
            let demanded = world.demanded(world.plan_of(county))?;
            let sources = world.sources(county)?;
            years.insert(county, county_year(&sources, &demanded, &world.months));
        }
        Ok(Self {
            years,
            shandong: Book::default(),
            chongqing: Book::default(),
            batch: format!("demo-{}", world.school_year),
        })
    }

    /// The book that a county's figures belong to.
    pub(super) fn book(&mut self, world: &World, county: RegionCode) -> &mut Book {
        if county == world.places.pengshui {
            &mut self.chongqing
        } else {
            &mut self.shandong
        }
    }

    /// Pushes one half of the year of some counties, side by side.
    pub(super) async fn push(
        &mut self,
        world: &World,
        mesh: &Mesh,
        counties: &[RegionCode],
        half: Half,
    ) -> Result<PushOutcome, DemoError> {
        let batch = match half {
            Half::First => self.batch.clone(),
            Half::Corrections => format!("{}-corrections", self.batch),
        };
        let mut ready = Vec::new();
        for county in counties {
            let reports = self.half(*county, half);
            for report in &reports {
                self.book(world, *county).note(report);
            }
            ready.push((mesh.client(*county)?, *county, reports));
        }
        let mut outcome = PushOutcome {
            counties: counties.len(),
            ..PushOutcome::default()
        };
        // Timed is the pushing alone, not the making up of figures.
        let started = Instant::now();
        let mut pushing = JoinSet::new();
        for (client, county, reports) in ready {
            let batch = batch.clone();
            pushing.spawn(async move { push_all(&client, county, &batch, reports).await });
        }
        while let Some(pushed) = pushing.join_next().await {
            let counts = pushed??;
            outcome.reports += counts.total();
            outcome.accepted += counts.accepted;
            outcome.superseded += counts.superseded;
            outcome.duplicate += counts.duplicate;
        }
        outcome.time(started.elapsed());
        Ok(outcome)
    }

    fn half(&self, county: RegionCode, half: Half) -> Vec<Report> {
        let Some(year) = self.years.get(&county) else {
            return Vec::new();
        };
        match half {
            Half::First => year.first.clone(),
            Half::Corrections => year.corrections.clone(),
        }
    }
}

impl PushOutcome {
    fn time(&mut self, taken: Duration) {
        self.ms = millis(taken);
        self.reports_per_second = self.reports * 1_000 / self.ms.max(1);
    }
}

async fn push_all(
    client: &Client,
    county: RegionCode,
    batch: &str,
    reports: Vec<Report>,
) -> Result<PushCounts, DemoError> {
    let mut refused: Vec<RefusedReport> = Vec::new();
    let pusher = client.progress().pusher(batch, PUSHED_BY);
    let rows = (1u32..).zip(reports);
    let counts = pusher.push_all(rows, |_, of_batch| refused.extend_from_slice(of_batch));
    let counts = counts.await?;
    match refused.first() {
        None => Ok(counts),
        Some(first) => Err(DemoError::Refused {
            region: county,
            refused: refused.len(),
            first: first.refusal.message.clone(),
        }),
    }
}

/// Pushes a single report.
pub(super) async fn push_one(client: &Client, report: Report) -> Result<PushCounts, ClientError> {
    // Unlike the corrections of the year this names the row by itself: it is pushed only once.
    let batch = uuid::Uuid::now_v7().to_string();
    let pusher = client.progress().pusher(&batch, PUSHED_BY);
    pusher.push_all([(1, report)], |_, _| {}).await
}
