//! Lineages: a file is marked, and one that is taken goes on from those before it or does not.

use crate::command::{Answer, Decision};
use crate::event::{Event, Marked, Traced};
use crate::lineage::Mark;
use crate::region::RegionCode;
use crate::state::State;

/// Marks what a peer is told, up to the last change. Where the last mark says as much it is the one.
pub(super) fn mark(state: &State, peer: RegionCode, name: u128) -> Decision {
    let mut lineage = state.lineage_given(peer);
    let upto = state.last_change();
    let mut events = Vec::new();
    if lineage.last().is_none_or(|last| last.upto < upto) {
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
/// files that were taken nothing is noted, and nothing may be taken.
pub(super) fn trace(state: &State, traced: Traced) -> Decision {
    let known = state.lineage_taken(traced.peer);
    let (mut goes_on, mut is_news) = (true, !traced.lineage.is_empty());
    if let Some((incarnation, lineage)) = known {
        if incarnation == traced.incarnation {
            goes_on = lineage.agrees_with(&traced.lineage);
            let upto = |mark: Option<Mark>| mark.map_or(0, |mark| mark.upto);
            is_news &= upto(lineage.last()) < upto(traced.lineage.last());
        }
        // An incarnation begins with the time when it began: what comes late says nothing new.
        is_news &= incarnation <= traced.incarnation;
    }
    let event = (goes_on && is_news).then_some(Event::Traced(traced));
    Decision {
        events: event.into_iter().collect(),
        answer: Answer::Traced { goes_on },
    }
}
