//! Plans, items and targets as they travel.

use liandong_core::plan::{Bound, Comment, Plan, PlanItem, PlanStatus, PlanText, Target};
use liandong_core::quantity::Exact;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;

use super::{steps, v1};
use crate::read::{
    self, date, each, one, optional, optional_date, optional_period, optional_region, text_or_empty,
};

impl From<Bound> for v1::Bound {
    fn from(bound: Bound) -> Self {
        let bound = match bound {
            Bound::AtLeast(value) => v1::bound::Bound::AtLeast(value.to_string()),
            Bound::AtMost(value) => v1::bound::Bound::AtMost(value.to_string()),
            Bound::Equals(value) => v1::bound::Bound::Equals(value.to_string()),
        };
        Self { bound: Some(bound) }
    }
}

impl TryFrom<v1::Bound> for Bound {
    type Error = Refusal;

    fn try_from(bound: v1::Bound) -> Result<Self, Refusal> {
        let v1::Bound { bound } = bound;
        match bound {
            Some(v1::bound::Bound::AtLeast(text)) => exact("at_least", &text).map(Self::AtLeast),
            Some(v1::bound::Bound::AtMost(text)) => exact("at_most", &text).map(Self::AtMost),
            Some(v1::bound::Bound::Equals(text)) => exact("equals", &text).map(Self::Equals),
            None => {
                let names = ["at_least", "at_most", "equals"].map(str::to_owned);
                let accepted = Accepted::OneOf(names.into());
                Err(Refusal::new(Reason::Missing, "", "", accepted))
            }
        }
    }
}

fn exact(field: &str, text: &str) -> Result<Exact, Refusal> {
    text.parse().map_err(|_| {
        let accepted = Accepted::Form("50, 1.05, 30%, 500000元".to_owned());
        Refusal::new(Reason::Malformed, field, text, accepted)
    })
}

impl From<&Target> for v1::Target {
    fn from(target: &Target) -> Self {
        Self {
            indicator: target.indicator.to_string(),
            due: text_or_empty(target.due),
            bound: target.bound.map(v1::Bound::from),
            text: target.text.clone(),
        }
    }
}

impl TryFrom<v1::Target> for Target {
    type Error = Refusal;

    fn try_from(target: v1::Target) -> Result<Self, Refusal> {
        let v1::Target {
            indicator,
            due,
            bound,
            text,
        } = target;
        Ok(Self {
            indicator: read::indicator("indicator", &indicator)?,
            due: optional_period("due", &due)?,
            bound: optional("bound", bound)?,
            text,
        })
    }
}

impl From<&PlanItem> for v1::PlanItem {
    fn from(item: &PlanItem) -> Self {
        Self {
            number: item.number.clone(),
            group: item.group.clone(),
            name: item.name.clone(),
            content: item.content.clone(),
            goal: item.goal.clone(),
            lead: item.lead.clone(),
            participants: item.participants.clone(),
            offices: item.offices.clone(),
            targets: item.targets.iter().map(v1::Target::from).collect(),
        }
    }
}

impl TryFrom<v1::PlanItem> for PlanItem {
    type Error = Refusal;

    fn try_from(item: v1::PlanItem) -> Result<Self, Refusal> {
        let v1::PlanItem {
            number,
            group,
            name,
            content,
            goal,
            lead,
            participants,
            offices,
            targets,
        } = item;
        Ok(Self {
            number,
            group,
            name,
            content,
            goal,
            lead,
            participants,
            offices,
            targets: each("targets", targets)?,
        })
    }
}

impl From<&PlanText> for v1::PlanText {
    fn from(text: &PlanText) -> Self {
        Self {
            code: text.code.clone(),
            title: text.title.clone(),
            document: text.document.clone(),
            issuer: text_or_empty(text.issuer),
            issued_on: text_or_empty(text.issued_on),
            consultation_until: text_or_empty(text.consultation_until),
            source: text.source.clone(),
            note: text.note.clone(),
            items: text.items.iter().map(v1::PlanItem::from).collect(),
        }
    }
}

impl TryFrom<v1::PlanText> for PlanText {
    type Error = Refusal;

    fn try_from(text: v1::PlanText) -> Result<Self, Refusal> {
        let v1::PlanText {
            code,
            title,
            document,
            issuer,
            issued_on,
            consultation_until,
            source,
            note,
            items,
        } = text;
        Ok(Self {
            code,
            title,
            document,
            issuer: optional_region("issuer", &issuer)?,
            issued_on: optional_date("issued_on", &issued_on)?,
            consultation_until: optional_date("consultation_until", &consultation_until)?,
            source,
            note,
            items: each("items", items)?,
        })
    }
}

/// Where a plan stands as it travels: the status and, in consultation, the last day for comments.
fn status(status: PlanStatus) -> (v1::PlanStatus, String) {
    match status {
        PlanStatus::Draft => (v1::PlanStatus::Draft, String::new()),
        PlanStatus::Consultation { until } => (v1::PlanStatus::Consultation, until.to_string()),
        PlanStatus::Issued => (v1::PlanStatus::Issued, String::new()),
    }
}

fn read_status(number: i32, comments_until: &str) -> Result<PlanStatus, Refusal> {
    let status = match v1::PlanStatus::try_from(number) {
        Ok(v1::PlanStatus::Consultation) => {
            let until = date("comments_until", comments_until)?;
            return Ok(PlanStatus::Consultation { until });
        }
        Ok(v1::PlanStatus::Draft) => PlanStatus::Draft,
        Ok(v1::PlanStatus::Issued) => PlanStatus::Issued,
        Ok(v1::PlanStatus::Unspecified) => return Err(read::missing("status")),
        Err(_) => {
            let words = ["draft", "consultation", "issued"].map(str::to_owned);
            let accepted = Accepted::OneOf(words.into());
            return Err(Refusal::new(Reason::Malformed, "status", number, accepted));
        }
    };
    if comments_until.is_empty() {
        return Ok(status);
    }
    Err(Refusal::advise(
        Reason::Malformed,
        "comments_until",
        comments_until,
        "仅征求意见期间填写",
        "leave it empty outside consultation",
    ))
}

impl From<&Plan> for v1::Plan {
    fn from(plan: &Plan) -> Self {
        let (status, comments_until) = status(plan.status);
        Self {
            text: Some(v1::PlanText::from(&plan.text)),
            status: status.into(),
            comments_until,
            steps: steps(&plan.steps),
        }
    }
}

impl TryFrom<v1::Plan> for Plan {
    type Error = Refusal;

    fn try_from(plan: v1::Plan) -> Result<Self, Refusal> {
        let v1::Plan {
            text,
            status,
            comments_until,
            steps,
        } = plan;
        Ok(Self {
            text: one("text", text)?,
            status: read_status(status, &comments_until)?,
            steps: each("steps", steps)?,
        })
    }
}

/// A plan in a listing; `comments` says how many comments on it are known.
pub fn plan_summary(
    issuer: RegionCode,
    version: u64,
    plan: &Plan,
    comments: u32,
) -> v1::PlanSummary {
    let (status, comments_until) = status(plan.status);
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    v1::PlanSummary {
        issuer: issuer.to_string(),
        plan: plan.text.code.clone(),
        title: plan.text.title.clone(),
        status: status.into(),
        comments_until,
        items: count(plan.text.items.len()),
        targets: count(plan.text.targets().count()),
        comments,
        version,
    }
}

impl From<&Comment> for v1::Comment {
    fn from(comment: &Comment) -> Self {
        Self {
            issuer: comment.issuer.to_string(),
            plan: comment.plan.clone(),
            item: comment.item.clone(),
            text: comment.text.clone(),
            made: Some(v1::Step::from(&comment.made)),
        }
    }
}

impl TryFrom<v1::Comment> for Comment {
    type Error = Refusal;

    fn try_from(comment: v1::Comment) -> Result<Self, Refusal> {
        let v1::Comment {
            issuer,
            plan,
            item,
            text,
            made,
        } = comment;
        Ok(Self {
            issuer: read::region("issuer", &issuer)?,
            plan,
            item,
            text,
            made: one("made", made)?,
        })
    }
}
