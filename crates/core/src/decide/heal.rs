//! Healing what a comparison found: the listener takes what the teller has, and says what only it
//! still holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::receive::entitled::{Peer, check_cell, not_entitled};
use super::receive::shape::check_shape;
use super::receive::signed::{Signers, attested};
use super::{Setting, require_hosted};
use crate::command::{Answer, Decision, Healing};
use crate::compare::{Bucket, CellName, Direction, Findings};
use crate::document::{Body, CellDocument, Document, DocumentKey, Kind};
use crate::event::{Event, Healed};
use crate::refusal::{Reason, Refusal};
use crate::region::RegionCode;
use crate::state::State;

/// Takes a bucket as its teller has it. Documents that are new or newer were received before; here
/// are those of the same version and another content, and all cells.
///
/// One version with two contents comes of two lives of the teller that numbered alike. Whoever was
/// told of the earlier life from here takes nothing that is not newer, so the teller is told of it
/// like of something newer, and tells its own again above.
///
/// # Errors
/// When the teller's region is hosted here.
pub(super) fn heal(
    state: &State,
    mut healing: Healing,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    let proofs = std::mem::take(&mut healing.proofs);
    let (from, relation) = (healing.from, healing.relation);
    if state.hosts(from) {
        return Err(not_entitled(from, relation, from));
    }
    let mut healed = Healed::of(from);
    let mut findings = Findings::default();
    let peer = Peer {
        state,
        setting,
        from,
        relation,
        proofs: &proofs,
    };
    // What was signed by somebody else than who may is not what the owner has: it takes nobody's
    // place, and the bucket is not known whole.
    let told = healing.documents.len();
    let (tree, nobody) = (state.tree(), Signers::new());
    let documents = &mut healing.documents;
    documents.retain(|document| peer.check_signer(tree, document, &nobody).is_ok());
    healing.is_current &= healing.documents.len() == told;
    let (bucket, is_current) = (healing.bucket, healing.is_current);
    match bucket {
        Bucket::Documents(kind, owner) => {
            let direction = Direction {
                teller: from,
                listener: setting.here,
                listener_is: relation.opposite(),
            };
            compare_documents(
                state,
                &healing,
                (kind, owner),
                &direction,
                &mut healed,
                &mut findings,
            );
        }
        Bucket::Cells(region) => {
            compare_cells(state, healing, region, &mut healed, &mut findings);
        }
    }
    if let Bucket::Documents(Kind::Roster, owner) = bucket
        && let Some(version) = state.overtaken(owner).filter(|_| is_current)
    {
        findings.highest = version;
    }
    let count = healed.documents.len() + healed.cells.len();
    findings.healed = u32::try_from(count).unwrap_or(u32::MAX);
    let marks = healed.missing_documents.len()
        + healed.missing_cells.len()
        + healed.found_documents.len()
        + healed.found_cells.len();
    let named = healed.documents.iter().map(|one| (one.key(), one.version));
    let attested = attested(named, &proofs);
    let mut events = Vec::new();
    if count + marks > 0 {
        events.push(Event::Healed(healed));
        events.extend(attested);
    }
    Ok(Decision {
        events,
        answer: Answer::Healed(findings),
    })
}

fn compare_documents(
    state: &State,
    healing: &Healing,
    (kind, owner): (Kind, RegionCode),
    direction: &Direction,
    healed: &mut Healed,
    findings: &mut Findings,
) {
    if state.hosts(owner) {
        return;
    }
    let mut sent: BTreeMap<DocumentKey, &Document> = BTreeMap::new();
    for document in &healing.documents {
        sent.insert(document.key(), document);
    }
    for held in state.documents_of(kind, owner) {
        let tree = state.tree();
        if !direction.tells(tree, held) || !direction.believes(tree, held) {
            continue;
        }
        let key = held.key();
        let is_marked = state.is_unowned(&key);
        match sent.get(&key) {
            Some(told) => {
                if told.version == held.version && takes_place_of(told, held) {
                    healed.documents.push((*told).clone());
                    if healing.is_current {
                        findings.hold(held, state.proof(&key));
                    }
                }
                if told.version < held.version && healing.is_current {
                    findings.hold(held, state.proof(&key));
                }
                if is_marked {
                    healed.found_documents.push(key);
                }
            }
            None if healing.is_current => {
                findings.hold(held, state.proof(&key));
                if !is_marked {
                    healed.missing_documents.push(key);
                }
            }
            None => {}
        }
    }
}

/// Whether a document that differs from the one held under the same version may take its place. A
/// region that would move is none: where it stands is not decided by a comparison.
fn takes_place_of(told: &Document, held: &Arc<Document>) -> bool {
    if told.body == held.body || check_shape(told).is_err() {
        return false;
    }
    match (&told.body, &held.body) {
        (Body::Region(told), Body::Region(held)) => told.parent == held.parent,
        _ => true,
    }
}

fn compare_cells(
    state: &State,
    healing: Healing,
    region: RegionCode,
    healed: &mut Healed,
    findings: &mut Findings,
) {
    let Healing {
        from,
        relation,
        cells,
        is_current,
        ..
    } = healing;
    if state.hosts(region) || !state.tree().is_within(region, from) {
        return;
    }
    let mut sent: BTreeMap<CellName, u64> = BTreeMap::new();
    let mut contradicted = 0;
    for cell in cells {
        if cell.region != region {
            continue;
        }
        let name = cell.name();
        sent.insert(name, cell.version);
        // What may not be taken was set aside when it was told.
        let Ok(is_newer) = check_cell(state, state.tree(), &cell, from, relation) else {
            continue;
        };
        let contradicts = differs(state, &cell);
        if contradicts {
            contradicted = cell.version.max(contradicted);
        }
        if is_newer || contradicts {
            healed.cells.push(cell);
        } else if state.is_unowned_cell(&name) {
            healed.found_cells.push(name);
        }
    }
    if !is_current {
        return;
    }
    findings.highest = findings.highest.max(contradicted);
    for held in state.cells_held(region) {
        let name = held.name();
        match sent.get(&name) {
            Some(version) if *version >= held.version => {}
            Some(_) => findings.highest = findings.highest.max(held.version),
            None => {
                findings.highest = findings.highest.max(held.version);
                findings.cells_missing += 1;
                if findings.cells.len() < Findings::MOST_CELLS {
                    findings.cells.push(name);
                }
                if !state.is_unowned_cell(&name) {
                    healed.missing_cells.push(name);
                }
            }
        }
    }
    healed.missing_cells.sort_unstable();
    findings.cells.sort_unstable();
}

/// Whether a cell is held in the same version with other sums.
fn differs(state: &State, cell: &CellDocument) -> bool {
    let held = state.cell(cell.region, cell.indicator, cell.period);
    held.is_some_and(|held| held.version == cell.version && held.sums != cell.sums)
}

/// Says of cells that their region has no figure for them any more.
///
/// # Errors
/// When a region is not hosted here, or has a figure: that is corrected by a report.
pub(super) fn withdraw(state: &State, cells: Vec<CellName>) -> Result<Decision, Refusal> {
    for name in &cells {
        require_hosted(state, "region", name.region)?;
        if state
            .cell(name.region, name.indicator, name.period)
            .is_some()
        {
            return Err(Refusal::advise(
                Reason::NotAllowedNow,
                "cell",
                format!("{}/{}/{}", name.region, name.indicator, name.period),
                "本节点有该数字：请用更正填报修改",
                "this node has a figure for it: correct it by a report",
            ));
        }
    }
    let events = if cells.is_empty() {
        Vec::new()
    } else {
        vec![Event::Withdrawn(cells)]
    };
    Ok(Decision {
        events,
        answer: Answer::Done,
    })
}
