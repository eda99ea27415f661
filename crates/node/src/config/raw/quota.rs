//! `[limits.identity]` and the tables of the roles, each of which replaces what it names.

use super::problems::Problems;
use super::{RawLimits, RawQuota};
use crate::config::{Quota, Quotas};

/// What holds where the file says nothing: far above what a county sends with a year of data, and
/// below what keeps a node from answering others.
const USUAL: Quota = Quota {
    requests_in_flight: 1_024,
    requests_per_second: 5_000,
    requests_burst: 10_000,
    streams: 256,
    message_bytes: u64::MAX,
    bytes_per_day: 64 << 30,
};

/// What everybody in plain text has together, which is on one machine and behind one name: as much
/// as there is.
const ANONYMOUS: Quota = Quota {
    requests_in_flight: u32::MAX,
    requests_per_second: u32::MAX,
    requests_burst: u32::MAX,
    streams: u32::MAX,
    message_bytes: u64::MAX,
    bytes_per_day: u64::MAX,
};

const MB: u64 = 1 << 20;

impl RawQuota {
    fn check(&self, table: &str, largest_mb: u64, problems: &mut Problems) {
        let ranges = [
            ("requests_in_flight", self.requests_in_flight, 1 << 20),
            ("requests_per_second", self.requests_per_second, 1 << 20),
            ("requests_burst", self.requests_burst, 1 << 20),
            ("streams", self.streams, 1 << 20),
        ];
        let large = [
            ("message_mb", self.message_mb, largest_mb),
            ("mb_per_day", self.mb_per_day, 1 << 40),
        ];
        let ranges = ranges.map(|(key, value, most)| (key, value.map(u64::from), most));
        for (key, value, most) in ranges.into_iter().chain(large) {
            if let Some(value) = value {
                problems.range(&format!("limits.{table}.{key}"), value, 1, most);
            }
        }
    }

    /// What this says, and elsewhere what `base` does.
    fn over(&self, base: Quota) -> Quota {
        let bytes = |mb: Option<u64>, base| mb.map_or(base, |mb| mb.saturating_mul(MB));
        let or = |said: Option<u32>, base| said.unwrap_or(base);
        Quota {
            requests_in_flight: or(self.requests_in_flight, base.requests_in_flight),
            requests_per_second: or(self.requests_per_second, base.requests_per_second),
            requests_burst: or(self.requests_burst, base.requests_burst),
            streams: or(self.streams, base.streams),
            message_bytes: bytes(self.message_mb, base.message_bytes),
            bytes_per_day: bytes(self.mb_per_day, base.bytes_per_day),
        }
    }
}

impl RawLimits {
    /// Checks the tables of identities.
    pub(super) fn quotas(&self, problems: &mut Problems) -> Quotas {
        let largest_mb = self.message_mb as u64;
        let tables = [
            ("identity", &self.identity),
            ("node", &self.node),
            ("admin", &self.admin),
            ("reviewer", &self.reviewer),
            ("reporter", &self.reporter),
            ("viewer", &self.viewer),
            ("anonymous", &self.anonymous),
        ];
        for (table, raw) in tables {
            raw.check(table, largest_mb, problems);
        }
        // Nobody sends a larger message than anybody may.
        let bounded = |quota: Quota| Quota {
            message_bytes: quota.message_bytes.min(largest_mb.saturating_mul(MB)),
            ..quota
        };
        let usual = self.identity.over(USUAL);
        let of = |raw: &RawQuota| bounded(raw.over(usual));
        Quotas {
            node: of(&self.node),
            admin: of(&self.admin),
            reviewer: of(&self.reviewer),
            reporter: of(&self.reporter),
            viewer: of(&self.viewer),
            anonymous: bounded(self.anonymous.over(ANONYMOUS)),
        }
    }
}
