//! Decomposition: one part of every key project for each county.

use liandong_client::wire::task::v1;
use liandong_core::indicator::IndicatorKind;
use liandong_core::plan::{Bound, PlanItem, Target};
use liandong_core::quantity::{Exact, basis_points, percent, yuan};

use super::{PlanOutcome, Short, author};
use crate::demo::error::DemoError;
use crate::demo::nodes::Mesh;
use crate::demo::world::{LIAOCHENG_PLAN, World};

/// The item whose parts are handed out too small on purpose (大学生实习支教计划, 1,000 a year).
const SHORT_ITEM: &str = "23";
/// By how much, in what the item counts.
const SHORT_BY: i64 = 40;
/// How many of the list's items are key projects (重点项目).
pub(super) const KEY_PROJECTS: usize = 41;

/// The key projects among the items; the others are stated in the document's text only.
pub(super) fn key_projects(items: &[PlanItem]) -> impl Iterator<Item = &PlanItem> {
    items.iter().filter(|item| {
        let number = item.number.parse::<usize>();
        number.is_ok_and(|number| (1..=KEY_PROJECTS).contains(&number))
    })
}

/// Gives every key project to all counties.
pub(in crate::demo) async fn decompose(
    world: &World,
    mesh: &Mesh,
    outcome: &mut PlanOutcome,
) -> Result<(), DemoError> {
    let places = &world.places;
    let city = mesh.client(places.liaocheng)?.task();
    for item in key_projects(&world.plan(LIAOCHENG_PLAN)?.items) {
        let request = v1::AssignTasksRequest {
            issuer: places.liaocheng.to_string(),
            plan_issuer: places.liaocheng.to_string(),
            plan: LIAOCHENG_PLAN.to_owned(),
            item: item.number.clone(),
            parts: parts(world, item),
            author: Some(author(world, places.liaocheng, "")),
        };
        let answer = city.assign_tasks(request).await?;
        outcome.tasks += answer.tasks.len();
        for shortfall in answer.shortfalls {
            let whole = shortfall.whole.unwrap_or_default();
            outcome.shortfalls.push(Short {
                item: item.number.clone(),
                name: item.name.clone(),
                indicator: whole.indicator.clone(),
                due: whole.due.clone(),
                whole: whole
                    .bound
                    .map(|bound| bound_text(&bound, ""))
                    .unwrap_or_default(),
                parts_sum: shortfall.parts_sum.unwrap_or_default(),
            });
        }
    }
    Ok(())
}

/// A bound for people, in the unit of its indicator: `≥ 50`, `≥ 100%`.
pub(in crate::demo) fn bound_text(bound: &v1::Bound, unit: &str) -> String {
    let (sign, value) = match &bound.bound {
        Some(v1::bound::Bound::AtLeast(value)) => ("≥", value),
        Some(v1::bound::Bound::AtMost(value)) => ("≤", value),
        Some(v1::bound::Bound::Equals(value)) => ("=", value),
        None => return String::new(),
    };
    let exact = value.parse::<Exact>().ok();
    let shown = match (unit, exact) {
        ("%", Some(exact)) => {
            let share = basis_points(exact.numerator().into(), exact.denominator().into());
            share.map(|share| percent(share).replace(".00%", "%"))
        }
        ("元", Some(exact)) if exact.denominator() == 1 => Some(yuan(exact.numerator())),
        _ => None,
    };
    format!("{sign} {}", shown.as_ref().unwrap_or(value))
}

/// One part for each county: counts are split, shares are asked of everybody alike.
fn parts(world: &World, item: &PlanItem) -> Vec<v1::Part> {
    let counties = &world.places.counties;
    let mut targets: Vec<Vec<Target>> = vec![Vec::new(); counties.len()];
    for target in &item.targets {
        let adds_up = world
            .catalogue
            .indicators
            .get(&target.indicator)
            .is_some_and(|known| matches!(known.kind, IndicatorKind::Count | IndicatorKind::Money));
        let whole = target.bound.map(|bound| bound.value().numerator());
        let missing = if item.number == SHORT_ITEM {
            SHORT_BY
        } else {
            0
        };
        let shares = split(whole.unwrap_or(0) - missing, counties.len());
        for (own, share) in targets.iter_mut().zip(shares) {
            let mut part = target.clone();
            if adds_up {
                part.bound = target.bound.map(|bound| with_value(bound, share));
            }
            own.push(part);
        }
    }
    let mut parts = Vec::with_capacity(counties.len());
    for (county, own) in counties.iter().zip(targets) {
        let last = own
            .iter()
            .filter_map(|target| target.due)
            .map(|due| due.last_day())
            .max();
        parts.push(v1::Part {
            assignee: county.to_string(),
            targets: own.iter().map(v1::Target::from).collect(),
            due: last.map(|day| day.to_string()).unwrap_or_default(),
        });
    }
    parts
}

fn with_value(bound: Bound, value: i64) -> Bound {
    match bound {
        Bound::AtLeast(_) => Bound::AtLeast(Exact::whole(value)),
        Bound::AtMost(_) => Bound::AtMost(Exact::whole(value)),
        Bound::Equals(_) => Bound::Equals(Exact::whole(value)),
    }
}

/// Splits a whole into parts that add up to it and differ by one at most, the larger ones first.
fn split(whole: i64, parts: usize) -> Vec<i64> {
    let count = i64::try_from(parts).unwrap_or(i64::MAX).max(1);
    let (base, rest) = (whole.max(0) / count, whole.max(0) % count);
    let part = |place: i64| base + i64::from(place < rest);
    (0..count).map(part).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{KEY_PROJECTS, key_projects, parts, split};
    use crate::demo::world::{LIAOCHENG_PLAN, World};

    #[test]
    fn parts_add_up_and_differ_by_one_at_most() {
        for whole in [0, 1, 4, 7, 8, 50, 960, 1_000] {
            let parts = split(whole, 8);
            assert_eq!(parts.len(), 8);
            assert_eq!(parts.iter().sum::<i64>(), whole);
            let (least, most) = (parts.iter().min().unwrap(), parts.iter().max().unwrap());
            assert!(most - least <= 1, "{parts:?}");
        }
    }

    #[test]
    fn every_key_project_is_given_to_every_county() {
        let world = World::on(date(2026, 11, 22)).unwrap();
        let items = &world.plan(LIAOCHENG_PLAN).unwrap().items;
        assert_eq!(key_projects(items).count(), KEY_PROJECTS);
        for item in key_projects(items) {
            let parts = parts(&world, item);
            assert_eq!(parts.len(), 8);
            assert!(
                parts
                    .iter()
                    .all(|part| part.targets.len() == item.targets.len())
            );
        }
    }
}
