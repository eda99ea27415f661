//! Listing tasks: what one side asks and what the other says it did, and where that leaves them.

use liandong_core::access::Right;
use liandong_core::document::{Body, Document, DocumentKey, Kind};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_core::task::{Task, TaskProgress, progress_id, stage};
use liandong_wire::task::v1::TaskRecord;
use liandong_wire::task::{Named, TaskFilter, task_record};

use super::super::call::{MAX_LISTED, Sight, too_long};

/// Refuses a caller that could be shown no task of those regions. A task is shown to whoever may
/// read those of one of its sides.
pub(super) fn require(
    sight: &Sight<'_>,
    issuer: Option<RegionCode>,
    assignee: Option<RegionCode>,
) -> Result<(), Refusal> {
    let named = [issuer, assignee];
    let mut named = named.into_iter().flatten();
    if named.clone().any(|side| sight.may(Right::ReadTasks, side)) {
        return Ok(());
    }
    match named.next_back() {
        Some(side) if assignee.is_some() => Err(sight.denied(Right::ReadTasks, side)),
        // An issuer's tasks are for others, who may see their own.
        _ => sight.require_somewhere(Right::ReadTasks),
    }
}

fn is_shown(sight: &Sight<'_>, issuer: RegionCode, task: &Task) -> bool {
    let mut sides = [task.assignee, issuer].into_iter();
    sides.any(|side| sight.may(Right::ReadTasks, side))
}

/// The tasks that are asked for, ordered by issuer and id.
pub(super) fn list(
    state: &State,
    filter: &TaskFilter,
    sight: &Sight<'_>,
) -> Result<Vec<TaskRecord>, Refusal> {
    let mut tasks = Vec::new();
    for document in state.documents(Kind::Task) {
        let Body::Task(task) = &document.body else {
            continue;
        };
        let progress = progress(state, document.owner, &document.id, task);
        let asked_for = filter.takes(document.owner, task, stage(task, progress));
        if asked_for && is_shown(sight, document.owner, task) {
            tasks.push(record(document, task, progress));
        }
    }
    if tasks.len() > MAX_LISTED {
        return Err(too_long("plan", tasks.len()));
    }
    Ok(tasks)
}

/// One task.
pub(super) fn get(state: &State, named: &Named, sight: &Sight<'_>) -> Result<TaskRecord, Refusal> {
    let key = DocumentKey {
        kind: Kind::Task,
        owner: named.issuer,
        id: named.id.clone(),
    };
    if let Some(stored) = state.document(&key)
        && let Body::Task(task) = &stored.document.body
        && is_shown(sight, named.issuer, task)
    {
        let progress = progress(state, named.issuer, &named.id, task);
        return Ok(record(&stored.document, task, progress));
    }
    // Others learn in the same words whether there is none or whether it is not theirs.
    sight.require(Right::ReadTasks, named.issuer)?;
    let known = state.documents_of(Kind::Task, named.issuer);
    let accepted = Accepted::OneOf(known.map(|document| document.id.clone()).collect());
    Err(Refusal::new(
        Reason::UnknownTask,
        "task",
        &named.id,
        accepted,
    ))
}

fn record(document: &Document, task: &Task, progress: Option<&TaskProgress>) -> TaskRecord {
    task_record(
        document.owner,
        &document.id,
        document.version,
        task,
        progress,
    )
}

/// What the region that works has said of a task.
fn progress<'a>(
    state: &'a State,
    issuer: RegionCode,
    id: &str,
    task: &Task,
) -> Option<&'a TaskProgress> {
    let key = DocumentKey {
        kind: Kind::TaskProgress,
        owner: task.assignee,
        id: progress_id(issuer, id),
    };
    match &state.document(&key)?.document.body {
        Body::TaskProgress(progress) => Some(progress),
        _ => None,
    }
}
