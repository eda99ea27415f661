//! Calls about plans and tasks.

use liandong_wire::task::v1;

use crate::call::unary_calls;
use crate::connect::{Client, Wires};

/// Plans and tasks of a node.
#[derive(Clone, Debug)]
pub struct Task {
    client: Client,
}

unary_calls! {
    Task over v1::task_service_client::TaskServiceClient<Wires>;

    /// Brings in a plan as a draft.
    once import_plan(ImportPlanRequest) -> ImportPlanResponse;
    /// Puts a draft to consultation.
    once consult_plan(ConsultPlanRequest) -> ConsultPlanResponse;
    /// Comments on a plan in consultation. The comment's id makes repeating it harmless.
    again comment_plan(CommentPlanRequest) -> CommentPlanResponse;
    /// Issues a plan.
    once issue_plan(IssuePlanRequest) -> IssuePlanResponse;
    /// Plans that the node knows.
    again list_plans(ListPlansRequest) -> ListPlansResponse;
    /// One plan with its comments.
    again get_plan(GetPlanRequest) -> GetPlanResponse;
    /// Decomposes a plan item into tasks for regions directly below.
    once assign_tasks(AssignTasksRequest) -> AssignTasksResponse;
    /// Takes a step in a task.
    once step_task(StepTaskRequest) -> StepTaskResponse;
    /// Tasks that the node knows.
    again list_tasks(ListTasksRequest) -> ListTasksResponse;
    /// One task.
    again get_task(GetTaskRequest) -> GetTaskResponse;
}
