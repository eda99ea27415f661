//! Tests of where a task stands, whatever has arrived of it.

use jiff::Timestamp;

use super::{Stage, Task, TaskProgress, stage};
use crate::step::{Action, Step};
use crate::testing::{author, code};

fn steps(actions: &[Action]) -> Vec<Step> {
    let step = |action: &Action| Step::new(*action, &author(""), Timestamp::UNIX_EPOCH);
    actions.iter().map(step).collect()
}

fn task(actions: &[Action], reviewed: u32) -> Task {
    Task {
        plan_issuer: code("371500"),
        plan: "p".to_owned(),
        item: "1".to_owned(),
        name: String::new(),
        assignee: code("371502"),
        targets: Vec::new(),
        due: None,
        steps: steps(actions),
        reviewed,
    }
}

fn progress(actions: &[Action]) -> TaskProgress {
    TaskProgress {
        issuer: code("371500"),
        task: "p/1/371502".to_owned(),
        steps: steps(actions),
    }
}

#[test]
fn the_stage_follows_from_any_two_versions() {
    use Action::{Accept, Acknowledge, Assign, Close, Complete, Return, Revoke};
    let tasks = [
        task(&[Assign], 0),
        task(&[Assign, Return], 1),
        task(&[Assign, Return, Accept], 2),
        task(&[Assign, Return, Accept, Close], 2),
        task(&[Assign, Revoke], 0),
        task(&[Assign, Return, Assign], 1),
    ];
    let told = [
        None,
        Some(progress(&[Acknowledge])),
        Some(progress(&[Acknowledge, Complete])),
        Some(progress(&[Acknowledge, Complete, Complete])),
    ];
    use Stage::{Accepted, Acknowledged, Assigned, Closed, Completed, Returned, Revoked};
    // Each row is a version of the task, each column a version of the progress. Where a review has
    // arrived before the completion it answers, the review counts.
    let expected = [
        [Assigned, Acknowledged, Completed, Completed],
        [Returned, Returned, Returned, Completed],
        [Accepted, Accepted, Accepted, Accepted],
        [Closed, Closed, Closed, Closed],
        [Revoked, Revoked, Revoked, Revoked],
        [Assigned, Acknowledged, Acknowledged, Completed],
    ];
    for (task, row) in tasks.iter().zip(expected) {
        for (progress, expected) in told.iter().zip(row) {
            assert_eq!(
                stage(task, progress.as_ref()),
                expected,
                "{task:?} {progress:?}"
            );
        }
    }
}
