//! What pushing came to.

use std::time::Duration;

use crate::latency::Latencies;

/// What was acknowledged, and how soon.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// Reports that were acknowledged.
    pub reports: u64,
    /// Batches that were acknowledged.
    pub batches: u64,
    /// From the first batch that was sent to the last that was acknowledged.
    pub took: Duration,
    /// Of each batch: in a closed loop from sending it to its acknowledgement, in an open one from
    /// the moment at which it was due.
    pub acks: Latencies,
    /// In an open loop, how long after it was due each batch was handed to its connection: what the
    /// sender itself is late, which is part of `acks`. Empty in a closed loop.
    pub sent_late: Latencies,
}

impl Pushed {
    /// Whole reports a second.
    pub fn per_second(&self) -> u64 {
        let micros = self.took.as_micros().max(1);
        let rate = u128::from(self.reports) * 1_000_000 / micros;
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

/// Milliseconds of processor time that a million reports cost.
///
/// `cpu` is what a process used while it took `reports`.
pub fn cpu_ms_per_million(cpu: Duration, reports: u64) -> u64 {
    let per_million = cpu.as_micros() * 1_000 / u128::from(reports.max(1));
    u64::try_from(per_million).unwrap_or(u64::MAX)
}
