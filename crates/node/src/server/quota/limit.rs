//! The limits of an identity by name.

use crate::config::Quota;

/// What an identity has had all of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    RequestsInFlight,
    RequestsPerSecond,
    Streams,
    MessageMb,
    MbPerDay,
}

impl Limit {
    /// The key of the configuration that sets it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::RequestsInFlight => "requests_in_flight",
            Self::RequestsPerSecond => "requests_per_second",
            Self::Streams => "streams",
            Self::MessageMb => "message_mb",
            Self::MbPerDay => "mb_per_day",
        }
    }

    /// As it stands in the configuration.
    pub(super) fn value(self, quota: &Quota) -> u64 {
        match self {
            Self::RequestsInFlight => quota.requests_in_flight.into(),
            Self::RequestsPerSecond => quota.requests_per_second.into(),
            Self::Streams => quota.streams.into(),
            Self::MessageMb => quota.message_bytes >> 20,
            Self::MbPerDay => quota.bytes_per_day >> 20,
        }
    }
}
