//! Asking for statements, a few at a time, and checking each as it comes.

use std::collections::BTreeSet;
use std::sync::Arc;

use liandong_core::proof::{Figure, SignedStatement};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_wire::rollup::ProveQuestion;
use tokio::task::JoinSet;

use super::super::statement;
use super::{Gathering, Heard, Wanted, is_within, not_reached};

/// Questions of one proof that are under way at a time.
const ASKED_AT_ONCE: usize = 8;

impl Gathering<'_> {
    /// Asks for the statements of a level that have not come yet; returns those that are not to be
    /// had.
    pub(super) async fn hear(&mut self, level: &[Wanted]) -> Result<BTreeSet<RegionCode>, Refusal> {
        let mut unreachable = BTreeSet::new();
        let mut asking = JoinSet::new();
        let mut waiting = level.iter();
        loop {
            while asking.len() < ASKED_AT_ONCE
                && let Some(wanted) = waiting.next()
            {
                let known = self.kept.get(wanted.region);
                let fits = |heard: &&Heard| {
                    wanted
                        .sums
                        .is_none_or(|sums| sums == heard.opened.statement.sums)
                };
                if known.filter(fits).is_some() {
                    continue;
                }
                let wanted = wanted.clone();
                let question = ProveQuestion {
                    figure: Figure {
                        region: wanted.region,
                        ..self.figure
                    },
                    towards: wanted.towards(),
                };
                let context = Arc::clone(self.context);
                asking.spawn(async move { (wanted, statement(&context, &question).await) });
            }
            let Some(joined) = asking.join_next().await else {
                return Ok(unreachable);
            };
            let (wanted, answer) = joined.map_err(|error| {
                tracing::error!(%error, "a question ended without an answer");
                Refusal::new(Reason::Stopping, "", "", Accepted::Nothing)
            })?;
            match answer {
                Ok(signed) => self.take(&wanted, signed)?,
                Err(refusal) => {
                    let is_above = wanted.region == self.figure.region;
                    let is_offline = refusal.reason == Reason::Unreachable;
                    if !is_above && self.partial {
                        unreachable.insert(wanted.region);
                    } else if !is_above && is_offline {
                        return Err(not_reached(wanted.region));
                    } else {
                        return Err(refusal);
                    }
                }
            }
        }
    }

    /// Keeps a statement, if it may be kept.
    fn take(&mut self, wanted: &Wanted, signed: SignedStatement) -> Result<(), Refusal> {
        let trust = self.identities.trusted_now();
        let top = self.figure.region;
        let hosts = |speaker| is_within(self.context, top, speaker);
        self.kept.take(wanted, signed, &trust, hosts)
    }
}
