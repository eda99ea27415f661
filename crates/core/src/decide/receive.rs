//! Taking changes from a peer: each is believed only where the peer may give it; what cannot be
//! taken is set aside and reported, and what stands behind it goes on.

pub(super) mod shape;

use std::borrow::Cow;
use std::collections::BTreeMap;

use self::shape::check_shape;
use super::Setting;
use crate::access::{Relation, may_give};
use crate::command::{Answer, Decision, Incoming};
use crate::document::{Body, CellDocument, Document, MAX_DOCUMENT_ID_LEN};
use crate::event::{
    Content, Event, PeerHolds, Quarantined, Received, Released, SetAsideBatch, Subject, Unapplied,
};
use crate::planted::{self, Planted, is_newer};
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::{Level, Region, RegionCode, RegionTree};
use crate::state::{State, Watermark};

/// How changes stand to what was taken of the peer before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// They follow it: the watermark moves on.
    Follow,
    /// Something is missing in between: the watermark stays.
    Apart,
    /// They were set aside and are tried again.
    Again,
}

/// Notes what a peer holds of this node's changes: ever more in one life of both, and nothing that
/// an earlier life of the peer says. An incarnation begins with the time when it began.
pub(super) fn note_peer_holds(state: &State, mut holds: PeerHolds) -> Decision {
    let known = state.peer_holds(holds.peer);
    let same_life = known.filter(|known| known.incarnation == holds.incarnation);
    if let Some(known) = same_life
        && known.peer_incarnation == holds.peer_incarnation
    {
        holds.upto = holds.upto.max(known.upto);
    }
    let is_older = known.is_some_and(|known| known.peer_incarnation > holds.peer_incarnation);
    let is_news = !is_older && known != Some(&holds);
    let event = is_news.then_some(Event::PeerHolds(holds));
    Decision {
        events: event.into_iter().collect(),
        answer: Answer::Done,
    }
}

/// Tries changes again that were set aside. `reread` are those that could not even be read before:
/// they are done with, because what they say now is applied, or is set aside under its own name.
pub(super) fn retry(
    state: &State,
    changes: Incoming,
    reread: Vec<Subject>,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    let from = changes.from;
    let mut decision = receive(state, changes, Manner::Again, setting)?;
    if !reread.is_empty() {
        let released = Event::Released(Released {
            from,
            subjects: reread,
        });
        // First: what is refused again under the same name has to stay.
        decision.events.insert(0, released);
    }
    Ok(decision)
}

/// Takes a batch of changes. Batches that were taken already change nothing but are acknowledged.
///
/// # Errors
/// Only when the peer cannot be who it says: its region is hosted here. Nothing is taken then, and
/// the peer can try again once the region has moved out.
pub(super) fn receive(
    state: &State,
    incoming: Incoming,
    manner: Manner,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    if state.hosts(incoming.from) {
        return Err(not_entitled(
            incoming.from,
            incoming.relation,
            incoming.from,
        ));
    }
    if planted::is(Planted::OldIncarnationTrusted)
        && let Some(known) = state.watermark(incoming.from)
        && known.upto >= incoming.upto
    {
        return Ok(Decision {
            events: Vec::new(),
            answer: Answer::Received {
                applied: 0,
                quarantined: 0,
            },
        });
    }
    let mut taking = Taking {
        state,
        setting,
        from: incoming.from,
        relation: incoming.relation,
        tree: Cow::Borrowed(state.tree()),
        region_versions: BTreeMap::new(),
        documents: Vec::with_capacity(incoming.documents.len()),
        manner,
        known_already: Vec::new(),
        quarantined: incoming.unreadable,
    };
    let is_region = |document: &Document| matches!(document.body, Body::Region(_));
    let (regions, others) = incoming.documents.into_iter().partition(is_region);
    taking.take_regions(regions);
    taking.take_documents(others);
    let cells = taking.take_cells(incoming.cells);
    let Taking {
        documents,
        known_already,
        mut quarantined,
        ..
    } = taking;
    // A batch that is sent again complains no second time.
    quarantined.retain(|what| {
        let mut before = state.set_aside().iter();
        !before.any(|known| known.from == incoming.from && known.what == what.what)
    });
    let known = state.watermark(incoming.from);
    let said = Watermark {
        incarnation: incoming.incarnation,
        upto: incoming.upto,
    };
    let mark = match (manner, known) {
        (Manner::Follow, Some(known)) if known.incarnation == said.incarnation => Watermark {
            upto: known.upto.max(said.upto),
            ..said
        },
        (Manner::Follow, _) => said,
        (Manner::Apart | Manner::Again, Some(known)) => known,
        (Manner::Apart | Manner::Again, None) => Watermark { upto: 0, ..said },
    };
    let moves_on = manner == Manner::Follow && known != Some(mark);
    let applied = u32::try_from(documents.len() + cells.len()).unwrap_or(u32::MAX);
    let answer = Answer::Received {
        applied,
        quarantined: u32::try_from(quarantined.len()).unwrap_or(u32::MAX),
    };
    let mut events = Vec::new();
    if applied > 0 || moves_on {
        events.push(Event::Received(Received {
            from: incoming.from,
            incarnation: mark.incarnation,
            upto: mark.upto,
            documents,
            cells,
            quarantined: Vec::new(),
        }));
    }
    if !quarantined.is_empty() {
        events.push(Event::SetAside(SetAsideBatch {
            from: incoming.from,
            at_micros: setting.now.as_microsecond(),
            changes: quarantined,
        }));
    }
    if manner == Manner::Again && !known_already.is_empty() {
        events.push(Event::Released(Released {
            from: incoming.from,
            subjects: known_already,
        }));
    }
    Ok(Decision { events, answer })
}

/// A batch while it is taken.
struct Taking<'a> {
    state: &'a State,
    setting: &'a Setting<'a>,
    from: RegionCode,
    relation: Relation,
    // Most batches bring no region, so the tree is copied only when one does.
    tree: Cow<'a, RegionTree>,
    region_versions: BTreeMap<RegionCode, u64>,
    documents: Vec<Document>,
    manner: Manner,
    /// Of what is tried again, that of which a version as new is held already.
    known_already: Vec<Subject>,
    quarantined: Vec<Unapplied>,
}

impl Taking<'_> {
    /// Regions come first, and those that wait for their parents are tried again: who owns the
    /// rest depends on them, and a change index lists them in the order of their last change.
    fn take_regions(&mut self, mut regions: Vec<Document>) {
        loop {
            let before = regions.len();
            let mut waiting = Vec::new();
            let mut refusals = Vec::new();
            for document in regions {
                match self.place(&document) {
                    Ok(true) => self.documents.push(document),
                    Ok(false) => self.note_known(|| document.subject()),
                    Err(refusal) => {
                        waiting.push(document);
                        refusals.push(refusal);
                    }
                }
            }
            if waiting.len() == before || waiting.is_empty() {
                for (document, refusal) in waiting.into_iter().zip(&refusals) {
                    self.set_aside_document(document, refusal);
                }
                return;
            }
            regions = waiting;
        }
    }

    fn place(&mut self, document: &Document) -> Result<bool, Refusal> {
        let Body::Region(region) = &document.body else {
            return Ok(false);
        };
        check_place(self, document, region)?;
        let earlier = self.region_versions.get(&region.code);
        let is_new = earlier.is_none_or(|earlier| *earlier < document.version);
        if !is_new || is_known(self.state, document) {
            return Ok(false);
        }
        if self.tree.to_mut().insert(region.clone()).is_err() {
            return Err(cycle(region.code));
        }
        self.region_versions.insert(region.code, document.version);
        Ok(true)
    }

    fn take_documents(&mut self, documents: Vec<Document>) {
        for document in documents {
            match self.check_document(&document) {
                Ok(()) if is_known(self.state, &document) => {
                    self.note_known(|| document.subject());
                }
                Ok(()) => self.documents.push(document),
                Err(refusal) => self.set_aside_document(document, &refusal),
            }
        }
    }

    fn check_document(&self, document: &Document) -> Result<(), Refusal> {
        check_shape(document)?;
        let believed = may_give(
            &self.tree,
            self.setting.here,
            self.from,
            self.relation,
            document,
        );
        if self.state.hosts(document.owner) || !believed {
            return Err(not_entitled(self.from, self.relation, document.owner));
        }
        Ok(())
    }

    fn take_cells(&mut self, cells: Vec<CellDocument>) -> Vec<CellDocument> {
        let mut taken = Vec::with_capacity(cells.len());
        for cell in cells {
            match check_cell(self.state, &self.tree, &cell, self.from, self.relation) {
                Ok(true) => taken.push(cell),
                Ok(false) => self.note_known(|| cell.subject()),
                Err(refusal) => self.set_aside_cell(cell, &refusal),
            }
        }
        taken
    }

    fn note_known(&mut self, subject: impl FnOnce() -> Subject) {
        if self.manner == Manner::Again {
            self.known_already.push(subject());
        }
    }

    fn set_aside_document(&mut self, document: Document, refusal: &Refusal) {
        self.quarantined.push(Unapplied {
            subject: document.subject(),
            what: quarantined(describe(&document), refusal),
            content: Content::Document(Box::new(document)),
        });
    }

    fn set_aside_cell(&mut self, cell: CellDocument, refusal: &Refusal) {
        self.quarantined.push(Unapplied {
            subject: cell.subject(),
            what: quarantined(describe_cell(&cell), refusal),
            content: Content::Cell(cell),
        });
    }
}

fn quarantined(what: String, refusal: &Refusal) -> Quarantined {
    Quarantined {
        what,
        reason: refusal.reason.code().to_owned(),
        message: refusal.to_string(),
    }
}

fn is_known(state: &State, document: &Document) -> bool {
    let known = state.document(&document.key());
    known.is_some_and(|known| known.document.version >= document.version)
}

/// Whether the peer may say that the region stands where the document puts it.
///
/// Where the catalogue of this node knows the region, it decides: a neighbour's region comes under
/// the peer only once this node's own data says so, as after a reorganisation.
fn check_place(taking: &Taking<'_>, document: &Document, region: &Region) -> Result<(), Refusal> {
    let (state, tree, from) = (taking.state, taking.tree.as_ref(), taking.from);
    let refused = || not_entitled(from, taking.relation, region.code);
    let catalogue = &taking.setting.catalogue.regions;
    if state.hosts(region.code) || region.code != document.owner {
        return Err(refused());
    }
    let listed_here = catalogue
        .get(region.code)
        .is_some_and(|listed| listed.parent == region.parent);
    let below_peer = region
        .parent
        .is_some_and(|parent| tree.is_within(parent, from));
    let reorganised = taking.relation == Relation::Child && listed_here && below_peer;
    if reorganised {
        check_shape(document)?;
    } else {
        taking.check_document(document)?;
    }
    let Some(parent) = region.parent else {
        return Ok(());
    };
    let known = tree.get(region.code);
    if known.is_some_and(|known| known.parent == region.parent) || listed_here {
        return Ok(());
    }
    let of_a_unit = tree
        .get(parent)
        .is_some_and(|above| above.level == Level::Unit);
    let joins = known.is_none() && taking.relation == Relation::Child && !of_a_unit;
    if state.hosts(parent) && !joins {
        // What is hosted here grows only by what joins the mesh.
        return Err(refused());
    }
    let elsewhere = catalogue.contains(region.code) && !catalogue.is_within(region.code, from);
    if known.is_none() && elsewhere && region.code != from {
        return Err(refused());
    }
    Ok(())
}

pub(super) fn check_cell(
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
    Ok(known.is_none_or(|known| is_newer(cell.version, known.version)))
}

pub(super) fn not_entitled(from: RegionCode, relation: Relation, owner: RegionCode) -> Refusal {
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
