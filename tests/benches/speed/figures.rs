//! What is shown: integers, medians and spreads.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};

/// What one round of ingest came to.
pub(crate) struct Ingest {
    reports: usize,
    per_second: u64,
    cpu: Duration,
    acks: Vec<Duration>,
    /// Resident memory above that of the empty node.
    pub(crate) resident_kib: Option<u64>,
    pub(crate) journal_bytes: Option<u64>,
    /// From the start of the killed node to its first answer.
    pub(crate) restart: Option<Duration>,
}

impl Ingest {
    pub(crate) fn new(
        reports: usize,
        took: Duration,
        cpu: Duration,
        mut acks: Vec<Duration>,
    ) -> Self {
        acks.sort_unstable();
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        Self {
            reports,
            per_second: reports as u64 * 1_000_000 / micros,
            cpu,
            acks,
            resident_kib: None,
            journal_bytes: None,
            restart: None,
        }
    }

    fn cpu_ms_per_million(&self) -> u64 {
        u64::try_from(self.cpu.as_millis()).unwrap_or(u64::MAX) * 1_000_000 / self.reports as u64
    }
}

impl fmt::Display for Ingest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} reports/s, {} ms of CPU a million, answered after {:?} (p50) {:?} (p99)",
            self.per_second,
            self.cpu_ms_per_million(),
            percentile(&self.acks, 50),
            percentile(&self.acks, 99),
        )?;
        if let Some(kib) = self.resident_kib {
            write!(f, ", +{kib} KiB resident")?;
        }
        if let Some(bytes) = self.journal_bytes {
            write!(
                f,
                ", journal {} bytes a report",
                bytes / self.reports as u64
            )?;
        }
        if let Some(restart) = self.restart {
            write!(f, ", answers {restart:?} after kill -9")?;
        }
        Ok(())
    }
}

/// The value that `percent` of a sorted list do not exceed.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

/// Medians and the ratio of node and limit.
pub(crate) fn summary(limits: &[Ingest], nodes: &[Ingest]) {
    let limit = spread(limits, |round| round.per_second);
    let node = spread(nodes, |round| round.per_second);
    println!(
        "measured: limit L: median {} reports/s (from {} to {})",
        limit.1, limit.0, limit.2
    );
    println!(
        "measured: node: median {} reports/s (from {} to {})",
        node.1, node.0, node.2
    );
    println!("measured: node / L: {} %", node.1 * 100 / limit.1.max(1));
    let cpu = spread(nodes, Ingest::cpu_ms_per_million);
    println!(
        "measured: node: median {} ms of CPU a million reports (from {} to {})",
        cpu.1, cpu.0, cpu.2
    );
}

fn spread(rounds: &[Ingest], of: impl Fn(&Ingest) -> u64) -> (u64, u64, u64) {
    let mut values: Vec<u64> = rounds.iter().map(of).collect();
    values.sort_unstable();
    let at = |place: usize| values.get(place).copied().unwrap_or(0);
    (
        at(0),
        at(values.len() / 2),
        at(values.len().saturating_sub(1)),
    )
}

/// The processor time a process has used, in ticks of a hundredth of a second as Linux counts them.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name stands in brackets and may hold spaces; user and system time are the 14th and 15th.
    let (_, after) = stat.rsplit_once(')').context("no name in stat")?;
    let mut fields = after.split_whitespace().skip(11);
    let mut ticks = 0u64;
    for _ in 0..2 {
        ticks += fields.next().context("no time in stat")?.parse::<u64>()?;
    }
    Ok(Duration::from_millis(ticks * 10))
}

/// The resident memory of a process.
pub(crate) fn resident_kib(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.context("no VmRSS")?.trim().trim_end_matches(" kB");
    Ok(number.parse()?)
}

/// The processor and how many of it there are.
pub(crate) fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_start_matches([' ', '\t', ':'])
        });
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{count} cores of {name}")
}
