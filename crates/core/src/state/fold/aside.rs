//! The fold: changes from peers that could not be applied, until something newer comes.

use std::collections::BTreeMap;

use crate::event::{Content, Event, Quarantined, Received, Released, SetAsideBatch, Subject};
use crate::region::RegionCode;
use crate::state::{SetAside, State};

/// Set-aside changes that are kept for listing; older ones stay in the journal. Figures that went back
/// have room beside them, see [`crate::decide`].
const MAX_SET_ASIDE: usize = 1_000;

/// Of so many the content is kept, to be tried again; of older ones only the names. A peer that
/// sends nothing but what cannot be applied must not fill the memory. Figures that went back are few
/// by themselves, and useless without what they were.
const MAX_CONTENTS: usize = 200;

impl State {
    /// Lists changes that could not be applied; each takes the place of what is listed under the
    /// same subject.
    pub(super) fn apply_set_aside(&mut self, batch: &SetAsideBatch) {
        for change in &batch.changes {
            if !change.subject.id.is_empty() {
                self.set_aside.retain(|known| {
                    known.from != batch.from || !is_same_thing(&known.subject, &change.subject)
                });
            }
            self.set_aside.push(SetAside {
                from: batch.from,
                what: change.what.clone(),
                subject: change.subject.clone(),
                at_micros: batch.at_micros,
                content: change.content.clone(),
            });
        }
    }

    /// What programs wrote that kept nothing but the description.
    pub(super) fn keep_as_written_before(&mut self, from: RegionCode, changes: &[Quarantined]) {
        for what in changes {
            self.set_aside.push(SetAside {
                from,
                what: what.clone(),
                subject: Subject::default(),
                at_micros: 0,
                content: Content::Nothing,
            });
        }
        self.bound_set_aside();
    }

    pub(super) fn apply_released(&mut self, released: &Released) {
        self.set_aside.retain(|known| {
            known.from != released.from || !released.subjects.contains(&known.subject)
        });
    }

    /// What was set aside of a document or cell is done with once the same or a newer version of it
    /// has come from the same peer and was applied.
    pub(super) fn release_received(&mut self, received: &Received) {
        let from = received.from;
        if !self.set_aside.iter().any(|known| known.from == from) {
            return;
        }
        let mut applied: BTreeMap<(&str, String, String), u64> = BTreeMap::new();
        for document in &received.documents {
            let kind = document.body.kind().word();
            let named = (kind, document.owner.to_string(), document.id.clone());
            applied.insert(named, document.version);
        }
        for cell in &received.cells {
            let subject = cell.subject();
            applied.insert(("cell", subject.owner, subject.id), cell.version);
        }
        self.set_aside.retain(|known| {
            let Subject {
                kind,
                owner,
                id,
                version,
            } = &known.subject;
            let newest = applied.get(&(kind.as_str(), owner.clone(), id.clone()));
            known.from != from || newest.is_none_or(|newest| newest < version)
        });
    }

    /// Of how many more changes the content could be kept without that of another being let go.
    pub(crate) fn room_for_contents(&self) -> usize {
        let kept = self.set_aside.iter().filter(|known| has_content(known));
        MAX_CONTENTS.saturating_sub(kept.count())
    }

    /// How changes that could not be applied are written down. Where the list has room for them it is
    /// as earlier programs did, which know of no other way.
    pub(crate) fn set_aside_event(&self, batch: SetAsideBatch) -> Event {
        if self.set_aside.len() + batch.changes.len() <= MAX_SET_ASIDE {
            Event::SetAside(batch)
        } else {
            Event::SetAsideFairly(batch)
        }
    }

    pub(super) fn bound_set_aside(&mut self) {
        let excess = self.set_aside.len().saturating_sub(MAX_SET_ASIDE);
        self.set_aside.drain(..excess);
        self.bound_contents();
    }

    /// Lets go of the oldest that could not be applied, of whichever peer has most: one that sends
    /// nothing else takes no room from the others. What is listed of figures that went back is nowhere
    /// else, and stays; of them no more are listed than there is room for.
    pub(super) fn bound_set_aside_fairly(&mut self) {
        let mut kept: BTreeMap<RegionCode, usize> = BTreeMap::new();
        for known in self.set_aside.iter().filter(|known| is_unapplied(known)) {
            *kept.entry(known.from).or_default() += 1;
        }
        let total: usize = kept.values().sum();
        let mut going: BTreeMap<RegionCode, usize> = BTreeMap::new();
        for _ in MAX_SET_ASIDE..total {
            let Some((from, count)) = kept.iter_mut().max_by_key(|(_, count)| **count) else {
                break;
            };
            *count -= 1;
            *going.entry(*from).or_default() += 1;
        }
        self.set_aside.retain(|known| {
            let goes = going.get_mut(&known.from).filter(|left| **left > 0);
            match goes.filter(|_| is_unapplied(known)) {
                Some(left) => {
                    *left -= 1;
                    false
                }
                None => true,
            }
        });
        self.bound_contents();
    }

    fn bound_contents(&mut self) {
        let newest = self.set_aside.iter_mut().rev();
        let with_content = newest.filter(|known| has_content(known));
        for old in with_content.skip(MAX_CONTENTS) {
            old.content = Content::Nothing;
        }
    }
}

fn has_content(known: &SetAside) -> bool {
    known.content != Content::Nothing && is_unapplied(known)
}

fn is_unapplied(known: &SetAside) -> bool {
    !known.subject.is_lost_figure()
}

/// A figure may go back more than once, and what was lost each time is missing for itself.
fn is_same_thing(one: &Subject, other: &Subject) -> bool {
    let is_same_loss = !one.is_lost_figure() || one.version == other.version;
    is_same_loss && (&one.kind, &one.owner, &one.id) == (&other.kind, &other.owner, &other.id)
}
