//! Plans and tasks: `liandong.task.v1`.

mod plans;
mod shortfalls;
mod tasks;

use std::sync::Arc;

use liandong_core::access::Right;
use liandong_core::command::{Answer, Command};
use liandong_wire::task::v1::task_service_server::TaskService as Service;
use liandong_wire::task::v1::{
    AssignTasksRequest, AssignTasksResponse, CommentPlanRequest, CommentPlanResponse,
    ConsultPlanRequest, ConsultPlanResponse, GetPlanRequest, GetPlanResponse, GetTaskRequest,
    GetTaskResponse, ImportPlanRequest, ImportPlanResponse, IssuePlanRequest, IssuePlanResponse,
    ListPlansRequest, ListPlansResponse, ListTasksRequest, ListTasksResponse, Shortfall,
    StepTaskRequest, StepTaskResponse,
};
use liandong_wire::task::{Named, PlanFilter, TaskFilter};
use tonic::{Request, Response, Status};
use tracing::info_span;

use super::call::{Failure, Method, serve, unexpected, write};
use crate::context::Context;

/// Takes plans from draft to issue and tasks from assignment to closing.
#[derive(Clone, Debug)]
pub(crate) struct TaskService {
    context: Arc<Context>,
}

impl TaskService {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    fn method(&self, name: &'static str) -> Method {
        Method::new("task", name, self.context.config.limits.timeout)
    }
}

#[tonic::async_trait]
impl Service for TaskService {
    async fn import_plan(
        &self,
        request: Request<ImportPlanRequest>,
    ) -> Result<Response<ImportPlanResponse>, Status> {
        let context = &self.context;
        let span = info_span!("import_plan");
        serve(
            self.method("ImportPlan"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                let (plan, version) = write(context, &caller, command).await?;
                Ok(ImportPlanResponse { plan, version })
            },
        )
        .await
    }

    async fn consult_plan(
        &self,
        request: Request<ConsultPlanRequest>,
    ) -> Result<Response<ConsultPlanResponse>, Status> {
        let context = &self.context;
        let span = info_span!("consult_plan");
        serve(
            self.method("ConsultPlan"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                let (_, version) = write(context, &caller, command).await?;
                Ok(ConsultPlanResponse { version })
            },
        )
        .await
    }

    async fn comment_plan(
        &self,
        request: Request<CommentPlanRequest>,
    ) -> Result<Response<CommentPlanResponse>, Status> {
        let context = &self.context;
        let span = info_span!("comment_plan");
        serve(
            self.method("CommentPlan"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                let (id, version) = write(context, &caller, command).await?;
                Ok(CommentPlanResponse { id, version })
            },
        )
        .await
    }

    async fn issue_plan(
        &self,
        request: Request<IssuePlanRequest>,
    ) -> Result<Response<IssuePlanResponse>, Status> {
        let context = &self.context;
        let span = info_span!("issue_plan");
        serve(
            self.method("IssuePlan"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                let (_, version) = write(context, &caller, command).await?;
                Ok(IssuePlanResponse { version })
            },
        )
        .await
    }

    async fn list_plans(
        &self,
        request: Request<ListPlansRequest>,
    ) -> Result<Response<ListPlansResponse>, Status> {
        let context = &self.context;
        let span = info_span!("list_plans");
        serve(
            self.method("ListPlans").long(&context.long_answers),
            span,
            request,
            |caller, message| async move {
                let filter = PlanFilter::try_from(message)?;
                let who = context.asking(&caller);
                let listed = context.reader.read(|state| {
                    let sight = context.sight(state, &who);
                    match filter.issuer {
                        Some(issuer) => sight.require(Right::ReadPlans, issuer)?,
                        None => sight.require_somewhere(Right::ReadPlans)?,
                    }
                    plans::list(state, filter, &sight)
                });
                Ok(ListPlansResponse {
                    plans: listed.await??,
                })
            },
        )
        .await
    }

    async fn get_plan(
        &self,
        request: Request<GetPlanRequest>,
    ) -> Result<Response<GetPlanResponse>, Status> {
        let context = &self.context;
        let span = info_span!("get_plan");
        serve(
            self.method("GetPlan"),
            span,
            request,
            |caller, message| async move {
                let named = Named::try_from(message)?;
                let who = context.asking(&caller);
                let got = context.reader.read(|state| {
                    let sight = context.sight(state, &who);
                    sight.require(Right::ReadPlans, named.issuer)?;
                    plans::get(state, &named, &sight)
                });
                Ok(got.await??)
            },
        )
        .await
    }

    async fn assign_tasks(
        &self,
        request: Request<AssignTasksRequest>,
    ) -> Result<Response<AssignTasksResponse>, Status> {
        let context = &self.context;
        let span = info_span!("assign_tasks", parts = request.get_ref().parts.len());
        serve(
            self.method("AssignTasks"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                context.require_for(&caller, &command)?;
                match context.committer.submit(command, caller.origin()).await? {
                    Answer::Tasks { ids, shortfalls } => Ok(AssignTasksResponse {
                        tasks: ids,
                        shortfalls: shortfalls.iter().map(Shortfall::from).collect(),
                    }),
                    other => Err(Failure::Refused(unexpected(&other))),
                }
            },
        )
        .await
    }

    async fn step_task(
        &self,
        request: Request<StepTaskRequest>,
    ) -> Result<Response<StepTaskResponse>, Status> {
        let context = &self.context;
        let span = info_span!("step_task");
        serve(
            self.method("StepTask"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                let (_, version) = write(context, &caller, command).await?;
                Ok(StepTaskResponse { version })
            },
        )
        .await
    }

    async fn list_tasks(
        &self,
        request: Request<ListTasksRequest>,
    ) -> Result<Response<ListTasksResponse>, Status> {
        let context = &self.context;
        let span = info_span!("list_tasks");
        serve(
            self.method("ListTasks").long(&context.long_answers),
            span,
            request,
            |caller, message| async move {
                let filter = TaskFilter::try_from(message)?;
                let who = context.asking(&caller);
                let listed = context.reader.read(|state| {
                    let sight = context.sight(state, &who);
                    tasks::require(&sight, filter.issuer, filter.assignee)?;
                    // What an issuer's parts fall short of is for its own eyes.
                    let issuer = filter.issuer;
                    let all = issuer.is_some_and(|issuer| sight.may(Right::ReadTasks, issuer));
                    let shortfalls = if all {
                        shortfalls::list(state, &context.catalogue, &filter)
                    } else {
                        Vec::new()
                    };
                    let tasks = tasks::list(state, &filter, &sight)?;
                    Ok(ListTasksResponse { tasks, shortfalls })
                });
                listed.await?
            },
        )
        .await
    }

    async fn get_task(
        &self,
        request: Request<GetTaskRequest>,
    ) -> Result<Response<GetTaskResponse>, Status> {
        let context = &self.context;
        let span = info_span!("get_task");
        serve(
            self.method("GetTask"),
            span,
            request,
            |caller, message| async move {
                let named = Named::try_from(message)?;
                let who = context.asking(&caller);
                let got = context
                    .reader
                    .read(|state| tasks::get(state, &named, &context.sight(state, &who)));
                Ok(GetTaskResponse {
                    task: Some(got.await??),
                })
            },
        )
        .await
    }
}
