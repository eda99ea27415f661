//! The one page for officials: how a region stands on a plan.

use askama::Template;
use liandong_core::indicator::IndicatorKind;
use liandong_core::language::Language;
use liandong_core::period::{Period, PeriodKind};
use liandong_core::plan::Bound;
use liandong_core::quantity::{basis_points, percent};
use liandong_core::query::{RollupRow, Scope};
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::rollup::Light;
use thiserror::Error;

use crate::query::{PlanEntry, Query};

/// What the reader chose; everything may be left out.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The region; the node's own by default.
    pub region: Option<RegionCode>,
    /// The plan's code; the first plan by default.
    pub plan: Option<String>,
    /// The period; the last month that has ended by default.
    pub period: Option<Period>,
}

/// Why a page cannot be shown.
#[derive(Debug, Error)]
pub enum PageError {
    /// What was chosen does not exist.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The page could not be written: a fault of the build.
    #[error("the page could not be written: {0}")]
    Template(#[from] askama::Error),
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    zh: bool,
    region: String,
    region_name: String,
    period: String,
    plans: Vec<PlanOption>,
    lights: Vec<LightCount>,
    completeness: String,
    timeliness: String,
    rows: Vec<Row>,
    ranking: Vec<RankRow>,
}

struct PlanOption {
    code: String,
    title: String,
    chosen: bool,
}

struct LightCount {
    word: &'static str,
    name: &'static str,
    count: usize,
    /// Share of all targets, as a whole percentage for the width of its bar.
    width: usize,
}

struct Row {
    number: String,
    item: String,
    indicator: String,
    value: String,
    unit: String,
    target: String,
    rate: String,
    scheduled: String,
    light: &'static str,
    light_name: &'static str,
    reported: String,
}

struct RankRow {
    place: u32,
    region: String,
    name: String,
    green: u32,
    yellow: u32,
    red: u32,
    grey: u32,
    complete: String,
}

/// Writes the page.
///
/// # Errors
/// See [`PageError`].
pub fn overview(
    query: &dyn Query,
    choice: &Choice,
    language: Language,
) -> Result<String, PageError> {
    let region = choice.region.unwrap_or_else(|| query.home());
    let period = choice.period.or_else(|| last_month(query));
    let plans = query.plans();
    let chosen = match &choice.plan {
        Some(code) => Some(code.clone()),
        None => plans.first().map(|plan| plan.code.clone()),
    };
    let mut page = Overview {
        zh: language == Language::Zh,
        region: region.to_string(),
        region_name: query.region_name(region).unwrap_or_default(),
        period: period.map(|period| period.to_string()).unwrap_or_default(),
        plans: options(&plans, chosen.as_deref()),
        lights: Vec::new(),
        completeness: String::new(),
        timeliness: String::new(),
        rows: Vec::new(),
        ranking: Vec::new(),
    };
    if let (Some(code), Some(period)) = (chosen, period) {
        let issuer = plans
            .iter()
            .find(|plan| plan.code == code)
            .map(|plan| plan.issuer);
        fill(
            &mut page,
            query,
            region,
            &Scope::Plan { issuer, code },
            period,
            language,
        )?;
    }
    Ok(page.render()?)
}

fn fill(
    page: &mut Overview,
    query: &dyn Query,
    region: RegionCode,
    scope: &Scope,
    period: Period,
    language: Language,
) -> Result<(), PageError> {
    let rows = query.rollup(region, scope, period)?;
    page.lights = count_lights(&rows, language);
    page.rows = rows.iter().map(|row| show(query, row, language)).collect();
    let complete = query.completeness(region, scope, period)?;
    if let Some(own) = complete.first() {
        let share = |part: u64| {
            basis_points(part.into(), own.expected.into()).map_or("—".to_owned(), percent)
        };
        page.completeness = share(own.reported);
        page.timeliness = share(own.on_time);
    }
    for ranked in query.ranking(region, scope, period)? {
        page.ranking.push(RankRow {
            place: ranked.place,
            region: ranked.region.to_string(),
            name: query.region_name(ranked.region).unwrap_or_default(),
            green: ranked.score.green,
            yellow: ranked.score.yellow,
            red: ranked.score.red,
            grey: ranked.score.grey,
            complete: percent(ranked.score.tie_break),
        });
    }
    Ok(())
}

/// The last month that has ended; none for a clock that is off by centuries.
fn last_month(query: &dyn Query) -> Option<Period> {
    let this = Period::containing(PeriodKind::Month, query.today())?;
    this.previous()
}

fn options(plans: &[PlanEntry], chosen: Option<&str>) -> Vec<PlanOption> {
    let option = |plan: &PlanEntry| PlanOption {
        code: plan.code.clone(),
        title: plan.title.clone(),
        chosen: chosen == Some(plan.code.as_str()),
    };
    plans.iter().map(option).collect()
}

fn light_name(light: Light, language: Language) -> &'static str {
    match light {
        Light::Green => language.pick("绿灯", "green"),
        Light::Yellow => language.pick("黄灯", "yellow"),
        Light::Red => language.pick("红灯", "red"),
        Light::Grey => language.pick("未评", "not judged"),
    }
}

fn count_lights(rows: &[RollupRow<'_>], language: Language) -> Vec<LightCount> {
    [Light::Green, Light::Yellow, Light::Red, Light::Grey]
        .into_iter()
        .map(|light| {
            let count = rows
                .iter()
                .filter(|row| row.completion.light == light)
                .count();
            LightCount {
                word: light.word(),
                name: light_name(light, language),
                count,
                width: count * 100 / rows.len().max(1),
            }
        })
        .collect()
}

fn show(query: &dyn Query, row: &RollupRow<'_>, language: Language) -> Row {
    let dash = || "—".to_owned();
    let value = query.value_text(row, language);
    let bound = row.target.as_ref().and_then(|target| target.bound);
    let due = row.target.as_ref().and_then(|target| target.due);
    let target = bound.map_or_else(dash, |bound| {
        let sign = match bound {
            Bound::AtLeast(_) => "≥",
            Bound::AtMost(_) => "≤",
            Bound::Equals(_) => "=",
        };
        let due = due.map(|due| format!(" ({due})")).unwrap_or_default();
        let value = if row.indicator.unit == "%" {
            bound.value().as_percent()
        } else {
            bound.value().to_string()
        };
        format!("{sign} {value}{due}")
    });
    let english = !row.indicator.name_en.is_empty() && language == Language::En;
    Row {
        number: row.item.map(|item| item.number.clone()).unwrap_or_default(),
        item: row.item.map(|item| item.name.clone()).unwrap_or_default(),
        indicator: if english {
            row.indicator.name_en.clone()
        } else {
            row.indicator.name.clone()
        },
        value: if value.is_empty() { dash() } else { value },
        // A milestone's value says how many of how many have done it.
        unit: match row.indicator.kind {
            IndicatorKind::Milestone => String::new(),
            _ => row.indicator.unit.clone(),
        },
        target,
        rate: row.completion.rate.map_or_else(dash, percent),
        scheduled: row.scheduled.map_or_else(dash, percent),
        light: row.completion.light.word(),
        light_name: light_name(row.completion.light, language),
        reported: format!("{}/{}", row.sums.reported, row.expected),
    }
}
