//! Everything that a demonstration did and found, as one value: printed for people, or as JSON for
//! programs. The names of its fields are part of the surface that stays stable.

use serde::Serialize;

use super::aid::AidOutcome;
use super::freshness::FreshnessOutcome;
use super::offline::OfflineOutcome;
use super::plan::PlanOutcome;
use super::push::PushOutcome;
use super::recount::RecountOutcome;
use super::steps::StepTime;
use super::tables::Tables;

/// A whole demonstration.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    /// Said with every figure: they are samples.
    pub(super) figures: &'static str,
    pub(super) school_year: String,
    pub(super) grace_days: u16,
    /// Where the certificates are: `REGION/ROLE` in it. Gone when the demonstration ends.
    pub(super) folder: String,
    pub(super) nodes: Vec<NodeLine>,
    pub(super) plan: PlanOutcome,
    pub(super) push: PushOutcome,
    pub(super) corrections: PushOutcome,
    pub(super) offline: OfflineOutcome,
    pub(super) freshness: FreshnessOutcome,
    pub(super) tables: Tables,
    pub(super) aid: AidOutcome,
    pub(super) recount: RecountOutcome,
    pub(super) steps: Vec<StepTime>,
    pub(super) total_ms: u64,
}

/// One node that took part.
#[derive(Clone, Debug, Serialize)]
pub(super) struct NodeLine {
    pub(super) region: String,
    pub(super) name: String,
    pub(super) address: String,
    /// The folder of its administrator's certificate.
    pub(super) identity: String,
}
