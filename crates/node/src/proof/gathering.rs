//! Gathering a whole proof: one statement after the other, each checked as it comes.
//!
//! Statements are made one after the other while figures move, so one may not fit to the one above
//! it. Those and all above them are asked for again, a few times; what fits is kept.

mod hearing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use liandong_core::proof::{Checker, Figure, SignedStatement};
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::rollup::Sums;
use liandong_core::state::State;
use liandong_proof::Opened;
use liandong_wire::rollup::ProofQuestion;

use crate::context::Context;
use crate::identity::Identities;

/// How often figures that move are asked for again.
const ROUNDS: u32 = 6;

/// How long is waited before they are, the first time; twice as long each time.
const PAUSE: Duration = Duration::from_millis(200);

/// A proof, each statement behind the one that names it.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// The statements.
    pub(crate) statements: Vec<SignedStatement>,
    /// Regions whose statements could not be had.
    pub(crate) missing: Vec<RegionCode>,
}

/// A statement that is wanted.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    region: RegionCode,
    /// What the statement above says; `None` for the first.
    sums: Option<Sums>,
    /// The region whose node leads there.
    towards: RegionCode,
}

/// A statement that came, and who said it.
#[derive(Debug)]
struct Heard {
    signed: SignedStatement,
    opened: Opened,
}

/// Gathers the proof of a figure.
///
/// # Errors
/// [`Reason::Unreachable`] names the regions whose nodes are offline; [`Reason::NotAllowedNow`] one
/// whose figures did not stand still; whatever a node refuses.
pub(crate) async fn gather(
    context: &Arc<Context>,
    asked: ProofQuestion,
) -> Result<Gathered, Refusal> {
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
        heard: BTreeMap::new(),
        bytes: 0,
        above: BTreeMap::new(),
    };
    let mut pause = PAUSE;
    let mut moved = None;
    for _ in 0..ROUNDS {
        let round = gathering.round().await?;
        if !asked.partial && !round.unreachable.is_empty() {
            return Err(not_reached(&round.unreachable));
        }
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
    heard: BTreeMap<RegionCode, Heard>,
    /// Bytes of what was heard.
    bytes: usize,
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
        let mut level = vec![Wanted {
            region: top,
            sums: None,
            towards: top,
        }];
        while !level.is_empty() {
            let unreachable = self.hear(&level).await?;
            let mut below = Vec::new();
            for wanted in level {
                if unreachable.contains(&wanted.region) {
                    round.unreachable.push(wanted.region);
                    continue;
                }
                let Some(heard) = self.heard.get(&wanted.region) else {
                    continue;
                };
                let said = &heard.opened.statement;
                if wanted.sums.is_some_and(|sums| sums != said.sums) {
                    round.moving.push(wanted.region);
                    continue;
                }
                round.order.push(wanted.region);
                for part in said.parts.iter().filter(|part| part.report.is_none()) {
                    if !seen.insert(part.region) {
                        return Err(contradictory(part.region, "it is named twice"));
                    }
                    self.above.insert(part.region, wanted.region);
                    below.push(Wanted {
                        region: part.region,
                        sums: Some(part.sums),
                        towards: heard.opened.signer.region,
                    });
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
                if let Some(heard) = self.heard.remove(&region) {
                    self.bytes -= heard.signed.content.len();
                }
                forgotten = self.above.remove(&region);
            }
        }
    }

    /// The proof, checked as whoever gets it will check it.
    fn finish(mut self, round: Round) -> Result<Gathered, Refusal> {
        let top = self.figure.region;
        let spoken_by = self.heard.get(&top).map(|heard| heard.opened.signer.region);
        let is_above = |speaker: &RegionCode| {
            let catalogue = &self.context.catalogue;
            let look = |state: &State| state.is_within(catalogue, top, *speaker);
            self.context.reader.glance(look)
        };
        let host = spoken_by.filter(is_above);
        let mut checker = Checker::new(self.figure, host);
        let mut statements = Vec::with_capacity(round.order.len());
        for region in &round.order {
            let Some(Heard { signed, opened }) = self.heard.remove(region) else {
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

fn not_reached(regions: &[RegionCode]) -> Refusal {
    let named: Vec<&str> = regions.iter().map(RegionCode::as_str).collect();
    let named = named.join(", ");
    Refusal::advise(
        Reason::Unreachable,
        "region",
        named,
        "等这些节点恢复连接后重试，或加 --partial 写出注明缺哪些区域的证明",
        "try again when those nodes are connected, or ask for a partial proof, which names what is missing",
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
