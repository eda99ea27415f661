//! The plan's way: draft, consultation, issue, decomposition, and the work on its tasks.

use jiff::ToSpan;
use liandong_client::Client;
use liandong_client::wire::task::v1;
use liandong_core::indicator::IndicatorKind;
use liandong_core::plan::{Bound, PlanItem, Target};
use liandong_core::quantity::{Exact, basis_points, percent, yuan};
use liandong_core::region::RegionCode;
use serde::Serialize;
use tokio::task::JoinSet;

use super::error::{Awaited, DemoError};
use super::nodes::Mesh;
use super::steps::until;
use super::world::{LIAOCHENG_PLAN, PENGSHUI_PLAN, World};

/// The item whose parts are handed out too small on purpose (大学生实习支教计划, 1,000 a year).
const SHORT_ITEM: &str = "23";
/// By how much, in what the item counts.
const SHORT_BY: i64 = 40;
/// How many of the list's items are key projects (重点项目).
const KEY_PROJECTS: usize = 41;
/// The items that every county reports as done in the demonstration.
const COMPLETED_ITEMS: [&str; 3] = ["1", "10", "13"];
/// The item that one county gets back.
const RETURNED_ITEM: &str = "13";

/// How long the consultation lasts here.
const CONSULTATION_DAYS: i64 = 11;

/// What happened to the plan.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct PlanOutcome {
    pub(super) plan: String,
    pub(super) title: String,
    pub(super) items: usize,
    pub(super) key_projects: usize,
    pub(super) targets: usize,
    /// The last day for comments that the document names; it lies in the past.
    pub(super) consultation_in_document: String,
    /// The last day for comments that the demonstration sets instead.
    pub(super) consultation_until: String,
    pub(super) comments: usize,
    pub(super) tasks: usize,
    pub(super) shortfalls: Vec<Short>,
    pub(super) acknowledged: usize,
    pub(super) accepted: usize,
    pub(super) closed: usize,
    pub(super) returned: Vec<String>,
}

/// A target that the tasks made of its item do not reach.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Short {
    pub(super) item: String,
    pub(super) name: String,
    pub(super) indicator: String,
    pub(super) due: String,
    pub(super) whole: String,
    pub(super) parts_sum: String,
}

/// Who acts for a region.
pub(super) fn author(world: &World, region: RegionCode, why: &str) -> v1::Author {
    v1::Author {
        name: format!("{}教育主管部门（演示）", world.name(region)),
        why: why.to_owned(),
    }
}

/// Imports Liaocheng's plan, puts it to consultation and takes a county's comment.
pub(super) async fn consult(world: &World, mesh: &Mesh) -> Result<PlanOutcome, DemoError> {
    let places = &world.places;
    let issuer = places.liaocheng.to_string();
    let city = mesh.client(places.liaocheng)?.task();
    let text = world.plan(LIAOCHENG_PLAN)?;
    import(world, mesh, places.liaocheng, LIAOCHENG_PLAN).await?;
    // The document's own last day has passed, and a node takes no comments after it.
    let until_day = world.today.saturating_add(CONSULTATION_DAYS.days());
    city.consult_plan(v1::ConsultPlanRequest {
        issuer: issuer.clone(),
        plan: LIAOCHENG_PLAN.to_owned(),
        until: until_day.to_string(),
        author: Some(author(world, places.liaocheng, "")),
    })
    .await?;
    let county = mesh.client(places.comments)?.task();
    let wanted = v1::GetPlanRequest {
        issuer: issuer.clone(),
        plan: LIAOCHENG_PLAN.to_owned(),
    };
    until(Awaited::Comment, || async {
        let filter = v1::ListPlansRequest {
            issuer: issuer.clone(),
            status: v1::PlanStatus::Consultation.into(),
        };
        Ok(!county.list_plans(filter).await?.plans.is_empty())
    })
    .await?;
    county
        .comment_plan(v1::CommentPlanRequest {
            region: places.comments.to_string(),
            id: "demo-1".to_owned(),
            issuer: issuer.clone(),
            plan: LIAOCHENG_PLAN.to_owned(),
            item: "38".to_owned(),
            text: "样例意见：建议明确乡镇驻地学校录播室的验收标准。".to_owned(),
            author: Some(author(world, places.comments, "")),
        })
        .await?;
    until(Awaited::Comment, || async {
        Ok(!city.get_plan(wanted.clone()).await?.comments.is_empty())
    })
    .await?;
    Ok(PlanOutcome {
        plan: LIAOCHENG_PLAN.to_owned(),
        title: text.title.clone(),
        items: text.items.len(),
        key_projects: key_projects(&text.items).count(),
        targets: text.targets().count(),
        consultation_in_document: text
            .consultation_until
            .map(|day| day.to_string())
            .unwrap_or_default(),
        consultation_until: until_day.to_string(),
        comments: city.get_plan(wanted).await?.comments.len(),
        ..PlanOutcome::default()
    })
}

async fn import(
    world: &World,
    mesh: &Mesh,
    region: RegionCode,
    plan: &'static str,
) -> Result<(), DemoError> {
    let request = v1::ImportPlanRequest {
        issuer: region.to_string(),
        plan: Some(v1::PlanText::from(world.plan(plan)?)),
        indicators: Vec::new(),
        author: Some(author(world, region, "")),
    };
    mesh.client(region)?.task().import_plan(request).await?;
    Ok(())
}

/// Issues Liaocheng's plan, and Pengshui's own for its schools.
pub(super) async fn issue(world: &World, mesh: &Mesh) -> Result<(), DemoError> {
    let places = &world.places;
    import(world, mesh, places.pengshui, PENGSHUI_PLAN).await?;
    let issued = [
        (places.liaocheng, LIAOCHENG_PLAN, "征求意见结束"),
        (places.pengshui, PENGSHUI_PLAN, ""),
    ];
    for (region, plan, why) in issued {
        let request = v1::IssuePlanRequest {
            issuer: region.to_string(),
            plan: plan.to_owned(),
            author: Some(author(world, region, why)),
        };
        mesh.client(region)?.task().issue_plan(request).await?;
    }
    Ok(())
}

/// The key projects among the items; the others are stated in the document's text only.
fn key_projects(items: &[PlanItem]) -> impl Iterator<Item = &PlanItem> {
    items.iter().filter(|item| {
        let number = item.number.parse::<usize>();
        number.is_ok_and(|number| (1..=KEY_PROJECTS).contains(&number))
    })
}

/// Gives every key project to all counties.
pub(super) async fn decompose(
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
pub(super) fn bound_text(bound: &v1::Bound, unit: &str) -> String {
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

/// Every county acknowledges its tasks and completes some; the city accepts them and returns one.
pub(super) async fn work(
    world: &World,
    mesh: &Mesh,
    outcome: &mut PlanOutcome,
) -> Result<(), DemoError> {
    let places = &world.places;
    let mut counties = JoinSet::new();
    for county in &places.counties {
        let worker = Worker {
            client: mesh.client(*county)?,
            region: *county,
            issuer: places.liaocheng,
            author: author(world, *county, ""),
        };
        counties.spawn(async move { worker.acknowledge_all().await });
    }
    while let Some(acknowledged) = counties.join_next().await {
        outcome.acknowledged += acknowledged??;
    }
    let city = Worker {
        client: mesh.client(places.liaocheng)?,
        region: places.liaocheng,
        issuer: places.liaocheng,
        author: author(world, places.liaocheng, ""),
    };
    for county in &places.counties {
        for item in COMPLETED_ITEMS {
            let task = task_id(item, *county);
            city.wait_for(&task, v1::Stage::Completed).await?;
            if item == RETURNED_ITEM && *county == places.comments {
                continue;
            }
            city.step(&task, v1::Action::Accept, "样例：材料齐全")
                .await?;
            outcome.accepted += 1;
        }
        let done = task_id(COMPLETED_ITEMS[0], *county);
        city.step(&done, v1::Action::Close, "").await?;
        outcome.closed += 1;
    }
    let task = task_id(RETURNED_ITEM, places.comments);
    let why = "样例：一所学校缺卫生厕所改造验收单，请补齐";
    city.step(&task, v1::Action::Return, why).await?;
    outcome.returned.push(format!("{task}：{why}"));
    let county = Worker {
        client: mesh.client(places.comments)?,
        region: places.comments,
        issuer: places.liaocheng,
        author: author(world, places.comments, ""),
    };
    county.wait_for(&task, v1::Stage::Returned).await?;
    county
        .step(&task, v1::Action::Complete, "样例：验收单已补齐")
        .await?;
    city.wait_for(&task, v1::Stage::Completed).await?;
    city.step(&task, v1::Action::Accept, "样例：材料齐全")
        .await?;
    outcome.accepted += 1;
    Ok(())
}

fn task_id(item: &str, county: RegionCode) -> String {
    liandong_core::task::task_id(LIAOCHENG_PLAN, item, county)
}

/// One side of the tasks that the city has given out.
struct Worker {
    client: Client,
    region: RegionCode,
    issuer: RegionCode,
    author: v1::Author,
}

impl Worker {
    /// Waits for all key projects, acknowledges them and completes some; how many there were.
    async fn acknowledge_all(&self) -> Result<usize, DemoError> {
        let tasks = self.client.task();
        let filter = v1::ListTasksRequest {
            assignee: self.region.to_string(),
            issuer: self.issuer.to_string(),
            plan: LIAOCHENG_PLAN.to_owned(),
            stage: v1::Stage::Unspecified.into(),
        };
        until(Awaited::Tasks, || async {
            let known = tasks.list_tasks(filter.clone()).await?.tasks;
            Ok(known.len() >= KEY_PROJECTS)
        })
        .await?;
        let given = tasks.list_tasks(filter).await?.tasks;
        for task in &given {
            self.step(&task.id, v1::Action::Acknowledge, "").await?;
        }
        for item in COMPLETED_ITEMS {
            let task = task_id(item, self.region);
            self.step(&task, v1::Action::Complete, "样例：已按要求完成")
                .await?;
        }
        Ok(given.len())
    }

    async fn step(&self, task: &str, action: v1::Action, why: &str) -> Result<(), DemoError> {
        let author = v1::Author {
            name: self.author.name.clone(),
            why: why.to_owned(),
        };
        let request = v1::StepTaskRequest {
            region: self.region.to_string(),
            issuer: self.issuer.to_string(),
            task: task.to_owned(),
            action: action.into(),
            author: Some(author),
        };
        self.client.task().step_task(request).await?;
        Ok(())
    }

    async fn wait_for(&self, task: &str, stage: v1::Stage) -> Result<(), DemoError> {
        let tasks = self.client.task();
        let wanted = v1::GetTaskRequest {
            issuer: self.issuer.to_string(),
            task: task.to_owned(),
        };
        until(Awaited::TaskStep, || async {
            let record = tasks.get_task(wanted.clone()).await?.task;
            Ok(record.is_some_and(|record| record.stage() == stage))
        })
        .await
    }
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
