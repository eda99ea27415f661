//! The parts of a decomposition as a CSV file: one row per region and target.

use std::path::Path;

use jiff::civil::Date;
use liandong_catalog::{CatalogError, Place};
use liandong_client::wire::task::v1;
use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_input::{KnownIndicators, decode_whole, normalise, trim};

use super::super::super::target::read_target;
use crate::failure::Failure;
use crate::value;

const ASSIGNEE: [&str; 5] = ["assignee", "承担单位", "区域代码", "单位代码", "代码"];
const INDICATOR: [&str; 2] = ["indicator", "指标"];
const VALUE: [&str; 3] = ["value", "目标值", "数值"];
const DUE: [&str; 3] = ["due", "期限", "完成期限"];

/// Reads the parts, in the order in which regions first appear.
pub(super) fn read(
    path: &Path,
    item: &v1::PlanItem,
    known: &KnownIndicators,
    due: Option<Date>,
    language: Language,
) -> Result<Vec<v1::Part>, Failure> {
    let bytes = std::fs::read(path).map_err(Failure::file(path))?;
    let text = decode_whole(&bytes).map_err(Failure::input(path))?;
    let mut errors = Vec::new();
    let parts = read_text(&text, item, known, due, language, &mut errors);
    if errors.is_empty() {
        Ok(parts)
    } else {
        Err(Failure::Catalogue {
            path: path.to_owned(),
            errors,
        })
    }
}

fn read_text(
    text: &str,
    item: &v1::PlanItem,
    known: &KnownIndicators,
    due: Option<Date>,
    language: Language,
    errors: &mut Vec<CatalogError>,
) -> Vec<v1::Part> {
    let mut parts: Vec<v1::Part> = Vec::new();
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let headings: Vec<String> = match reader.headers() {
        Ok(headings) => headings.iter().map(normalise).collect(),
        Err(error) => {
            errors.push(whole(Refusal::new(
                Reason::Malformed,
                "CSV",
                error,
                Accepted::Nothing,
            )));
            return parts;
        }
    };
    let find = |names: &[&str]| {
        let is_named =
            |heading: &String| names.iter().any(|name| heading.eq_ignore_ascii_case(name));
        headings.iter().position(is_named)
    };
    let Some(assignee_place) = find(&ASSIGNEE) else {
        let names = ASSIGNEE.map(str::to_owned).to_vec();
        let refusal = Refusal::new(
            Reason::Missing,
            language.pick("承担单位", "assignee"),
            headings.join(","),
            Accepted::OneOf(names),
        );
        errors.push(whole(refusal));
        return parts;
    };
    let (indicator_place, value_place, due_place) = (find(&INDICATOR), find(&VALUE), find(&DUE));
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                errors.push(whole(Refusal::new(
                    Reason::Malformed,
                    "CSV",
                    error,
                    Accepted::Nothing,
                )));
                return parts;
            }
        };
        let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).unwrap_or("");
        if record.iter().all(|cell| trim(cell).is_empty()) {
            continue;
        }
        let row = Row {
            assignee: cell(Some(assignee_place)),
            indicator: cell(indicator_place),
            value: cell(value_place),
            due: cell(due_place),
        };
        if let Err(refusal) = row.add_to(&mut parts, item, known, due) {
            let line = record.position().map_or(0, csv::Position::line);
            errors.push(CatalogError {
                place: Place::Line(line),
                refusal,
            });
        }
    }
    parts
}

struct Row<'r> {
    assignee: &'r str,
    indicator: &'r str,
    value: &'r str,
    due: &'r str,
}

impl Row<'_> {
    fn add_to(
        &self,
        parts: &mut Vec<v1::Part>,
        item: &v1::PlanItem,
        known: &KnownIndicators,
        due: Option<Date>,
    ) -> Result<(), Refusal> {
        let assignee =
            value::region(self.assignee).map_err(|bad| named("assignee", bad.refusal))?;
        let assignee = assignee.to_string();
        let own_due = if trim(self.due).is_empty() {
            due
        } else {
            Some(value::date(self.due).map_err(|bad| named("due", bad.refusal))?)
        };
        let target = self.target(item, known)?;
        let due_text = own_due.map(|due| due.to_string()).unwrap_or_default();
        let known_part = parts.iter_mut().find(|part| part.assignee == assignee);
        let part = match known_part {
            Some(part) if part.due != due_text => {
                let accepted = Accepted::OneOf(vec![part.due.clone()]);
                return Err(Refusal::new(
                    Reason::AlreadyExists,
                    "due",
                    due_text,
                    accepted,
                ));
            }
            Some(part) => part,
            None => {
                parts.push(v1::Part {
                    assignee,
                    targets: Vec::new(),
                    due: due_text,
                });
                match parts.last_mut() {
                    Some(part) => part,
                    None => return Ok(()),
                }
            }
        };
        part.targets.extend(target);
        Ok(())
    }

    /// The target of the row; none where indicator and value are empty, which means the item's own.
    fn target(
        &self,
        item: &v1::PlanItem,
        known: &KnownIndicators,
    ) -> Result<Option<v1::Target>, Refusal> {
        let (indicator, value) = (normalise(self.indicator), normalise(self.value));
        if indicator.is_empty() && value.is_empty() {
            return Ok(None);
        }
        let operator = if value.starts_with(['<', '>', '≤', '≥', '=']) {
            ""
        } else {
            "="
        };
        let written = read_target(&format!("{indicator}{operator}{value}"))
            .map_err(|refusal| named("value", refusal))?;
        match written.resolve(item, known) {
            Ok(target) => Ok(Some(target)),
            Err(Failure::Refused(refusal)) => Err(named("indicator", refusal)),
            Err(_) => Err(Refusal::new(
                Reason::UnknownIndicator,
                "indicator",
                self.indicator,
                Accepted::Nothing,
            )),
        }
    }
}

fn named(field: &str, refusal: Refusal) -> Refusal {
    Refusal {
        field: field.to_owned(),
        ..refusal
    }
}

fn whole(refusal: Refusal) -> CatalogError {
    CatalogError {
        place: Place::File,
        refusal,
    }
}
