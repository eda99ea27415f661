//! What the mesh shows when all is in: the province's roll-up, the ranking, the completeness.

use liandong_client::wire::rollup::v1;
use liandong_core::period::Period;
use liandong_core::region::RegionCode;
use serde::Serialize;

use super::error::DemoError;
use super::nodes::Mesh;
use super::offline::{completeness, plan_key};
use super::plan::bound_text;
use super::world::World;

/// The tables of one month.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Tables {
    pub(super) period: String,
    pub(super) rollup: Vec<RollupLine>,
    pub(super) ranking: Vec<RankLine>,
    /// The counties, and the city as a whole, for that month.
    pub(super) completeness: Vec<CompletenessLine>,
    /// The city as a whole for every month of the school year.
    pub(super) completeness_by_month: Vec<MonthLine>,
}

/// One target of the province.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RollupLine {
    pub(super) item: String,
    pub(super) item_name: String,
    pub(super) indicator: String,
    pub(super) indicator_name: String,
    pub(super) unit: String,
    pub(super) numerator: i64,
    pub(super) denominator: i64,
    pub(super) value: String,
    pub(super) target: String,
    pub(super) due: String,
    pub(super) completion_basis_points: Option<i64>,
    pub(super) light: &'static str,
    pub(super) reported: u32,
    pub(super) expected: u32,
}

/// One county in the ranking.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RankLine {
    pub(super) place: u32,
    pub(super) region: String,
    pub(super) name: String,
    pub(super) green: u32,
    pub(super) yellow: u32,
    pub(super) red: u32,
    pub(super) grey: u32,
    pub(super) reported_basis_points: i64,
}

/// How complete one region's reports are.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CompletenessLine {
    pub(super) region: String,
    pub(super) name: String,
    pub(super) expected: u64,
    pub(super) reported: u64,
    pub(super) on_time: u64,
    pub(super) reported_basis_points: Option<i64>,
    pub(super) on_time_basis_points: Option<i64>,
}

/// How complete the city's reports of one month are.
#[derive(Clone, Debug, Serialize)]
pub(super) struct MonthLine {
    pub(super) period: String,
    pub(super) expected: u64,
    pub(super) reported: u64,
    pub(super) on_time: u64,
}

/// Reads the tables: the roll-up at the province, ranking and completeness at the city.
pub(super) async fn read(world: &World, mesh: &Mesh) -> Result<Tables, DemoError> {
    let places = &world.places;
    let period = world.shown()?;
    Ok(Tables {
        period: period.to_string(),
        rollup: rollup(world, mesh, places.shandong, period).await?,
        ranking: ranking(world, mesh, period).await?,
        completeness: complete(world, mesh, period).await?,
        completeness_by_month: by_month(world, mesh).await?,
    })
}

async fn rollup(
    world: &World,
    mesh: &Mesh,
    region: RegionCode,
    period: Period,
) -> Result<Vec<RollupLine>, DemoError> {
    let request = v1::GetRollupRequest {
        region: region.to_string(),
        subject: Some(v1::get_rollup_request::Subject::Plan(plan_key(world))),
        period: period.to_string(),
    };
    let answer = mesh.client(region)?.rollup().get_rollup(request).await?;
    Ok(answer.rows.into_iter().map(line).collect())
}

fn line(row: v1::RollupRow) -> RollupLine {
    let light = light(row.light());
    let named = row.target.unwrap_or_default();
    let bound = named.bound.as_ref();
    let target = bound.map(|bound| bound_text(bound, &row.unit));
    let sums = row.sums.unwrap_or_default();
    RollupLine {
        item: row.item,
        item_name: row.item_name,
        indicator: row.indicator,
        indicator_name: row.indicator_name,
        unit: row.unit,
        numerator: sums.numerator,
        denominator: sums.denominator,
        value: row.value_text,
        target: target.unwrap_or_default(),
        due: named.due,
        completion_basis_points: row.completion_basis_points,
        light,
        reported: sums.reported,
        expected: sums.expected,
    }
}

fn light(light: v1::Light) -> &'static str {
    match light {
        v1::Light::Green => "green",
        v1::Light::Yellow => "yellow",
        v1::Light::Red => "red",
        v1::Light::Grey | v1::Light::Unspecified => "grey",
    }
}

async fn ranking(world: &World, mesh: &Mesh, period: Period) -> Result<Vec<RankLine>, DemoError> {
    let city = world.places.liaocheng;
    let request = v1::RankRegionsRequest {
        region: city.to_string(),
        subject: Some(v1::rank_regions_request::Subject::Plan(plan_key(world))),
        period: period.to_string(),
    };
    let answer = mesh.client(city)?.rollup().rank_regions(request).await?;
    let row = |row: v1::RankRow| RankLine {
        place: row.place,
        region: row.region,
        name: row.name,
        green: row.green,
        yellow: row.yellow,
        red: row.red,
        grey: row.grey,
        reported_basis_points: row.completion_basis_points,
    };
    Ok(answer.rows.into_iter().map(row).collect())
}

async fn complete(
    world: &World,
    mesh: &Mesh,
    period: Period,
) -> Result<Vec<CompletenessLine>, DemoError> {
    let city = world.places.liaocheng;
    let request = completeness(world, city, period);
    let answer = mesh
        .client(city)?
        .rollup()
        .get_completeness(request)
        .await?;
    let mut lines = Vec::new();
    for row in answer.rows.into_iter().chain(answer.total) {
        lines.push(CompletenessLine {
            region: row.region,
            name: row.name,
            expected: row.expected,
            reported: row.reported,
            on_time: row.on_time,
            reported_basis_points: row.reported_basis_points,
            on_time_basis_points: row.on_time_basis_points,
        });
    }
    Ok(lines)
}

async fn by_month(world: &World, mesh: &Mesh) -> Result<Vec<MonthLine>, DemoError> {
    let mut lines = Vec::new();
    for month in &world.months {
        let all = complete(world, mesh, *month).await?;
        let Some(city) = all.last() else {
            continue;
        };
        lines.push(MonthLine {
            period: month.to_string(),
            expected: city.expected,
            reported: city.reported,
            on_time: city.on_time,
        });
    }
    Ok(lines)
}
