//! What was measured, in the form that programs read.

use liandong_load::{FileSystem, Machine, Quantiles};
use serde::Serialize;

/// Everything, with what it was measured on.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    /// The version of this program.
    pub(super) version: &'static str,
    /// The machine that this program ran on; the node, too, when it is one of its own.
    pub(super) machine: Machine,
    pub(super) node: NodeFacts,
    pub(super) durability: Durability,
    pub(super) work: Work,
    pub(super) ingest: Ingest,
    /// At half of what full load came to.
    pub(super) paced: Paced,
    pub(super) query: Query,
    pub(super) freshness: Freshness,
    /// After kill -9; absent for a node that somebody else has started.
    pub(super) restart: Option<Restart>,
}

/// The node that was measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct NodeFacts {
    /// Whether it was started for this, on this machine.
    pub(super) own: bool,
    pub(super) address: String,
    pub(super) region: String,
    pub(super) version: String,
    /// Cells that it held in the end.
    pub(super) cells: u64,
    /// Bytes of its journal on disk in the end, with what is laid out ahead of writing.
    pub(super) journal_bytes: u64,
}

/// What an acknowledgement means.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Durability {
    /// When a report is acknowledged: the same in every node, there is no other.
    pub(super) acknowledged: &'static str,
    /// Whether the journal has a second copy, which is waited for, too.
    pub(super) mirror: bool,
    /// Where the node's folder is; unknown for a foreign node.
    pub(super) file_system: Option<FileSystem>,
    /// A write of `fdatasync_bytes` with an fdatasync beside the node's folder, nothing else
    /// running; unknown for a foreign node.
    pub(super) fdatasync: Option<Quantiles>,
    pub(super) fdatasync_bytes: u32,
}

/// What was sent.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Work {
    pub(super) schools: usize,
    pub(super) indicators: usize,
    pub(super) months: usize,
    pub(super) cells: usize,
    pub(super) reports_a_batch: usize,
    pub(super) connections: usize,
    pub(super) batches_under_way: usize,
}

/// Full load: a closed loop.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Ingest {
    pub(super) reports: u64,
    pub(super) batches: u64,
    pub(super) took_ms: u64,
    pub(super) reports_per_second: u64,
    pub(super) acknowledged: Quantiles,
    /// Of the node's process; unknown for a foreign node.
    pub(super) cpu_ms_per_million_reports: Option<u64>,
    /// Resident memory above that of the empty node; unknown for a foreign node.
    pub(super) resident_bytes: Option<u64>,
    /// Whether the time was over before everything was sent.
    pub(super) cut_short: bool,
    /// Sums that were compared with what was sent; 0 when it was cut short or the node is foreign.
    pub(super) sums_compared: usize,
}

/// A fixed rate: an open loop, latencies from the moment at which a batch was due.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Paced {
    pub(super) reports: u64,
    pub(super) batches: u64,
    pub(super) took_ms: u64,
    pub(super) due_per_second: u64,
    pub(super) reports_per_second: u64,
    pub(super) acknowledged: Quantiles,
    /// How late this program itself was; part of the above.
    pub(super) sent_late: Quantiles,
}

/// Reading.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Query {
    /// One indicator of the region.
    pub(super) row: Quantiles,
    /// One indicator of the region with its parts.
    pub(super) drill: Quantiles,
    pub(super) drill_rows: usize,
    /// Every cell of the region, as a stream.
    pub(super) table: Quantiles,
    pub(super) table_cells: usize,
}

/// From sending one report until its sum is seen.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Freshness {
    /// At the node that took it.
    pub(super) here: Seen,
    /// Two nodes further up, each durable; absent for a foreign node.
    pub(super) two_hops: Option<Seen>,
}

/// Two ways of seeing a sum.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Seen {
    /// Until the report was acknowledged.
    pub(super) acknowledged: Quantiles,
    /// Until a reader who asks again and again sees it.
    pub(super) read: Quantiles,
    /// Until a watcher is told, who is told what changed within 20 ms at once.
    pub(super) watched: Quantiles,
}

/// After kill -9.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Restart {
    /// From the start of the process until a question was answered.
    pub(super) answered_ms: u64,
    /// Cells that it held.
    pub(super) cells: u64,
    pub(super) journal_bytes: u64,
}
