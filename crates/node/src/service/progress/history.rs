//! The history of one figure: a chain through the journal, from the version that counts back to
//! the first.

use jiff::Timestamp;
use liandong_core::event::Event;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::report::{ReportBatch, ReportRow};
use liandong_store::history::History;
use liandong_wire::progress::FigureKey;
use liandong_wire::progress::v1::{ListHistoryResponse, ReportVersion};
use liandong_wire::timestamp;

use super::super::call::{blocking, internal};
use crate::context::Context;

/// The most versions that are listed: more than any figure is corrected, and an end to the walk.
const MAX_VERSIONS: usize = 1_000;

/// Every version of a figure, newest first.
pub(super) async fn list(
    context: &Context,
    figure: FigureKey,
) -> Result<ListHistoryResponse, Refusal> {
    let catalogue = &context.catalogue;
    let head = context.reader.read(|state| {
        let FigureKey {
            source,
            indicator,
            period,
        } = figure;
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
    let (has_denominator, frame) = head.await??;
    let Some(frame) = frame else {
        return Ok(ListHistoryResponse::default());
    };
    let history = context.history.clone();
    let versions = blocking(context, move || {
        walk(&history, figure, frame, has_denominator)
    })
    .await?;
    Ok(ListHistoryResponse { versions })
}

/// Walks from `frame` along what each version replaced.
fn walk(
    history: &History,
    figure: FigureKey,
    mut frame: u64,
    has_denominator: bool,
) -> Result<Vec<ReportVersion>, Refusal> {
    let mut versions: Vec<ReportVersion> = Vec::new();
    while frame > 0 && versions.len() < MAX_VERSIONS {
        let events = history.read(frame).map_err(|error| {
            tracing::error!(%error, frame, "cannot read the past");
            internal("journal")
        })?;
        // A frame holds a whole batch of the commit loop, so several versions may stand in one.
        let mut found: Vec<(&ReportBatch, &ReportRow)> = Vec::new();
        for event in &events {
            if let Event::Reports(batch) = event {
                let rows = batch.rows.iter().filter(|row| is_of(batch, row, figure));
                found.extend(rows.map(|row| (batch, row)));
            }
        }
        found.sort_by_key(|(_, row)| std::cmp::Reverse(row.revision));
        let shown = versions.last().map(|version| version.revision);
        let mut before = 0;
        for (batch, row) in found {
            if shown.is_some_and(|shown| shown <= row.revision) {
                continue;
            }
            before = row.replaces;
            let counts_now = versions.is_empty();
            versions.push(version(batch, row, has_denominator, counts_now)?);
        }
        // The oldest version in a frame replaces one of an earlier frame, or none.
        if before >= frame {
            break;
        }
        frame = before;
    }
    versions.truncate(MAX_VERSIONS);
    Ok(versions)
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
