//! Lives of a node's data: a store begins, a backup takes its place, an earlier copy is noticed.

use crate::command::{Answer, Decision};
use crate::event::{Event, LifeBegan, Met};
use crate::region::RegionCode;
use crate::state::State;

/// Incarnations are UUIDs of version 7: the time in milliseconds stands above this many bits.
const TIME_SHIFT: u32 = 80;

/// Begins a life, unless the data is in it already. Where it begins with what a backup held, every
/// epoch is raised by one, so that what is derived from here on stands above what the lost time has
/// told to others.
pub(super) fn begin(state: &State, identity: u128, restored: bool) -> Decision {
    let before = state.life();
    if before.is_some_and(|life| life.identity == identity) {
        return done(Vec::new());
    }
    let incarnation = before.map_or(identity, |life| later(identity, life.incarnation));
    let mut events = vec![Event::LifeBegan(LifeBegan {
        identity,
        incarnation,
    })];
    // Data that no life was written down in is of an earlier program: only the store can tell.
    if before.is_some() || restored {
        events.extend(all_raised(state));
    }
    done(events)
}

/// Goes on under another incarnation: this data is an earlier copy of itself, and its change numbers
/// name other changes than those that peers were told under the same numbers. Every epoch is raised,
/// as where a backup is restored: peers that are reached by files alone would not take what stands
/// below what they were told.
pub(super) fn split(state: &State, incarnation: u128, above: u128) -> Decision {
    let life = state.life();
    let began = life.filter(|life| life.incarnation != incarnation);
    let Some(life) = began else {
        return done(Vec::new());
    };
    let mut events = vec![Event::LifeBegan(LifeBegan {
        identity: life.identity,
        incarnation: later(incarnation, life.incarnation.max(above)),
    })];
    events.extend(all_raised(state));
    done(events)
}

/// An incarnation that stands above the one before, also where the clock that it was drawn by was
/// set back: what comes by file of an incarnation below the one that is known is of an earlier life.
/// What is random of it stays, so that two lives that begin with one backup are told apart.
fn later(drawn: u128, before: u128) -> u128 {
    if drawn > before {
        return drawn;
    }
    let random = drawn & ((1 << TIME_SHIFT) - 1);
    match before.checked_add(1 << TIME_SHIFT) {
        Some(next) => (next >> TIME_SHIFT << TIME_SHIFT) | random,
        // No time stands above that one.
        None => before.saturating_add(1),
    }
}

/// Notes at the first hello of a peer in this life whether it holds what an earlier one told it.
/// Later hellos change nothing: nobody gets a second chance to write in this node's name.
pub(super) fn meet(state: &State, peer: RegionCode, knows: Option<u128>) -> Decision {
    let Some(life) = state.life().filter(|_| state.met(peer).is_none()) else {
        return done(Vec::new());
    };
    let holds_earlier_life =
        knows.is_some_and(|known| known != life.incarnation && known != life.identity);
    done(vec![Event::Met(Met {
        peer,
        holds_earlier_life,
    })])
}

/// A peer was asked for what it held of an earlier life.
pub(super) fn settle(state: &State, peer: RegionCode) -> Decision {
    let events = match state.met(peer) {
        Some(true) => vec![Event::Met(Met {
            peer,
            holds_earlier_life: false,
        })],
        Some(false) | None => Vec::new(),
    };
    done(events)
}

fn all_raised(state: &State) -> Vec<Event> {
    let hosted = state.hosted();
    let raised = hosted.filter_map(|(code, epoch)| raised(state, code, epoch.saturating_add(1)));
    raised.collect()
}

/// The event that gives a hosted region a new epoch; everything of it is told again.
pub(super) fn raised(state: &State, region: RegionCode, epoch: u32) -> Option<Event> {
    let region = state.tree().get(region)?.clone();
    Some(Event::Hosted { region, epoch })
}

fn done(events: Vec<Event>) -> Decision {
    Decision {
        events,
        answer: Answer::Done,
    }
}
