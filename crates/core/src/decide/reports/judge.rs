//! What a report is to the one that counts for the same figure: the same again, late, in conflict with
//! it, or its correction.

use crate::planted::{self, Planted};
use crate::refusal::{Reason, Refusal};
use crate::report::{Outcome, Report, Role};
use crate::state::ReportHead;

/// The version of a cell's figure that counts, in the state or earlier in this push.
#[derive(Clone, Copy)]
pub(super) struct Counting {
    pub(super) id: u64,
    pub(super) revision: u32,
    pub(super) numerator: i64,
    pub(super) denominator: i64,
    pub(super) frame: u64,
    pub(super) role: Role,
}

impl Counting {
    pub(super) fn of(head: &ReportHead) -> Self {
        Self {
            id: head.id,
            revision: head.revision,
            numerator: head.sums.numerator,
            denominator: head.sums.denominator,
            frame: head.frame,
            role: head.role,
        }
    }
}

/// What becomes of a report of a figure that was reported before.
pub(super) enum Judged {
    /// Nothing new.
    Known(Outcome),
    /// It says what counts already, under an id of its own.
    Same,
    /// It counts from now on, in this version.
    Next(u32),
}

/// Decides between a retry, a late-comer, a conflict and a correction. The same figure of a source
/// that stands as something else by now is a new version of it: it counts in another way.
pub(super) fn judge(
    report: &Report,
    (denominator, role): (i64, Role),
    id: u64,
    counting: Counting,
    (was_superseded, repeated): (impl FnOnce() -> bool, impl FnOnce() -> Option<u64>),
) -> Result<Judged, Refusal> {
    let revision = counting.revision;
    let same = report.numerator == counting.numerator && denominator == counting.denominator;
    let knows = !planted::is(Planted::NoDeduplication);
    if knows && id == counting.id {
        if same {
            return Ok(Judged::Known(Outcome::Duplicate { revision }));
        }
        return Err(reused(report));
    }
    if knows && was_superseded() {
        return Ok(Judged::Known(Outcome::Stale { revision }));
    }
    if report.revision == 0 {
        // The same figure again is no correction: a file that is pushed twice changes nothing. Nor
        // is it one when it comes once more after a correction.
        return match repeated().filter(|_| knows) {
            Some(_) if same => Ok(Judged::Known(Outcome::Duplicate { revision })),
            Some(counted) if counted == counting.id => Err(reused(report)),
            Some(_) => Ok(Judged::Known(Outcome::Stale { revision })),
            None if same && role == counting.role => Ok(Judged::Same),
            None => Ok(Judged::Next(revision.saturating_add(1))),
        };
    }
    if report.revision < revision {
        return Ok(Judged::Known(Outcome::Stale { revision }));
    }
    if report.revision == revision {
        if same && role == counting.role {
            return Ok(Judged::Known(Outcome::Duplicate { revision }));
        }
        if same {
            // Its source counts the versions, and knows of no other.
            return Ok(Judged::Next(revision));
        }
        return Err(Refusal::advise(
            Reason::RevisionConflict,
            "revision",
            report.revision,
            format!("更正请用 {} 或更大", revision.saturating_add(1)),
            format!(
                "number a correction {} or higher",
                revision.saturating_add(1)
            ),
        ));
    }
    Ok(Judged::Next(report.revision))
}

/// What becomes of a report whose texts hold the number of a person: it is refused, unless it is the
/// very one that counts. That was taken before, and nothing of it is written again.
pub(super) fn after_texts(
    texts: Result<(), Refusal>,
    judged: Result<Judged, Refusal>,
    counts: bool,
) -> Result<Judged, Refusal> {
    match (texts, judged) {
        (Err(_), Ok(known @ Judged::Known(_))) if counts => Ok(known),
        (Err(refusal), _) => Err(refusal),
        (Ok(()), judged) => judged,
    }
}

fn reused(report: &Report) -> Refusal {
    Refusal::advise(
        Reason::IdReused,
        "id",
        &report.id,
        "更正请换用新的编号",
        "give a correction an id of its own",
    )
}
