//! Tasks: a plan item given to one region, with targets and a due date.
//!
//! A task is two documents. The region that assigns owns [`Task`]: what is asked, and its reviews.
//! The region that works owns [`TaskProgress`]: that it acknowledged, and what it completed. Where
//! the task stands is a pure function of both ([`stage`]), so the two sides never write over each
//! other and need not be online together.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::plan::{Bound, PlanItem, Target};
use crate::quantity::compare_fractions;
use crate::region::RegionCode;
use crate::step::{Action, Step};

/// What a region asks of a region directly below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The region that issued the plan.
    pub plan_issuer: RegionCode,
    /// The plan's code.
    pub plan: String,
    /// The item's number in the plan.
    pub item: String,
    /// The item's name, so that a listing needs no plan.
    pub name: String,
    /// The region that has to do it.
    pub assignee: RegionCode,
    /// What this region has to reach.
    pub targets: Vec<Target>,
    /// The day by which it is due; `None` where the plan names none.
    pub due: Option<Date>,
    /// Assign, accept, return, close, revoke: with who, when and why.
    pub steps: Vec<Step>,
    /// How many completions the reviews in `steps` have answered.
    pub reviewed: u32,
}

/// What the region that works says of a task, owned by that region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskProgress {
    /// The region that assigned the task.
    pub issuer: RegionCode,
    /// The task's id at that region.
    pub task: String,
    /// Acknowledge and complete: with who, when and why.
    pub steps: Vec<Step>,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Given, not yet acknowledged.
    Assigned,
    /// Acknowledged (签收), being worked on.
    Acknowledged,
    /// Reported as done (办结), waiting for review.
    Completed,
    /// Sent back (退回), being worked on again.
    Returned,
    /// Found good (验收).
    Accepted,
    /// Taken off the list (销号).
    Closed,
    /// Withdrawn (撤销).
    Revoked,
}

impl Stage {
    /// The word used on the wire and in listings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Acknowledged => "acknowledged",
            Self::Completed => "completed",
            Self::Returned => "returned",
            Self::Accepted => "accepted",
            Self::Closed => "closed",
            Self::Revoked => "revoked",
        }
    }
}

/// The id of a task at the region that assigns it: plan, item and assignee name it.
pub fn task_id(plan: &str, item: &str, assignee: RegionCode) -> String {
    format!("{plan}/{item}/{assignee}")
}

/// The id of the progress document of a task: the issuer stands before the task's id.
pub fn progress_id(issuer: RegionCode, task: &str) -> String {
    format!("{issuer}/{task}")
}

/// Where the task stands, from what both sides have said. Only what was said since the task was
/// last assigned counts: one that is given again after it was revoked starts over.
pub fn stage(task: &Task, progress: Option<&TaskProgress>) -> Stage {
    let since = since_assigned(task);
    let has = |action: Action| since.iter().any(|step| step.action == action);
    if has(Action::Revoke) {
        return Stage::Revoked;
    }
    if has(Action::Close) {
        return Stage::Closed;
    }
    if progress.is_some_and(|progress| completions(progress) > task.reviewed) {
        return Stage::Completed;
    }
    let mut reviews = since
        .iter()
        .rev()
        .filter(|step| matches!(step.action, Action::Accept | Action::Return));
    match reviews.next().map(|step| step.action) {
        Some(Action::Accept) => Stage::Accepted,
        Some(_) => Stage::Returned,
        None if progress.is_none_or(|progress| progress.steps.is_empty()) => Stage::Assigned,
        None => Stage::Acknowledged,
    }
}

/// Whether the task is withdrawn and was not given again since.
pub fn is_revoked(task: &Task) -> bool {
    let mut steps = since_assigned(task).iter();
    steps.any(|step| step.action == Action::Revoke)
}

fn since_assigned(task: &Task) -> &[Step] {
    let assigned = task
        .steps
        .iter()
        .rposition(|step| step.action == Action::Assign);
    task.steps.get(assigned.unwrap_or(0)..).unwrap_or_default()
}

/// How often the region that works has reported the task as done.
pub fn completions(progress: &TaskProgress) -> u32 {
    let count = progress
        .steps
        .iter()
        .filter(|step| step.action == Action::Complete)
        .count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// By how much the parts of a decomposed target fall short of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// The target of the whole.
    pub target: Target,
    /// For a count or an amount: what the parts add up to, as a numerator over `whole`'s
    /// denominator. For a share: `None`, shares do not add up.
    pub parts_sum: Option<i128>,
    /// The parts whose own target is weaker than the whole's, or says nothing towards it.
    pub weaker: Vec<RegionCode>,
    /// The children that were given no such target.
    pub missing: Vec<RegionCode>,
}

/// Compares a plan item with the tasks made of it, target by target; only targets that fall short
/// are returned.
///
/// `adds_up` says whether a target's indicator is a count or an amount (parts must add up to the
/// whole) rather than a share (each part must be as strict as the whole). `children` are the
/// regions that could have been given a part.
pub fn shortfalls<'a>(
    item: &PlanItem,
    tasks: impl Iterator<Item = &'a Task> + Clone,
    children: &[RegionCode],
    adds_up: impl Fn(&Target) -> bool,
) -> Vec<Shortfall> {
    let mut found = Vec::new();
    for whole in &item.targets {
        let Some(bound) = whole.bound else { continue };
        let part_of = |task: &'a Task| {
            task.targets
                .iter()
                .find(|part| part.indicator == whole.indicator && part.due == whole.due)
                .and_then(|part| part.bound)
        };
        let parts: Vec<(RegionCode, Bound)> = tasks
            .clone()
            .filter_map(|task| part_of(task).map(|part| (task.assignee, part)))
            .collect();
        let shortfall = if adds_up(whole) {
            // A part that only caps promises nothing towards a floor, and the other way round.
            let (fitting, unfit): (Vec<_>, Vec<_>) = parts
                .iter()
                .copied()
                .partition(|(_, part)| fits(*part, bound));
            let weaker: Vec<RegionCode> = unfit.iter().map(|(region, _)| *region).collect();
            let missing = missing(children, &parts);
            let sum = sum_over(bound, &fitting);
            let value = i128::from(bound.value().numerator());
            let short = match bound {
                Bound::AtLeast(_) => sum < value,
                // Whoever is given no cap may exceed the whole's.
                Bound::AtMost(_) => sum > value || !missing.is_empty() || !weaker.is_empty(),
                Bound::Equals(_) => {
                    sum != value || !weaker.is_empty() || (value == 0 && !missing.is_empty())
                }
            };
            short.then(|| Shortfall {
                target: whole.clone(),
                parts_sum: Some(sum),
                weaker,
                missing,
            })
        } else {
            let weaker: Vec<RegionCode> = parts
                .iter()
                .filter(|(_, part)| is_weaker(*part, bound))
                .map(|(region, _)| *region)
                .collect();
            let missing = missing(children, &parts);
            (!weaker.is_empty() || !missing.is_empty()).then(|| Shortfall {
                target: whole.clone(),
                parts_sum: None,
                weaker,
                missing,
            })
        };
        found.extend(shortfall);
    }
    found
}

fn missing(children: &[RegionCode], parts: &[(RegionCode, Bound)]) -> Vec<RegionCode> {
    let has_part = |child: &RegionCode| parts.iter().any(|(region, _)| region == child);
    children
        .iter()
        .filter(|child| !has_part(child))
        .copied()
        .collect()
}

/// The parts as numerators over the whole's denominator. Counts and amounts are whole numbers, so
/// the division is exact; a part in finer steps is rounded down, never in the parts' favour.
fn sum_over(whole: Bound, parts: &[(RegionCode, Bound)]) -> i128 {
    let denominator = i128::from(whole.value().denominator());
    parts
        .iter()
        .map(|(_, part)| {
            let value = part.value();
            i128::from(value.numerator()) * denominator / i128::from(value.denominator())
        })
        .sum()
}

/// Whether a part's bound promises something towards the whole's.
fn fits(part: Bound, whole: Bound) -> bool {
    matches!(
        (part, whole),
        (Bound::Equals(_), _)
            | (Bound::AtLeast(_), Bound::AtLeast(_))
            | (Bound::AtMost(_), Bound::AtMost(_))
    )
}

fn is_weaker(part: Bound, whole: Bound) -> bool {
    let (part_value, whole_value) = (part.value(), whole.value());
    let order = compare_fractions(
        i128::from(part_value.numerator()),
        i128::from(part_value.denominator()),
        i128::from(whole_value.numerator()),
        i128::from(whole_value.denominator()),
    );
    match (part, whole) {
        (Bound::AtLeast(_) | Bound::Equals(_), Bound::AtLeast(_)) => {
            order == Some(std::cmp::Ordering::Less)
        }
        (Bound::AtMost(_) | Bound::Equals(_), Bound::AtMost(_)) => {
            order == Some(std::cmp::Ordering::Greater)
        }
        (Bound::Equals(_), Bound::Equals(_)) => order != Some(std::cmp::Ordering::Equal),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
