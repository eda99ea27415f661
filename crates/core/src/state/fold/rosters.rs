//! Rosters: how many are expected to report, counted from below.

use super::{EPOCH_SHIFT, roster_key};
use crate::document::{Body, Document, DocumentKey, Kind, Roster};
use crate::region::{Level, RegionCode, RegionKind};
use crate::state::rosters::Rosters;
use crate::state::{State, Stored};

impl State {
    /// Counts the units again from `start` upwards, as far as regions are hosted here.
    pub(in crate::state) fn derive_rosters(&mut self, start: Option<RegionCode>) {
        let mut next = start;
        while let Some(region) = next {
            if let Some(epoch) = self.regions.hosted.get(&region) {
                let roster = self.count_units(region);
                let key = roster_key(region);
                let known = self.documents.get(&key).map(|stored| &stored.document.body);
                if known == Some(&Body::Roster(roster.clone())) {
                    return;
                }
                let version = u64::from(*epoch) << EPOCH_SHIFT | (self.change + 1);
                // `put` goes on with the parent of the roster's owner.
                self.put(Document {
                    owner: region,
                    id: key.id,
                    version,
                    body: Body::Roster(roster),
                });
                return;
            }
            next = self.regions.tree.parent(region);
        }
    }

    /// A region has a new epoch: its roster is told again, above what the lost time may have told.
    pub(in crate::state) fn tell_roster_again(&mut self, region: RegionCode) {
        let key = roster_key(region);
        let epoch = self.regions.hosted.get(&region).copied();
        let known = self.documents.get(&key).map(|stored| &stored.document.body);
        if let (Some(epoch), Some(body)) = (epoch, known.cloned()) {
            let version = u64::from(epoch) << EPOCH_SHIFT | (self.change + 1);
            self.put(Document {
                owner: region,
                id: key.id,
                version,
                body,
            });
        }
    }

    /// A roster came where `before` was: it counts in the region above instead of that.
    pub(super) fn replace_roster(&mut self, key: &DocumentKey, before: Option<&Stored>) {
        let Some(parent) = self.regions.tree.parent(key.owner) else {
            return;
        };
        if !counts(key.owner, &key.id) {
            return;
        }
        if let Some(before) = before.and_then(roster_of) {
            self.rosters.leave(parent, before);
        }
        if let Some(now) = self.documents.get(key).and_then(roster_of) {
            self.rosters.join(parent, now);
        }
    }

    /// A region came under another parent, and its roster with it.
    pub(super) fn move_roster(
        &mut self,
        region: RegionCode,
        old_parent: Option<RegionCode>,
        new_parent: Option<RegionCode>,
    ) {
        let stored = self.documents.get(&roster_key(region));
        let Some(roster) = stored.and_then(roster_of) else {
            return;
        };
        if let Some(parent) = old_parent {
            self.rosters.leave(parent, roster);
        }
        if let Some(parent) = new_parent {
            self.rosters.join(parent, roster);
        }
    }

    /// Adds up all rosters anew, from the documents and the tree.
    pub(in crate::state) fn add_up_rosters(&mut self) {
        let mut rosters = Rosters::default();
        for document in self.documents(Kind::Roster) {
            let parent = self.regions.tree.parent(document.owner);
            if let (Some(parent), Body::Roster(roster)) = (parent, &document.body)
                && counts(document.owner, &document.id)
            {
                rosters.join(parent, roster);
            }
        }
        self.rosters = rosters;
    }

    /// The roster of a region: of what stands below it, or of itself where nothing does.
    pub(in crate::state) fn count_units(&self, region: RegionCode) -> Roster {
        let own = self.regions.tree.get(region);
        let is_bureau = own.is_some_and(|own| own.kind == RegionKind::Bureau);
        if self.regions.tree.is_leaf(region) {
            let mut roster = Roster::default();
            match own {
                Some(_) if is_bureau => roster.standing_in = 1,
                Some(own) => {
                    roster.units.insert(own.kind, 1);
                }
                None => {}
            }
            return roster;
        }
        let mut roster = self.rosters.below(region);
        if is_bureau && own.is_some_and(|own| own.level == Level::County) {
            roster.bureaus = roster.bureaus.saturating_add(1);
        }
        roster
    }
}

/// A region has one roster, under its own code; another would count for nothing.
fn counts(owner: RegionCode, id: &str) -> bool {
    id == owner.as_str()
}

fn roster_of(stored: &Stored) -> Option<&Roster> {
    match &stored.document.body {
        Body::Roster(roster) => Some(roster),
        _ => None,
    }
}
