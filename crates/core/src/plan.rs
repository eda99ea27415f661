//! Plans: published documents with items, each with its targets and the offices responsible.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::indicator::IndicatorCode;
use crate::period::Period;
use crate::quantity::Exact;
use crate::region::RegionCode;
use crate::step::Step;

/// What a document demands of an indicator's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Bound {
    /// The value must be this or more.
    AtLeast(Exact),
    /// The value must be this or less.
    AtMost(Exact),
    /// The value must be exactly this.
    Equals(Exact),
}

impl Bound {
    /// The number the bound names.
    pub fn value(self) -> Exact {
        match self {
            Self::AtLeast(value) | Self::AtMost(value) | Self::Equals(value) => value,
        }
    }
}

/// One stated target: an indicator, by when, and how much where the document says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The indicator it is measured by.
    pub indicator: IndicatorCode,
    /// The period by whose end it is due; `None` where the document names none.
    pub due: Option<Period>,
    /// How much; `None` where the document gives no number.
    pub bound: Option<Bound>,
    /// The phrase of the document.
    pub text: String,
}

/// One row of a plan's list (重点项目, 任务, 大项).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// Its number in the document.
    pub number: String,
    /// The heading it stands under; may be empty.
    pub group: String,
    /// Its name.
    pub name: String,
    /// What is to be done (主要任务).
    pub content: String,
    /// What is to be reached (工作目标), in the document's words; may be empty.
    pub goal: String,
    /// Lead departments (牵头部门).
    pub lead: Vec<String>,
    /// Participating departments (参与部门).
    pub participants: Vec<String>,
    /// Responsible offices (责任科室).
    pub offices: Vec<String>,
    /// Every stated target.
    pub targets: Vec<Target>,
}

/// A plan's own content, as published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanText {
    /// Its code, unique at its issuer.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Its document number (文号); may be empty.
    pub document: String,
    /// The region that issues it; `None` for a template that any bureau may fill in.
    pub issuer: Option<RegionCode>,
    /// The date on the document.
    pub issued_on: Option<Date>,
    /// The last day for comments (征求意见), where the document names one.
    pub consultation_until: Option<Date>,
    /// Where the text comes from.
    pub source: String,
    /// Anything a reader should know about the transcription; may be empty.
    pub note: String,
    /// Its items, in the document's order.
    pub items: Vec<PlanItem>,
}

impl PlanText {
    /// The item of that number.
    pub fn item(&self, number: &str) -> Option<&PlanItem> {
        self.items.iter().find(|item| item.number == number)
    }

    /// Every target with the item it stands in.
    pub fn targets(&self) -> impl Iterator<Item = (&PlanItem, &Target)> {
        self.items
            .iter()
            .flat_map(|item| item.targets.iter().map(move |target| (item, target)))
    }
}

/// Where a plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlanStatus {
    /// Imported, seen by its issuer alone.
    Draft,
    /// Open for comments until the end of that day.
    Consultation {
        /// The last day on which comments are taken.
        until: Date,
    },
    /// In force.
    Issued,
}

impl PlanStatus {
    /// The word used on the wire and in listings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Consultation { .. } => "consultation",
            Self::Issued => "issued",
        }
    }
}

/// A plan as its issuer's document: the text, where it stands, and who moved it there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The content.
    pub text: PlanText,
    /// Where it stands.
    pub status: PlanStatus,
    /// Every step with who, when and why.
    pub steps: Vec<Step>,
}

/// A comment on a plan in consultation, owned by the region that makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The issuer of the plan.
    pub issuer: RegionCode,
    /// The plan's code.
    pub plan: String,
    /// The item it is about; empty for the whole plan.
    pub item: String,
    /// What is said.
    pub text: String,
    /// Who said it, and when.
    pub made: Step,
}
