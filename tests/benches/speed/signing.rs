//! What certificates cost: a county's node under full load that sends its sums to a city's node, with
//! certificates as it is shipped, and in plain text, where nothing is signed because there are no keys.
//!
//! The difference holds TLS, the question what the caller may do, the trail of who did what, signing
//! and checking, all together: an upper bound of the last two. What signing and checking alone come to
//! is counted from what one seal, one signature and one check cost and how many there are: while
//! figures change, a county makes one seal of its figures and one signature a second, and its city one
//! check.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use liandong_core::document::CellDocument;
use liandong_core::evidence::Tree;
use liandong_core::rollup::Sums;
use liandong_core::seal::Seal;
use liandong_identity::{Attestation, Folder, Purpose};
use liandong_load::{Load, LoadPlan, Pushed, Requests, cpu_ms_per_million};
use liandong_tests::node::Node;
use liandong_tests::settings::Settings;

use crate::ingest::{CONNECTIONS, push};
use crate::measures::Measures;
use crate::node;
use crate::province::corrected;

const COUNTY: &str = "371524";
const CITY: &str = "371500";
/// How often the whole load is pushed, the second time and on as corrections: a moment of full load
/// is not enough to see what happens once a second.
const TIMES: u32 = 4;
/// How long the city may take to hold what the county holds.
const ARRIVES: Duration = Duration::from_secs(60);
/// How often each of the small costs is measured.
const REPEATED: u32 = 200;

/// A county's load, several times over.
pub(crate) struct Work {
    load: Load,
    requests: Requests,
}

/// What one run came to.
struct Run {
    pushed: Pushed,
    county: Duration,
    city: Duration,
}

impl Work {
    pub(crate) fn new(reports: usize) -> Result<Self> {
        let load = LoadPlan::of_cells(COUNTY, reports)?.make()?;
        let mut requests = load.requests.to_vec();
        for revision in 3..2 + TIMES {
            let again = corrected(&load.requests, load.requests.len(), revision);
            requests.extend(again);
        }
        Ok(Self {
            load,
            requests: Arc::new(requests),
        })
    }

    /// One round of both.
    pub(crate) async fn round(&self, measures: &mut Measures) -> Result<()> {
        for (who, is_plain) in [("county", false), ("county_plain", true)] {
            let run = self.run(is_plain).await?;
            let cpu = run.county + run.city;
            measures.ingest(who, &run.pushed, cpu);
            let of_city = cpu_ms_per_million(run.city, run.pushed.reports);
            measures.add(&format!("cpu_{who}_city_ms_per_million"), "ms", of_city);
            if !is_plain {
                self.count(&run, cpu, measures)?;
            }
        }
        Ok(())
    }

    async fn run(&self, is_plain: bool) -> Result<Run> {
        let given = |settings: Settings| {
            if is_plain { settings.plain() } else { settings }
        };
        let city = Node::start(given(Settings::new(CITY))).await?;
        let settings = Settings::new(COUNTY).schools(COUNTY, self.load.units);
        let county = Node::start(given(settings.parent(&city))).await?;
        let lines = node::lines(&county, CONNECTIONS).await?;
        let before = (node::cpu(&county)?, node::cpu(&city)?);
        let pushed = push(&lines, &self.requests).await?;
        let region = [COUNTY.to_owned()];
        let holds = node::rollup(&county, &region).await?;
        ensure!(!holds.is_empty(), "the county holds nothing");
        let begun = Instant::now();
        while node::rollup(&city, &region).await? != holds {
            ensure!(
                begun.elapsed() < ARRIVES,
                "the city does not hold what the county holds"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let run = Run {
            pushed,
            county: node::cpu(&county)?.saturating_sub(before.0),
            city: node::cpu(&city)?.saturating_sub(before.1),
        };
        if !is_plain {
            let report = city.status().await?;
            ensure!(
                report.quarantined.is_empty(),
                "the city set aside {:?}",
                report.quarantined
            );
        }
        Ok(run)
    }

    /// What signing and checking alone come to, of all that both nodes did.
    fn count(&self, run: &Run, cpu: Duration, measures: &mut Measures) -> Result<()> {
        let folder = tempfile::tempdir()?;
        liandong_tests::certificates::furnish(
            folder.path(),
            COUNTY,
            liandong_core::identity::Role::Node,
        )?;
        let folder = Folder::at(folder.path());
        let (own, trust) = (folder.own()?.context("no certificate")?, folder.trust()?);
        let cells = figures(self.load.indicators, self.load.months)?;
        let seal = each(|| Seal::of(cells.clone()).is_some())?;
        let root = Tree::over(vec![[7; 32]; 40])
            .context("an empty tree")?
            .root();
        let sign = || Attestation::give(&own.key, Purpose::Documents, &root, Timestamp::now());
        let given = sign()?;
        let signature = each(|| sign().is_ok())?;
        let check = each(|| {
            trust
                .attested(&own.chain.leaf, &[], Purpose::Documents, &root, &given)
                .is_ok()
        })?;
        measures.time("signing_one_seal_us", seal);
        measures.time("signing_one_signature_us", signature);
        measures.time("signing_one_check_us", check);
        // One more than whole seconds: the last change is sealed, too.
        let times = u32::try_from(run.pushed.took.as_secs() + 2)?;
        let spent = (seal + signature + check) * times;
        let share = spent.as_micros() * 1_000_000 / cpu.as_micros().max(1);
        measures.add(
            "signing_counted_share_millionths",
            "1e-6",
            u64::try_from(share)?,
        );
        Ok(())
    }
}

/// As many figures as the county has.
fn figures(indicators: usize, months: usize) -> Result<Vec<CellDocument>> {
    let mut cells = Vec::new();
    for number in 0..indicators * months {
        cells.push(CellDocument {
            region: COUNTY.parse()?,
            indicator: format!("indicator-of-usual-{}", number / months).parse()?,
            period: format!("2025-{:02}", number % months + 1).parse()?,
            sums: Sums {
                numerator: i64::try_from(number)?,
                reported: 3,
                on_time: 3,
                ..Sums::default()
            },
            version: 1 << 40 | u64::try_from(number)?,
        });
    }
    Ok(cells)
}

/// How long one of them takes.
fn each(what: impl Fn() -> bool) -> Result<Duration> {
    let begun = Instant::now();
    for _ in 0..REPEATED {
        ensure!(what(), "it does not work");
    }
    Ok(begun.elapsed() / REPEATED)
}
