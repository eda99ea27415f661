//! What is shown: integers, medians and spreads.

use std::fmt;
use std::time::Duration;

use liandong_load::{Pushed, Quantiles, Spread, cpu_ms_per_million};

/// What one round of ingest came to.
pub(crate) struct Ingest {
    pushed: Pushed,
    cpu: Duration,
    /// Resident memory above that of the empty node.
    pub(crate) resident_bytes: Option<u64>,
    pub(crate) journal_bytes: Option<u64>,
    /// From the start of the killed node to its first answer.
    pub(crate) restart: Option<Duration>,
}

impl Ingest {
    pub(crate) fn new(pushed: Pushed, cpu: Duration) -> Self {
        Self {
            pushed,
            cpu,
            resident_bytes: None,
            journal_bytes: None,
            restart: None,
        }
    }

    fn cpu_ms_per_million(&self) -> u64 {
        cpu_ms_per_million(self.cpu, self.pushed.reports)
    }
}

impl fmt::Display for Ingest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let acks = self.pushed.acks.quantiles();
        write!(
            f,
            "{} reports/s, {} ms of CPU a million, answered after {}",
            self.pushed.per_second(),
            self.cpu_ms_per_million(),
            times(&acks),
        )?;
        if let Some(bytes) = self.resident_bytes {
            write!(f, ", +{} KiB resident", bytes / 1_024)?;
        }
        if let Some(bytes) = self.journal_bytes {
            let each = bytes / self.pushed.reports.max(1);
            write!(f, ", journal {each} bytes a report")?;
        }
        if let Some(restart) = self.restart {
            write!(f, ", answers {restart:?} after kill -9")?;
        }
        Ok(())
    }
}

/// The median and the tail.
pub(crate) fn times(seen: &Quantiles) -> String {
    let Quantiles { p50, p99, p999, .. } = seen;
    format!("{p50:?} (p50) {p99:?} (p99) {p999:?} (p99.9)")
}

/// Medians and the ratio of node and limit.
pub(crate) fn summary(limits: &[Ingest], nodes: &[Ingest]) {
    let rate = |rounds: &[Ingest]| Spread::of(rounds.iter().map(|one| one.pushed.per_second()));
    let cpu = Spread::of(nodes.iter().map(Ingest::cpu_ms_per_million));
    let (Some(limit), Some(node), Some(cpu)) = (rate(limits), rate(nodes), cpu) else {
        return;
    };
    for (what, of) in [("limit L", limit), ("node", node)] {
        println!(
            "measured: {what}: median {} reports/s (from {} to {})",
            of.median, of.least, of.most
        );
    }
    println!(
        "measured: node / L: {} %",
        node.median * 100 / limit.median.max(1)
    );
    println!(
        "measured: node: median {} ms of CPU a million reports (from {} to {})",
        cpu.median, cpu.least, cpu.most
    );
}
