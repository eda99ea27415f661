//! What may be asked about plans and tasks, as commands and filters.

use liandong_core::command::Command;
use liandong_core::plan::{Plan, PlanStatus};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::step::Action;
use liandong_core::task::{Stage, Task};

use super::step::action;
use super::{stage_number, v1};
use crate::read::{self, date, each, one, optional_region};

impl TryFrom<v1::ImportPlanRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::ImportPlanRequest) -> Result<Self, Refusal> {
        let v1::ImportPlanRequest {
            issuer,
            plan,
            indicators,
            author,
        } = request;
        Ok(Self::ImportPlan {
            issuer: read::region("issuer", &issuer)?,
            text: one("plan", plan)?,
            indicators: each("indicators", indicators)?,
            author: one("author", author)?,
        })
    }
}

impl TryFrom<v1::ConsultPlanRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::ConsultPlanRequest) -> Result<Self, Refusal> {
        let v1::ConsultPlanRequest {
            issuer,
            plan,
            until,
            author,
        } = request;
        Ok(Self::ConsultPlan {
            issuer: read::region("issuer", &issuer)?,
            plan,
            until: date("until", &until)?,
            author: one("author", author)?,
        })
    }
}

impl TryFrom<v1::CommentPlanRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::CommentPlanRequest) -> Result<Self, Refusal> {
        let v1::CommentPlanRequest {
            region,
            id,
            issuer,
            plan,
            item,
            text,
            author,
        } = request;
        Ok(Self::CommentPlan {
            region: read::region("region", &region)?,
            id,
            issuer: read::region("issuer", &issuer)?,
            plan,
            item,
            text,
            author: one("author", author)?,
        })
    }
}

impl TryFrom<v1::IssuePlanRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::IssuePlanRequest) -> Result<Self, Refusal> {
        let v1::IssuePlanRequest {
            issuer,
            plan,
            author,
        } = request;
        Ok(Self::IssuePlan {
            issuer: read::region("issuer", &issuer)?,
            plan,
            author: one("author", author)?,
        })
    }
}

impl TryFrom<v1::AssignTasksRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::AssignTasksRequest) -> Result<Self, Refusal> {
        let v1::AssignTasksRequest {
            issuer,
            plan_issuer,
            plan,
            item,
            parts,
            author,
        } = request;
        Ok(Self::AssignTasks {
            issuer: read::region("issuer", &issuer)?,
            plan_issuer: read::region("plan_issuer", &plan_issuer)?,
            plan,
            item,
            parts: each("parts", parts)?,
            author: one("author", author)?,
        })
    }
}

impl TryFrom<v1::StepTaskRequest> for Command {
    type Error = Refusal;

    fn try_from(request: v1::StepTaskRequest) -> Result<Self, Refusal> {
        let v1::StepTaskRequest {
            region,
            issuer,
            task,
            action: action_number,
            author,
        } = request;
        let step = action("action", action_number)?;
        check_is_of_tasks(step)?;
        Ok(Self::StepTask {
            region: read::region("region", &region)?,
            issuer: read::region("issuer", &issuer)?,
            task,
            action: step,
            author: one("author", author)?,
        })
    }
}

/// Refuses steps that no side can take in a task once it is assigned.
fn check_is_of_tasks(step: Action) -> Result<(), Refusal> {
    const STEPS: [Action; 6] = [
        Action::Acknowledge,
        Action::Complete,
        Action::Accept,
        Action::Return,
        Action::Close,
        Action::Revoke,
    ];
    if STEPS.contains(&step) {
        return Ok(());
    }
    let words = STEPS.map(|action| action.word().to_owned());
    let accepted = Accepted::OneOf(words.into());
    Err(Refusal::new(
        Reason::Malformed,
        "action",
        step.word(),
        accepted,
    ))
}

/// Which plans are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanFilter {
    /// Only those of this issuer.
    pub issuer: Option<RegionCode>,
    /// Only those that stand here.
    status: Option<v1::PlanStatus>,
}

impl PlanFilter {
    /// Whether the plan is listed.
    pub fn takes(&self, issuer: RegionCode, plan: &Plan) -> bool {
        let status = match plan.status {
            PlanStatus::Draft => v1::PlanStatus::Draft,
            PlanStatus::Consultation { .. } => v1::PlanStatus::Consultation,
            PlanStatus::Issued => v1::PlanStatus::Issued,
        };
        self.issuer.is_none_or(|wanted| wanted == issuer)
            && self.status.is_none_or(|wanted| wanted == status)
    }
}

impl TryFrom<v1::ListPlansRequest> for PlanFilter {
    type Error = Refusal;

    fn try_from(request: v1::ListPlansRequest) -> Result<Self, Refusal> {
        let v1::ListPlansRequest { issuer, status } = request;
        let wanted = match v1::PlanStatus::try_from(status) {
            Ok(v1::PlanStatus::Unspecified) => None,
            Ok(wanted) => Some(wanted),
            Err(_) => {
                let words = ["draft", "consultation", "issued"].map(str::to_owned);
                let accepted = Accepted::OneOf(words.into());
                return Err(Refusal::new(Reason::Malformed, "status", status, accepted));
            }
        };
        Ok(Self {
            issuer: optional_region("issuer", &issuer)?,
            status: wanted,
        })
    }
}

/// Which tasks are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only those of this assignee.
    pub assignee: Option<RegionCode>,
    /// Only those that this region assigned.
    pub issuer: Option<RegionCode>,
    /// Only those of the plan with this code.
    pub plan: Option<String>,
    /// Only those at this stage.
    pub stage: Option<Stage>,
}

impl TaskFilter {
    /// Whether a task at that stage, assigned by `issuer`, is listed.
    pub fn takes(&self, issuer: RegionCode, task: &Task, stage: Stage) -> bool {
        self.assignee.is_none_or(|wanted| wanted == task.assignee)
            && self.issuer.is_none_or(|wanted| wanted == issuer)
            && self.plan.as_ref().is_none_or(|wanted| *wanted == task.plan)
            && self.stage.is_none_or(|wanted| wanted == stage)
    }
}

impl TryFrom<v1::ListTasksRequest> for TaskFilter {
    type Error = Refusal;

    fn try_from(request: v1::ListTasksRequest) -> Result<Self, Refusal> {
        let v1::ListTasksRequest {
            assignee,
            issuer,
            plan,
            stage,
        } = request;
        let wanted = if stage == i32::from(v1::Stage::Unspecified) {
            None
        } else {
            Some(stage_number("stage", stage)?)
        };
        Ok(Self {
            assignee: optional_region("assignee", &assignee)?,
            issuer: optional_region("issuer", &issuer)?,
            plan: (!plan.is_empty()).then_some(plan),
            stage: wanted,
        })
    }
}

/// Names a plan or a task at its issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The region that issued or assigned it.
    pub issuer: RegionCode,
    /// Its code or id at that region.
    pub id: String,
}

impl TryFrom<v1::GetPlanRequest> for Named {
    type Error = Refusal;

    fn try_from(request: v1::GetPlanRequest) -> Result<Self, Refusal> {
        let v1::GetPlanRequest { issuer, plan } = request;
        Ok(Self {
            issuer: read::region("issuer", &issuer)?,
            id: plan,
        })
    }
}

impl TryFrom<v1::GetTaskRequest> for Named {
    type Error = Refusal;

    fn try_from(request: v1::GetTaskRequest) -> Result<Self, Refusal> {
        let v1::GetTaskRequest { issuer, task } = request;
        Ok(Self {
            issuer: read::region("issuer", &issuer)?,
            id: task,
        })
    }
}
