//! Who was not let in, and why: told in the log one by one while they are few, and counted when they
//! are many, so that a flood of them fills no disk and hides nobody else's reason.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// After so long it is told how many more there were, and counting begins anew.
pub(super) const EVERY: Duration = Duration::from_secs(60);

/// Of one address so many are told of with the same reason, …
const SAME: u32 = 10;

/// … and so many reasons.
const REASONS: usize = 8;

/// So many of all addresses together.
const ALL: u32 = 400;

/// So many addresses are kept apart.
const ADDRESSES: usize = 1_024;

/// So many of those are told of by name when it is told how many more there were.
const NAMED: usize = 32;

/// The longest reason, in characters: parts of it are what a stranger chose.
const LONGEST: usize = 240;

/// Those who were turned away lately.
#[derive(Debug, Default)]
pub(super) struct TurnedAway(Mutex<Lately>);

/// What came since it was last told how many there were.
#[derive(Debug, Default)]
struct Lately {
    by_address: BTreeMap<Option<IpAddr>, Address>,
    told: u32,
    /// Of addresses that are not kept apart.
    others: u64,
}

/// Those of one address.
#[derive(Debug, Default)]
struct Address {
    reasons: BTreeMap<String, u32>,
    /// How many were not told of.
    more: u64,
    /// Why the last of those was turned away.
    last: String,
}

/// How many were not told of one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct More {
    /// From where; `None` for addresses that are not told apart.
    from: Option<IpAddr>,
    count: u64,
    /// Why the last of them was turned away; empty where nobody noted it.
    last: String,
}

impl TurnedAway {
    /// Notes one who was turned away.
    pub(super) fn note(&self, from: Option<SocketAddr>, why: &dyn Display) {
        let why: String = why.to_string().chars().take(LONGEST).collect();
        let is_told = self.lately(|lately| lately.count(from.map(|from| from.ip()), &why));
        if is_told {
            let from = from.map(|from| from.to_string());
            tracing::warn!(from, why, "a caller was not let in");
        }
    }

    /// Tells how many more there were, and begins anew.
    pub(super) fn tell(&self) {
        for More { from, count, last } in self.lately(Lately::end) {
            let from = from.map(|from| from.to_string());
            tracing::warn!(from, count, last, "more callers were not let in");
        }
    }

    fn lately<T>(&self, work: impl FnOnce(&mut Lately) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lately {
    /// Counts one; whether it is told of.
    fn count(&mut self, from: Option<IpAddr>, why: &str) -> bool {
        if !self.by_address.contains_key(&from) && self.by_address.len() >= ADDRESSES {
            self.others += 1;
            return false;
        }
        let address = self.by_address.entry(from).or_default();
        let is_known = address.reasons.contains_key(why);
        if (is_known || address.reasons.len() < REASONS) && self.told < ALL {
            let same = address.reasons.entry(why.to_owned()).or_default();
            *same += 1;
            if *same <= SAME {
                self.told += 1;
                return true;
            }
        }
        address.more += 1;
        why.clone_into(&mut address.last);
        false
    }

    /// What was not told of: those with the most by name, and the rest together.
    fn end(&mut self) -> Vec<More> {
        let ended = std::mem::take(self);
        let addresses = ended.by_address.into_iter();
        let mut all: Vec<More> = addresses
            .filter(|(_, address)| address.more > 0)
            .map(|(from, address)| More {
                from,
                count: address.more,
                last: address.last,
            })
            .collect();
        all.sort_by_key(|more| std::cmp::Reverse(more.count));
        let rest = all.split_off(all.len().min(NAMED));
        let others = ended.others + rest.iter().map(|more| more.count).sum::<u64>();
        if others > 0 {
            all.push(More {
                from: None,
                count: others,
                last: rest
                    .into_iter()
                    .next()
                    .map_or_else(String::new, |more| more.last),
            });
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::{ADDRESSES, ALL, Lately, More, NAMED, REASONS, SAME};

    fn from(number: u32) -> Option<IpAddr> {
        Some(Ipv4Addr::from(0x0a00_0000 + number).into())
    }

    #[test]
    fn the_first_are_told_of_and_the_others_counted() {
        let mut lately = Lately::default();
        let told = (0..1_000).filter(|_| lately.count(from(1), "no certificate"));
        assert_eq!(told.count(), SAME as usize);
        // Behind the flood another reason is seen still, from there and from elsewhere.
        assert!(lately.count(from(1), "the certificate was revoked"));
        assert!(lately.count(from(2), "no certificate"));
        let more = More {
            from: from(1),
            count: 1_000 - u64::from(SAME),
            last: "no certificate".to_owned(),
        };
        assert_eq!(lately.end(), [more]);
        // Another minute begins.
        assert_eq!(lately.end(), []);
        assert!(lately.count(from(1), "no certificate"));
    }

    #[test]
    fn whoever_thinks_of_ever_new_reasons_is_told_of_as_little() {
        let mut lately = Lately::default();
        let told = (0..10_000).filter(|number| lately.count(from(1), &format!("{number}")));
        assert_eq!(told.count(), REASONS);
        assert_eq!(lately.by_address[&from(1)].reasons.len(), REASONS);
        let [more] = lately.end().try_into().unwrap();
        assert_eq!(more.count, 10_000 - REASONS as u64);
        assert_eq!(more.last, "9999");
    }

    #[test]
    fn from_however_many_addresses_there_is_an_end_to_it() {
        let mut lately = Lately::default();
        let mut told = 0;
        for round in 0..5 {
            for number in 0..20_000 {
                told += u32::from(lately.count(from(number), "no certificate"));
            }
            assert_eq!(lately.by_address.len(), ADDRESSES, "{round}");
        }
        assert_eq!(told, ALL);
        let more = lately.end();
        assert_eq!(more.len(), NAMED + 1);
        assert_eq!(more[NAMED].from, None);
        let all: u64 = more.iter().map(|more| more.count).sum();
        assert_eq!(all + u64::from(told), 100_000);
    }
}
