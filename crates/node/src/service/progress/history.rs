//! The history of one figure: a chain through the journal, from the version that counts back to
//! the first, a page at a time.

use jiff::Timestamp;
use liandong_core::event::Event;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::report::{ReportBatch, ReportRow};
use liandong_store::history::History;
use liandong_wire::progress::v1::{ListHistoryResponse, ReportVersion};
use liandong_wire::progress::{FigureKey, HistoryPage, HistoryPlace};
use liandong_wire::timestamp;

use super::super::call::{blocking, internal};
use crate::context::Context;

/// One page of the versions of a figure, newest first.
pub(super) async fn list(
    context: &Context,
    page: HistoryPage,
) -> Result<ListHistoryResponse, Refusal> {
    let catalogue = &context.catalogue;
    let head = context.reader.read(|state| {
        let FigureKey {
            source,
            indicator,
            period,
        } = page.figure;
        if state.region(catalogue, source).is_none() {
            let accepted = Accepted::Nothing;
            return Err(Refusal::new(
                Reason::UnknownRegion,
                "source",
                source,
                accepted,
            ));
        }
        let Some(known) = state.indicator(catalogue, indicator) else {
            let accepted = Accepted::Nothing;
            return Err(Refusal::new(
                Reason::UnknownIndicator,
                "indicator",
                indicator,
                accepted,
            ));
        };
        let head = state.report(source, indicator, period);
        Ok((known.kind.has_denominator(), head.map(|head| head.frame)))
    });
    let (has_denominator, head) = head.await??;
    let walk = Walk {
        page,
        head: head.unwrap_or(0),
        has_denominator,
    };
    let history = context.history.clone();
    blocking(context, move || walk.go(&history)).await
}

/// The walk from a version back along what each replaced, for one page.
struct Walk {
    page: HistoryPage,
    /// The frame of the version that counts; 0 while there is none.
    head: u64,
    has_denominator: bool,
}

impl Walk {
    fn go(&self, history: &History) -> Result<ListHistoryResponse, Refusal> {
        let HistoryPage { figure, size, from } = self.page;
        let mut frame = match from {
            // Nothing of the figure stands in a later frame than the version that counts.
            Some(place) if place.frame > self.head => return Err(wrong_place(place, &figure)),
            Some(place) => place.frame,
            None => self.head,
        };
        let mut below = from.map(|place| place.below);
        let mut versions: Vec<ReportVersion> = Vec::new();
        let mut next = None;
        while frame > 0 && next.is_none() {
            let events = history.read(frame).map_err(|error| {
                tracing::error!(%error, frame, "cannot read the past");
                internal("journal")
            })?;
            let mut before = 0;
            for (batch, row) in versions_in(&events, figure, below) {
                if versions.len() >= size.into() {
                    // The rest of a batch that corrected the figure several times.
                    before = frame;
                    break;
                }
                before = row.replaces;
                below = Some(row.revision);
                let counts_now = from.is_none() && versions.is_empty();
                versions.push(version(batch, row, self.has_denominator, counts_now)?);
            }
            let is_full = versions.len() >= size.into();
            if is_full && before > 0 {
                next = below.map(|below| HistoryPlace {
                    frame: before,
                    below,
                });
            }
            // The oldest version in a frame replaces one of an earlier frame, or none.
            if before >= frame {
                break;
            }
            frame = before;
        }
        if let Some(place) = from.filter(|_| versions.is_empty()) {
            return Err(wrong_place(place, &figure));
        }
        Ok(ListHistoryResponse {
            versions,
            next_page_token: next.map_or_else(String::new, |place| place.token(&figure)),
        })
    }
}

/// The journal has nothing where a page token points to: it may be from another node, or from before
/// this one was restored.
fn wrong_place(place: HistoryPlace, figure: &FigureKey) -> Refusal {
    HistoryPlace::refused(&place.token(figure))
}

/// The versions of a figure in one frame, newest first. A frame holds a whole batch of the commit
/// loop, so several may stand in one.
fn versions_in(
    events: &[Event],
    figure: FigureKey,
    below: Option<u32>,
) -> Vec<(&ReportBatch, &ReportRow)> {
    let mut found: Vec<(&ReportBatch, &ReportRow)> = Vec::new();
    for event in events {
        if let Event::Reports(batch) = event {
            let rows = batch.rows.iter().filter(|row| is_of(batch, row, figure));
            found.extend(rows.map(|row| (batch, row)));
        }
    }
    found.retain(|(_, row)| below.is_none_or(|below| row.revision < below));
    found.sort_by_key(|(_, row)| std::cmp::Reverse(row.revision));
    found
}

fn is_of(batch: &ReportBatch, row: &ReportRow, figure: FigureKey) -> bool {
    row.period == figure.period
        && batch.sources.get(row.source as usize) == Some(&figure.source)
        && batch.indicators.get(row.indicator as usize) == Some(&figure.indicator)
}

fn version(
    batch: &ReportBatch,
    row: &ReportRow,
    has_denominator: bool,
    counts_now: bool,
) -> Result<ReportVersion, Refusal> {
    let at = Timestamp::from_microsecond(batch.at_micros).map_err(|error| {
        tracing::error!(%error, batch = batch.id, "a batch has no readable time");
        internal("journal")
    })?;
    Ok(ReportVersion {
        numerator: row.numerator,
        denominator: has_denominator.then_some(row.denominator),
        revision: row.revision,
        id: row.id.clone(),
        batch: batch.id.clone(),
        row: row.row,
        by: batch.by.clone(),
        at: Some(timestamp(at)),
        on_time: row.on_time,
        note: row.note.clone(),
        counts_now,
    })
}
