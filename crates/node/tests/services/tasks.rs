//! A plan from draft to issue, and a task from assignment to closing.

use liandong_wire::task::v1::{
    Action, AssignTasksRequest, Bound, CommentPlanRequest, ConsultPlanRequest, GetPlanRequest,
    GetTaskRequest, ImportPlanRequest, IssuePlanRequest, ListPlansRequest, ListTasksRequest, Part,
    PlanItem, PlanStatus, PlanText, Stage, StepTaskRequest, Target, bound,
};
use tonic::Code;

use crate::support::{Running, TREE, author, start};

fn plan() -> PlanText {
    let target = Target {
        indicator: "compulsory-dropouts".to_owned(),
        due: "2099".to_owned(),
        bound: Some(Bound {
            bound: Some(bound::Bound::AtMost("10".to_owned())),
        }),
        text: "失学辍学不超过10人".to_owned(),
    };
    PlanText {
        code: "plan-1".to_owned(),
        title: "控辍保学方案".to_owned(),
        issuer: "371524".to_owned(),
        items: vec![PlanItem {
            number: "1".to_owned(),
            name: "控辍保学".to_owned(),
            targets: vec![target],
            ..PlanItem::default()
        }],
        ..PlanText::default()
    }
}

async fn issued() -> Running {
    let node = start("371524", TREE, "").await;
    let imported = node
        .task()
        .import_plan(ImportPlanRequest {
            issuer: "371524".to_owned(),
            plan: Some(plan()),
            indicators: Vec::new(),
            author: author(),
        })
        .await
        .expect("a draft");
    assert_eq!(imported.into_inner().plan, "plan-1");
    let consulted = ConsultPlanRequest {
        issuer: "371524".to_owned(),
        plan: "plan-1".to_owned(),
        until: "2099-01-01".to_owned(),
        author: author(),
    };
    node.task()
        .consult_plan(consulted)
        .await
        .expect("in consultation");
    let comment = CommentPlanRequest {
        region: "371524001".to_owned(),
        id: "c-1".to_owned(),
        issuer: "371524".to_owned(),
        plan: "plan-1".to_owned(),
        item: "1".to_owned(),
        text: "建议写明口径".to_owned(),
        author: author(),
    };
    node.task().comment_plan(comment).await.expect("a comment");
    let issue = IssuePlanRequest {
        issuer: "371524".to_owned(),
        plan: "plan-1".to_owned(),
        author: author(),
    };
    node.task().issue_plan(issue).await.expect("issued");
    node
}

#[tokio::test]
async fn plans_are_listed_with_their_comments() {
    let node = issued().await;
    let asked = ListPlansRequest {
        issuer: String::new(),
        status: PlanStatus::Issued.into(),
    };
    let plans = node
        .task()
        .list_plans(asked)
        .await
        .expect("a list")
        .into_inner()
        .plans;
    assert_eq!(plans.len(), 1);
    assert_eq!(
        (plans[0].items, plans[0].targets, plans[0].comments),
        (1, 1, 1)
    );
    let drafts = ListPlansRequest {
        issuer: String::new(),
        status: PlanStatus::Draft.into(),
    };
    assert!(
        node.task()
            .list_plans(drafts)
            .await
            .expect("a list")
            .into_inner()
            .plans
            .is_empty()
    );
    let asked = GetPlanRequest {
        issuer: "371524".to_owned(),
        plan: "plan-1".to_owned(),
    };
    let got = node
        .task()
        .get_plan(asked.clone())
        .await
        .expect("a plan")
        .into_inner();
    assert_eq!(got.plan.expect("a plan").steps.len(), 3);
    assert_eq!(got.comments[0].region, "371524001");
    let other = GetPlanRequest {
        plan: "plan-2".to_owned(),
        ..asked
    };
    let status = node.task().get_plan(other).await.expect_err("no such plan");
    assert_eq!(status.code(), Code::NotFound);
    assert!(
        status.message().contains("plan-1 (371524)"),
        "{}",
        status.message()
    );
}

async fn stage(node: &Running, id: &str) -> Stage {
    let asked = GetTaskRequest {
        issuer: "371524".to_owned(),
        task: id.to_owned(),
    };
    let got = node
        .task()
        .get_task(asked)
        .await
        .expect("a task")
        .into_inner();
    got.task.expect("a task").stage()
}

#[tokio::test]
async fn a_task_goes_from_assignment_to_closing() {
    let node = issued().await;
    let assigned = node
        .task()
        .assign_tasks(AssignTasksRequest {
            issuer: "371524".to_owned(),
            plan_issuer: "371524".to_owned(),
            plan: "plan-1".to_owned(),
            item: "1".to_owned(),
            parts: vec![Part {
                assignee: "371524001".to_owned(),
                targets: Vec::new(),
                due: "2099-12-31".to_owned(),
            }],
            author: author(),
        })
        .await
        .expect("a task")
        .into_inner();
    let id = assigned.tasks[0].clone();
    // The cap was given to the town alone; the school directly below the county has none.
    assert_eq!(assigned.shortfalls[0].missing, ["371524-C"]);
    assert_eq!(stage(&node, &id).await, Stage::Assigned);
    let steps = [
        (Action::Acknowledge, "371524001", Stage::Acknowledged),
        (Action::Complete, "371524001", Stage::Completed),
        (Action::Return, "371524", Stage::Returned),
        (Action::Complete, "371524001", Stage::Completed),
        (Action::Accept, "371524", Stage::Accepted),
        (Action::Close, "371524", Stage::Closed),
    ];
    for (action, region, reached) in steps {
        let step = StepTaskRequest {
            region: region.to_owned(),
            issuer: "371524".to_owned(),
            task: id.clone(),
            action: action.into(),
            author: author(),
        };
        node.task().step_task(step).await.expect("a step");
        assert_eq!(stage(&node, &id).await, reached);
    }
    let listed = |stage: Stage| ListTasksRequest {
        assignee: "371524001".to_owned(),
        issuer: String::new(),
        plan: "plan-1".to_owned(),
        stage: stage.into(),
    };
    let closed = node
        .task()
        .list_tasks(listed(Stage::Closed))
        .await
        .expect("a list");
    let tasks = closed.into_inner().tasks;
    assert_eq!(tasks.len(), 1);
    assert_eq!(
        tasks[0]
            .progress
            .as_ref()
            .map(|progress| progress.steps.len()),
        Some(3)
    );
    let issued = ListTasksRequest {
        issuer: "371524".to_owned(),
        ..listed(Stage::Assigned)
    };
    let short = node.task().list_tasks(issued).await.expect("a list");
    let shortfalls = short.into_inner().shortfalls;
    assert_eq!((shortfalls.len(), shortfalls[0].item.as_str()), (1, "1"));
    assert_eq!(shortfalls[0].shortfalls, assigned.shortfalls);
    let open = node
        .task()
        .list_tasks(listed(Stage::Assigned))
        .await
        .expect("a list");
    assert!(open.into_inner().tasks.is_empty());
}
