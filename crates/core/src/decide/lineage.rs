//! Lineages: a file is marked, and one that is taken goes on from those before it or does not.

use crate::command::{Answer, Decision};
use crate::event::{Event, Marked, Parted, Traced};
use crate::lineage::Mark;
use crate::region::RegionCode;
use crate::state::State;

/// Marks what a peer is told, up to the last change. Where the last mark covers what it is told by this
/// file it is the one: an export of many files would use up all that are kept.
pub(super) fn mark(state: &State, peer: RegionCode, name: u128, told: u64) -> Decision {
    let mut lineage = state.lineage_given(peer);
    let upto = state.last_change();
    let mut events = Vec::new();
    if lineage.last().is_none_or(|last| last.upto < told) {
        let mark = Mark { upto, name };
        lineage.add(mark);
        events.push(Event::Marked(Marked { peer, mark }));
    }
    Decision {
        events,
        answer: Answer::Marked(lineage),
    }
}

/// Notes the marks of a file before anything of it is taken, so that they never cover less than what
/// is held; one that says less than those before it says nothing new. Where they part from those of
/// files that were taken nothing of that incarnation may be taken any more, whatever its later marks
/// say: those that show it are not kept for ever.
pub(super) fn trace(state: &State, traced: Traced) -> Decision {
    let is_parted = state.parted(traced.peer);
    let (goes_on, is_news) = match state.lineage_taken(traced.peer) {
        Some((incarnation, lineage)) if incarnation == traced.incarnation => (
            is_parted != Some(incarnation) && lineage.agrees_with(&traced.lineage),
            lineage.until() < traced.lineage.until() && !traced.lineage.is_empty(),
        ),
        // An incarnation begins with the time when it began: what comes late says nothing new.
        Some((incarnation, _)) if incarnation > traced.incarnation => (true, false),
        Some(_) | None => (true, is_parted.is_some() || !traced.lineage.is_empty()),
    };
    let event = match (goes_on, is_news) {
        (true, true) => Some(Event::Traced(traced)),
        (true, false) => None,
        (false, _) if is_parted.is_some() => None,
        (false, _) => Some(Event::Parted(Parted {
            peer: traced.peer,
            incarnation: traced.incarnation,
        })),
    };
    Decision {
        events: event.into_iter().collect(),
        answer: Answer::Traced { goes_on },
    }
}
