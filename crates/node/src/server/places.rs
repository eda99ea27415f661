//! How many connections there may be: all together, and from one address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that the node needs for itself.
const OWN_FILES: u64 = 256;

/// As many as are configured, and never so many that files are short for the journal. Where the
/// system lets a process have more files than it begins with, it has as many as are needed.
pub(super) fn most(configured: usize) -> usize {
    let mut files = getrlimit(Resource::Nofile);
    let wanted = OWN_FILES.saturating_add(configured as u64);
    if files.current.is_some_and(|current| current < wanted) {
        let more = Rlimit {
            current: Some(files.maximum.map_or(wanted, |most| most.min(wanted))),
            ..files
        };
        if setrlimit(Resource::Nofile, more).is_ok() {
            files = more;
        }
    }
    let Some(files) = files.current else {
        return configured;
    };
    let left = files.saturating_sub(OWN_FILES).max(16);
    configured.min(usize::try_from(left).unwrap_or(usize::MAX))
}

/// Counts open connections.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    most_per_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

/// One connection's place; free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    address: Option<IpAddr>,
}

impl Places {
    pub(super) fn new(most: usize, most_per_address: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_per_address,
            taken: Mutex::default(),
        })
    }

    /// A place for one more connection; `None` when there is none. Addresses of the loopback range
    /// are a tunnel's or a proxy's, behind which many peers look like one: only the number of all
    /// connections bounds them.
    pub(super) fn take(self: &Arc<Self>, from: Option<IpAddr>) -> Option<Place> {
        let address = from.filter(|address| !address.to_canonical().is_loopback());
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most {
            return None;
        }
        if let Some(address) = address {
            let count = taken.by_address.entry(address).or_default();
            if *count >= self.most_per_address {
                return None;
            }
            *count += 1;
        }
        taken.all += 1;
        Some(Place {
            places: Arc::clone(self),
            address,
        })
    }

    /// How many connections are open.
    pub(super) fn open(&self) -> usize {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = self.places.taken.lock();
        let mut taken = taken.unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        let Some(address) = self.address else {
            return;
        };
        if let Some(count) = taken.by_address.get_mut(&address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::Places;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)))
    }

    #[test]
    fn places_are_bounded_together_and_by_address_and_come_back() {
        let places = Places::new(3, 2);
        let first = places.take(address(1));
        let second = places.take(address(1));
        assert!(first.is_some() && second.is_some());
        assert!(
            places.take(address(1)).is_none(),
            "a third from one address"
        );
        let other = places.take(address(2));
        assert!(other.is_some());
        assert!(places.take(address(3)).is_none(), "a fourth of three");
        drop(first);
        assert!(places.take(address(1)).is_some());
        drop((second, other));
        assert_eq!(places.open(), 0);
        let taken = places.taken.lock().unwrap();
        assert!(taken.by_address.is_empty(), "addresses pile up");
    }

    #[test]
    fn what_comes_through_a_tunnel_is_bounded_together_only() {
        let places = Places::new(5, 1);
        let tunnel = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let open: Vec<_> = (0..5).map(|_| places.take(tunnel)).collect();
        assert!(open.iter().all(Option::is_some));
        assert!(places.take(tunnel).is_none());
    }
}
