//! How the links fare, for `status`, metrics, and for questions that travel over them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use liandong_core::access::Relation;
use liandong_core::compare::CellName;
use liandong_core::language::Language;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_wire::link::CompareResult;
use liandong_wire::refusal::{RemoteRefusal, message};
use liandong_wire::rollup::DrillQuestion;
use liandong_wire::rollup::v1::Drill;
use tokio::sync::{mpsc, oneshot};

use super::session::Order;
use super::twins::{Pinger, TwinStatus};
use crate::surroundings::Clock;

/// How long a peer's answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a comparison is waited for; what is behind by then has more to say than to compare.
const COMPARE_PATIENCE: Duration = Duration::from_secs(60);

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

/// What both sides of a link hold of each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// What this node tells the peer, and what the peer holds of it.
    pub(crate) told: CompareResult,
    /// What the peer tells this node, and what this node holds of it.
    pub(crate) heard: CompareResult,
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

/// A question to a peer, on its way over the link.
#[derive(Debug)]
pub(crate) struct Question {
    /// The cell to take apart.
    pub(crate) drill: DrillQuestion,
    /// Where the answer goes.
    pub(crate) reply: oneshot::Sender<Result<Drill, RemoteRefusal>>,
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

    /// What this node tells the peer was compared with what the peer holds.
    pub(crate) fn compared(&self, peer: RegionCode, result: &CompareResult) {
        let now = self.clock.now();
        self.with(|links| {
            let Some(entry) = links.get_mut(&peer) else {
                return;
            };
            if result.complete {
                entry.status.compared_at = Some(now);
            }
            // What was found when something differed stands until a comparison differs again: what
            // is marked at the peer is left out of later ones.
            if !result.differing.is_empty() {
                entry.status.only_there.clone_from(&result.cells);
            }
        });
        self.healed(peer, result.healed);
    }

    /// So many documents and cells differed and were healed, on either side.
    pub(crate) fn healed(&self, peer: RegionCode, count: u64) {
        if count == 0 {
            return;
        }
        let now = self.clock.now();
        metrics::counter!("liandong_link_healed_total", "peer" => peer.to_string())
            .increment(count);
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.healed += count;
                entry.status.healed_at = Some(now);
            }
        });
    }

    /// Compares what this node and a peer hold of each other, both ways, now.
    ///
    /// # Errors
    /// [`Reason::Unreachable`] while no stream with the peer is open, or it does not answer in time;
    /// [`Reason::NotAllowedNow`] when its program does not compare.
    pub(crate) async fn compare_now(&self, peer: RegionCode) -> Result<Comparison, Refusal> {
        let ways = self.with(|links| {
            let ways = links.get(&peer)?.ways.as_ref()?;
            Some((ways.orders.clone(), ways.scheme))
        });
        let (orders, scheme) = ways.ok_or_else(|| not_reached(peer))?;
        if scheme == 0 {
            return Err(Refusal::advise(
                Reason::NotAllowedNow,
                "region",
                peer,
                "该节点的程序版本不支持核对，请升级",
                "the program of that node does not compare: upgrade it",
            ));
        }
        let comparing = async {
            let (reply, told) = oneshot::channel();
            orders.send(Order::Tell(reply)).await.ok()?;
            let told = told.await.ok()?;
            let (reply, heard) = oneshot::channel();
            orders.send(Order::Ask(reply)).await.ok()?;
            let heard = heard.await.ok()?;
            Some(Comparison { told, heard })
        };
        match tokio::time::timeout(COMPARE_PATIENCE, comparing).await {
            Ok(Some(comparison)) => Ok(comparison),
            Ok(None) | Err(_) => Err(not_reached(peer)),
        }
    }

    /// The last of this node's change numbers that the peer has acknowledged over a stream of this
    /// process; `None` when there was none.
    pub(crate) fn told(&self, peer: RegionCode) -> Option<u64> {
        self.with(|links| {
            let entry = links.get(&peer).filter(|entry| entry.stream > 0)?;
            Some(entry.status.acknowledged)
        })
    }

    /// The peer said in a file what it holds; a stream that is open knows better.
    pub(crate) fn holds(&self, peer: RegionCode, change: u64) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer).filter(|entry| !entry.status.connected) {
                entry.status.sent = change;
                entry.status.acknowledged = change;
            }
        });
    }

    /// Whether a stream with the peer is open.
    pub(crate) fn is_connected(&self, peer: RegionCode) -> bool {
        self.with(|links| links.get(&peer).is_some_and(|entry| entry.status.connected))
    }

    /// The peer is sent everything after `change`, whatever it was sent before.
    pub(crate) fn begins_after(&self, peer: RegionCode, change: u64) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.sent = change;
                entry.status.acknowledged = change;
            }
        });
    }

    /// A dial failed.
    pub(crate) fn trouble(&self, peer: RegionCode, trouble: String) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer).filter(|entry| !entry.status.connected) {
                entry.status.trouble = trouble;
            }
        });
    }

    /// Changes up to `sent` were sent, in a frame that took so many bytes.
    pub(crate) fn sent(&self, peer: RegionCode, sent: u64, bytes: usize) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.sent = sent;
                entry.status.sent_bytes += bytes as u64;
                entry.status.sent_batches += 1;
            }
        });
    }

    /// So many bytes of changes came from the peer, with the end of a batch where it `is_whole`.
    pub(crate) fn received(&self, peer: RegionCode, bytes: usize, is_whole: bool) {
        metrics::counter!("liandong_link_received_bytes_total", "peer" => peer.to_string())
            .increment(bytes as u64);
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.received_bytes += bytes as u64;
                entry.status.received_batches += u64::from(is_whole);
            }
        });
    }

    /// The peer has acknowledged changes up to `acknowledged`.
    pub(crate) fn acknowledged(&self, peer: RegionCode, acknowledged: u64) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.acknowledged = acknowledged;
                entry.status.sent = entry.status.sent.max(acknowledged);
            }
        });
    }

    /// Something came from the peer.
    pub(crate) fn heard(&self, peer: RegionCode) {
        self.with(|links| {
            if let Some(entry) = links.get_mut(&peer) {
                entry.status.last_contact = Some(self.clock.now());
            }
        });
    }

    /// Every link, ordered by peer.
    pub(crate) fn list(&self) -> Vec<LinkStatus> {
        self.with(|links| links.values().map(|entry| entry.status.clone()).collect())
    }

    /// Asks a connected peer to take a cell apart.
    ///
    /// # Errors
    /// [`Reason::Unreachable`] while no stream with the peer is open or it goes away; whatever the
    /// peer refuses.
    pub(crate) async fn ask(
        &self,
        peer: RegionCode,
        drill: DrillQuestion,
    ) -> Result<Drill, RemoteRefusal> {
        let questions = self
            .with(|links| {
                let ways = links.get(&peer)?.ways.as_ref()?;
                Some(ways.questions.clone())
            })
            .ok_or_else(|| unreachable(peer))?;
        let asking = async {
            let (reply, answer) = oneshot::channel();
            questions.send(Question { drill, reply }).await.ok()?;
            answer.await.ok()
        };
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Some(answer)) => answer,
            Ok(None) | Err(_) => Err(unreachable(peer)),
        }
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

fn not_reached(peer: RegionCode) -> Refusal {
    Refusal::advise(
        Reason::Unreachable,
        "region",
        peer,
        "等该节点恢复连接后重试",
        "try again when that node is connected",
    )
}

fn unreachable(peer: RegionCode) -> RemoteRefusal {
    message(&not_reached(peer), Language::En).into()
}
