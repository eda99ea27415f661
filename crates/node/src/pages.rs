//! The console and the metrics page, served on the node's one port.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query as Parameters, State as Shared};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{Extensions, HeaderMap, StatusCode, header};
use jiff::civil::Date;
use liandong_console::{Choice, PageError, PlanEntry, Query, overview};
use liandong_core::access::Right;
use liandong_core::document::{Body, Kind};
use liandong_core::language::Language;
use liandong_core::period::Period;
use liandong_core::plan::PlanStatus;
use liandong_core::query::{self, CompletenessRow, Published, Question, RollupRow, Scope};
use liandong_core::refusal::{Accepted, Class, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::rollup::{LightPolicy, Ranked};
use liandong_core::state::State;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Deserialize;

use crate::context::Context;
use crate::gauges;
use crate::service::{Sight, value_text};

/// The routes of the pages.
pub(crate) fn routes(context: &Arc<Context>, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/console") }))
        .route("/console", get(console))
        .route(
            "/metrics",
            get(move |node, extensions| measured(node, extensions, metrics)),
        )
        .with_state(Arc::clone(context))
}

/// The metrics page; sizes and lags are read when they are asked for.
async fn measured(
    Shared(context): Shared<Arc<Context>>,
    extensions: Extensions,
    metrics: PrometheusHandle,
) -> Response {
    let who = context.who(extensions.get());
    let here = context.config.region;
    let may_look = |state: &State| context.sight(state, &who).require(Right::Inspect, here);
    if let Err(refusal) = context.reader.glance(may_look) {
        return (StatusCode::FORBIDDEN, refusal.message(Language::En)).into_response();
    }
    if let Err(refusal) = gauges::update(&context).await {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            refusal.message(Language::En),
        )
            .into_response();
    }
    metrics.render().into_response()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    region: String,
    plan: String,
    period: String,
}

async fn console(
    Shared(context): Shared<Arc<Context>>,
    Parameters(asked): Parameters<Asked>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let who = context.who(extensions.get());
    let tag = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("zh");
    let language = Language::from_tag(tag);
    let page = match choose(&asked) {
        Ok(choice) => {
            let written = context.reader.read(|state| {
                let sight = context.sight(state, &who);
                let region = choice.region.unwrap_or(context.config.region);
                sight.require(Right::ReadPublished, region)?;
                let view = View {
                    state,
                    context: &context,
                    sight,
                };
                if let Some(code) = &choice.plan
                    && !view.plans().iter().any(|plan| plan.code == *code)
                {
                    return Err(view.sight.unknown_plan(code).into());
                }
                overview(&view, &choice, language)
            });
            written.await.map_err(PageError::Refused).flatten()
        }
        Err(refusal) => Err(PageError::Refused(refusal)),
    };
    match page {
        Ok(page) => Html(page).into_response(),
        Err(PageError::Refused(refusal)) => {
            let status = match refusal.reason.class() {
                Class::Denied => StatusCode::FORBIDDEN,
                _ => StatusCode::BAD_REQUEST,
            };
            (status, refusal.message(language)).into_response()
        }
        Err(error @ PageError::Template(_)) => {
            tracing::error!(%error, "cannot write a page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn choose(asked: &Asked) -> Result<Choice, Refusal> {
    let malformed = |field: &str, value: &str, form: &str| {
        Refusal::new(
            Reason::Malformed,
            field,
            value,
            Accepted::Form(form.to_owned()),
        )
    };
    let region = match asked.region.as_str() {
        "" => None,
        code => Some(
            code.parse()
                .map_err(|_| malformed("region", code, "371524"))?,
        ),
    };
    let period = match asked.period.as_str() {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| malformed("period", text, "2026-03"))?,
        ),
    };
    Ok(Choice {
        region,
        plan: (!asked.plan.is_empty()).then(|| asked.plan.clone()),
        period,
    })
}

/// One moment of the node's state, as the reader of a page may see it.
struct View<'a> {
    state: &'a State,
    context: &'a Context,
    sight: Sight<'a>,
}

impl View<'_> {
    fn question<'q>(&'q self, scope: &'q Scope, period: Period) -> Question<'q> {
        let policy: LightPolicy = self.context.light_policy();
        Question {
            state: self.state,
            catalogue: &self.context.catalogue,
            scope,
            period,
            policy,
        }
    }
}

impl Query for View<'_> {
    fn home(&self) -> RegionCode {
        self.context.config.region
    }

    fn today(&self) -> Date {
        self.context.moment().today
    }

    fn region_name(&self, region: RegionCode) -> Option<String> {
        let known = self.state.region(&self.context.catalogue, region);
        known.map(|known| known.name.clone())
    }

    fn plans(&self) -> Vec<PlanEntry> {
        let mut plans = Vec::new();
        for document in self.state.documents(Kind::Plan) {
            if let Body::Plan(plan) = &document.body
                && plan.status != PlanStatus::Draft
                && self.sight.shows_plan(document.owner, plan)
            {
                plans.push(PlanEntry {
                    issuer: document.owner,
                    code: plan.text.code.clone(),
                    title: plan.text.title.clone(),
                });
            }
        }
        // What ships with the project can be looked at before anybody issues it.
        for (code, text) in &self.context.catalogue.plans {
            let known = plans.iter().any(|plan| plan.code == *code);
            if let Some(issuer) = text.issuer.filter(|_| !known) {
                plans.push(PlanEntry {
                    issuer,
                    code: code.clone(),
                    title: text.title.clone(),
                });
            }
        }
        plans
    }

    fn rollup<'q>(
        &'q self,
        region: RegionCode,
        scope: &'q Scope,
        period: Period,
    ) -> Result<Vec<RollupRow<'q>>, Refusal> {
        let question = self.question(scope, period);
        if self.sight.may(Right::ReadExact, region) {
            return query::rollup(&question, region);
        }
        Published::new(&question).rollup(region)
    }

    fn completeness(
        &self,
        region: RegionCode,
        scope: &Scope,
        period: Period,
    ) -> Result<Vec<CompletenessRow>, Refusal> {
        query::completeness(&self.question(scope, period), region)
    }

    fn ranking(
        &self,
        region: RegionCode,
        scope: &Scope,
        period: Period,
    ) -> Result<Vec<Ranked>, Refusal> {
        let question = self.question(scope, period);
        if self.sight.may(Right::ReadExact, region) {
            return query::rank_children(&question, region);
        }
        Published::new(&question).rank_children(region)
    }

    fn value_text(&self, row: &RollupRow<'_>, _language: Language) -> String {
        if row.hidden {
            return "*".to_owned();
        }
        value_text(row.indicator, row.value)
    }
}
