//! A bureau's own tree as CSV: townships, schools, kindergartens below the national tree.
//!
//! The files come from Excel, so the heading may be Chinese or English, in any order, and the
//! encoding UTF-8 (with or without a byte order mark) or GB18030.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};
use encoding_rs::GB18030;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::{Level, Region, RegionCode, RegionKind, RegionTree};

use crate::error::{CatalogError, Place};

const MAX_NAME_CHARS: usize = 100;
const CODE_FORM: &str = "371524 | 371524001 | 371524-001 (A-Z a-z 0-9 -, 1..=23)";

/// The columns, with the headings they are found by.
const COLUMNS: [[&str; 2]; 5] = [
    ["code", "代码"],
    ["name", "名称"],
    ["parent", "上级"],
    ["level", "级别"],
    ["kind", "类别"],
];

/// Reads a bureau's tree; `known` is what it may hang from, usually the national tree.
///
/// Other columns are ignored. `parent` may be empty for a top region. `kind` may be empty for
/// anything but a unit, and then means an education bureau. A code that is known already is
/// replaced.
///
/// # Errors
/// Every bad row, each with its line, column, value and what would be accepted.
pub fn parse_region_csv(
    bytes: &[u8],
    known: &RegionTree,
) -> Result<Vec<Region>, Vec<CatalogError>> {
    let text = decode(bytes)?;
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|error| vec![broken(&error)])?;
    let columns = find_columns(headings)?;

    let mut errors = Vec::new();
    let mut rows: Vec<(u64, Region)> = Vec::new();
    let mut lines: BTreeMap<RegionCode, u64> = BTreeMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                errors.push(broken(&error));
                continue;
            }
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let row = Row {
            line,
            record: &record,
            columns: &columns,
        };
        let Some(region) = row.read(&mut errors) else {
            continue;
        };
        if let Some(first) = lines.insert(region.code, line) {
            let zh = format!("第 {first} 行已有");
            let en = format!("it is on line {first} already");
            let code = region.code;
            errors.push(at(
                line,
                Refusal::advise(Reason::AlreadyExists, "code", code, zh, en),
            ));
            continue;
        }
        rows.push((line, region));
    }
    check_tree(&rows, known, &mut errors);
    if !errors.is_empty() {
        errors.sort_by_key(|error| match error.place {
            Place::Line(line) => line,
            _ => 0,
        });
        return Err(errors);
    }
    Ok(rows.into_iter().map(|(_, region)| region).collect())
}

/// Chinese Excel saves either UTF-8 with a mark or GB18030 without one.
fn decode(bytes: &[u8]) -> Result<String, Vec<CatalogError>> {
    // The CSV reader drops the mark.
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let (text, broken) = GB18030.decode_without_bom_handling(bytes);
    if broken {
        let encodings = vec!["UTF-8".to_owned(), "GB18030".to_owned()];
        return Err(vec![CatalogError {
            place: Place::File,
            refusal: Refusal::new(Reason::Malformed, "", "", Accepted::OneOf(encodings)),
        }]);
    }
    Ok(text.into_owned())
}

/// The position of each of [`COLUMNS`] in the file.
fn find_columns(headings: &StringRecord) -> Result<[usize; 5], Vec<CatalogError>> {
    let mut errors = Vec::new();
    let columns = COLUMNS.map(|names| {
        let found = headings
            .iter()
            .position(|heading| names.iter().any(|name| heading.eq_ignore_ascii_case(name)));
        found.unwrap_or_else(|| {
            let accepted = Accepted::OneOf(names.map(str::to_owned).to_vec());
            let given = headings.iter().collect::<Vec<_>>().join(",");
            errors.push(at(
                1,
                Refusal::new(Reason::Missing, names[0], given, accepted),
            ));
            0
        })
    });
    if errors.is_empty() {
        Ok(columns)
    } else {
        Err(errors)
    }
}

/// One row with its place in the file.
struct Row<'r> {
    line: u64,
    record: &'r StringRecord,
    columns: &'r [usize; 5],
}

impl Row<'_> {
    /// Reads the row, noting everything that is wrong with it.
    fn read(&self, errors: &mut Vec<CatalogError>) -> Option<Region> {
        let [code_cell, name, parent_cell, level_cell, kind_cell] = self
            .columns
            .map(|column| self.record.get(column).unwrap_or(""));
        let before = errors.len();
        let mut refuse = |reason, column, value: &str, accepted| {
            errors.push(at(self.line, Refusal::new(reason, column, value, accepted)));
        };
        let form = || Accepted::Form(CODE_FORM.to_owned());

        let code = code_cell.parse::<RegionCode>().ok();
        if code_cell.is_empty() {
            refuse(Reason::Missing, "code", "", form());
        } else if code.is_none() {
            refuse(Reason::Malformed, "code", code_cell, form());
        }
        if name.is_empty() {
            refuse(
                Reason::Missing,
                "name",
                "",
                Accepted::AtMostChars(MAX_NAME_CHARS),
            );
        } else if name.chars().count() > MAX_NAME_CHARS {
            refuse(
                Reason::TooLong,
                "name",
                name,
                Accepted::AtMostChars(MAX_NAME_CHARS),
            );
        }
        let parent = parent_cell.parse::<RegionCode>().ok();
        if !parent_cell.is_empty() && parent.is_none() {
            refuse(Reason::Malformed, "parent", parent_cell, form());
        }
        let level = Level::from_word(level_cell);
        if level.is_none() {
            let reason = missing_or_malformed(level_cell);
            let words = Level::ALL.map(|level| level.word().to_owned()).to_vec();
            refuse(reason, "level", level_cell, Accepted::OneOf(words));
        }
        let kind = match RegionKind::from_word(kind_cell) {
            None if kind_cell.is_empty() && level != Some(Level::Unit) => Some(RegionKind::Bureau),
            kind => kind,
        };
        if kind.is_none() {
            let reason = missing_or_malformed(kind_cell);
            let words = RegionKind::ALL.map(|kind| kind.word().to_owned()).to_vec();
            refuse(reason, "kind", kind_cell, Accepted::OneOf(words));
        }
        if errors.len() > before {
            return None;
        }
        Some(Region {
            code: code?,
            name: name.to_owned(),
            parent,
            level: level?,
            kind: kind?,
        })
    }
}

/// Notes parents that are unknown, on a level that is not higher, or under their own child.
fn check_tree(rows: &[(u64, Region)], known: &RegionTree, errors: &mut Vec<CatalogError>) {
    let mut tree = around(rows, known);
    for (line, region) in rows {
        if let Err(error) = tree.insert(region.clone()) {
            let (zh, en) = (format!("{}（上下级成环）", region.code), error.to_string());
            let parent = region
                .parent
                .map(|parent| parent.to_string())
                .unwrap_or_default();
            let refusal = Refusal::advise(Reason::NotAllowedNow, "parent", parent, zh, en);
            errors.push(at(*line, refusal));
        }
    }
    for (line, region) in rows {
        let Some(parent_code) = region.parent else {
            continue;
        };
        let refusal = match tree.get(parent_code) {
            None => Refusal::advise(
                Reason::UnknownRegion,
                "parent",
                parent_code,
                "上级须在本文件或国家区划代码中",
                "the parent has to be in this file or in the national codes",
            ),
            Some(parent) if parent.level >= region.level => {
                let words = Level::ALL
                    .into_iter()
                    .filter(|level| *level > parent.level)
                    .map(|level| level.word().to_owned())
                    .collect();
                let value = region.level.word();
                Refusal::new(Reason::OutOfRange, "level", value, Accepted::OneOf(words))
            }
            Some(_) => continue,
        };
        errors.push(at(*line, refusal));
    }
}

/// What is known of the regions that the rows name, and of what stands above those: the national
/// tree is long, and a bureau's file names little of it.
fn around(rows: &[(u64, Region)], known: &RegionTree) -> RegionTree {
    let mut tree = RegionTree::new();
    for (_, region) in rows {
        for named in std::iter::once(region.code).chain(region.parent) {
            for code in std::iter::once(named).chain(known.ancestors(named)) {
                if tree.contains(code) {
                    break;
                }
                if let Some(found) = known.get(code) {
                    // What stands in one tree stands in a part of it.
                    let _ = tree.insert(found.clone());
                }
            }
        }
    }
    tree
}

fn missing_or_malformed(cell: &str) -> Reason {
    if cell.is_empty() {
        Reason::Missing
    } else {
        Reason::Malformed
    }
}

fn broken(error: &csv::Error) -> CatalogError {
    let place = error
        .position()
        .map_or(Place::File, |at| Place::Line(at.line()));
    CatalogError {
        place,
        refusal: Refusal::new(
            Reason::Malformed,
            "CSV",
            error,
            Accepted::Form("code,name,parent,level,kind".to_owned()),
        ),
    }
}

fn at(line: u64, refusal: Refusal) -> CatalogError {
    CatalogError {
        place: Place::Line(line),
        refusal,
    }
}

#[cfg(test)]
mod tests;
