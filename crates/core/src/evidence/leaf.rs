//! What a leaf stands for: a document or a figure, byte for byte as it is kept.

use serde::Serialize;

use super::Digest;
use super::tree::LEAF;
use crate::document::{CellDocument, Document};
use crate::indicator::IndicatorCode;
use crate::period::Period;
use crate::rollup::Sums;

/// How documents are put into bytes here. Raised whenever the stored form of any document changes;
/// what was signed in an earlier form is checked in that form.
const DOCUMENT: &[u8] = b"liandong document 1\n";
/// The same of figures.
const CELL: &[u8] = b"liandong figure 1\n";

/// A figure as it is sealed: its region is the seal's.
#[derive(Serialize)]
struct Sealed<'a> {
    indicator: &'a IndicatorCode,
    period: Period,
    sums: &'a Sums,
    version: u64,
}

/// The leaf of a document: of its owner, id, version and all that it says. `None` for one that has
/// no form in bytes, which no journal could hold either.
pub fn document_leaf(document: &Document) -> Option<Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[LEAF]).update(DOCUMENT);
    // Bodies are told apart by their kinds in the bytes themselves.
    postcard::to_io(document, &mut hasher).ok()?;
    Some(*hasher.finalize().as_bytes())
}

/// The leaf of a figure: of its indicator, period, sums and version.
pub fn cell_leaf(cell: &CellDocument) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[LEAF]).update(CELL);
    let sealed = Sealed {
        indicator: &cell.indicator,
        period: cell.period,
        sums: &cell.sums,
        version: cell.version,
    };
    // Codes and numbers always have a form in bytes.
    if postcard::to_io(&sealed, &mut hasher).is_err() {
        return [0; 32];
    }
    *hasher.finalize().as_bytes()
}
