//! Every acknowledged step of a task is there, at both sides, and both sides show the task alike.

use liandong_wire::task::v1::{ListTasksRequest, ListTasksResponse, TaskRecord};

use super::all;
use crate::line::{Line, Said};
use crate::places::{DONOR, PLACES};
use crate::shared::Shared;

/// What does not hold.
pub(super) async fn look(shared: &Shared, lines: &[Line]) -> Vec<String> {
    let mut broken = Vec::new();
    let wanted: Vec<usize> = PLACES
        .iter()
        .enumerate()
        .filter(|(_, place)| place.code == DONOR || place.parent == DONOR)
        .map(|(number, _)| number)
        .collect();
    let asked = wanted
        .iter()
        .filter_map(|number| lines.get(*number))
        .map(|line| {
            let mut client = line.task();
            let request = ListTasksRequest {
                issuer: DONOR.to_owned(),
                ..ListTasksRequest::default()
            };
            async move { client.list_tasks(request).await }
        });
    let answers = all(asked.collect()).await;
    let mut listed: Vec<(&str, ListTasksResponse)> = Vec::new();
    for (number, said) in wanted.iter().zip(answers) {
        let code = PLACES.get(*number).map_or("", |place| place.code);
        match said {
            Said::Answer(answer) => listed.push((code, answer)),
            Said::Refused(status) => {
                broken.push(format!("task: {code} refuses: {}", status.message()));
            }
            Said::Nothing(why) => broken.push(format!("task: {code}: {why}")),
        }
    }
    let issuer = listed.iter().find(|(code, _)| *code == DONOR);
    let Some((_, at_issuer)) = issuer else {
        return broken;
    };
    for (code, answer) in &listed {
        if *code == DONOR {
            continue;
        }
        let at_issuer: Vec<&TaskRecord> = of(at_issuer, code);
        let here = of(answer, code);
        if at_issuer != here {
            broken.push(format!(
                "task: {DONOR} has {} for {code}, which has {}",
                brief(&at_issuer),
                brief(&here)
            ));
        }
    }
    let ledger = shared.ledger.borrow();
    for step in &ledger.steps {
        if ledger.may_be_gone(step.node, step.acknowledged_at) {
            continue;
        }
        let of_author = |record: &&TaskRecord| {
            let task = record.task.iter().flat_map(|task| &task.steps);
            let progress = record.progress.iter().flat_map(|progress| &progress.steps);
            task.chain(progress).any(|one| one.by == step.author)
        };
        let there = at_issuer
            .tasks
            .iter()
            .filter(|record| record.id == step.task)
            .any(|record| of_author(&record));
        if !there {
            broken.push(format!(
                "task: the step of {} in {} is not at {DONOR}",
                step.author, step.task
            ));
        }
    }
    broken
}

fn of<'a>(listed: &'a ListTasksResponse, assignee: &str) -> Vec<&'a TaskRecord> {
    let is_of = |record: &&TaskRecord| {
        let task = record.task.as_ref();
        task.is_some_and(|task| task.assignee == assignee)
    };
    listed.tasks.iter().filter(is_of).collect()
}

fn brief(records: &[&TaskRecord]) -> String {
    let words: Vec<String> = records
        .iter()
        .map(|record| {
            let steps = record.task.as_ref().map_or(0, |task| task.steps.len());
            let progress = record.progress.as_ref().map_or(0, |one| one.steps.len());
            format!(
                "{} v{} with {steps}+{progress} steps",
                record.id, record.version
            )
        })
        .collect();
    format!("[{}]", words.join(", "))
}
