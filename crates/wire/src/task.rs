//! Plans and tasks as they travel, and the requests that change them.

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "written by the code generator; the proto files carry the comments"
)]
/// The generated messages, client and server of `liandong.task.v1`.
pub mod v1 {
    tonic::include_proto!("liandong.task.v1");
}

mod plan;
mod request;
mod step;

use liandong_core::command::Part;
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::task::{Shortfall, Stage, Task, TaskProgress, stage};

use crate::read::{self, each, enumeration, optional_date, text_or_empty};

pub use plan::plan_summary;
pub use request::{Named, PlanFilter, TaskFilter};
pub(crate) use step::steps;

enumeration!(
    Stage,
    stage_number,
    [
        Assigned,
        Acknowledged,
        Completed,
        Returned,
        Accepted,
        Closed,
        Revoked
    ]
);

impl From<&Task> for v1::Task {
    fn from(task: &Task) -> Self {
        Self {
            plan_issuer: task.plan_issuer.to_string(),
            plan: task.plan.clone(),
            item: task.item.clone(),
            name: task.name.clone(),
            assignee: task.assignee.to_string(),
            targets: task.targets.iter().map(v1::Target::from).collect(),
            due: text_or_empty(task.due),
            steps: steps(&task.steps),
            reviewed: task.reviewed,
        }
    }
}

impl TryFrom<v1::Task> for Task {
    type Error = Refusal;

    fn try_from(task: v1::Task) -> Result<Self, Refusal> {
        let v1::Task {
            plan_issuer,
            plan,
            item,
            name,
            assignee,
            targets,
            due,
            steps,
            reviewed,
        } = task;
        Ok(Self {
            plan_issuer: read::region("plan_issuer", &plan_issuer)?,
            plan,
            item,
            name,
            assignee: read::region("assignee", &assignee)?,
            targets: each("targets", targets)?,
            due: optional_date("due", &due)?,
            steps: each("steps", steps)?,
            reviewed,
        })
    }
}

impl From<&TaskProgress> for v1::TaskProgress {
    fn from(progress: &TaskProgress) -> Self {
        Self {
            issuer: progress.issuer.to_string(),
            task: progress.task.clone(),
            steps: steps(&progress.steps),
        }
    }
}

impl TryFrom<v1::TaskProgress> for TaskProgress {
    type Error = Refusal;

    fn try_from(progress: v1::TaskProgress) -> Result<Self, Refusal> {
        let v1::TaskProgress {
            issuer,
            task,
            steps,
        } = progress;
        Ok(Self {
            issuer: read::region("issuer", &issuer)?,
            task,
            steps: each("steps", steps)?,
        })
    }
}

/// A task with both sides' documents and where it stands.
pub fn task_record(
    issuer: RegionCode,
    id: &str,
    version: u64,
    task: &Task,
    progress: Option<&TaskProgress>,
) -> v1::TaskRecord {
    v1::TaskRecord {
        issuer: issuer.to_string(),
        id: id.to_owned(),
        version,
        task: Some(v1::Task::from(task)),
        progress: progress.map(v1::TaskProgress::from),
        stage: v1::Stage::from(stage(task, progress)).into(),
    }
}

impl From<&Part> for v1::Part {
    fn from(part: &Part) -> Self {
        Self {
            assignee: part.assignee.to_string(),
            targets: part.targets.iter().map(v1::Target::from).collect(),
            due: text_or_empty(part.due),
        }
    }
}

impl TryFrom<v1::Part> for Part {
    type Error = Refusal;

    fn try_from(part: v1::Part) -> Result<Self, Refusal> {
        let v1::Part {
            assignee,
            targets,
            due,
        } = part;
        Ok(Self {
            assignee: read::region("assignee", &assignee)?,
            targets: each("targets", targets)?,
            due: optional_date("due", &due)?,
        })
    }
}

impl From<&Shortfall> for v1::Shortfall {
    fn from(shortfall: &Shortfall) -> Self {
        let codes = |regions: &[RegionCode]| regions.iter().map(RegionCode::to_string).collect();
        let denominator = shortfall
            .target
            .bound
            .map_or(1, |bound| bound.value().denominator());
        Self {
            whole: Some(v1::Target::from(&shortfall.target)),
            parts_sum: shortfall.parts_sum.map(|sum| decimal(sum, denominator)),
            weaker: codes(&shortfall.weaker),
            missing: codes(&shortfall.missing),
        }
    }
}

/// A numerator over a power of ten as a decimal.
fn decimal(numerator: i128, denominator: i64) -> String {
    if denominator <= 1 {
        return numerator.to_string();
    }
    let digits = denominator.ilog10() as usize;
    let (whole, rest) = (
        numerator / i128::from(denominator),
        numerator % i128::from(denominator),
    );
    format!("{whole}.{rest:0digits$}")
}

#[cfg(test)]
mod tests;
