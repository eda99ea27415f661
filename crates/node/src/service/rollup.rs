//! Roll-ups, drill-down, completeness and rankings: `liandong.rollup.v1`.

mod comparing;
mod proving;
mod table;
mod value;
mod watching;
mod withdrawal;

pub(crate) use value::text as value_text;

use std::sync::Arc;

use liandong_core::access::Right;
use liandong_core::query::{Published, Question, Scope, completeness, rank_children};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::rollup::Ranked;
use liandong_core::state::State;
use liandong_wire::rollup::v1::rollup_service_server::RollupService as Service;
use liandong_wire::rollup::v1::{
    CompareRegionsRequest, CompareRegionsResponse, DrillRollupRequest, DrillRollupResponse,
    GetCompletenessRequest, GetCompletenessResponse, GetRollupRequest, GetRollupResponse,
    ProveRollupRequest, ProveRollupResponse, RankRegionsRequest, RankRegionsResponse,
    WatchRollupRequest, WatchRollupResponse, WithdrawCellsRequest, WithdrawCellsResponse,
};
use liandong_wire::rollup::{
    Comparison, DrillQuestion, PlanKey, ProofQuestion, Subject, WatchQuestion, Withdrawal, rank_row,
};
use tokio::sync::{Semaphore, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use tracing::info_span;

use super::call::{Caller, MAX_LISTED, Method, entitled_still, serve, too_long};
use crate::context::Context;
use crate::drill;

/// Shows roll-ups.
#[derive(Clone, Debug)]
pub(crate) struct RollupService {
    context: Arc<Context>,
    stopping: watch::Receiver<bool>,
    /// Few proofs at a time: each is held in memory while it is gathered.
    proving: Arc<Semaphore>,
}

impl RollupService {
    /// Watches end when `stopping` turns true, so that they do not keep the node from stopping.
    pub(crate) fn new(context: Arc<Context>, stopping: watch::Receiver<bool>) -> Self {
        Self {
            context,
            stopping,
            proving: Arc::new(Semaphore::new(proving::AT_ONCE)),
        }
    }

    fn method(&self, name: &'static str) -> Method {
        Method::new("rollup", name, self.context.config.limits.timeout)
    }
}

/// What core is asked about.
fn scope(subject: Subject) -> Scope {
    match subject {
        Subject::Indicator(code) => Scope::Indicator(code),
        Subject::Plan(PlanKey { issuer, plan }) => Scope::Plan {
            issuer: Some(issuer),
            code: plan,
        },
    }
}

/// Asks the state a question about a scope.
async fn ask<T>(
    context: &Context,
    asked: liandong_wire::rollup::Question,
    answer: impl FnOnce(&State, &Question<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let scope = scope(asked.subject);
    let policy = context.light_policy();
    let answered = context.reader.read(|state| {
        let question = Question {
            state,
            catalogue: &context.catalogue,
            scope: &scope,
            period: asked.period,
            policy,
        };
        answer(state, &question)
    });
    answered.await?
}

#[tonic::async_trait]
impl Service for RollupService {
    async fn get_rollup(
        &self,
        request: Request<GetRollupRequest>,
    ) -> Result<Response<GetRollupResponse>, Status> {
        let context = &self.context;
        let span = info_span!("get_rollup");
        serve(
            self.method("GetRollup"),
            span,
            request,
            |caller, message| async move {
                let asked = liandong_wire::rollup::Question::try_from(message)?;
                let region = asked.region;
                let exact = require(context, &caller, &asked)?;
                let table = ask(context, asked, |_, question| {
                    table::table(question, region, exact, caller.language)
                });
                Ok(table.await?)
            },
        )
        .await
    }

    type WatchRollupStream = ReceiverStream<Result<WatchRollupResponse, Status>>;

    async fn watch_rollup(
        &self,
        request: Request<WatchRollupRequest>,
    ) -> Result<Response<Self::WatchRollupStream>, Status> {
        let context = &self.context;
        let stopping = self.stopping.clone();
        let span = info_span!("watch_rollup");
        serve(
            self.method("WatchRollup"),
            span,
            request,
            |caller, message| async move {
                let asked = WatchQuestion::try_from(message)?;
                require_to_watch(context, &caller, &asked)?;
                let is_entitled = entitled_to_watch(context, &caller, &asked);
                Ok(watching::watch(context, asked, is_entitled, caller.language, stopping).await?)
            },
        )
        .await
    }

    async fn drill_rollup(
        &self,
        request: Request<DrillRollupRequest>,
    ) -> Result<Response<DrillRollupResponse>, Status> {
        let context = &self.context;
        let span = info_span!("drill_rollup");
        serve(
            self.method("DrillRollup"),
            span,
            request,
            |caller, message| async move {
                let asked = DrillQuestion::try_from(message)?;
                let exact = context.ask_rights(&caller, |sight| {
                    // What another node answers is exact.
                    let needed = match asked.live {
                        true => Right::ReadExact,
                        false => Right::ReadPublished,
                    };
                    sight.require(needed, asked.region)?;
                    Ok(sight.may(Right::ReadExact, asked.region))
                })?;
                let (drill, live) = if asked.live {
                    drill::live(context, &asked).await?
                } else if exact {
                    (drill::local(context, &asked).await?, false)
                } else {
                    (drill::published(context, &asked).await?, false)
                };
                check_length(drill.rows.len())?;
                Ok(DrillRollupResponse {
                    drill: Some(drill),
                    live,
                })
            },
        )
        .await
    }

    type ProveRollupStream = ReceiverStream<Result<ProveRollupResponse, Status>>;

    async fn prove_rollup(
        &self,
        request: Request<ProveRollupRequest>,
    ) -> Result<Response<Self::ProveRollupStream>, Status> {
        let (context, proving) = (&self.context, &self.proving);
        let span = info_span!("prove_rollup");
        serve(
            // As long as the nodes below take to answer, which is bounded for each of them.
            self.method("ProveRollup").unhurried(),
            span,
            request,
            |caller, message| async move {
                let asked = ProofQuestion::try_from(message)?;
                context.ask_rights(&caller, |sight| {
                    sight.require(Right::ReadExact, asked.figure.region)
                })?;
                let region = asked.figure.region;
                let is_entitled = entitled_still(context, &caller, Right::ReadExact, region);
                let language = caller.language;
                Ok(proving::prove(context, proving, asked, language, is_entitled).await?)
            },
        )
        .await
    }

    async fn get_completeness(
        &self,
        request: Request<GetCompletenessRequest>,
    ) -> Result<Response<GetCompletenessResponse>, Status> {
        let context = &self.context;
        let span = info_span!("get_completeness");
        serve(
            self.method("GetCompleteness"),
            span,
            request,
            |caller, message| async move {
                let asked = liandong_wire::rollup::Question::try_from(message)?;
                let region = asked.region;
                require(context, &caller, &asked)?;
                let rows =
                    ask(context, asked, |_, question| completeness(question, region)).await?;
                let mut rows = rows.iter().map(table::completeness_row);
                let total = rows.next();
                let rows: Vec<_> = rows.collect();
                check_length(rows.len())?;
                Ok(GetCompletenessResponse { total, rows })
            },
        )
        .await
    }

    async fn rank_regions(
        &self,
        request: Request<RankRegionsRequest>,
    ) -> Result<Response<RankRegionsResponse>, Status> {
        let context = &self.context;
        let span = info_span!("rank_regions");
        serve(
            self.method("RankRegions"),
            span,
            request,
            |caller, message| async move {
                let asked = liandong_wire::rollup::Question::try_from(message)?;
                let region = asked.region;
                let exact = require(context, &caller, &asked)?;
                let rows = ask(context, asked, |state, question| {
                    let ranked = if exact {
                        rank_children(question, region)?
                    } else {
                        Published::new(question).rank_children(region)?
                    };
                    check_length(ranked.len())?;
                    let row = |ranked: &Ranked| {
                        let known = state.region(question.catalogue, ranked.region);
                        rank_row(ranked, known.map_or("", |known| known.name.as_str()))
                    };
                    Ok(ranked.iter().map(row).collect())
                });
                Ok(RankRegionsResponse { rows: rows.await? })
            },
        )
        .await
    }

    async fn compare_regions(
        &self,
        request: Request<CompareRegionsRequest>,
    ) -> Result<Response<CompareRegionsResponse>, Status> {
        let context = &self.context;
        let span = info_span!("compare_regions");
        serve(
            self.method("CompareRegions"),
            span,
            request,
            |caller, message| async move {
                let asked = Comparison::try_from(message)?;
                let exact = context.ask_rights(&caller, |sight| {
                    sight.require(Right::ReadPublished, asked.region)?;
                    Ok(sight.may(Right::ReadExact, asked.region))
                })?;
                Ok(comparing::compare(context, asked, exact).await?)
            },
        )
        .await
    }

    async fn withdraw_cells(
        &self,
        request: Request<WithdrawCellsRequest>,
    ) -> Result<Response<WithdrawCellsResponse>, Status> {
        let context = &self.context;
        let span = info_span!("withdraw_cells", cells = request.get_ref().cells.len());
        serve(
            self.method("WithdrawCells"),
            span,
            request,
            |caller, message| async move {
                let asked = Withdrawal::try_from(message)?;
                Ok(withdrawal::withdraw(context, &caller, asked).await?)
            },
        )
        .await
    }
}

/// Refuses a caller that may not look at the figures of a region at all, or not at the plan; whether
/// it may look at exact ones.
fn require(
    context: &Context,
    caller: &Caller,
    asked: &liandong_wire::rollup::Question,
) -> Result<bool, Refusal> {
    context.ask_rights(caller, |sight| {
        sight.require(Right::ReadPublished, asked.region)?;
        if let Subject::Plan(key) = &asked.subject {
            sight.require_plan(key.issuer, &key.plan)?;
        }
        Ok(sight.may(Right::ReadExact, asked.region))
    })
}

/// Refuses a caller that may not look at exact figures. Changes that come one by one cannot be
/// published: which counts of few people a table hides depends on all of the table, and the
/// difference of two tables would tell what each of them hides.
fn require_to_watch(
    context: &Context,
    caller: &Caller,
    asked: &WatchQuestion,
) -> Result<(), Refusal> {
    context.ask_rights(caller, |sight| {
        for region in &asked.regions {
            sight.require(Right::ReadExact, *region)?;
        }
        match &asked.plan {
            Some(key) => sight.require_plan(key.issuer, &key.plan),
            None => Ok(()),
        }
    })
}

/// Asks anew, for as long as the watch goes on. It does not hold the node, so that a watcher never
/// keeps one from stopping.
fn entitled_to_watch(
    context: &Arc<Context>,
    caller: &Caller,
    asked: &WatchQuestion,
) -> impl Fn() -> Result<(), Refusal> + Send + Sync + 'static {
    let (context, caller, asked) = (Arc::downgrade(context), caller.clone(), asked.clone());
    move || match context.upgrade() {
        Some(context) => require_to_watch(&context, &caller, &asked),
        None => Err(Refusal::new(Reason::Stopping, "", "", Accepted::Nothing)),
    }
}

/// No region has so many others directly below it; a tree that is loaded wrongly might.
fn check_length(rows: usize) -> Result<(), Refusal> {
    if rows > MAX_LISTED {
        return Err(too_long("region", rows));
    }
    Ok(())
}
