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

/// `None` where they are out of order or cannot be read. Of more than are kept, as a later program may
/// write them, it is the newest.
pub(super) fn read_all(from: u64, marks: &[v1::LineageMark]) -> Option<Lineage> {
    let (oldest, newest) = marks.split_at(marks.len().saturating_sub(Lineage::MOST));
    let read: Result<Vec<Mark>, Refusal> = newest.iter().map(read).collect();
    let read = read.ok()?;
    let begins = read.first().filter(|_| !oldest.is_empty());
    let from = begins.map_or(from, |first| first.upto);
    Lineage::new(from, read)
}
