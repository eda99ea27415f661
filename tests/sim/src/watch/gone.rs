//! What a county had told its city and has lost by a restore is listed: nobody sends it again there.

use std::collections::{BTreeMap, BTreeSet};

use liandong_wire::admin::v1::GetStatusResponse;

use crate::ledger::Key;
use crate::places::{PLACES, county_of, find};
use crate::shared::Shared;

/// The cells that a county has lost as a whole, by indicator and period: they go on counting above until
/// somebody reports them again there.
pub(super) fn lost(statuses: &[Option<GetStatusResponse>]) -> BTreeSet<String> {
    let lost = statuses.iter().flatten().flat_map(|status| &status.lost);
    lost.map(|one| one.id.replace(' ', "/")).collect()
}

/// A figure's version, by its place in the ledger.
type Versions = BTreeMap<Key, BTreeSet<usize>>;

/// The versions that counties had told their cities.
#[derive(Debug, Default)]
pub(super) struct Told {
    versions: Versions,
    /// What counted in each county before the nodes were asked, with the county's life.
    before: BTreeMap<Key, (usize, u32)>,
}

impl Told {
    /// Notes what every county has acknowledged in the life that it is in.
    pub(super) fn ask(&mut self, shared: &Shared) {
        self.before.clear();
        for (key, book) in &shared.ledger.borrow().books {
            let life = shared.lives_of(county_of(key.source));
            let mut versions = book.versions.iter();
            // Of those that the client numbers the highest counts, whatever comes when.
            let newest = versions
                .rposition(|version| version.revision > 0 && version.acknowledged_in == Some(life));
            if let Some(newest) = newest {
                self.before.insert(*key, (newest, life));
            }
        }
    }

    /// A county said how it is: where its city has everything, it has what counted before.
    pub(super) fn look(&mut self, shared: &Shared, status: &GetStatusResponse) {
        let Some(place) = find(&status.region) else {
            return;
        };
        let mut links = status.links.iter();
        let up = links.find(|link| link.peer == place.parent);
        let has_everything =
            up.is_some_and(|link| link.connected && link.acked_upto == status.change);
        if !has_everything {
            return;
        }
        for (key, (newest, life)) in &self.before {
            let is_same_life = shared.lives_of(place.code) == *life;
            if county_of(key.source) == place.code && is_same_life {
                self.versions.entry(*key).or_default().insert(*newest);
            }
        }
    }

    /// What is gone and listed nowhere; `counts` is the place of the version that counts now.
    pub(super) fn unlisted(
        &self,
        shared: &Shared,
        statuses: &[Option<GetStatusResponse>],
        counts: &BTreeMap<Key, usize>,
    ) -> Vec<String> {
        let ledger = shared.ledger.borrow();
        let mut broken = Vec::new();
        for (key, told) in &self.versions {
            let county = county_of(key.source);
            let city = find(county).map(|place| place.parent).unwrap_or_default();
            let is_sure = !ledger.had_twin.contains(county)
                && !ledger.had_twin.contains(city)
                && !ledger.went_back.contains_key(city);
            let Some(last) = told.last().filter(|_| is_sure) else {
                continue;
            };
            if counts.get(key).is_some_and(|counts| counts >= last) {
                continue;
            }
            shared.count("client-figure-gone");
            let id = format!("{}/{}", key.indicator, key.period);
            let at_city = status_of(statuses, city).is_some_and(|status| {
                let mut listed = status.quarantined.iter();
                listed.any(|one| one.reason == "WENT_BACK" && one.owner == county && one.id == id)
            });
            let at_county = status_of(statuses, county).is_some_and(|status| {
                let mut lost = status.lost.iter();
                lost.any(|one| one.region == county && one.id.replace(' ', "/") == id)
            });
            if !at_city && !at_county {
                broken.push(format!(
                    "gone: {city} was told version {last} of {key:?}, now {:?} counts, and it is listed \
                     nowhere",
                    counts.get(key)
                ));
            }
        }
        broken
    }
}

fn status_of<'a>(
    statuses: &'a [Option<GetStatusResponse>],
    code: &str,
) -> Option<&'a GetStatusResponse> {
    let place = PLACES.iter().position(|place| place.code == code)?;
    statuses.get(place)?.as_ref()
}
