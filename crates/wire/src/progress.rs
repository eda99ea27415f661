//! Reports and what became of them, as they travel.

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "written by the code generator; the proto files carry the comments"
)]
/// The generated messages, client and server of `liandong.progress.v1`.
pub mod v1 {
    tonic::include_proto!("liandong.progress.v1");
}

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "written by the code generator; the proto files carry the comments"
)]
/// The generated server of `liandong.progress.v1` as a node runs it: it takes rows as they come, to
/// be read where they stand; see [`UnreadPush`].
pub mod intake {
    include!(concat!(env!("OUT_DIR"), "/intake/liandong.progress.v1.rs"));
}

mod history;
mod row;
mod unread;

pub use history::{FigureKey, HistoryPage, HistoryPlace, MAX_HISTORY_PAGE};
pub use unread::{ReadBatch, UnreadBatch, UnreadPush, UnreadUpload};

use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::report::{Outcome, Report};

use crate::read;
use crate::refusal::{RemoteRefusal, message};

/// How many refused rows the answer to an upload lists.
pub const MAX_LISTED_REFUSALS: usize = 1_000;

impl From<&Report> for v1::Report {
    fn from(report: &Report) -> Self {
        Self {
            id: report.id.clone(),
            source: report.source.to_string(),
            indicator: report.indicator.to_string(),
            period: report.period.to_string(),
            numerator: report.numerator,
            denominator: report.denominator,
            revision: report.revision,
            note: report.note.clone(),
        }
    }
}

/// The answer to a push. `outcomes` need no order; `all` lists also the rows that were accepted as
/// the first figure of their cell.
pub fn push_response(
    mut outcomes: Vec<(u32, Outcome)>,
    all: bool,
    language: Language,
) -> v1::PushReportsResponse {
    outcomes.sort_by_key(|(number, _)| *number);
    let mut counts = v1::OutcomeCounts::default();
    let mut listed = Vec::new();
    for (number, outcome) in &outcomes {
        count(&mut counts, outcome);
        if all || !matches!(outcome, Outcome::Accepted { .. }) {
            listed.push(row_outcome(*number, outcome, language));
        }
    }
    v1::PushReportsResponse {
        counts: Some(counts),
        outcomes: listed,
    }
}

/// Adds what became of one more batch to the answer to an upload.
pub fn add_to_upload(
    response: &mut v1::UploadReportsResponse,
    batch: &str,
    mut outcomes: Vec<(u32, Outcome)>,
    language: Language,
) {
    outcomes.sort_by_key(|(number, _)| *number);
    response.batches += 1;
    let counts = response.counts.get_or_insert_default();
    for (number, outcome) in &outcomes {
        count(counts, outcome);
        if let Outcome::Refused(refusal) = outcome
            && response.refused.len() < MAX_LISTED_REFUSALS
        {
            response.refused.push(v1::RefusedRow {
                batch: batch.to_owned(),
                row: *number,
                refusal: Some(message(refusal, language)),
            });
        }
    }
}

fn count(counts: &mut v1::OutcomeCounts, outcome: &Outcome) {
    let counter = match outcome {
        Outcome::Accepted { .. } => &mut counts.accepted,
        Outcome::Superseded { .. } => &mut counts.superseded,
        Outcome::Duplicate { .. } => &mut counts.duplicate,
        Outcome::Stale { .. } => &mut counts.stale,
        Outcome::Refused(_) => &mut counts.refused,
    };
    *counter += 1;
}

fn row_outcome(row: u32, outcome: &Outcome, language: Language) -> v1::RowOutcome {
    let (kind, revision, refusal) = match outcome {
        Outcome::Accepted { revision } => (v1::Outcome::Accepted, *revision, None),
        Outcome::Superseded { revision } => (v1::Outcome::Superseded, *revision, None),
        Outcome::Duplicate { revision } => (v1::Outcome::Duplicate, *revision, None),
        Outcome::Stale { revision } => (v1::Outcome::Stale, *revision, None),
        Outcome::Refused(refusal) => (v1::Outcome::Refused, 0, Some(message(refusal, language))),
    };
    v1::RowOutcome {
        row,
        outcome: kind.into(),
        revision,
        refusal,
    }
}

/// What became of one row, as a caller gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteOutcome {
    /// Taken as the first figure of its cell, with this revision.
    Accepted(u32),
    /// Taken in place of another figure, with this revision.
    Superseded(u32),
    /// Known already; this revision counts.
    Duplicate(u32),
    /// Older than the figure that counts, which has this revision.
    Stale(u32),
    /// Not taken.
    Refused(RemoteRefusal),
}

/// A row's number and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRow {
    /// The row's number.
    pub row: u32,
    /// What became of it.
    pub outcome: RemoteOutcome,
}

impl TryFrom<v1::RowOutcome> for RemoteRow {
    type Error = Refusal;

    fn try_from(outcome: v1::RowOutcome) -> Result<Self, Refusal> {
        let v1::RowOutcome {
            row,
            outcome: number,
            revision,
            refusal,
        } = outcome;
        let outcome = match v1::Outcome::try_from(number) {
            Ok(v1::Outcome::Accepted) => RemoteOutcome::Accepted(revision),
            Ok(v1::Outcome::Superseded) => RemoteOutcome::Superseded(revision),
            Ok(v1::Outcome::Duplicate) => RemoteOutcome::Duplicate(revision),
            Ok(v1::Outcome::Stale) => RemoteOutcome::Stale(revision),
            Ok(v1::Outcome::Refused) => {
                let refusal = refusal.ok_or_else(|| read::missing("refusal"))?;
                RemoteOutcome::Refused(RemoteRefusal::from(refusal))
            }
            Ok(v1::Outcome::Unspecified) => return Err(read::missing("outcome")),
            Err(_) => {
                let reason = Reason::Malformed;
                return Err(Refusal::new(reason, "outcome", number, Accepted::Nothing));
            }
        };
        Ok(Self { row, outcome })
    }
}

#[cfg(test)]
mod tests;
