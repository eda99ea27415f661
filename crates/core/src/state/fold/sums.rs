//! Sums: differences on their way up, and sums that move with their regions.

use std::collections::BTreeMap;

use super::EPOCH_SHIFT;
use crate::region::{Level, RegionCode};
use crate::report::Role;
use crate::rollup::{Delta, Sums};
use crate::state::State;
use crate::state::cells::{CellKey, Pending};

/// A region whose cells are added to.
#[derive(Clone, Copy)]
struct Adding {
    region: u32,
    epoch: u64,
    /// The number of the region above, where that is added up here.
    above: Option<u32>,
}

impl State {
    /// Lets a cell's change wait for the parent's cell, where the parent is added up here.
    pub(in crate::state) fn hand_up(
        &mut self,
        key: CellKey,
        region: RegionCode,
        delta: &Delta,
        pending: &mut Pending,
    ) {
        if delta.is_zero() {
            return;
        }
        if let Some(region) = self.number_above(region) {
            pending.add(CellKey { region, ..key }, delta);
        }
    }

    /// The number of the region above, where that is added up here.
    pub(in crate::state) fn number_above(&mut self, region: RegionCode) -> Option<u32> {
        let parent = self.regions.tree.parent(region)?;
        let is_hosted = self.regions.hosted.contains_key(&parent);
        is_hosted.then(|| self.cells.regions.number(parent))
    }

    /// Adds what waits to the cells one level up, and so on to the top of what is hosted here.
    pub(in crate::state) fn cascade(&mut self, mut pending: Pending) {
        while !pending.is_empty() {
            let mut above = Pending::default();
            // What changes mostly changes region by region.
            let mut last: Option<Adding> = None;
            for (key, delta) in pending.drain() {
                if delta.is_zero() {
                    continue;
                }
                let adding = match last {
                    Some(adding) if adding.region == key.region => adding,
                    _ => self.adding(key.region),
                };
                last = Some(adding);
                self.change += 1;
                let version = adding.epoch | self.change;
                self.cells.add(key, &delta, version, self.change);
                if let Some(region) = adding.above {
                    above.add(CellKey { region, ..key }, &delta);
                }
            }
            pending = above;
        }
    }

    fn adding(&mut self, number: u32) -> Adding {
        let region = self.cells.regions.item(number);
        Adding {
            region: number,
            epoch: self.epoch_bits(region),
            above: region.and_then(|region| self.number_above(region)),
        }
    }

    pub(in crate::state) fn note_cells(&mut self, dirty: &[CellKey]) {
        let mut last = None;
        for key in dirty {
            self.change += 1;
            let epoch = match last {
                Some((region, epoch)) if region == key.region => epoch,
                _ => self.epoch_bits(self.cells.regions.item(key.region)),
            };
            last = Some((key.region, epoch));
            self.cells.note(*key, epoch | self.change, self.change);
        }
    }

    /// A region's epoch, where it stands in a version: of something derived, above this node's change
    /// number, so that it rises with every change and after every move.
    pub(in crate::state) fn epoch_bits(&self, region: Option<RegionCode>) -> u64 {
        let epoch = region
            .and_then(|region| self.regions.hosted.get(&region))
            .copied();
        u64::from(epoch.unwrap_or_default()) << EPOCH_SHIFT
    }

    /// A region is added up here from now on: what another node said of its cells no longer
    /// counts, what its own reports and the regions below it say does.
    pub(in crate::state) fn add_up_again(&mut self, region: RegionCode) {
        let number = match self.cells.regions.find(region) {
            Some(number) => number,
            // Nothing of it or below it was ever reported: the usual case, which must be cheap.
            None if self.regions.tree.is_leaf(region) => return,
            None => self.cells.regions.number(region),
        };
        let mut found: BTreeMap<CellKey, Sums> = BTreeMap::new();
        for (key, _) in self.cells.cells.of(number) {
            found.entry(key).or_default();
        }
        let children = self.regions.tree.children(region).iter();
        for below in children.filter_map(|child| self.cells.regions.find(*child)) {
            for (key, cell) in self.cells.cells.of(below) {
                let own = CellKey {
                    region: number,
                    ..key
                };
                let added = cell.sums.since(&Sums::default());
                found.entry(own).or_default().add(&added);
            }
        }
        for (key, sums) in &mut found {
            if let Some(head) = self.cells.cells.head(key) {
                sums.add(&head.sums.since(&Sums::default()));
            }
        }
        let mut pending = Pending::default();
        for (key, sums) in found {
            let kept = self.cells.cells.get(&key).map(|cell| cell.sums);
            pending.add(key, &sums.since(&kept.unwrap_or_default()));
        }
        self.cascade(pending);
    }

    /// A region has a new epoch: its sums are told again, above what was told of it in a life of
    /// this node that is lost.
    pub(in crate::state) fn tell_again(&mut self, region: RegionCode) {
        let is_unit = self
            .regions
            .tree
            .get(region)
            .is_some_and(|known| known.level == Level::Unit);
        let parent = self.regions.tree.parent(region);
        if is_unit && parent.is_some_and(|parent| self.regions.hosted.contains_key(&parent)) {
            // Nobody else was ever told, and there are many of these.
            return;
        }
        self.tell_roster_again(region);
        let Some(number) = self.cells.regions.find(region) else {
            return;
        };
        let mut own: Vec<CellKey> = Vec::new();
        for (key, cell) in self.cells.cells.of(number) {
            if cell.change > 0 {
                own.push(key);
            }
        }
        own.sort_unstable();
        self.note_cells(&own);
    }

    /// A region came under another parent: its sums leave the one and join the other.
    pub(in crate::state) fn move_sums(
        &mut self,
        code: RegionCode,
        old_parent: Option<RegionCode>,
        new_parent: Option<RegionCode>,
    ) {
        let Some(number) = self.cells.regions.find(code) else {
            return;
        };
        let mut own: Vec<(CellKey, Sums)> = Vec::new();
        for (key, cell) in self.cells.cells.of(number) {
            own.push((key, cell.sums));
        }
        own.sort_unstable_by_key(|(key, _)| *key);
        let mut pending = Pending::default();
        for (key, sums) in own {
            let joins = sums.since(&Sums::default());
            let leaves = Sums::default().since(&sums);
            for (parent, delta) in [(old_parent, leaves), (new_parent, joins)] {
                let Some(parent) = parent.filter(|parent| self.regions.hosted.contains_key(parent))
                else {
                    continue;
                };
                let above = CellKey {
                    region: self.cells.regions.number(parent),
                    ..key
                };
                pending.add(above, &delta);
            }
        }
        self.cascade(pending);
    }

    /// A region got its first child: what it reported itself is now 本级 and counts no unit.
    pub(in crate::state) fn no_longer_a_unit(&mut self, region: RegionCode) {
        // Another node's region is changed by that node alone, even if it reported here once.
        let number = self.cells.regions.find(region);
        let Some(number) = number.filter(|_| self.regions.hosted.contains_key(&region)) else {
            return;
        };
        let mut own: Vec<CellKey> = Vec::new();
        for (key, _) in self.cells.cells.of(number) {
            let head = self.cells.cells.head(&key);
            if head.is_some_and(|head| head.role == Role::Unit) {
                own.push(key);
            }
        }
        own.sort_unstable();
        let mut pending = Pending::default();
        let mut dirty = Vec::new();
        for key in own {
            let delta = self.cells.cells.change(key, |kept| {
                let head = kept.head.as_mut()?;
                let before = head.sums;
                head.role = Role::Own;
                head.sums.reported = 0;
                head.sums.on_time = 0;
                let delta = head.sums.since(&before);
                kept.cell.sums.add(&delta);
                Some(delta)
            });
            let Some(delta) = delta else {
                continue;
            };
            dirty.push(key);
            self.hand_up(key, region, &delta, &mut pending);
        }
        self.note_cells(&dirty);
        self.cascade(pending);
    }
}
