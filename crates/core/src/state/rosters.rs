//! The rosters directly below each region, added up and kept by difference: a school that joins a
//! county of thousands costs what one that joins a county of ten does.
//!
//! Nothing of it is stored: it is added up again from the documents when a state is read back.

use std::collections::BTreeMap;

use crate::document::Roster;
use crate::region::{RegionCode, RegionKind};

/// The units of one kind, in all rosters below a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    units: u64,
    /// How many rosters name the kind: it is named above until the last of them no longer does.
    rosters: usize,
}

/// The rosters directly below one region. Wider than a roster: what is bounded where it is told
/// could not be taken back otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sum {
    rosters: usize,
    kinds: BTreeMap<RegionKind, Count>,
    bureaus: u64,
    standing_in: u64,
}

/// The sums of all regions that have a roster below them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rosters(BTreeMap<RegionCode, Sum>);

impl Rosters {
    /// A roster counts below `parent` from now on.
    pub(super) fn join(&mut self, parent: RegionCode, roster: &Roster) {
        let sum = self.0.entry(parent).or_default();
        sum.rosters += 1;
        for (kind, units) in &roster.units {
            let count = sum.kinds.entry(*kind).or_default();
            count.units += u64::from(*units);
            count.rosters += 1;
        }
        sum.bureaus += u64::from(roster.bureaus);
        sum.standing_in += u64::from(roster.standing_in);
    }

    /// A roster that joined no longer counts below `parent`.
    pub(super) fn leave(&mut self, parent: RegionCode, roster: &Roster) {
        let Some(sum) = self.0.get_mut(&parent) else {
            return;
        };
        sum.rosters = sum.rosters.saturating_sub(1);
        if sum.rosters == 0 {
            self.0.remove(&parent);
            return;
        }
        for (kind, units) in &roster.units {
            let Some(count) = sum.kinds.get_mut(kind) else {
                continue;
            };
            count.units = count.units.saturating_sub(u64::from(*units));
            count.rosters = count.rosters.saturating_sub(1);
            if count.rosters == 0 {
                sum.kinds.remove(kind);
            }
        }
        sum.bureaus = sum.bureaus.saturating_sub(u64::from(roster.bureaus));
        sum.standing_in = sum
            .standing_in
            .saturating_sub(u64::from(roster.standing_in));
    }

    /// All rosters directly below a region as one, which is what [`Roster::add`] makes of them.
    pub(super) fn below(&self, region: RegionCode) -> Roster {
        let Some(sum) = self.0.get(&region) else {
            return Roster::default();
        };
        let kinds = sum.kinds.iter();
        Roster {
            units: kinds
                .map(|(kind, count)| (*kind, bounded(count.units)))
                .collect(),
            bureaus: bounded(sum.bureaus),
            standing_in: bounded(sum.standing_in),
        }
    }
}

fn bounded(sum: u64) -> u32 {
    u32::try_from(sum).unwrap_or(u32::MAX)
}
