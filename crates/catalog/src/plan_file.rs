//! Plan files: `[plan]` with its items and targets, and the indicators a bureau adds with it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use liandong_core::indicator::{Indicator, IndicatorCode};
use liandong_core::period::Period;
use liandong_core::plan::{Bound, PlanItem, PlanText, Target};
use liandong_core::quantity::Exact;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use toml::Table;

use crate::error::{CatalogError, Place};
use crate::fields::{Fields, parse_table};
use crate::indicator_file::read_indicators;

const DATE_FORM: &str = "2025-03-14";
const CODE_FORM: &str = "371500";
const PERIOD_FORM: &str =
    "2025-03-14 | 2025-W11 | 2025-03 | 2025-Q1 | 2025-H1 | 2025 | 2024-2025 | 2024-2025-S1";
const QUANTITY_FORM: &str = "50 | 1.05 | 100% | 500000元";
const INDICATOR_FORM: &str = "gigabit-school-coverage";

/// A plan as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFile {
    /// The plan.
    pub plan: PlanText,
    /// Indicators the same file defines for it; none where all are known already.
    pub indicators: Vec<Indicator>,
}

/// Reads a plan file: one `[plan]`, and `[[indicator]]` tables in the format of indicator files.
///
/// Whether a target's indicator is known is not decided here: see [`unknown_indicators`].
///
/// # Errors
/// Everything that is wrong with the file, each with its item, field, value and what would be
/// accepted.
pub fn parse_plan_file(text: &str) -> Result<PlanFile, Vec<CatalogError>> {
    let top = parse_table(text)?;
    let mut errors = Vec::new();
    let mut fields = Fields::new(Place::File, top, &mut errors);
    let plan_table = fields.table("plan");
    let indicator_tables = fields.tables("indicator", "indicator");
    fields.finish();

    let plan = plan_table.map(|table| read_plan(table, &mut errors));
    let indicators = read_indicators(indicator_tables, &mut errors);
    match plan {
        Some(plan) if errors.is_empty() => Ok(PlanFile { plan, indicators }),
        _ => Err(errors),
    }
}

/// Every target of the plan whose indicator is not among the known ones.
pub fn unknown_indicators(
    plan: &PlanText,
    known: &BTreeMap<IndicatorCode, Indicator>,
) -> Vec<CatalogError> {
    let mut errors = Vec::new();
    for item in &plan.items {
        for (index, target) in item.targets.iter().enumerate() {
            if known.contains_key(&target.indicator) {
                continue;
            }
            errors.push(CatalogError {
                place: Place::Target {
                    item: item.number.clone(),
                    position: index + 1,
                },
                refusal: Refusal::advise(
                    Reason::UnknownIndicator,
                    "indicator",
                    target.indicator,
                    "请在同一文件中用 [[indicator]] 定义该指标，或改用已有指标的代码",
                    "define it in the same file with [[indicator]], or use the code of a known one",
                ),
            });
        }
    }
    errors
}

/// Reads `[plan]`. What is wrong is noted; the plan is of use only when nothing was.
fn read_plan(table: Table, errors: &mut Vec<CatalogError>) -> PlanText {
    let mut fields = Fields::new(Place::Plan, table, errors);
    let code = fields.text("code");
    let title = fields.text("title");
    let document = fields.optional_text("document").unwrap_or_default();
    let issuer = fields.optional_parsed::<RegionCode>("issuer", CODE_FORM);
    let issued_on = fields.optional_parsed::<Date>("issued_on", DATE_FORM);
    let consultation_until = fields.optional_parsed::<Date>("consultation_until", DATE_FORM);
    let source = fields.text("source");
    let note = fields.optional_text("note").unwrap_or_default();
    let item_tables = fields.tables("item", "plan.item");
    if item_tables.is_empty() {
        let form = Accepted::Form("[[plan.item]]".to_owned());
        fields.refuse(Reason::Missing, "item", "", form);
    }
    fields.finish();

    let mut items = Vec::with_capacity(item_tables.len());
    let mut numbers = BTreeSet::new();
    for (index, item_table) in item_tables.into_iter().enumerate() {
        let item = read_item(index + 1, item_table, errors);
        if !item.number.is_empty() && !numbers.insert(item.number.clone()) {
            errors.push(CatalogError {
                place: Place::Item {
                    number: item.number.clone(),
                },
                refusal: Refusal::new(
                    Reason::AlreadyExists,
                    "number",
                    &item.number,
                    Accepted::Nothing,
                ),
            });
        }
        items.push(item);
    }
    PlanText {
        code,
        title,
        document,
        issuer,
        issued_on,
        consultation_until,
        source,
        note,
        items,
    }
}

fn read_item(position: usize, table: Table, errors: &mut Vec<CatalogError>) -> PlanItem {
    let place = Place::Item {
        number: format!("#{position}"),
    };
    let mut fields = Fields::new(place, table, errors);
    let number = fields.text("number");
    let place_number = if number.is_empty() {
        format!("#{position}")
    } else {
        number.clone()
    };
    fields.set_place(Place::Item {
        number: place_number.clone(),
    });
    let group = fields.optional_text("group").unwrap_or_default();
    let name = fields.text("name");
    let content = fields.optional_text("content").unwrap_or_default();
    let goal = fields.optional_text("goal").unwrap_or_default();
    let lead = fields.texts("lead");
    let participants = fields.texts("participants");
    let offices = fields.texts("offices");
    let target_tables = fields.tables("target", "plan.item.target");
    fields.finish();

    let mut targets = Vec::with_capacity(target_tables.len());
    for (index, target_table) in target_tables.into_iter().enumerate() {
        let place = Place::Target {
            item: place_number.clone(),
            position: index + 1,
        };
        let mut fields = Fields::new(place, target_table, errors);
        targets.extend(read_target(&mut fields));
        fields.finish();
    }
    PlanItem {
        number,
        group,
        name,
        content,
        goal,
        lead,
        participants,
        offices,
        targets,
    }
}

fn read_target(fields: &mut Fields<'_>) -> Option<Target> {
    let indicator = fields.parsed::<IndicatorCode>("indicator", INDICATOR_FORM);
    let due = fields.optional_parsed::<Period>("due", PERIOD_FORM);
    let at_least = fields.optional_parsed::<Exact>("at_least", QUANTITY_FORM);
    let at_most = fields.optional_parsed::<Exact>("at_most", QUANTITY_FORM);
    let equals = fields.optional_parsed::<Exact>("equals", QUANTITY_FORM);
    let text = fields.text("text");

    let mut bounds = [
        at_least.map(Bound::AtLeast),
        at_most.map(Bound::AtMost),
        equals.map(Bound::Equals),
    ]
    .into_iter()
    .flatten();
    let bound = bounds.next();
    if let Some(second) = bounds.next() {
        let keys = ["at_least", "at_most", "equals"]
            .map(str::to_owned)
            .to_vec();
        let value = second.value().to_string();
        fields.refuse(
            Reason::AlreadyExists,
            "target",
            &value,
            Accepted::OneOf(keys),
        );
    }
    Some(Target {
        indicator: indicator?,
        due,
        bound,
        text,
    })
}

#[cfg(test)]
mod tests;
