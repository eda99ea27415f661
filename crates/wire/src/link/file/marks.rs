//! Marks of the history that files tell, as messages.

use liandong_core::lineage::{Lineage, Mark};
use liandong_core::refusal::Refusal;

use crate::link::v1;
use crate::read;

pub(super) fn write(mark: Mark) -> v1::LineageMark {
    v1::LineageMark {
        upto: mark.upto,
        name: read::incarnation_bytes(mark.name),
    }
}

/// # Errors
/// When its name has another length than names have.
pub(super) fn read(mark: &v1::LineageMark) -> Result<Mark, Refusal> {
    Ok(Mark {
        upto: mark.upto,
        name: read::incarnation("mark.name", &mark.name)?,
    })
}

/// `None` where they are out of order, too many, or cannot be read.
pub(super) fn read_all(from: u64, marks: &[v1::LineageMark]) -> Option<Lineage> {
    let read: Result<Vec<Mark>, Refusal> = marks.iter().map(read).collect();
    Lineage::new(from, read.ok()?)
}
