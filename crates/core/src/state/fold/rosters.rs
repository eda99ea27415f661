//! Rosters: how many are expected to report, counted from below.

use super::{EPOCH_SHIFT, roster_key};
use crate::document::{Body, Document, Roster};
use crate::region::{Level, RegionCode, RegionKind};
use crate::state::State;

impl State {
    /// Counts the units again from `start` upwards, as far as regions are hosted here.
    pub(in crate::state) fn derive_rosters(&mut self, start: Option<RegionCode>) {
        let mut next = start;
        while let Some(region) = next {
            if let Some(epoch) = self.hosted.get(&region) {
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
            next = self.tree.parent(region);
        }
    }

    /// A region has a new epoch: its roster is told again, above what the lost time may have told.
    pub(in crate::state) fn tell_roster_again(&mut self, region: RegionCode) {
        let key = roster_key(region);
        let epoch = self.hosted.get(&region).copied();
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

    pub(in crate::state) fn count_units(&self, region: RegionCode) -> Roster {
        let mut roster = Roster::default();
        let own = self.tree.get(region);
        let is_bureau = own.is_some_and(|own| own.kind == RegionKind::Bureau);
        let children = self.tree.children(region);
        if children.is_empty() {
            match own {
                Some(_) if is_bureau => roster.standing_in = 1,
                Some(own) => {
                    roster.units.insert(own.kind, 1);
                }
                None => {}
            }
            return roster;
        }
        if is_bureau && own.is_some_and(|own| own.level == Level::County) {
            roster.bureaus = 1;
        }
        for child in children {
            let told = self.documents.get(&roster_key(*child));
            if let Some(Body::Roster(below)) = told.map(|stored| &stored.document.body) {
                roster.add(below);
            }
        }
        roster
    }
}
