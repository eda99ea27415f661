//! What every service and link of a node works with.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use jiff::Timestamp;
use liandong_core::catalogue::Catalogue;
use liandong_core::rollup::LightPolicy;
use liandong_store::history::History;

use crate::commit::Committer;
use crate::config::Config;
use crate::granted::Granted;
use crate::identity::Identities;
use crate::link::Links;
use crate::long_answers::LongAnswers;
use crate::reader::Reader;
use crate::signing::OwnKey;
use crate::surroundings::{Moment, Surroundings};
use crate::trace::Traces;
use crate::workers::Workers;

/// The parts of a running node. Shared behind an `Arc`.
#[derive(Debug)]
pub(crate) struct Context {
    /// What the node was told.
    pub(crate) config: Config,
    /// Regions, indicators and plans that ship with the project, and the bureau's own tree.
    pub(crate) catalogue: Arc<Catalogue>,
    /// For writing.
    pub(crate) committer: Committer,
    /// For reading.
    pub(crate) reader: Reader,
    /// For reading the past.
    pub(crate) history: History,
    /// The life of the node's data; changes when it is restored from a backup.
    pub(crate) incarnation: u128,
    /// Who the node is and whom it trusts; `None` where it speaks in plain text.
    pub(crate) identities: Option<Arc<Identities>>,
    /// The key that the node signs with.
    pub(crate) own_key: OwnKey,
    /// The links and how they fare.
    pub(crate) links: Links,
    /// Traces of the last changes.
    pub(crate) traces: Arc<Traces>,
    /// For whom callers were found to report.
    pub(crate) granted: Arc<Granted>,
    /// Turns at making long answers.
    pub(crate) long_answers: LongAnswers,
    /// The frame of the last checkpoint.
    pub(crate) checkpointed: Arc<AtomicU64>,
    /// What works in the background.
    pub(crate) workers: Workers,
    /// When the process started.
    pub(crate) started_at: Timestamp,
    /// What the node finds around it.
    pub(crate) surroundings: Surroundings,
}

impl Context {
    /// What time it is, for a decision.
    pub(crate) fn moment(&self) -> Moment {
        self.surroundings.moment()
    }

    /// When lights turn.
    pub(crate) fn light_policy(&self) -> LightPolicy {
        LightPolicy {
            green_from: self.config.green_from,
            yellow_from: self.config.yellow_from,
        }
    }
}
