//! The links of a node: which are open, with whom, and how they fare.

mod asking;
mod noted;

pub(crate) use asking::{Comparison, Question};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use liandong_core::access::Relation;
use liandong_core::compare::CellName;
use liandong_core::region::RegionCode;
use tokio::sync::mpsc;

use super::session::Order;
use super::twins::{Pinger, TwinStatus};
use crate::surroundings::Clock;

/// How many processes of a peer are remembered, to notice two that take turns.
const PROCESSES: usize = 8;

/// How one link fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkStatus {
    /// The peer's region.
    pub(crate) peer: RegionCode,
    /// What the peer is to this node.
    pub(crate) relation: Relation,
    /// Where it is dialled; empty when it dials.
    pub(crate) address: String,
    /// Whether a stream is open.
    pub(crate) connected: bool,
    /// When something last came from the peer.
    pub(crate) last_contact: Option<Timestamp>,
    /// The last of this node's change numbers that was sent.
    pub(crate) sent: u64,
    /// The last of this node's change numbers that the peer has acknowledged.
    pub(crate) acknowledged: u64,
    /// Why the link is down, for a person; empty while it is up.
    pub(crate) trouble: String,
    /// Bytes of changes sent since this process started, as they went over the line.
    pub(crate) sent_bytes: u64,
    /// Batches of changes sent since this process started.
    pub(crate) sent_batches: u64,
    /// Bytes of changes that came since this process started, as they came over the line.
    pub(crate) received_bytes: u64,
    /// Batches of changes that came since this process started.
    pub(crate) received_batches: u64,
    /// When what this node tells the peer was last compared.
    pub(crate) compared_at: Option<Timestamp>,
    /// How many documents and cells differed, on either side, and were healed.
    pub(crate) healed: u64,
    /// When something was last healed.
    pub(crate) healed_at: Option<Timestamp>,
    /// Cells that the peer holds of this node and this node does not have, as the last comparison
    /// found them; not all of them when there are many.
    pub(crate) only_there: Vec<CellName>,
}

/// The ways by which an open stream is asked for something. When they are replaced or dropped, the
/// stream ends.
#[derive(Debug)]
pub(crate) struct Ways {
    /// Questions to the peer.
    pub(crate) questions: mpsc::Sender<Question>,
    /// Comparisons.
    pub(crate) orders: mpsc::Sender<Order>,
    /// Whether the peer is still there.
    pub(crate) pinger: Pinger,
    /// What the peer's process was drawn as; 0 when it did not say.
    pub(crate) process: u128,
    /// How the peer hashes what is compared; 0 when it does not compare.
    pub(crate) scheme: u32,
}

/// All links of a node.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    clock: Arc<dyn Clock>,
    /// What this process was drawn as when it started.
    process: u128,
    inner: Arc<Mutex<BTreeMap<RegionCode, Entry>>>,
    twins: Arc<Mutex<BTreeMap<RegionCode, TwinStatus>>>,
}

#[derive(Debug)]
struct Entry {
    status: LinkStatus,
    ways: Option<Ways>,
    /// The processes of the peer that were seen, oldest first.
    processes: Vec<u128>,
    /// The id of the last ping.
    ping: u64,
    /// Whether the data was taken for an earlier copy of itself on this peer's word.
    has_split: bool,
    /// Which stream the entry belongs to: a peer that dials again takes over from its old stream.
    stream: u64,
}

impl Links {
    /// No links yet, in a process that was drawn as `process` when it started.
    pub(crate) fn new(clock: Arc<dyn Clock>, process: u128) -> Self {
        Self {
            clock,
            process,
            inner: Arc::default(),
            twins: Arc::default(),
        }
    }

    /// What this process was drawn as when it started.
    pub(crate) fn process(&self) -> u128 {
        self.process
    }

    /// Lists a link that is configured but not connected yet.
    pub(crate) fn expect(&self, peer: RegionCode, relation: Relation, address: &str) {
        self.with(|links| {
            links.entry(peer).or_insert_with(|| Entry {
                status: LinkStatus {
                    peer,
                    relation,
                    address: address.to_owned(),
                    connected: false,
                    last_contact: None,
                    sent: 0,
                    acknowledged: 0,
                    trouble: String::new(),
                    sent_bytes: 0,
                    sent_batches: 0,
                    received_bytes: 0,
                    received_batches: 0,
                    compared_at: None,
                    healed: 0,
                    healed_at: None,
                    only_there: Vec::new(),
                },
                ways: None,
                processes: Vec::new(),
                ping: 0,
                has_split: false,
                stream: 0,
            });
        });
    }

    /// A stream with the peer has opened; returns the number of the stream. The ways of an older
    /// stream are dropped, which ends that stream.
    pub(crate) fn connected(&self, peer: RegionCode, relation: Relation, ways: Ways) -> u64 {
        self.expect(peer, relation, "");
        let (stream, takes_turns) = self.with(|links| {
            let Some(entry) = links.get_mut(&peer) else {
                return (0, false);
            };
            let takes_turns = entry.is_another_again(ways.process);
            entry.stream += 1;
            entry.status.connected = true;
            entry.status.trouble.clear();
            entry.status.last_contact = Some(self.clock.now());
            entry.ways = Some(ways);
            (entry.stream, takes_turns)
        });
        if takes_turns {
            let message = format!(
                "two nodes say that they are {peer} and take turns; stop the one that is a copy"
            );
            self.twin(peer, message);
        }
        stream
    }

    /// The stream has ended.
    pub(crate) fn disconnected(&self, peer: RegionCode, stream: u64, trouble: String) {
        self.with(|links| {
            let Some(entry) = links.get_mut(&peer).filter(|entry| entry.stream == stream) else {
                return;
            };
            entry.status.connected = false;
            entry.status.trouble = trouble;
            entry.ways = None;
        });
    }

    /// An open stream with another process of the peer than `process`, to be asked whether it is
    /// still there, and the id to ask with.
    pub(crate) fn other_process(&self, peer: RegionCode, process: u128) -> Option<(Pinger, u64)> {
        self.with(|links| {
            let entry = links.get_mut(&peer)?;
            let ways = entry.ways.as_ref()?;
            // Programs that do not say which process they are cannot be asked either.
            if process == 0 || ways.process == 0 || ways.process == process {
                return None;
            }
            entry.ping += 1;
            Some((ways.pinger.clone(), entry.ping))
        })
    }

    /// Whether the data may be taken for an earlier copy of itself on this peer's word: once in the
    /// life of this process, for a peer that says so again has it from elsewhere.
    pub(crate) fn splits(&self, peer: RegionCode) -> bool {
        self.with(|links| {
            links
                .get_mut(&peer)
                .is_some_and(|entry| !std::mem::replace(&mut entry.has_split, true))
        })
    }

    /// Two nodes act under one identity.
    pub(crate) fn twin(&self, region: RegionCode, message: String) {
        let mut twins = self.twins.lock().unwrap_or_else(PoisonError::into_inner);
        let status = TwinStatus {
            region,
            message,
            noticed_at: self.clock.now(),
        };
        let known = twins.insert(region, status.clone());
        if known.is_none_or(|known| known.message != status.message) {
            tracing::error!(%region, message = status.message, "two nodes under one identity");
        }
    }

    /// Regions that two nodes act for, ordered by region.
    pub(crate) fn twins(&self) -> Vec<TwinStatus> {
        let twins = self.twins.lock().unwrap_or_else(PoisonError::into_inner);
        twins.values().cloned().collect()
    }

    /// The last of this node's change numbers that the peer has acknowledged over a stream of this
    /// process; `None` when there was none.
    pub(crate) fn told(&self, peer: RegionCode) -> Option<u64> {
        self.with(|links| {
            let entry = links.get(&peer).filter(|entry| entry.stream > 0)?;
            Some(entry.status.acknowledged)
        })
    }

    /// Whether a stream with the peer is open.
    pub(crate) fn is_connected(&self, peer: RegionCode) -> bool {
        self.with(|links| links.get(&peer).is_some_and(|entry| entry.status.connected))
    }

    /// Every link, ordered by peer.
    pub(crate) fn list(&self) -> Vec<LinkStatus> {
        self.with(|links| links.values().map(|entry| entry.status.clone()).collect())
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<RegionCode, Entry>) -> T) -> T {
        let mut links = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut links)
    }
}

impl Entry {
    /// Notes the process that a stream has opened with; says whether it was here before, and another
    /// since: both of them live.
    fn is_another_again(&mut self, process: u128) -> bool {
        if process == 0 || self.processes.last() == Some(&process) {
            return false;
        }
        let was_here = self.processes.contains(&process);
        self.processes.push(process);
        let excess = self.processes.len().saturating_sub(PROCESSES);
        self.processes.drain(..excess);
        was_here
    }
}
