use liandong_core::command::Command;
use liandong_core::plan::{Bound, Target};
use liandong_core::quantity::Exact;
use liandong_core::refusal::Reason;
use liandong_core::region::RegionCode;
use liandong_core::task::{Shortfall, Stage};

use super::{TaskFilter, v1};

fn author() -> Option<v1::Author> {
    Some(v1::Author {
        name: "基教科".to_owned(),
        why: String::new(),
    })
}

fn assign(due: &str, bound: Option<v1::bound::Bound>) -> v1::AssignTasksRequest {
    let part = |targets| v1::Part {
        assignee: "371524".to_owned(),
        targets,
        due: due.to_owned(),
    };
    let target = v1::Target {
        indicator: "home-visits".to_owned(),
        due: "2025".to_owned(),
        bound: Some(v1::Bound { bound }),
        text: "入户家访".to_owned(),
    };
    v1::AssignTasksRequest {
        issuer: "371500".to_owned(),
        plan_issuer: "371500".to_owned(),
        plan: "revitalisation".to_owned(),
        item: "1".to_owned(),
        parts: vec![part(Vec::new()), part(vec![target])],
        author: author(),
    }
}

#[test]
fn a_refusal_names_the_path_of_the_field() {
    let refusal = Command::try_from(assign("14/3/2025", None)).expect_err("not a date");
    assert_eq!(refusal.field, "parts[0].due");
    assert_eq!(refusal.reason, Reason::Malformed);
    assert_eq!(refusal.value, "14/3/2025");

    let refusal = Command::try_from(assign("", None)).expect_err("a bound without a number");
    assert_eq!(refusal.field, "parts[1].targets[0].bound");
    assert_eq!(refusal.reason, Reason::Missing);

    let minus = v1::bound::Bound::AtLeast("-3".to_owned());
    let refusal = Command::try_from(assign("", Some(minus))).expect_err("a sign");
    assert_eq!(refusal.field, "parts[1].targets[0].bound.at_least");

    let percent = v1::bound::Bound::AtLeast("30%".to_owned());
    let command = Command::try_from(assign("", Some(percent))).expect("a share");
    let Command::AssignTasks { parts, .. } = command else {
        panic!("another command: {command:?}");
    };
    let expected: Exact = "0.3".parse().expect("a number");
    assert_eq!(parts[1].targets[0].bound, Some(Bound::AtLeast(expected)));
}

#[test]
fn an_author_is_required() {
    let request = v1::IssuePlanRequest {
        issuer: "371500".to_owned(),
        plan: "revitalisation".to_owned(),
        author: None,
    };
    let refusal = Command::try_from(request).expect_err("no author");
    assert_eq!(
        (refusal.reason, refusal.field.as_str()),
        (Reason::Missing, "author")
    );
}

#[test]
fn only_steps_of_tasks_are_taken() {
    let step = |action: i32| v1::StepTaskRequest {
        region: "371524".to_owned(),
        issuer: "371500".to_owned(),
        task: "revitalisation/1/371524".to_owned(),
        action,
        author: author(),
    };
    assert!(Command::try_from(step(v1::Action::Complete.into())).is_ok());
    for (number, reason) in [
        (v1::Action::Sign.into(), Reason::Malformed),
        (v1::Action::Unspecified.into(), Reason::Missing),
        (99, Reason::Malformed),
    ] {
        let refusal = Command::try_from(step(number)).expect_err("not a step of a task");
        assert_eq!((refusal.reason, refusal.field.as_str()), (reason, "action"));
    }
}

#[test]
fn an_empty_filter_takes_everything() {
    let filter = TaskFilter::try_from(v1::ListTasksRequest::default()).expect("a filter");
    assert_eq!(
        (filter.assignee, filter.stage, filter.plan),
        (None, None, None)
    );
    let request = v1::ListTasksRequest {
        stage: v1::Stage::Returned.into(),
        ..v1::ListTasksRequest::default()
    };
    let filter = TaskFilter::try_from(request).expect("a filter");
    assert_eq!(filter.stage, Some(Stage::Returned));
}

#[test]
fn the_sum_of_the_parts_is_written_in_the_unit_of_the_whole() {
    let region: RegionCode = "371524".parse().expect("a code");
    let shortfall = |bound: &str, sum| {
        let value: Exact = bound.parse().expect("a number");
        v1::Shortfall::from(&Shortfall {
            target: Target {
                indicator: "home-visits".parse().expect("a code"),
                due: None,
                bound: Some(Bound::AtLeast(value)),
                text: String::new(),
            },
            parts_sum: Some(sum),
            weaker: Vec::new(),
            missing: vec![region],
        })
    };
    assert_eq!(shortfall("50", 42).parts_sum.as_deref(), Some("42"));
    assert_eq!(shortfall("1.05", 7).parts_sum.as_deref(), Some("0.07"));
    assert_eq!(shortfall("1.05", 103).missing, ["371524"]);
}
