//! Mending a journal from another copy of it.

use std::path::Path;

use liandong_store::journal::FrameFault;

use super::{MaintenanceError, Progress, require_store};

/// Frames that were put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The segment.
    pub segment: u64,
    /// The first of the frames.
    pub first: u64,
    /// How many.
    pub frames: u64,
    /// What was wrong with the first; `None` where the journal only ended before it.
    pub fault: Option<FrameFault>,
}

/// What a repair took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Whole segments that were not there.
    pub segments: u64,
    /// Frames that were put back.
    pub mended: Vec<Mended>,
    /// The last frame of the journal, all of which is whole now.
    pub last: u64,
}

/// Mends the journal of a stopped node from a mirror, a backup, or another data directory of the
/// same node, and verifies all of it.
///
/// # Errors
/// See [`MaintenanceError`].
pub fn repair(
    data: &Path,
    from: &Path,
    progress: Progress<'_>,
) -> Result<Repaired, MaintenanceError> {
    require_store(data)?;
    let repaired = liandong_store::repair(data, from, &mut |done| {
        progress(done.done, done.total);
    })?;
    let mended = repaired.repairs.iter().map(|repair| Mended {
        segment: repair.segment,
        first: repair.first,
        frames: repair.frames,
        fault: repair.fault,
    });
    Ok(Repaired {
        segments: repaired.segments,
        mended: mended.collect(),
        last: repaired.last,
    })
}
