//! What this node says of a cell of a region that it hosts, from its state and its journal.

use std::collections::BTreeMap;

use liandong_core::event::Event;
use liandong_core::proof::{
    Figure, JournalPlace, MAX_PARTS, Part, ProvenReport, SignedStatement, Statement,
};
use liandong_core::query::{self, Question, Scope};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::report::ReportRow;
use liandong_core::rollup::Sums;
use liandong_core::state::{ReportHead, State};
use liandong_identity::Purpose;
use liandong_proof::{digest, statement_line};
use liandong_store::history::History;

use crate::context::Context;
use crate::service::{blocking, internal};

/// A cell as the state has it.
struct Found {
    sums: Sums,
    frame: u64,
    own: Option<ReportHead>,
    parts: Vec<FoundPart>,
}

struct FoundPart {
    region: RegionCode,
    sums: Sums,
    /// The report that the cell is made of, and of nothing else.
    head: Option<ReportHead>,
}

/// A statement about a cell of a region that is hosted here, signed now.
///
/// # Errors
/// Unknown region or indicator, an indicator that is computed from others, a region without a
/// figure; [`Reason::NotAllowedNow`] where the node speaks in plain text and has nothing to sign
/// with; [`Reason::Corrupt`] when its own sums or its journal contradict each other.
pub(super) async fn statement(
    context: &Context,
    figure: Figure,
) -> Result<SignedStatement, Refusal> {
    let Some(identities) = &context.identities else {
        return Err(Refusal::advise(
            Reason::NotAllowedNow,
            "region",
            figure.region,
            "该节点没有证书，无法签名",
            "that node has no certificate to sign with",
        ));
    };
    let found = context
        .reader
        .read(|state| find(context, state, figure))
        .await??;
    let history = context.history.clone();
    let statement = blocking(context, move || read(&history, figure, found)).await?;
    if let Err(fault) = statement.check() {
        tracing::error!(%fault, "the own figures contradict each other: nothing is signed");
        return Err(internal("cells"));
    }
    let content = statement_line(&statement).map_err(|error| {
        tracing::error!(%error, region = %figure.region, "a statement cannot be written");
        internal("statement")
    })?;
    let attested = identities.attest(Purpose::Figure, &digest(&content));
    let (chain, attestation) = attested.map_err(|error| {
        tracing::error!(%error, "a statement cannot be signed");
        internal("key")
    })?;
    let certificates = chain.ders().iter().map(|der| der.to_vec()).collect();
    Ok(SignedStatement {
        content,
        certificates,
        at_micros: attestation.at.as_microsecond(),
        signature: attestation.signature.0,
    })
}

fn find(context: &Context, state: &State, figure: Figure) -> Result<Found, Refusal> {
    let Figure {
        region,
        indicator,
        period,
    } = figure;
    // The same questions are refused as when the cell is taken apart for people.
    let question = Question {
        state,
        catalogue: &context.catalogue,
        scope: &Scope::Indicator(indicator),
        period,
        policy: context.light_policy(),
    };
    query::drill(&question, region)?;
    if !state.hosts(region) {
        return Err(Refusal::advise(
            Reason::ForeignRegion,
            "region",
            region,
            "请向该区域自己的节点或其上级查询",
            "ask that region's own node or one above it",
        ));
    }
    let Some(cell) = state.cell(region, indicator, period) else {
        return Err(Refusal::advise(
            Reason::NotAllowedNow,
            "region",
            region,
            "该区域这一期还没有数据，没有可证明的",
            "nothing has been reported there for that period: there is nothing to prove",
        ));
    };
    let mut parts = Vec::new();
    for child in state.tree().children(region) {
        let cell = state.cell(*child, indicator, period);
        let Some(cell) = cell.filter(|cell| cell.sums != Sums::default()) else {
            continue;
        };
        let head = state.report(*child, indicator, period);
        let head = head.filter(|head| head.sums == cell.sums && state.hosts(*child));
        parts.push(FoundPart {
            region: *child,
            sums: cell.sums,
            head,
        });
    }
    if parts.len() > MAX_PARTS {
        let most = i64::try_from(MAX_PARTS).unwrap_or(i64::MAX);
        let accepted = Accepted::Range(0, most);
        return Err(Refusal::new(
            Reason::TooManyRows,
            "region",
            parts.len(),
            accepted,
        ));
    }
    parts.sort_by_key(|part| part.region);
    Ok(Found {
        sums: cell.sums,
        frame: state.frame(),
        own: state.report(region, indicator, period),
        parts,
    })
}

/// Looks the reports up in the journal, each frame once.
fn read(history: &History, figure: Figure, found: Found) -> Result<Statement, Refusal> {
    let mut wanted: BTreeMap<u64, Vec<(RegionCode, ReportHead)>> = BTreeMap::new();
    let own = found.own.map(|head| (figure.region, head));
    let heads = found.parts.iter();
    let heads = heads.filter_map(|part| Some((part.region, part.head?)));
    for (region, head) in own.into_iter().chain(heads) {
        wanted.entry(head.frame).or_default().push((region, head));
    }
    let mut reports: BTreeMap<RegionCode, ProvenReport> = BTreeMap::new();
    for (frame, heads) in wanted {
        let place = place(history, frame)?;
        let events = history
            .read(frame)
            .map_err(|error| unreadable(frame, &error))?;
        for (region, head) in heads {
            let row = row_of(&events, region, &figure, &head);
            let Some((row, received_micros)) = row else {
                tracing::error!(frame, %region, "the journal has another report than the state");
                return Err(internal("journal"));
            };
            let report = ProvenReport {
                numerator: row.numerator,
                denominator: row.denominator,
                revision: row.revision,
                role: head.role,
                on_time: head.sums.on_time > 0,
                received_micros,
                place,
            };
            reports.insert(region, report);
        }
    }
    let parts = found.parts.into_iter();
    let parts = parts.map(|part| Part {
        region: part.region,
        sums: part.sums,
        report: reports.get(&part.region).copied(),
    });
    Ok(Statement {
        figure,
        sums: found.sums,
        place: place(history, found.frame)?,
        own: reports.get(&figure.region).copied(),
        parts: parts.collect(),
    })
}

/// The row that the state counts, and when it was taken.
fn row_of<'a>(
    events: &'a [Event],
    region: RegionCode,
    figure: &Figure,
    head: &ReportHead,
) -> Option<(&'a ReportRow, i64)> {
    for event in events {
        let Event::Reports(batch) = event else {
            continue;
        };
        let found = batch.rows.iter().find(|row| {
            row.period == figure.period
                && row.revision == head.revision
                && row.numerator == head.sums.numerator
                && row.denominator == head.sums.denominator
                && batch.sources.get(row.source as usize) == Some(&region)
                && batch.indicators.get(row.indicator as usize) == Some(&figure.indicator)
        });
        if let Some(row) = found {
            return Some((row, batch.at_micros));
        }
    }
    None
}

fn place(history: &History, frame: u64) -> Result<JournalPlace, Refusal> {
    let hash = history.journal().hash_of(frame);
    let hash = hash.map_err(|error| unreadable(frame, &error))?;
    Ok(JournalPlace { frame, hash })
}

fn unreadable(frame: u64, error: &dyn std::error::Error) -> Refusal {
    tracing::error!(%error, frame, "cannot read the past");
    internal("journal")
}
