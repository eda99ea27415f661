//! What the teller of a comparison does about what the listener found: it takes back its own that
//! it has lost, and tells again what it has.
//!
//! What is taken back is written in this node's name, so the peer's word is not enough for it: where
//! nodes have certificates, only what this node has signed itself comes back. The rest is set aside,
//! listed with the reason, and waits for a person or for better evidence; until then it is not told
//! over either. Telling again says nothing but this node's own word, so that asks for no evidence.

use super::receive::shape::check_shape;
use super::receive::signed::attested;
use super::{Setting, life};
use crate::access::Relation;
use crate::command::{Answer, Decision, Reconciling, Returned};
use crate::compare::{Bucket, Direction, Findings};
use crate::document::{Document, DocumentKey, Kind};
use crate::event::{
    Content, Event, Healed, Overtaken, Released, SetAsideBatch, Subject, Unapplied,
};
use crate::evidence::Shown;
use crate::region::RegionCode;
use crate::state::fold::{EPOCH_SHIFT, MOST_EPOCHS, roster_key};
use crate::state::{State, Stored};

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
        shown,
    } = reconciling;
    let (Bucket::Documents(_, owner) | Bucket::Cells(owner)) = bucket;
    let mut acting = Acting::new(state, setting, (peer, relation), &shown);
    acting.takes_back = state.met(peer) == Some(true);
    let hosted = state.epoch(owner);
    if hosted.is_none() && state.tree().is_within(owner, setting.here) {
        acting.events.extend(overtaken(state, owner, &findings));
        acting.told_again |= !acting.events.is_empty();
    }
    if let Some(epoch) = hosted {
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
            acting.told_again = true;
        }
    }
    acting.decided(setting)
}

/// Tries again to take back what was set aside when a peer gave it back. That it was set aside then
/// is the leave to take it now; what this node has written over since is done with.
pub(super) fn take_back(state: &State, returned: Returned, setting: &Setting<'_>) -> Decision {
    let Returned {
        peer,
        relation,
        documents,
        shown,
    } = returned;
    let mut acting = Acting::new(state, setting, (peer, relation), &shown);
    acting.takes_back = true;
    for document in documents {
        let known = state.document(&document.key());
        if !acting.is_listed(&document.subject()) {
            continue;
        }
        if acting.is_lost(&document, known) {
            acting.take_back(document);
        } else if state.hosts(document.owner) {
            acting.released.push(document.subject());
        }
    }
    acting.decided(setting)
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
    here: RegionCode,
    direction: Direction,
    shown: &'a Shown,
    takes_back: bool,
    events: Vec<Event>,
    taken_back: Vec<(DocumentKey, u64)>,
    told_again: bool,
    /// What would be taken back, if it were shown to be this node's own.
    set_aside: Vec<Unapplied>,
    /// What had been set aside and is done with.
    released: Vec<Subject>,
    /// The epoch that the owner needs; 0 for none.
    epoch: u64,
}

impl<'a> Acting<'a> {
    fn new(
        state: &'a State,
        setting: &Setting<'_>,
        (peer, relation): (RegionCode, Relation),
        shown: &'a Shown,
    ) -> Self {
        let direction = Direction {
            teller: setting.here,
            listener: peer,
            listener_is: relation,
        };
        Self {
            state,
            here: setting.here,
            direction,
            shown,
            takes_back: false,
            events: Vec::new(),
            taken_back: Vec::new(),
            told_again: false,
            set_aside: Vec::new(),
            released: Vec::new(),
            epoch: 0,
        }
    }

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
            // Another node's word, which nobody can say again in its place.
            Kind::Handover => {
                if self.is_lost(&document, known) {
                    self.take_back(document);
                }
                return;
            }
            _ => {}
        }
        // What nothing shows to be this node's own waits for better evidence, and telling this node's
        // above it would destroy it at the only node that has it.
        let is_unshown = self.shown.own(&document, self.here).is_err();
        // Nobody was asked what he holds of a copy's lost time, which is noticed when a peer is met.
        let may_come_back = self.takes_back
            || self.state.is_copy()
            || is_unshown
            || self.is_listed(&document.subject());
        if may_come_back && self.is_lost(&document, known) {
            self.take_back(document);
        } else if let Some(known) = known {
            let above = document.version.saturating_add(1);
            let version = self.state.next_version(&key).max(above);
            self.told_again = true;
            self.events.push(Event::Put(Box::new(Document {
                version,
                ..Document::clone(&known.document)
            })));
        }
    }

    /// Whether a document is one that an earlier life of this node may have written, and this one has
    /// not.
    fn is_lost(&self, document: &Document, known: Option<&Stored>) -> bool {
        let is_newer = known.is_none_or(|known| known.document.version < document.version);
        is_newer
            && self.state.hosts(document.owner)
            && document.version >> EPOCH_SHIFT < MOST_EPOCHS
            && !known.is_some_and(|known| self.state.is_written_in_this_life(known))
            && !State::is_derived(document.body.kind())
            && self.direction.tells(self.state.tree(), document)
            && check_shape(document).is_ok()
    }

    fn take_back(&mut self, document: Document) {
        match self.shown.own(&document, self.here) {
            // Given back twice in one answer.
            Ok(_)
                if self
                    .taken_back
                    .contains(&(document.key(), document.version)) => {}
            Ok(_) => {
                let subject = document.subject();
                if self.is_listed(&subject) {
                    self.released.push(subject);
                }
                self.taken_back.push((document.key(), document.version));
                self.events.push(Event::Put(Box::new(document)));
            }
            Err(refusal) => {
                let proof = self.shown.came_with(&document);
                self.set_aside.push(document.set_aside(&refusal, proof));
            }
        }
    }

    fn is_listed(&self, subject: &Subject) -> bool {
        let mut listed = self.state.set_aside().iter();
        listed.any(|entry| entry.from == self.direction.listener && entry.subject == *subject)
    }

    fn raise(&mut self, epoch: u64) {
        self.epoch = self.epoch.max(epoch);
    }

    fn decided(mut self, setting: &Setting<'_>) -> Decision {
        let from = self.direction.listener;
        // What is said again complains no second time; but what was let go of for want of room comes
        // again as soon as there is some.
        let mut room = self.state.room_for_contents();
        self.set_aside.retain(|one| {
            let mut listed = self.state.set_aside().iter();
            let known = listed.find(|known| known.from == from && known.what == one.what);
            let Some(known) = known else {
                return true;
            };
            let is_wanted = known.content == Content::Nothing && room > 0;
            room -= usize::from(is_wanted);
            is_wanted
        });
        let proofs = self.shown.proofs();
        self.events
            .extend(attested(self.taken_back.iter().cloned(), &proofs));
        let taken_back: Vec<DocumentKey> =
            self.taken_back.into_iter().map(|(key, _)| key).collect();
        if !taken_back.is_empty() {
            self.events.push(Event::Healed(Healed {
                found_documents: taken_back.clone(),
                ..Healed::of(from)
            }));
        }
        if !self.set_aside.is_empty() {
            let batch = SetAsideBatch {
                from,
                at_micros: setting.now.as_microsecond(),
                changes: self.set_aside,
            };
            self.events.push(self.state.set_aside_event(batch));
        }
        if !self.released.is_empty() {
            let subjects = self.released;
            self.events
                .push(Event::Released(Released { from, subjects }));
        }
        Decision {
            events: self.events,
            answer: Answer::Reconciled {
                taken_back,
                told_again: self.told_again,
            },
        }
    }
}
