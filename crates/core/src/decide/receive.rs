//! Taking changes from a peer: each is believed only where the peer may give it; what cannot be
//! taken is set aside and reported, and what stands behind it goes on.

use std::borrow::Cow;

use super::Setting;
use crate::access::{Relation, may_give};
use crate::command::{Answer, Decision, Incoming};
use crate::document::{Body, CellDocument, Document, MAX_DOCUMENT_ID_LEN};
use crate::event::{Event, Quarantined, Received};
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::{RegionCode, RegionTree};
use crate::state::State;

/// Takes a batch of changes. Batches that were taken already change nothing but are acknowledged.
pub(super) fn receive(state: &State, incoming: Incoming, setting: &Setting<'_>) -> Decision {
    // Most batches bring no region, so the tree is copied only when one does.
    let mut tree = Cow::Borrowed(state.tree());
    let mut quarantined = incoming.unreadable;
    let mut documents = Vec::with_capacity(incoming.documents.len());
    for document in incoming.documents {
        match check_document(
            state,
            &tree,
            &document,
            incoming.from,
            incoming.relation,
            setting,
        ) {
            Ok(true) => {
                if let Body::Region(region) = &document.body {
                    if tree.to_mut().insert(region.clone()).is_err() {
                        let refusal = cycle(region.code);
                        quarantined.push(set_aside(&describe(&document), &refusal));
                        continue;
                    }
                }
                documents.push(document);
            }
            Ok(false) => {}
            Err(refusal) => quarantined.push(set_aside(&describe(&document), &refusal)),
        }
    }
    let mut cells = Vec::with_capacity(incoming.cells.len());
    for cell in incoming.cells {
        match check_cell(state, &tree, &cell, incoming.from, incoming.relation) {
            Ok(true) => cells.push(cell),
            Ok(false) => {}
            Err(refusal) => quarantined.push(set_aside(&describe_cell(&cell), &refusal)),
        }
    }
    let known = state.watermark(incoming.from);
    let moves_on = known.is_none_or(|known| {
        known.incarnation != incoming.incarnation || known.upto < incoming.upto
    });
    let applied = u32::try_from(documents.len() + cells.len()).unwrap_or(u32::MAX);
    let answer = Answer::Received {
        applied,
        quarantined: u32::try_from(quarantined.len()).unwrap_or(u32::MAX),
    };
    if applied == 0 && quarantined.is_empty() && !moves_on {
        return Decision {
            events: Vec::new(),
            answer,
        };
    }
    let received = Received {
        from: incoming.from,
        incarnation: incoming.incarnation,
        upto: incoming.upto,
        documents,
        cells,
        quarantined,
    };
    Decision {
        events: vec![Event::Received(received)],
        answer,
    }
}

/// `Ok(true)` for a document to keep, `Ok(false)` for one that is known already.
fn check_document(
    state: &State,
    tree: &RegionTree,
    document: &Document,
    from: RegionCode,
    relation: Relation,
    setting: &Setting<'_>,
) -> Result<bool, Refusal> {
    if document.id.len() > MAX_DOCUMENT_ID_LEN {
        let accepted = Accepted::AtMostChars(MAX_DOCUMENT_ID_LEN);
        return Err(Refusal::new(Reason::TooLong, "id", &document.id, accepted));
    }
    if state.hosts(document.owner) || !may_give(tree, setting.here, from, relation, document) {
        return Err(not_entitled(from, relation, document.owner));
    }
    if let Body::Region(region) = &document.body {
        if region.code != document.owner {
            return Err(not_entitled(from, relation, region.code));
        }
    }
    let known = state.document(&document.key());
    Ok(known.is_none_or(|known| known.document.version < document.version))
}

fn check_cell(
    state: &State,
    tree: &RegionTree,
    cell: &CellDocument,
    from: RegionCode,
    relation: Relation,
) -> Result<bool, Refusal> {
    let within = relation == Relation::Child && tree.is_within(cell.region, from);
    if !within || state.hosts(cell.region) {
        return Err(not_entitled(from, relation, cell.region));
    }
    if !tree.contains(cell.region) {
        let accepted = Accepted::Nothing;
        return Err(Refusal::new(
            Reason::UnknownRegion,
            "region",
            cell.region,
            accepted,
        ));
    }
    if !cell.sums.is_plausible() {
        let accepted = Accepted::Range(0, i64::MAX / 256);
        let value = cell.sums.numerator;
        return Err(Refusal::new(
            Reason::OutOfRange,
            "numerator",
            value,
            accepted,
        ));
    }
    let known = state.cell(cell.region, cell.indicator, cell.period);
    Ok(known.is_none_or(|known| known.version < cell.version))
}

fn not_entitled(from: RegionCode, relation: Relation, owner: RegionCode) -> Refusal {
    Refusal::advise(
        Reason::NotEntitled,
        "owner",
        owner,
        format!("对端 {from}（{}）", relation.word()),
        format!("peer {from} ({})", relation.word()),
    )
}

fn cycle(region: RegionCode) -> Refusal {
    Refusal::new(Reason::NotAChild, "parent", region, Accepted::Nothing)
}

fn set_aside(what: &str, refusal: &Refusal) -> Quarantined {
    Quarantined {
        what: what.to_owned(),
        reason: refusal.reason.code().to_owned(),
        message: refusal.to_string(),
    }
}

fn describe(document: &Document) -> String {
    let id: String = document.id.chars().take(MAX_DOCUMENT_ID_LEN).collect();
    let kind = document.body.kind().word();
    format!(
        "{kind} {}/{id} version {}",
        document.owner, document.version
    )
}

fn describe_cell(cell: &CellDocument) -> String {
    let CellDocument {
        region,
        indicator,
        period,
        version,
        ..
    } = cell;
    format!("cell {region}/{indicator}/{period} version {version}")
}
