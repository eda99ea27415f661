//! A plan on its way down and a task on its way there and back.

use anyhow::{Context, Result, bail, ensure};
use liandong_catalog::builtin_plans;
use liandong_client::ClientError;
use liandong_client::wire::task::v1::{
    Action, AssignTasksRequest, Author, CommentPlanRequest, ConsultPlanRequest, GetPlanRequest,
    GetTaskRequest, ImportPlanRequest, IssuePlanRequest, ListPlansRequest, Part, PlanStatus,
    PlanText, Stage, StepTaskRequest, TaskRecord,
};
use liandong_tests::node::Node;
use liandong_tests::settings::Settings;
use liandong_tests::wait::eventually;

const PLAN: &str = "liaocheng-2023";
const CITY: &str = "371500";
const COUNTY: &str = "371524";

fn author(why: &str) -> Option<Author> {
    Some(Author {
        name: "教体局".to_owned(),
        why: why.to_owned(),
    })
}

fn plan_text() -> Result<PlanText> {
    let plans = match builtin_plans() {
        Ok(plans) => plans,
        Err(errors) => bail!("the plans that ship cannot be read: {errors:?}"),
    };
    plans
        .get(PLAN)
        .map(PlanText::from)
        .context("the plan does not ship")
}

async fn status_at(node: &Node) -> Result<Option<PlanStatus>> {
    let plans = node
        .client()
        .await?
        .task()
        .list_plans(ListPlansRequest::default())
        .await?
        .plans;
    let found = plans
        .iter()
        .find(|plan| plan.plan == PLAN && plan.issuer == CITY);
    Ok(found.map(|plan| plan.status()))
}

async fn comes_to_stand(node: &Node, status: PlanStatus) -> Result<()> {
    let what = format!("the plan stands at {status:?} at {}", node.region());
    eventually(&what, async || {
        Ok((status_at(node).await? == Some(status)).then_some(()))
    })
    .await
}

async fn step(
    node: &Node,
    task: &str,
    action: Action,
    why: &str,
) -> std::result::Result<(), ClientError> {
    let request = StepTaskRequest {
        region: node.region().to_owned(),
        issuer: CITY.to_owned(),
        task: task.to_owned(),
        action: action.into(),
        author: author(why),
    };
    let client = node.dial().await?;
    client.task().step_task(request).await.map(drop)
}

async fn refused(node: &Node, task: &str, action: Action, code: &str) -> Result<()> {
    match step(node, task, action, "").await {
        Err(ClientError::Refused(refusal)) if refusal.code == code => Ok(()),
        other => bail!(
            "{action:?} at {} is to be refused as {code}: {other:?}",
            node.region()
        ),
    }
}

async fn stage(node: &Node, task: &str, stage: Stage) -> Result<TaskRecord> {
    let what = format!("the task is {stage:?} at {}", node.region());
    eventually(&what, async || {
        let request = GetTaskRequest {
            issuer: CITY.to_owned(),
            task: task.to_owned(),
        };
        let found = node.client().await?.task().get_task(request).await?.task;
        let found = found.context("no task in the answer")?;
        ensure!(found.stage() == stage, "it is {:?}", found.stage());
        Ok(Some(found))
    })
    .await
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_plan_is_consulted_on_issued_decomposed_done_and_closed() -> Result<()> {
    let city = Node::start(Settings::new(CITY)).await?;
    let mut county = Node::start(Settings::new(COUNTY).parent(&city)).await?;
    let other = Node::start(Settings::new("371581").parent(&city)).await?;
    consult(&city, &county).await?;
    comes_to_stand(&other, PlanStatus::Issued).await?;
    let task = assign(&city).await?;

    let given = stage(&county, &task, Stage::Assigned).await?;
    let targets = given.task.map(|task| task.targets.len());
    ensure!(
        targets.is_some_and(|count| count > 0),
        "the item's targets come with the task"
    );
    refused(&county, &task, Action::Accept, "NOT_YOURS").await?;
    step(&county, &task, Action::Acknowledge, "").await?;
    stage(&city, &task, Stage::Acknowledged).await?;

    // The county goes home in the evening; what the city says meanwhile is there next morning.
    step(&county, &task, Action::Complete, "已办结").await?;
    stage(&city, &task, Stage::Completed).await?;
    county.terminate().await?;
    refused(&city, &task, Action::Return, "REASON_REQUIRED").await?;
    step(&city, &task, Action::Return, "佐证材料不全").await?;
    county.resume().await?;
    let returned = stage(&county, &task, Stage::Returned).await?;
    let steps = returned.task.context("no task")?.steps;
    let told = steps.iter().any(|step| step.why == "佐证材料不全");
    ensure!(told, "the reason came along: {steps:?}");

    refused(&city, &task, Action::Close, "NOT_ALLOWED_NOW").await?;
    step(&county, &task, Action::Complete, "材料已补齐").await?;
    stage(&city, &task, Stage::Completed).await?;
    step(&city, &task, Action::Accept, "").await?;
    stage(&county, &task, Stage::Accepted).await?;
    step(&city, &task, Action::Close, "").await?;
    stage(&county, &task, Stage::Closed).await?;

    // The task is between two; the neighbour knows the plan and nothing of the task.
    let request = GetTaskRequest {
        issuer: CITY.to_owned(),
        task,
    };
    let answer = other.client().await?.task().get_task(request).await;
    ensure!(
        matches!(answer, Err(ClientError::Refused(_))),
        "the neighbour sees {answer:?}"
    );
    for node in [&city, &county, &other] {
        node.recount().await?;
    }
    Ok(())
}

/// Draft, seen by its issuer alone; consultation with a comment from below; issued.
async fn consult(city: &Node, county: &Node) -> Result<()> {
    let plans = city.client().await?.task();
    let import = ImportPlanRequest {
        issuer: CITY.to_owned(),
        plan: Some(plan_text()?),
        indicators: Vec::new(),
        author: author(""),
    };
    plans.import_plan(import).await?;
    let draft = status_at(city).await?;
    ensure!(draft == Some(PlanStatus::Draft), "the city holds {draft:?}");

    let consult = ConsultPlanRequest {
        issuer: CITY.to_owned(),
        plan: PLAN.to_owned(),
        until: "2099-12-31".to_owned(),
        author: author(""),
    };
    ensure!(status_at(county).await?.is_none(), "a draft was seen below");
    plans.consult_plan(consult).await?;
    comes_to_stand(county, PlanStatus::Consultation).await?;
    let comment = CommentPlanRequest {
        region: COUNTY.to_owned(),
        id: "comment-1".to_owned(),
        issuer: CITY.to_owned(),
        plan: PLAN.to_owned(),
        item: "1".to_owned(),
        text: "建议明确分年度目标".to_owned(),
        author: author(""),
    };
    county.client().await?.task().comment_plan(comment).await?;
    eventually("the comment is at the city", async || {
        let request = GetPlanRequest {
            issuer: CITY.to_owned(),
            plan: PLAN.to_owned(),
        };
        let comments = plans.get_plan(request).await?.comments;
        let found = comments
            .into_iter()
            .find(|comment| comment.region == COUNTY);
        Ok(found.and_then(|found| found.comment))
    })
    .await?;
    let issue = IssuePlanRequest {
        issuer: CITY.to_owned(),
        plan: PLAN.to_owned(),
        author: author(""),
    };
    plans.issue_plan(issue).await?;
    comes_to_stand(county, PlanStatus::Issued).await
}

async fn assign(city: &Node) -> Result<String> {
    let parts = |assignee: &str| {
        let due = "2025-12-31".to_owned();
        vec![Part {
            assignee: assignee.to_owned(),
            targets: Vec::new(),
            due,
        }]
    };
    let request = |assignee: &str| AssignTasksRequest {
        issuer: CITY.to_owned(),
        plan_issuer: CITY.to_owned(),
        plan: PLAN.to_owned(),
        item: "1".to_owned(),
        parts: parts(assignee),
        author: author(""),
    };
    let tasks = city.client().await?.task();
    let stranger = tasks.assign_tasks(request("500243")).await;
    let Err(ClientError::Refused(refusal)) = stranger else {
        bail!("a task was given to a stranger: {stranger:?}");
    };
    ensure!(refusal.code == "NOT_A_CHILD", "{refusal:?}");
    let answer = tasks.assign_tasks(request(COUNTY)).await?;
    answer.tasks.into_iter().next().context("no task was made")
}
