//! Gathering a whole proof: one statement after the other, each checked as it comes.
//!
//! Statements are made one after the other while figures move, so one may not fit to the one above
//! it. Those and all above them are asked for again, a few times; what fits is kept.

mod hearing;
mod kept;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use liandong_core::proof::{Checker, Figure, SignedStatement};
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_wire::rollup::ProofQuestion;

use self::kept::{Heard, Kept};
use self::wanted::Wanted;
use crate::context::Context;
use crate::identity::Identities;

/// How often figures that move are asked for again.
const ROUNDS: u32 = 6;

/// How long is waited before they are, the first time; twice as long each time.
const PAUSE: Duration = Duration::from_millis(200);

/// How long one proof is gathered: it holds a place that others wait for.
const LONGEST: Duration = Duration::from_secs(120);

/// A proof, each statement behind the one that names it.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// The statements.
    pub(crate) statements: Vec<SignedStatement>,
    /// Regions whose statements could not be had.
    pub(crate) missing: Vec<RegionCode>,
}

/// Gathers the proof of a figure.
///
/// # Errors
/// [`Reason::Unreachable`] names the first region found whose node is offline;
/// [`Reason::NotAllowedNow`] one whose figures did not stand still, or the region asked about when it
/// took more than [`LONGEST`]; whatever a node refuses.
pub(crate) async fn gather_in_time(
    context: &Arc<Context>,
    asked: ProofQuestion,
) -> Result<Gathered, Refusal> {
    in_time(asked.figure.region, gather(context, asked)).await
}

async fn in_time<T>(
    region: RegionCode,
    gathering: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let gathered = tokio::time::timeout(LONGEST, gathering).await;
    gathered.unwrap_or_else(|_| {
        let (zh, en) = (
            "证明未能及时生成，请稍后重试，或分别证明下级区域",
            "the proof took too long: try again later, or prove the regions below one by one",
        );
        Err(Refusal::advise(
            Reason::NotAllowedNow,
            "region",
            region,
            zh,
            en,
        ))
    })
}

async fn gather(context: &Arc<Context>, asked: ProofQuestion) -> Result<Gathered, Refusal> {
    let Some(identities) = &context.identities else {
        return Err(Refusal::advise(
            Reason::NotAllowedNow,
            "region",
            asked.figure.region,
            "明文节点没有证书，不能证明；请改用证书",
            "a node in plain text has no certificate and proves nothing: give it one",
        ));
    };
    let mut gathering = Gathering {
        context,
        figure: asked.figure,
        identities,
        partial: asked.partial,
        kept: Kept::new(asked.figure),
        above: BTreeMap::new(),
    };
    let mut pause = PAUSE;
    let mut moved = None;
    for _ in 0..ROUNDS {
        let round = gathering.round().await?;
        if round.moving.is_empty() {
            return gathering.finish(round);
        }
        gathering.forget(&round.moving);
        moved = round.moving.first().copied();
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    let region = moved.unwrap_or(asked.figure.region);
    Err(Refusal::advise(
        Reason::NotAllowedNow,
        "region",
        region,
        "该区域的数据正在变动，请稍后重试",
        "the figures of that region are moving: try again shortly",
    ))
}

/// A proof that is being gathered.
struct Gathering<'a> {
    context: &'a Arc<Context>,
    figure: Figure,
    identities: &'a Identities,
    /// Whether to go on without regions whose statements are not to be had.
    partial: bool,
    kept: Kept,
    /// The region whose statement names a region.
    above: BTreeMap<RegionCode, RegionCode>,
}

/// What one pass from the top to the reports found.
#[derive(Debug, Default)]
struct Round {
    /// The statements that fit, each behind the one that names it.
    order: Vec<RegionCode>,
    /// Regions whose nodes cannot be reached, or do not say what is asked.
    unreachable: Vec<RegionCode>,
    /// Regions whose statements do not fit to the one above.
    moving: Vec<RegionCode>,
}

impl Gathering<'_> {
    async fn round(&mut self) -> Result<Round, Refusal> {
        let mut round = Round::default();
        let top = self.figure.region;
        let mut seen = BTreeSet::from([top]);
        let mut level = vec![Wanted::first(top)];
        while !level.is_empty() {
            let unreachable = self.hear(&level).await?;
            let mut below = Vec::new();
            for wanted in level {
                if unreachable.contains(&wanted.region) {
                    round.unreachable.push(wanted.region);
                    continue;
                }
                let Some(heard) = self.kept.get(wanted.region) else {
                    continue;
                };
                let said = &heard.opened.statement;
                if wanted.sums.is_some_and(|sums| sums != said.sums) {
                    round.moving.push(wanted.region);
                    continue;
                }
                round.order.push(wanted.region);
                for named in wanted.below(said, &heard.opened.signer, &mut seen)? {
                    self.above.insert(named.region, wanted.region);
                    below.push(named);
                }
            }
            level = below;
        }
        Ok(round)
    }

    /// Has statements that did not fit, and those above them, asked for again.
    fn forget(&mut self, moving: &[RegionCode]) {
        for region in moving {
            let mut forgotten = Some(*region);
            while let Some(region) = forgotten {
                self.kept.remove(region);
                forgotten = self.above.remove(&region);
            }
        }
    }

    /// The proof, checked as whoever gets it will check it.
    fn finish(mut self, round: Round) -> Result<Gathered, Refusal> {
        let top = self.figure.region;
        let spoken_by = self.kept.get(top).map(|heard| heard.opened.signer.region);
        let host = spoken_by.filter(|speaker| is_within(self.context, top, *speaker));
        let mut checker = Checker::new(self.figure, host);
        let mut statements = Vec::with_capacity(round.order.len());
        for region in &round.order {
            let Some(Heard { signed, opened }) = self.kept.remove(*region) else {
                continue;
            };
            let taken = checker.take(&opened.statement, &opened.signer);
            taken.map_err(|fault| contradictory(fault.region, &fault.to_string()))?;
            statements.push(signed);
        }
        for region in &round.unreachable {
            let without = checker.do_without(*region);
            without.map_err(|fault| contradictory(fault.region, &fault.to_string()))?;
        }
        let finished = checker.finish();
        finished.map_err(|fault| contradictory(fault.region, &fault.to_string()))?;
        Ok(Gathered {
            statements,
            missing: round.unreachable,
        })
    }
}

/// Whether a region lies within another, whose node may host it.
fn is_within(context: &Context, region: RegionCode, other: RegionCode) -> bool {
    let look = |state: &State| state.is_within(&context.catalogue, region, other);
    context.reader.glance(look)
}

fn not_reached(region: RegionCode) -> Refusal {
    Refusal::advise(
        Reason::Unreachable,
        "region",
        region,
        "等该节点恢复连接后重试，或加 --partial 写出注明缺哪些区域的证明",
        "try again when that node is connected, or ask for a partial proof, which names what is missing",
    )
}

/// A node said what cannot be believed: a fault of it, or of somebody between.
fn contradictory(region: RegionCode, why: &str) -> Refusal {
    tracing::error!(%region, why, "a statement cannot be believed");
    Refusal::advise(
        Reason::Corrupt,
        "region",
        region,
        format!("该区域的陈述不可信（{why}）；请在其节点上 liandong verify"),
        format!(
            "what was said of that region cannot be believed ({why}): run `liandong verify` at its node"
        ),
    )
}

#[cfg(test)]
mod tests;
