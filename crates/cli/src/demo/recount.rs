//! The proof: every node recounts its cells and reads its journal, and the provinces come to what
//! the demonstration's own books say.

use liandong_client::wire::admin::v1::{GetStatusRequest, VerifyPart, VerifyResult};
use liandong_client::wire::rollup::v1::{GetRollupRequest, get_rollup_request::Subject};
use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::region::RegionCode;
use serde::Serialize;
use tokio::task::JoinSet;

use super::book::Book;
use super::error::DemoError;
use super::nodes::Mesh;
use super::push::Samples;
use super::world::World;

/// Questions under way at one node.
const ASKED_AT_ONCE: usize = 64;

/// What the recounts found.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct RecountOutcome {
    pub(super) agrees: bool,
    pub(super) nodes: Vec<NodeRecount>,
    /// The provinces against what was pushed below them.
    pub(super) provinces: Vec<ProvinceRecount>,
}

/// One node's recount.
#[derive(Clone, Debug, Serialize)]
pub(super) struct NodeRecount {
    pub(super) region: String,
    pub(super) name: String,
    pub(super) cells_checked: u64,
    pub(super) mismatches: usize,
    pub(super) journal_frames_checked: u64,
    pub(super) quarantined: usize,
}

/// One province against the demonstration's own book.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ProvinceRecount {
    pub(super) region: String,
    pub(super) name: String,
    pub(super) figures: usize,
    pub(super) cells_compared: usize,
    pub(super) differences: Vec<String>,
}

/// Lets every node recount, and compares both provinces with the books.
pub(super) async fn recount(
    world: &World,
    mesh: &Mesh,
    samples: &Samples,
) -> Result<RecountOutcome, DemoError> {
    let mut outcome = RecountOutcome::default();
    let mut counting = JoinSet::new();
    for (place, region) in world.places.all().into_iter().enumerate() {
        let admin = mesh.client(region)?.admin();
        let name = world.name(region);
        counting.spawn(async move {
            let parts = [VerifyPart::Journal, VerifyPart::State, VerifyPart::Cells];
            let found = admin.verify_patiently(&parts).await?;
            let status = admin.get_status(GetStatusRequest {}).await?;
            let unfit = found.parts.iter().filter(|part| {
                part.part() != VerifyPart::Cells && part.result() != VerifyResult::Fits
            });
            let unfit = unfit.count();
            let counted = NodeRecount {
                region: region.to_string(),
                name,
                cells_checked: found.cells_checked,
                mismatches: found.mismatches.len() + unfit,
                journal_frames_checked: found.journal_frames_checked,
                quarantined: status.quarantined.len(),
            };
            Ok::<(usize, NodeRecount), DemoError>((place, counted))
        });
    }
    let mut nodes = Vec::new();
    while let Some(counted) = counting.join_next().await {
        nodes.push(counted??);
    }
    nodes.sort_by_key(|(place, _)| *place);
    outcome.nodes = nodes.into_iter().map(|(_, node)| node).collect();
    let places = &world.places;
    for (region, book) in [
        (places.shandong, &samples.shandong),
        (places.chongqing, &samples.chongqing),
    ] {
        outcome
            .provinces
            .push(province(world, mesh, region, book).await?);
    }
    let nodes_agree = outcome
        .nodes
        .iter()
        .all(|node| node.mismatches == 0 && node.quarantined == 0);
    let provinces_agree = outcome
        .provinces
        .iter()
        .all(|province| province.differences.is_empty());
    outcome.agrees = nodes_agree && provinces_agree;
    Ok(outcome)
}

/// Compares a province's roll-up with what was pushed below it, cell by cell.
async fn province(
    world: &World,
    mesh: &Mesh,
    region: RegionCode,
    book: &Book,
) -> Result<ProvinceRecount, DemoError> {
    let rollup = mesh.client(region)?.rollup();
    let mut compared = ProvinceRecount {
        region: region.to_string(),
        name: world.name(region),
        figures: book.figures(),
        cells_compared: 0,
        differences: Vec::new(),
    };
    let mut asking: JoinSet<Result<Shown, DemoError>> = JoinSet::new();
    for month in &world.months {
        for indicator in book.indicators(*month) {
            let (rollup, month) = (rollup.clone(), *month);
            let request = GetRollupRequest {
                region: region.to_string(),
                subject: Some(Subject::Indicator(indicator.to_string())),
                period: month.to_string(),
            };
            // A node answers so many requests of one connection at once and no more.
            if asking.len() >= ASKED_AT_ONCE
                && let Some(shown) = asking.join_next().await
            {
                compared.compare(&shown??, book);
            }
            asking.spawn(async move {
                let answer = rollup.get_rollup(request).await?;
                let sums = answer.rows.into_iter().next().and_then(|row| row.sums);
                Ok(Shown {
                    indicator,
                    month,
                    sums: sums.unwrap_or_default(),
                })
            });
        }
    }
    while let Some(shown) = asking.join_next().await {
        compared.compare(&shown??, book);
    }
    compared.differences.sort();
    Ok(compared)
}

/// What a province shows for a cell.
struct Shown {
    indicator: IndicatorCode,
    month: Period,
    sums: liandong_client::wire::rollup::v1::Sums,
}

impl ProvinceRecount {
    fn compare(&mut self, shown: &Shown, book: &Book) {
        self.cells_compared += 1;
        let own = book.total(shown.indicator, shown.month);
        let sums = &shown.sums;
        let same = sums.numerator == own.numerator
            && sums.denominator == own.denominator
            && sums.reported == own.reported;
        if !same {
            self.differences.push(format!(
                "{} {}: {}/{} ({}) != {}/{} ({})",
                shown.indicator,
                shown.month,
                sums.numerator,
                sums.denominator,
                sums.reported,
                own.numerator,
                own.denominator,
                own.reported
            ));
        }
    }
}
