//! Tasks: decomposing a plan item, and the steps each side may take.

use std::collections::BTreeSet;

use super::plans::{find, unknown_item};
use super::text::check_author;
use super::{Setting, body, put, require_hosted, written};
use crate::catalogue::Catalogue;
use crate::command::{Answer, Decision, Part};
use crate::document::{Body, Kind};
use crate::indicator::IndicatorKind;
use crate::plan::{PlanItem, PlanStatus, Target};
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::RegionCode;
use crate::state::State;
use crate::step::{Action, Author, Step};
use crate::task::{
    Shortfall, Stage, Task, TaskProgress, completions, is_revoked, progress_id, shortfalls, stage,
    task_id,
};

/// The whole that is decomposed.
pub(super) struct Whole {
    pub(super) issuer: RegionCode,
    pub(super) plan_issuer: RegionCode,
    pub(super) plan: String,
    pub(super) item: String,
}

/// Gives parts of a plan item to regions directly below and says what they fall short of.
pub(super) fn assign(
    state: &State,
    whole: &Whole,
    parts: Vec<Part>,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "issuer", whole.issuer)?;
    check_author(author, false)?;
    let plan = find(state, whole.plan_issuer, &whole.plan)?;
    if plan.status != PlanStatus::Issued {
        return Err(Refusal::advise(
            Reason::NotAllowedNow,
            "plan",
            &whole.plan,
            "方案印发后才能分解",
            "a plan is decomposed once it is issued",
        ));
    }
    let Some(item) = plan.text.item(&whole.item) else {
        return Err(unknown_item(&plan.text, &whole.item));
    };
    if parts.is_empty() {
        return Err(super::text::missing("parts"));
    }
    let children = state.children(setting.catalogue, whole.issuer);
    let mut seen = BTreeSet::new();
    let mut events = Vec::new();
    let mut ids = Vec::new();
    let mut tasks = existing(state, whole);
    for (place, part) in parts.into_iter().enumerate() {
        let field = format!("parts[{place}].assignee");
        if !children.contains(&part.assignee) {
            let codes = children.iter().map(ToString::to_string).collect();
            let accepted = Accepted::OneOf(codes);
            return Err(Refusal::new(
                Reason::NotAChild,
                &field,
                part.assignee,
                accepted,
            ));
        }
        if !seen.insert(part.assignee) {
            let accepted = Accepted::Nothing;
            return Err(Refusal::new(
                Reason::AlreadyExists,
                &field,
                part.assignee,
                accepted,
            ));
        }
        check_targets(state, item, &part.targets, place, setting)?;
        let id = task_id(&whole.plan, &whole.item, part.assignee);
        let task = next_task(state, whole, item, part, author, setting)?;
        tasks.retain(|other| other.assignee != task.assignee);
        tasks.push(task.clone());
        events.push(put(state, whole.issuer, &id, Body::Task(task)).0);
        ids.push(id);
    }
    let shortfalls = short_of(state, setting.catalogue, item, &tasks, &children);
    Ok(Decision {
        events,
        answer: Answer::Tasks { ids, shortfalls },
    })
}

/// What the tasks made of an item fall short of; `children` are the regions that could have been
/// given one. Tasks that were revoked count for nothing.
pub fn short_of(
    state: &State,
    catalogue: &Catalogue,
    item: &PlanItem,
    tasks: &[Task],
    children: &[RegionCode],
) -> Vec<Shortfall> {
    let adds_up = |target: &Target| {
        state
            .indicator(catalogue, target.indicator)
            .is_some_and(|known| matches!(known.kind, IndicatorKind::Count | IndicatorKind::Money))
    };
    let in_force = tasks.iter().filter(|task| !is_revoked(task));
    shortfalls(item, in_force, children, adds_up)
}

fn existing(state: &State, whole: &Whole) -> Vec<Task> {
    state
        .documents_of(Kind::Task, whole.issuer)
        .filter_map(|document| match &document.body {
            Body::Task(task)
                if task.plan == whole.plan
                    && task.item == whole.item
                    && task.plan_issuer == whole.plan_issuer =>
            {
                Some(task.clone())
            }
            _ => None,
        })
        .collect()
}

fn next_task(
    state: &State,
    whole: &Whole,
    item: &PlanItem,
    part: Part,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Task, Refusal> {
    let id = task_id(&whole.plan, &whole.item, part.assignee);
    let mut steps = Vec::new();
    let mut reviewed = 0;
    if let Some(Body::Task(known)) = body(state, Kind::Task, whole.issuer, &id) {
        let progress = progress_of(state, part.assignee, whole.issuer, &id);
        let stands = stage(known, progress);
        if matches!(stands, Stage::Accepted | Stage::Closed) {
            return Err(not_now(&id, stands));
        }
        if known.plan_issuer != whole.plan_issuer {
            return Err(Refusal::advise(
                Reason::AlreadyExists,
                "task",
                &id,
                format!("{} 的同代码方案已有此任务", known.plan_issuer),
                format!(
                    "it belongs to the plan of that code by {}",
                    known.plan_issuer
                ),
            ));
        }
        steps.clone_from(&known.steps);
        reviewed = known.reviewed;
        if stands == Stage::Revoked {
            // Given again it starts over: what was completed before answers nothing now.
            reviewed = reviewed.max(progress.map_or(0, completions));
        }
    }
    steps.push(Step::new(Action::Assign, author, setting.now));
    let targets = if part.targets.is_empty() {
        item.targets.clone()
    } else {
        part.targets
    };
    Ok(Task {
        plan_issuer: whole.plan_issuer,
        plan: whole.plan.clone(),
        item: whole.item.clone(),
        name: item.name.clone(),
        assignee: part.assignee,
        targets,
        due: part.due,
        steps,
        reviewed,
    })
}

fn check_targets(
    state: &State,
    item: &PlanItem,
    targets: &[Target],
    place: usize,
    setting: &Setting<'_>,
) -> Result<(), Refusal> {
    for target in targets {
        let field = format!("parts[{place}].targets.indicator");
        if state
            .indicator(setting.catalogue, target.indicator)
            .is_none()
        {
            let accepted = Accepted::Nothing;
            return Err(Refusal::new(
                Reason::UnknownIndicator,
                &field,
                target.indicator,
                accepted,
            ));
        }
        let belongs = item
            .targets
            .iter()
            .any(|own| own.indicator == target.indicator);
        if !belongs {
            let codes = item.targets.iter().map(|own| own.indicator.to_string());
            let accepted = Accepted::OneOf(codes.collect());
            return Err(Refusal::new(
                Reason::UnknownIndicator,
                &field,
                target.indicator,
                accepted,
            ));
        }
    }
    Ok(())
}

/// Takes one step, if the region may take it and the task stands where it can be taken.
pub(super) fn step(
    state: &State,
    region: RegionCode,
    issuer: RegionCode,
    id: &str,
    action: Action,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "region", region)?;
    check_author(author, matches!(action, Action::Return | Action::Revoke))?;
    let Some(Body::Task(task)) = body(state, Kind::Task, issuer, id) else {
        let known = state
            .documents(Kind::Task)
            .map(|document| document.id.clone())
            .collect();
        let accepted = Accepted::OneOf(known);
        return Err(Refusal::new(Reason::UnknownTask, "task", id, accepted));
    };
    let progress = progress_of(state, task.assignee, issuer, id);
    let stands = stage(task, progress);
    let by_assignee = matches!(action, Action::Acknowledge | Action::Complete);
    let actor = if by_assignee { task.assignee } else { issuer };
    if region != actor {
        let accepted = Accepted::OneOf(vec![actor.to_string()]);
        return Err(Refusal::new(Reason::NotYours, "region", region, accepted));
    }
    let possible = match action {
        Action::Acknowledge => stands == Stage::Assigned,
        Action::Complete => matches!(stands, Stage::Acknowledged | Stage::Returned),
        Action::Accept | Action::Return => stands == Stage::Completed,
        Action::Close => stands == Stage::Accepted,
        Action::Revoke => !matches!(stands, Stage::Closed | Stage::Revoked),
        _ => false,
    };
    if !possible {
        return Err(not_now(id, stands));
    }
    let step = Step::new(action, author, setting.now);
    if by_assignee {
        let mut progress = progress.cloned().unwrap_or_else(|| TaskProgress {
            issuer,
            task: id.to_owned(),
            steps: Vec::new(),
        });
        progress.steps.push(step);
        let key = progress_id(issuer, id);
        return Ok(written(state, region, &key, Body::TaskProgress(progress)));
    }
    let mut task = task.clone();
    if matches!(action, Action::Accept | Action::Return) {
        task.reviewed = progress.map_or(0, completions);
    }
    task.steps.push(step);
    Ok(written(state, issuer, id, Body::Task(task)))
}

fn progress_of<'a>(
    state: &'a State,
    assignee: RegionCode,
    issuer: RegionCode,
    id: &str,
) -> Option<&'a TaskProgress> {
    match body(
        state,
        Kind::TaskProgress,
        assignee,
        &progress_id(issuer, id),
    ) {
        Some(Body::TaskProgress(progress)) => Some(progress),
        _ => None,
    }
}

fn not_now(id: &str, stands: Stage) -> Refusal {
    Refusal::advise(
        Reason::NotAllowedNow,
        "task",
        id,
        format!("任务当前为 {}", stands.word()),
        format!("the task is {}", stands.word()),
    )
}
