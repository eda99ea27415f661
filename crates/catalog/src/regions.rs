//! The national tree of provinces, prefectures and counties.
//!
//! The codes are data (`data/regions/gbt2260.tsv`); this module knows no particular code. Counties
//! without a prefecture above them stand directly under their province.

use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::{Level, Region, RegionCode, RegionKind, RegionTree};

use crate::error::{CatalogError, Place};

const TABLE: &str = include_str!("../data/regions/gbt2260.tsv");

/// All provinces, prefectures and counties, each as an education bureau.
///
/// # Errors
/// Rows of the shipped table that cannot be read; the tests keep that from happening.
pub fn national_regions() -> Result<RegionTree, Vec<CatalogError>> {
    let mut tree = RegionTree::new();
    let mut errors = Vec::new();
    for (index, row) in TABLE.lines().enumerate().skip(1) {
        let inserted = read_row(row).is_some_and(|region| tree.insert(region).is_ok());
        if !inserted {
            errors.push(bad_row(index, row));
        }
    }
    if errors.is_empty() {
        Ok(tree)
    } else {
        Err(errors)
    }
}

fn read_row(row: &str) -> Option<Region> {
    let mut cells = row.split('\t');
    let code: RegionCode = cells.next()?.parse().ok()?;
    let name = cells.next()?;
    let parent = match cells.next()? {
        "" => None,
        parent => Some(parent.parse().ok()?),
    };
    let level = Level::from_word(cells.next()?)?;
    if cells.next().is_some() {
        return None;
    }
    Some(Region {
        code,
        name: name.to_owned(),
        parent,
        level,
        kind: RegionKind::Bureau,
    })
}

/// The error for a row of a shipped table.
pub(crate) fn bad_row(index: usize, row: &str) -> CatalogError {
    CatalogError {
        place: Place::Line(index as u64 + 1),
        refusal: Refusal::new(Reason::Malformed, "row", row, Accepted::Nothing),
    }
}

#[cfg(test)]
mod tests;
