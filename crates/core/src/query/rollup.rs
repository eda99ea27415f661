//! The roll-up table of a region: one row for each indicator of a plan item, with its value, its
//! target and its light.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Question, Scope};
use crate::document::{Body, Kind};
use crate::indicator::{Indicator, IndicatorKind};
use crate::plan::{Bound, PlanItem, PlanText, Target};
use crate::refusal::Refusal;
use crate::region::RegionCode;
use crate::rollup::{Completion, Light, Sums, Value, completion, scheduled_progress};
use crate::task::Task;

/// One row of a roll-up table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupRow<'a> {
    /// The region.
    pub region: RegionCode,
    /// The plan item; `None` when one indicator was asked for by itself.
    pub item: Option<&'a PlanItem>,
    /// The indicator.
    pub indicator: &'a Indicator,
    /// The target that applies to this region at this time.
    pub target: Option<Target>,
    /// Its sums; for a ratio of ratios those of the ratio above the line.
    pub sums: Sums,
    /// How many units are expected to report it.
    pub expected: u32,
    /// Its value.
    pub value: Value,
    /// How far the target is reached, and the light.
    pub completion: Completion,
    /// The share of the time gone, in basis points; `None` where no date is due.
    pub scheduled: Option<i64>,
    /// Whether the figure was taken out because it would tell of few people; see
    /// [`Published`](super::Published).
    pub hidden: bool,
}

/// The roll-up of one region.
///
/// # Errors
/// Unknown region, plan or indicator.
pub fn rollup<'a>(
    question: &Question<'a>,
    region: RegionCode,
) -> Result<Vec<RollupRow<'a>>, Refusal> {
    question.require_region(region)?;
    match question.scope {
        Scope::Indicator(code) => {
            let indicator = question.indicator(*code)?;
            Ok(vec![row(question, region, None, indicator, None, None)])
        }
        Scope::Plan { issuer, code } => {
            let plan = question.plan(*issuer, code)?;
            let is_issuer = issuer.or(plan.issuer) == Some(region);
            let mut rows = Vec::new();
            for item in &plan.items {
                item_rows(question, (region, is_issuer), plan, item, &mut rows)?;
            }
            Ok(rows)
        }
    }
}

fn item_rows<'a>(
    question: &Question<'a>,
    (region, is_issuer): (RegionCode, bool),
    plan: &'a PlanText,
    item: &'a PlanItem,
    rows: &mut Vec<RollupRow<'a>>,
) -> Result<(), Refusal> {
    let task = task_of(question, region, plan, item);
    let mut seen = Vec::new();
    for first in &item.targets {
        if seen.contains(&first.indicator) {
            continue;
        }
        seen.push(first.indicator);
        let indicator = question.indicator(first.indicator)?;
        let own_targets = task.map_or(&item.targets, |task| &task.targets);
        let of_indicator = |targets: &'a [Target]| -> Vec<&'a Target> {
            let same = |target: &&Target| target.indicator == first.indicator;
            targets.iter().filter(same).collect()
        };
        let mut targets = of_indicator(own_targets);
        if targets.is_empty() {
            targets = of_indicator(&item.targets);
        }
        targets.sort_by_key(|target| target.due.map(|due| due.last_day()));
        let (target, start) = applicable(&targets, plan, question.day());
        let mut target = target.cloned();
        // A whole's count is no part's target: without a task of its own a region that did not
        // issue the plan is shown the count, not judged by it.
        let adds_up = matches!(indicator.kind, IndicatorKind::Count | IndicatorKind::Money);
        if adds_up
            && task.is_none()
            && !is_issuer
            && let Some(target) = target.as_mut()
        {
            target.bound = target.bound.filter(|bound| bound.value().numerator() == 0);
        }
        rows.push(row(question, region, Some(item), indicator, target, start));
    }
    Ok(())
}

fn task_of<'a>(
    question: &Question<'a>,
    region: RegionCode,
    plan: &PlanText,
    item: &PlanItem,
) -> Option<&'a Task> {
    let parent = question.state.parent(question.catalogue, region)?;
    question
        .state
        .documents_of(Kind::Task, parent)
        .find_map(|document| match &document.body {
            Body::Task(task)
                if task.assignee == region
                    && task.plan == plan.code
                    && task.item == item.number =>
            {
                Some(task)
            }
            _ => None,
        })
}

/// The first target that is not yet due, or else the last one; and the day its time began: the
/// day after the target before it was due, or the day of the plan.
fn applicable<'a>(
    targets: &[&'a Target],
    plan: &PlanText,
    day: Date,
) -> (Option<&'a Target>, Option<Date>) {
    let due = |target: &Target| target.due.map(|due| due.last_day());
    let open = targets
        .iter()
        .position(|target| due(target).is_none_or(|due| day <= due));
    let Some(place) = open.or_else(|| targets.len().checked_sub(1)) else {
        return (None, plan.issued_on);
    };
    let before = place.checked_sub(1).and_then(|before| targets.get(before));
    let after_before = before
        .and_then(|before| due(before))
        .map(|due| due.saturating_add(1.days()));
    let start = after_before.max(plan.issued_on);
    (targets.get(place).copied(), start)
}

fn row<'a>(
    question: &Question<'a>,
    region: RegionCode,
    item: Option<&'a PlanItem>,
    indicator: &'a Indicator,
    target: Option<Target>,
    start: Option<Date>,
) -> RollupRow<'a> {
    let (sums, value) = value_of(question, region, indicator);
    let due = target.as_ref().and_then(|target| target.due);
    let scheduled = due.map(|due| {
        let due_day = due.last_day();
        let start = start.unwrap_or_else(|| due.first_day());
        scheduled_progress(start, due_day, question.day())
    });
    let bound = target.as_ref().and_then(|target| target.bound);
    let mut judged = completion(
        indicator,
        value,
        bound,
        scheduled.unwrap_or(10_000),
        question.policy,
    );
    // Without a date nothing is late: a goal to work towards shines green once met.
    let towards = matches!(bound, None | Some(Bound::AtLeast(_)));
    if due.is_none()
        && towards
        && judged.light == Light::Red
        && judged.met == Some(false)
        && indicator.direction != crate::indicator::Direction::Zero
    {
        judged.light = Light::Grey;
    }
    RollupRow {
        region,
        item,
        indicator,
        target,
        sums,
        expected: question.expected(region, reported_part(question, indicator)),
        value,
        completion: judged,
        scheduled,
        hidden: false,
    }
}

/// The indicator whose reports `sums` counts: for a ratio of ratios the one above the line.
fn reported_part<'a>(question: &Question<'a>, indicator: &'a Indicator) -> &'a Indicator {
    let above = indicator.of.map(|[above, _]| above);
    above
        .and_then(|above| question.state.indicator(question.catalogue, above))
        .unwrap_or(indicator)
}

fn value_of(question: &Question<'_>, region: RegionCode, indicator: &Indicator) -> (Sums, Value) {
    let Some([above, below]) = indicator.of else {
        let sums = question.sums(region, indicator);
        return (sums, Value::of_sums(indicator, &sums));
    };
    let part = |code| {
        question
            .state
            .indicator(question.catalogue, code)
            .map(|part| question.sums(region, part))
            .unwrap_or_default()
    };
    let (above, below) = (part(above), part(below));
    (above, Value::ratio_of(&above, &below))
}
