//! A push as a node takes it: the fields and the bytes of `PushReportsRequest`, its rows not read
//! yet.
//!
//! A batch has hundreds of rows with three texts or more each. To give every text memory of its own,
//! only to read a code from it and to give the memory back, is a tenth of what a figure costs a node;
//! so rows stay in the bytes that came, and their texts are read where they stand (`row.rs`).

use bytes::Bytes;
use liandong_core::command::Push;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::report::{Fingerprints, MAX_ROWS, Outcome, Report};

use super::row::RowReader;

/// A `PushReportsRequest` whose rows have not been read.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UnreadPush {
    /// As in `PushReportsRequest`.
    #[prost(message, optional, tag = "1")]
    pub batch: Option<UnreadBatch>,
    /// As in `PushReportsRequest`.
    #[prost(bool, tag = "2")]
    pub all_outcomes: bool,
}

/// An `UploadReportsRequest` whose rows have not been read.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UnreadUpload {
    /// As in `UploadReportsRequest`.
    #[prost(message, optional, tag = "1")]
    pub batch: Option<UnreadBatch>,
}

/// A `ReportBatch` whose rows have not been read.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UnreadBatch {
    /// As in `ReportBatch`.
    #[prost(string, tag = "1")]
    pub id: String,
    /// As in `ReportBatch`.
    #[prost(string, tag = "2")]
    pub by: String,
    /// As in `ReportBatch`.
    #[prost(uint32, tag = "3")]
    pub first_row: u32,
    /// The bytes of each `Report`, parts of those that came.
    #[prost(bytes = "bytes", repeated, tag = "4")]
    pub rows: Vec<Bytes>,
    /// As in `ReportBatch`.
    #[prost(bool, tag = "5")]
    pub all_or_nothing: bool,
}

/// A batch as it was read: the rows that could be read, and the refusals of those that could not.
#[derive(Clone, Debug)]
pub struct ReadBatch {
    /// What can be pushed.
    pub push: Push,
    /// The sources of its rows, in their order, each once where rows of it stand together.
    pub sources: Vec<RegionCode>,
    /// Rows that could not be read, with their numbers, in order.
    pub refused: Vec<(u32, Refusal)>,
}

impl TryFrom<UnreadBatch> for ReadBatch {
    type Error = Refusal;

    fn try_from(batch: UnreadBatch) -> Result<Self, Refusal> {
        let UnreadBatch {
            id,
            by,
            first_row,
            rows: pushed,
            all_or_nothing,
        } = batch;
        if pushed.len() > MAX_ROWS {
            let most = i64::try_from(MAX_ROWS).unwrap_or(i64::MAX);
            let accepted = Accepted::Range(0, most);
            return Err(Refusal::new(
                Reason::TooManyRows,
                "rows",
                pushed.len(),
                accepted,
            ));
        }
        let first = first_row.max(1);
        let most = u32::MAX - u32::try_from(MAX_ROWS).unwrap_or(u32::MAX);
        if first > most {
            let accepted = Accepted::Range(0, i64::from(most));
            let reason = Reason::OutOfRange;
            return Err(Refusal::new(reason, "first_row", first_row, accepted));
        }
        let mut rows: Vec<(u32, Report)> = Vec::with_capacity(pushed.len());
        // A source mostly has several rows, however few of its figures a batch corrects.
        let mut sources = Vec::with_capacity(pushed.len().div_ceil(4));
        let mut refused = Vec::new();
        let mut reader = RowReader::default();
        for (number, row) in (first..).zip(&pushed) {
            match reader.read(row) {
                Ok(report) => {
                    if sources.last() != Some(&report.source) {
                        sources.push(report.source);
                    }
                    rows.push((number, report));
                }
                Err(refusal) => refused.push((number, refusal)),
            }
        }
        let push = Push {
            id,
            by,
            rows,
            all_or_nothing,
            fingerprints: Fingerprints::default(),
        };
        Ok(Self {
            push,
            sources,
            refused,
        })
    }
}

impl ReadBatch {
    /// What to push and what to tell of the rows that could not be read. When all rows were to be
    /// taken or none, and one could not be read, nothing is left to push.
    pub fn split(self) -> (Option<Push>, Vec<(u32, Outcome)>) {
        let Self {
            mut push, refused, ..
        } = self;
        let unreadable = !refused.is_empty();
        let refused = refused.into_iter();
        let mut outcomes: Vec<(u32, Outcome)> = refused
            .map(|(number, refusal)| (number, Outcome::Refused(refusal.into())))
            .collect();
        if !(push.all_or_nothing && unreadable) {
            return (Some(push), outcomes);
        }
        for (number, _) in push.rows.drain(..) {
            let refusal = Refusal::new(Reason::BatchRefused, "", "", Accepted::Nothing);
            outcomes.push((number, Outcome::Refused(refusal.into())));
        }
        outcomes.sort_by_key(|(number, _)| *number);
        (None, outcomes)
    }
}
