//! Pushing any number of reports: batches of a bounded size, several under way at once, each
//! repeated under the same id until it is taken.
//!
//! Two reports of one cell are never under way in two batches at once, so the later row of a file
//! is also the later one at the node.

use std::collections::HashSet;

use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::refusal::Reason;
use liandong_core::region::RegionCode;
use liandong_core::report::{MAX_ROWS, Report};
use liandong_wire::progress::v1;
use liandong_wire::refusal::RemoteRefusal;
use tokio::task::JoinSet;

use crate::error::ClientError;
use crate::progress::Progress;

/// The rows of a batch unless told otherwise: small enough to be repeated cheaply over a poor
/// line, large enough that the node's one write per batch is shared by many.
const ROWS_PER_BATCH: usize = 1_000;
/// The batches that are under way at once unless told otherwise.
const BATCHES_UNDER_WAY: usize = 4;

/// What is pushed, by whom and how.
#[derive(Clone, Debug)]
pub struct Pusher {
    progress: Progress,
    batch: String,
    by: String,
    rows_per_batch: usize,
    under_way: usize,
    all_or_nothing: bool,
}

impl Pusher {
    pub(crate) fn new(progress: Progress, batch: &str, by: &str) -> Self {
        Self {
            progress,
            batch: batch.to_owned(),
            by: by.to_owned(),
            rows_per_batch: ROWS_PER_BATCH,
            under_way: BATCHES_UNDER_WAY,
            all_or_nothing: false,
        }
    }

    /// Sends batches of at most `rows`, from 1 to what a node takes at once.
    #[must_use]
    pub fn rows_per_batch(mut self, rows: usize) -> Self {
        self.rows_per_batch = rows.clamp(1, MAX_ROWS);
        self
    }

    /// Keeps at most `batches` under way, at least 1.
    #[must_use]
    pub fn batches_under_way(mut self, batches: usize) -> Self {
        self.under_way = batches.max(1);
        self
    }

    /// Lets a batch be taken whole or not at all. Batches are still taken one by one: to push a
    /// file whole, make sure that it fits one batch.
    #[must_use]
    pub fn all_or_nothing(mut self) -> Self {
        self.all_or_nothing = true;
        self
    }

    /// Begins an upload that rows are added to one by one.
    pub fn start(self) -> Upload {
        Upload {
            pusher: self,
            first_row: 0,
            rows: Vec::new(),
            sending: JoinSet::new(),
            cells_under_way: HashSet::new(),
            counts: PushCounts::default(),
        }
    }

    /// Pushes every row: its number, from 1 and rising, and the report. `progress` is told the
    /// counts, and the rows that were refused, whenever a batch was taken.
    ///
    /// # Errors
    /// The first batch that could not be taken after all retries; pushing everything again under
    /// the same name is harmless.
    pub async fn push_all(
        self,
        rows: impl IntoIterator<Item = (u32, Report)>,
        mut progress: impl FnMut(&PushCounts, &[RefusedReport]),
    ) -> Result<PushCounts, ClientError> {
        let mut upload = self.start();
        for (row, report) in rows {
            let refused = upload.add(row, report).await?;
            progress(upload.counts(), &refused);
        }
        let refused = upload.finish().await?;
        progress(upload.counts(), &refused);
        Ok(*upload.counts())
    }
}

/// How many rows ended how so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PushCounts {
    /// Taken as the first figure of their cell.
    pub accepted: u64,
    /// Taken in place of another figure.
    pub superseded: u64,
    /// Known already.
    pub duplicate: u64,
    /// Older than the figure that counts.
    pub stale: u64,
    /// Not taken.
    pub refused: u64,
}

impl PushCounts {
    /// Rows whose outcome is known.
    pub fn total(&self) -> u64 {
        self.accepted + self.superseded + self.duplicate + self.stale + self.refused
    }

    fn add(&mut self, counts: v1::OutcomeCounts) {
        let v1::OutcomeCounts {
            accepted,
            superseded,
            duplicate,
            stale,
            refused,
        } = counts;
        self.accepted += accepted;
        self.superseded += superseded;
        self.duplicate += duplicate;
        self.stale += stale;
        self.refused += refused;
    }
}

/// A row that the node did not take.
#[derive(Clone, Debug)]
pub struct RefusedReport {
    /// Its number.
    pub row: u32,
    /// What it said.
    pub report: Report,
    /// Why.
    pub refusal: RemoteRefusal,
}

type Cell = (RegionCode, IndicatorCode, Period);

fn cell(report: &Report) -> Cell {
    (report.source, report.indicator, report.period)
}

/// A batch that came back.
struct Taken {
    first_row: u32,
    rows: Vec<Report>,
    answer: Result<v1::PushReportsResponse, ClientError>,
}

/// An upload under way. Memory is bounded by the batches under way, whatever is added.
pub struct Upload {
    pusher: Pusher,
    first_row: u32,
    rows: Vec<Report>,
    sending: JoinSet<Taken>,
    cells_under_way: HashSet<Cell>,
    counts: PushCounts,
}

impl Upload {
    /// Adds a row with its number, which has to be greater than that of the row before. Sends a
    /// batch when it is full, waiting while enough are under way, and returns the rows that
    /// finished batches refused.
    ///
    /// # Errors
    /// The first batch that could not be taken after all retries.
    pub async fn add(
        &mut self,
        row: u32,
        report: Report,
    ) -> Result<Vec<RefusedReport>, ClientError> {
        let mut refused = Vec::new();
        // A batch numbers its rows without gaps, so a gap begins another batch.
        let expected = u64::from(self.first_row) + self.rows.len() as u64;
        if !self.rows.is_empty() && u64::from(row) != expected {
            self.send(&mut refused).await?;
        }
        if self.rows.is_empty() {
            self.first_row = row;
        }
        self.rows.push(report);
        if self.rows.len() >= self.pusher.rows_per_batch {
            self.send(&mut refused).await?;
        }
        Ok(refused)
    }

    /// Sends what is left and waits for every batch. To be called once at the end.
    ///
    /// # Errors
    /// The first batch that could not be taken after all retries.
    pub async fn finish(&mut self) -> Result<Vec<RefusedReport>, ClientError> {
        let mut refused = Vec::new();
        self.send(&mut refused).await?;
        while !self.sending.is_empty() {
            self.take_one(&mut refused).await?;
        }
        Ok(refused)
    }

    /// How many rows ended how so far.
    pub fn counts(&self) -> &PushCounts {
        &self.counts
    }

    async fn send(&mut self, refused: &mut Vec<RefusedReport>) -> Result<(), ClientError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        while self.sending.len() >= self.pusher.under_way
            || rows
                .iter()
                .any(|report| self.cells_under_way.contains(&cell(report)))
        {
            self.take_one(refused).await?;
        }
        self.cells_under_way.extend(rows.iter().map(cell));
        let request = v1::PushReportsRequest {
            batch: Some(v1::ReportBatch {
                id: self.pusher.batch.clone(),
                by: self.pusher.by.clone(),
                first_row: self.first_row,
                rows: rows.iter().map(v1::Report::from).collect(),
                all_or_nothing: self.pusher.all_or_nothing,
            }),
            all_outcomes: false,
        };
        let progress = self.pusher.progress.clone();
        let first_row = self.first_row;
        self.sending.spawn(async move {
            let answer = progress.push_reports(request).await;
            Taken {
                first_row,
                rows,
                answer,
            }
        });
        Ok(())
    }

    async fn take_one(&mut self, refused: &mut Vec<RefusedReport>) -> Result<(), ClientError> {
        let taken = match self.sending.join_next().await {
            None => return Ok(()),
            Some(Ok(taken)) => taken,
            Some(Err(error)) => {
                return Err(ClientError::Failed {
                    code: tonic::Code::Internal,
                    message: error.to_string(),
                });
            }
        };
        for report in &taken.rows {
            self.cells_under_way.remove(&cell(report));
        }
        let v1::PushReportsResponse { counts, outcomes } = match taken.answer {
            Ok(answer) => answer,
            // A batch of nothing but rows of others is refused as a whole; which rows stand in a
            // batch with which is no business of whoever wrote the file.
            Err(ClientError::Refused(refusal)) if refusal.reason == Some(Reason::NoRight) => {
                self.counts.refused += taken.rows.len() as u64;
                let rows = (taken.first_row..).zip(taken.rows);
                refused.extend(rows.map(|(row, report)| RefusedReport {
                    row,
                    report,
                    refusal: (*refusal).clone(),
                }));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.counts.add(counts.unwrap_or_default());
        for outcome in outcomes {
            let place = outcome.row.checked_sub(taken.first_row);
            let place = place.and_then(|place| usize::try_from(place).ok());
            let report = place.and_then(|place| taken.rows.get(place));
            if let (Some(refusal), Some(report)) = (outcome.refusal, report) {
                refused.push(RefusedReport {
                    row: outcome.row,
                    report: report.clone(),
                    refusal: RemoteRefusal::from(refusal),
                });
            }
        }
        Ok(())
    }
}
