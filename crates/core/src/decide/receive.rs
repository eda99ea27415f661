//! Taking changes from a peer: each is believed only where the peer may give it; what cannot be
//! taken is set aside and reported, and what stands behind it goes on.

mod anew;
pub(super) mod entitled;
pub(super) mod shape;
pub(super) mod signed;
mod taking;
mod went_back;

use self::entitled::{Peer, not_entitled};
use self::signed::attested;
use self::taking::{Taken, Taking};
use super::Setting;
use crate::command::{Answer, Decision, Incoming};
use crate::document::{CellDocument, Document};
use crate::event::{Event, Healed, PeerHolds, Received, Released, SetAsideBatch, Subject};
use crate::planted::{self, Planted};
use crate::refusal::Refusal;
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
                unlisted: 0,
            },
        });
    }
    let peer = Peer {
        state,
        setting,
        from: incoming.from,
        relation: incoming.relation,
        proofs: &incoming.proofs,
    };
    let said = Watermark {
        incarnation: incoming.incarnation,
        upto: incoming.upto,
    };
    let taking = Taking::new(peer, manner, said);
    let Taken {
        documents,
        cells,
        known_already,
        proven,
        mut quarantined,
        reached,
        unlisted,
        anew,
    } = taking.take(incoming.documents, incoming.cells, incoming.unreadable);
    // A batch that is sent again complains no second time.
    quarantined.retain(|what| {
        let mut before = state.set_aside().iter();
        !before.any(|known| known.from == incoming.from && known.what == what.what)
    });
    let known = state.watermark(incoming.from);
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
        unlisted,
    };
    let named = documents.iter().map(|one| (one.key(), one.version));
    let attested = attested(named.chain(proven), &incoming.proofs);
    // What comes late of a life that has ended is counted; its node may not have it any more.
    let is_of_ended_life = manner == Manner::Apart
        && known.is_some_and(|known| known.incarnation > incoming.incarnation);
    let mut late = Healed::of(incoming.from);
    if is_of_ended_life {
        late.missing_documents = documents.iter().map(Document::key).collect();
        late.missing_cells = cells.iter().map(CellDocument::name).collect();
        late.missing_cells.sort_unstable();
    }
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
    events.extend(attested);
    events.extend(anew.map(Event::Healed));
    if is_of_ended_life && applied > 0 {
        events.push(Event::Healed(late));
    }
    if !quarantined.is_empty() {
        events.push(state.set_aside_event(SetAsideBatch {
            from: incoming.from,
            at_micros: setting.now.as_microsecond(),
            changes: quarantined,
        }));
    }
    let mut done_with = reached;
    if manner == Manner::Again {
        done_with.extend(known_already);
    }
    if !done_with.is_empty() {
        events.push(Event::Released(Released {
            from: incoming.from,
            subjects: done_with,
        }));
    }
    Ok(Decision { events, answer })
}
