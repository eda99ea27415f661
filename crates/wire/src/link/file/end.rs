//! How a file ends: how far it goes, and the marks of its exporter's files.

use liandong_core::lineage::Lineage;
use prost::Message;

use super::marks;
use crate::link::v1;

/// How a file ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileEnd {
    /// The last of the exporter's change numbers that it covers.
    pub upto: u64,
    /// How many sections of changes there are.
    pub frames: u64,
    /// How many documents.
    pub documents: u64,
    /// How many roll-up cells.
    pub cells: u64,
}

impl FileEnd {
    /// As it is written, with the marks of the exporter's files.
    pub(super) fn to_message(self, lineage: &Lineage) -> v1::LinkFileEnd {
        let FileEnd {
            upto,
            frames,
            documents,
            cells,
        } = self;
        v1::LinkFileEnd {
            upto,
            frames,
            documents,
            cells,
            marks: lineage.marks().iter().copied().map(marks::write).collect(),
            marks_from: lineage.from(),
        }
    }
}

/// Reads the section of an end.
pub(super) fn read_end(content: &[u8]) -> Option<(FileEnd, Lineage)> {
    let v1::LinkFileEnd {
        upto,
        frames,
        documents,
        cells,
        marks,
        marks_from,
    } = v1::LinkFileEnd::decode(content).ok()?;
    let end = FileEnd {
        upto,
        frames,
        documents,
        cells,
    };
    Some((end, marks::read_all(marks_from, &marks)?))
}
