//! The work on the tasks: acknowledged, completed, accepted, closed, and one sent back.

use liandong_client::Client;
use liandong_client::wire::task::v1;
use liandong_core::region::RegionCode;
use tokio::task::JoinSet;

use super::decompose::KEY_PROJECTS;
use super::{PlanOutcome, Returned, author};
use crate::demo::error::{Awaited, DemoError};
use crate::demo::nodes::Mesh;
use crate::demo::steps::until;
use crate::demo::world::{LIAOCHENG_PLAN, World};

/// The items that every county reports as done in the demonstration.
const COMPLETED_ITEMS: [&str; 3] = ["1", "10", "13"];
/// The item that one county gets back.
const RETURNED_ITEM: &str = "13";

/// Every county acknowledges its tasks and completes some; the city accepts them and returns one.
pub(in crate::demo) async fn work(
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
    outcome.returned.push(Returned {
        task: task.clone(),
        why: why.to_owned(),
    });
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
