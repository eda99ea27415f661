//! Asking for statements, a few at a time, and checking each as it comes.

use std::collections::BTreeSet;
use std::sync::Arc;

use liandong_core::proof::{Figure, SignedStatement};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_proof::open;
use liandong_wire::rollup::ProveQuestion;
use tokio::task::JoinSet;

use super::super::statement;
use super::{Gathering, Heard, Wanted, contradictory};

/// Questions of one proof that are under way at a time.
const ASKED_AT_ONCE: usize = 8;

/// The most bytes of statements that one proof holds while it is gathered.
const LARGEST: usize = 64 << 20;

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
                let known = self.heard.get(&wanted.region);
                let fits = |heard: &&Heard| {
                    wanted
                        .sums
                        .is_none_or(|sums| sums == heard.opened.statement.sums)
                };
                if known.filter(fits).is_some() {
                    continue;
                }
                let region = wanted.region;
                let question = ProveQuestion {
                    figure: Figure {
                        region,
                        ..self.figure
                    },
                    towards: wanted.towards,
                };
                let context = Arc::clone(self.context);
                asking.spawn(async move { (region, statement(&context, &question).await) });
            }
            let Some(joined) = asking.join_next().await else {
                return Ok(unreachable);
            };
            let (region, answer) = joined.map_err(|error| {
                tracing::error!(%error, "a question ended without an answer");
                Refusal::new(Reason::Stopping, "", "", Accepted::Nothing)
            })?;
            match answer {
                Ok(signed) => self.take(region, signed)?,
                Err(refusal) => {
                    let is_above = region == self.figure.region;
                    let is_offline = refusal.reason == Reason::Unreachable;
                    if is_above || !is_offline && !self.partial {
                        return Err(refusal);
                    }
                    unreachable.insert(region);
                }
            }
        }
    }

    /// Takes a statement, if it is what its region's node signed about this figure.
    fn take(&mut self, region: RegionCode, signed: SignedStatement) -> Result<(), Refusal> {
        let opened = open(&signed, self.identities);
        let opened = opened.map_err(|why| contradictory(region, &why.to_string()))?;
        let figure = Figure {
            region,
            ..self.figure
        };
        if opened.statement.figure != figure {
            return Err(contradictory(region, "it is of another figure"));
        }
        let checked = opened.statement.check();
        checked.map_err(|fault| contradictory(region, &fault.to_string()))?;
        self.bytes += signed.content.len();
        if let Some(before) = self.heard.insert(region, Heard { signed, opened }) {
            self.bytes -= before.signed.content.len();
        }
        if self.bytes > LARGEST {
            return Err(Refusal::advise(
                Reason::TooManyRows,
                "region",
                self.figure.region,
                "证明过大，请分别证明下级区域",
                "the proof would be too large: prove the regions below one by one",
            ));
        }
        Ok(())
    }
}
