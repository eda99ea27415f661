//! Plans: imported as a draft, put to consultation, commented on, issued.

mod indicators;

use jiff::civil::Date;

use super::text::{check_author, check_id, check_text, check_texts, missing};
use super::{Setting, put, require_hosted, written};
use crate::command::{Answer, Decision};
use crate::document::{Body, Kind};
use crate::indicator::Indicator;
use crate::plan::{Comment, Plan, PlanStatus, PlanText};
use crate::privacy::check_given_id;
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::RegionCode;
use crate::state::State;
use crate::step::{Action, Author, Step};

/// The most bytes of an item's number: 16 Chinese characters.
const MAX_ITEM_NUMBER_LEN: usize = 48;

/// A comment as it is asked for.
pub(super) struct NewComment {
    pub(super) id: String,
    pub(super) issuer: RegionCode,
    pub(super) plan: String,
    pub(super) item: String,
    pub(super) text: String,
}

/// Brings in a plan as a draft. A draft may be imported again; an issued plan may not.
pub(super) fn import(
    state: &State,
    issuer: RegionCode,
    text: PlanText,
    indicators: Vec<Indicator>,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "issuer", issuer)?;
    check_author(author, false)?;
    check_id("plan.code", &text.code)?;
    check_text("plan.title", &text.title, true)?;
    check_text("plan.document", &text.document, false)?;
    check_text("plan.source", &text.source, false)?;
    check_text("plan.note", &text.note, false)?;
    let known = state.plan(issuer, &text.code);
    if known.is_some_and(|plan| plan.status == PlanStatus::Issued) {
        return Err(Refusal::advise(
            Reason::AlreadyExists,
            "plan.code",
            &text.code,
            "已印发的方案不能覆盖，请换用新的代码",
            "an issued plan is not overwritten: give the new one a code of its own",
        ));
    }
    check_items(state, &text, &indicators, setting)?;
    for indicator in &indicators {
        indicators::check(state, indicator, issuer, setting)?;
        indicators::check_parts(state, indicator, &indicators, setting)?;
    }
    let mut events = Vec::new();
    for indicator in indicators {
        let id = indicator.code.to_string();
        events.push(put(state, issuer, &id, Body::Indicator(indicator)).0);
    }
    let mut steps = known.map(|plan| plan.steps.clone()).unwrap_or_default();
    steps.push(Step::new(Action::Import, author, setting.now));
    let code = text.code.clone();
    let plan = Plan {
        text,
        status: PlanStatus::Draft,
        steps,
    };
    let (event, version) = put(state, issuer, &code, Body::Plan(plan));
    events.push(event);
    Ok(Decision {
        events,
        answer: Answer::Written { id: code, version },
    })
}

fn check_items(
    state: &State,
    text: &PlanText,
    indicators: &[Indicator],
    setting: &Setting<'_>,
) -> Result<(), Refusal> {
    for (place, item) in text.items.iter().enumerate() {
        let field = |name: &str| format!("plan.items[{place}].{name}");
        check_text(&field("name"), &item.name, true)?;
        check_text(&field("group"), &item.group, false)?;
        check_text(&field("content"), &item.content, false)?;
        check_text(&field("goal"), &item.goal, false)?;
        check_texts(&field("lead"), &item.lead)?;
        check_texts(&field("participants"), &item.participants)?;
        check_texts(&field("offices"), &item.offices)?;
        let texts = item.targets.iter().map(|target| &target.text);
        check_texts(&field("targets"), texts)?;
        check_number(&field("number"), &item.number)?;
        let same_number = |other: &crate::plan::PlanItem| other.number == item.number;
        if text.items.iter().take(place).any(same_number) {
            let accepted = Accepted::Nothing;
            let number = field("number");
            return Err(Refusal::new(
                Reason::AlreadyExists,
                &number,
                &item.number,
                accepted,
            ));
        }
        for target in &item.targets {
            let brought = indicators
                .iter()
                .any(|known| known.code == target.indicator);
            if !brought
                && state
                    .indicator(setting.catalogue, target.indicator)
                    .is_none()
            {
                return Err(Refusal::advise(
                    Reason::UnknownIndicator,
                    &field("targets.indicator"),
                    target.indicator,
                    "请在同一文件中定义该指标",
                    "define the indicator in the same file",
                ));
            }
        }
    }
    Ok(())
}

/// An item's number names its tasks, so it must leave room in their ids.
fn check_number(field: &str, number: &str) -> Result<(), Refusal> {
    if number.trim().is_empty() {
        return Err(missing(field));
    }
    if number.len() > MAX_ITEM_NUMBER_LEN {
        let accepted = Accepted::AtMostChars(MAX_ITEM_NUMBER_LEN / 3);
        return Err(Refusal::new(Reason::TooLong, field, number, accepted));
    }
    check_given_id(field, number, MAX_ITEM_NUMBER_LEN)
}

/// Puts a draft to consultation until the end of a day.
pub(super) fn consult(
    state: &State,
    issuer: RegionCode,
    code: &str,
    until: Date,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "issuer", issuer)?;
    check_author(author, false)?;
    let mut plan = find(state, issuer, code)?.clone();
    if plan.status == PlanStatus::Issued {
        return Err(not_now(code, plan.status));
    }
    if until < setting.today {
        let accepted = Accepted::Form(format!(">= {}", setting.today));
        return Err(Refusal::new(Reason::OutOfRange, "until", until, accepted));
    }
    plan.status = PlanStatus::Consultation { until };
    plan.steps
        .push(Step::new(Action::Consult, author, setting.now));
    Ok(written(state, issuer, code, Body::Plan(plan)))
}

/// Takes a comment, from the issuer's own region or any that received the plan.
pub(super) fn comment(
    state: &State,
    region: RegionCode,
    new: NewComment,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "region", region)?;
    check_author(author, false)?;
    check_id("id", &new.id)?;
    check_text("text", &new.text, true)?;
    let plan = find(state, new.issuer, &new.plan)?;
    let PlanStatus::Consultation { until } = plan.status else {
        return Err(not_now(&new.plan, plan.status));
    };
    if setting.today > until {
        let accepted = Accepted::Form(format!("<= {until}"));
        return Err(Refusal::new(
            Reason::ConsultationOver,
            "plan",
            setting.today,
            accepted,
        ));
    }
    if !new.item.is_empty() && plan.text.item(&new.item).is_none() {
        return Err(unknown_item(&plan.text, &new.item));
    }
    if let Some(Body::Comment(known)) = super::body(state, Kind::Comment, region, &new.id)
        && (known.issuer != new.issuer || known.plan != new.plan)
    {
        return Err(Refusal::advise(
            Reason::IdReused,
            "id",
            &new.id,
            format!("它属于对方案 {} 的意见", known.plan),
            format!("it belongs to a comment on the plan {}", known.plan),
        ));
    }
    let comment = Comment {
        issuer: new.issuer,
        plan: new.plan,
        item: new.item,
        text: new.text,
        made: Step::new(Action::Comment, author, setting.now),
    };
    Ok(written(state, region, &new.id, Body::Comment(comment)))
}

/// Issues a plan; its targets are in force from now on.
pub(super) fn issue(
    state: &State,
    issuer: RegionCode,
    code: &str,
    author: &Author,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    require_hosted(state, "issuer", issuer)?;
    check_author(author, false)?;
    let mut plan = find(state, issuer, code)?.clone();
    if plan.status == PlanStatus::Issued {
        return Err(not_now(code, plan.status));
    }
    plan.status = PlanStatus::Issued;
    plan.steps
        .push(Step::new(Action::Issue, author, setting.now));
    Ok(written(state, issuer, code, Body::Plan(plan)))
}

pub(super) fn find<'a>(
    state: &'a State,
    issuer: RegionCode,
    code: &str,
) -> Result<&'a Plan, Refusal> {
    state.plan(issuer, code).ok_or_else(|| {
        let known = state
            .documents(Kind::Plan)
            .map(|document| format!("{} ({})", document.id, document.owner))
            .collect();
        Refusal::new(Reason::UnknownPlan, "plan", code, Accepted::OneOf(known))
    })
}

pub(super) fn unknown_item(text: &PlanText, number: &str) -> Refusal {
    let numbers = text.items.iter().map(|item| item.number.clone()).collect();
    Refusal::new(
        Reason::UnknownItem,
        "item",
        number,
        Accepted::OneOf(numbers),
    )
}

fn not_now(code: &str, status: PlanStatus) -> Refusal {
    Refusal::advise(
        Reason::NotAllowedNow,
        "plan",
        code,
        format!("方案当前为 {}", status.word()),
        format!("the plan is {}", status.word()),
    )
}
