//! Healing what a comparison found: the listener takes what the teller has, the teller takes back
//! or tells again what only the listener still has.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::receive::entitled::{Peer, check_cell, not_entitled};
use super::receive::shape::check_shape;
use super::receive::signed::{Signers, attested};
use super::{Setting, life, require_hosted};
use crate::command::{Answer, Decision, Healing, Reconciling};
use crate::compare::{Bucket, CellName, Direction, Findings};
use crate::document::{Body, CellDocument, Document, DocumentKey, Kind};
use crate::event::{Event, Healed, Overtaken};
use crate::refusal::{Reason, Refusal};
use crate::region::RegionCode;
use crate::state::{State, Stored};

use crate::state::fold::{EPOCH_SHIFT, roster_key};

/// No node lives so often; what stands above comes from a fault and is not followed.
const MOST_EPOCHS: u64 = 1 << 20;

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
    let mut healed = Healed {
        from,
        documents: Vec::new(),
        cells: Vec::new(),
        missing_documents: Vec::new(),
        missing_cells: Vec::new(),
        found_documents: Vec::new(),
        found_cells: Vec::new(),
    };
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
                        findings.documents.push(Document::clone(held));
                    }
                }
                if told.version < held.version && healing.is_current {
                    findings.documents.push(Document::clone(held));
                }
                if is_marked {
                    healed.found_documents.push(key);
                }
            }
            None if healing.is_current => {
                findings.documents.push(Document::clone(held));
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

/// Acts on what a listener found in a bucket of a region that is hosted here.
///
/// A document that this life has not written, and that the peer was told of in an earlier one, is
/// taken back as it was, once; whatever this life has is told again above what the listener holds.
pub(super) fn reconcile(
    state: &State,
    reconciling: Reconciling,
    setting: &Setting<'_>,
) -> Decision {
    let Reconciling {
        peer,
        relation,
        bucket,
        findings,
    } = reconciling;
    let (Bucket::Documents(_, owner) | Bucket::Cells(owner)) = bucket;
    let mut acting = Acting {
        state,
        direction: Direction {
            teller: setting.here,
            listener: peer,
            listener_is: relation,
        },
        takes_back: state.met(peer) == Some(true),
        events: Vec::new(),
        taken_back: Vec::new(),
        epoch: 0,
    };
    let hosted = state.hosted().find(|(code, _)| *code == owner);
    if hosted.is_none() && state.tree().is_within(owner, setting.here) {
        acting.events.extend(overtaken(state, owner, &findings));
    }
    if let Some((_, epoch)) = hosted {
        for document in findings.documents {
            let named = Bucket::Documents(document.body.kind(), document.owner);
            if named == bucket && document.version >> EPOCH_SHIFT < MOST_EPOCHS {
                acting.act_on(document);
            }
        }
        let told = findings.highest >> EPOCH_SHIFT;
        if findings.highest > 0 && told < MOST_EPOCHS && told >= u64::from(epoch) {
            acting.raise(told + 1);
        }
        if acting.epoch > u64::from(epoch) {
            let epoch = u32::try_from(acting.epoch).unwrap_or(u32::MAX);
            acting.events.extend(life::raised(state, owner, epoch));
        }
    }
    let told_again = acting.events.len() > acting.taken_back.len();
    Decision {
        events: acting.events,
        answer: Answer::Reconciled {
            taken_back: acting.taken_back,
            told_again,
        },
    }
}

/// Of a region below that another node hosts: the listener holds what this node was never told in
/// this life. It is not this node's to tell again; the next comparison with the node below hands it
/// on, until it comes to the region's own.
fn overtaken(state: &State, owner: RegionCode, findings: &Findings) -> Option<Event> {
    let documents = findings.documents.iter().map(|document| {
        let version = match document.body.kind() {
            // Derived in the epoch that it names.
            Kind::Roster => document.version,
            // Numbered one epoch below.
            _ => document.version.saturating_add(1 << EPOCH_SHIFT),
        };
        let known = state.document(&document.key());
        let is_news = known.is_none_or(|known| stands_against(document, &known.document));
        if is_news { version } else { 0 }
    });
    let version = documents.max().unwrap_or(0).max(findings.highest);
    let told = state.document(&roster_key(owner));
    let told = told.map_or(0, |told| told.document.version);
    let is_news = version >> EPOCH_SHIFT >= told >> EPOCH_SHIFT
        && version >> EPOCH_SHIFT < MOST_EPOCHS
        && state.overtaken(owner).is_none_or(|known| known < version);
    is_news.then_some(Event::Overtaken(Overtaken {
        region: owner,
        version,
    }))
}

/// Whether what a listener holds is newer than what is known here, or as new and something else.
fn stands_against(held: &Document, known: &Document) -> bool {
    held.version > known.version || held.version == known.version && held.body != known.body
}

struct Acting<'a> {
    state: &'a State,
    direction: Direction,
    takes_back: bool,
    events: Vec<Event>,
    taken_back: Vec<DocumentKey>,
    /// The epoch that the owner needs; 0 for none.
    epoch: u64,
}

impl Acting<'_> {
    fn act_on(&mut self, document: Document) {
        let key = document.key();
        let known = self.state.document(&key);
        if known.is_some_and(|known| !stands_against(&document, &known.document)) {
            return;
        }
        let told_epoch = document.version >> EPOCH_SHIFT;
        match key.kind {
            // Versions of a region stand one epoch below those of what is derived from it.
            Kind::Region => return self.raise(told_epoch + 2),
            Kind::Roster => return self.raise(told_epoch + 1),
            _ => {}
        }
        if self.may_take_back(&document, known) {
            self.taken_back.push(key);
            self.events.push(Event::Put(Box::new(document)));
        } else if let Some(known) = known {
            let above = document.version.saturating_add(1);
            let version = self.state.next_version(&key).max(above);
            self.events.push(Event::Put(Box::new(Document {
                version,
                ..Document::clone(&known.document)
            })));
        }
    }

    fn may_take_back(&self, document: &Document, known: Option<&Stored>) -> bool {
        let began = self.state.life().map_or(0, |life| life.began);
        let written_since = known.is_some_and(|known| known.change > began);
        let is_newer = known.is_none_or(|known| known.document.version < document.version);
        self.takes_back
            && is_newer
            && !written_since
            && !State::is_derived(document.body.kind())
            && self.direction.tells(self.state.tree(), document)
            && check_shape(document).is_ok()
    }

    fn raise(&mut self, epoch: u64) {
        self.epoch = self.epoch.max(epoch);
    }
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
