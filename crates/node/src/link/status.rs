//! How the links fare, for `status`, metrics, and for questions that travel over them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use liandong_core::access::Relation;
use liandong_core::language::Language;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_wire::refusal::{RemoteRefusal, message};
use liandong_wire::rollup::DrillQuestion;
use liandong_wire::rollup::v1::Drill;
use tokio::sync::{mpsc, oneshot};

use crate::surroundings::Clock;

/// How long a peer's answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

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
    inner: Arc<Mutex<BTreeMap<RegionCode, Entry>>>,
}

#[derive(Debug)]
struct Entry {
    status: LinkStatus,
    questions: Option<mpsc::Sender<Question>>,
    /// Which stream the entry belongs to: a peer that dials again takes over from its old stream.
    stream: u64,
}

impl Links {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            inner: Arc::default(),
        }
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
                },
                questions: None,
                stream: 0,
            });
        });
    }

    /// A stream with the peer has opened; returns the number of the stream. The channel of an older
    /// stream's questions closes, which ends that stream.
    pub(crate) fn connected(
        &self,
        peer: RegionCode,
        relation: Relation,
        questions: mpsc::Sender<Question>,
    ) -> u64 {
        self.expect(peer, relation, "");
        self.with(|links| {
            let Some(entry) = links.get_mut(&peer) else {
                return 0;
            };
            entry.stream += 1;
            entry.status.connected = true;
            entry.status.trouble.clear();
            entry.status.last_contact = Some(self.clock.now());
            entry.questions = Some(questions);
            entry.stream
        })
    }

    /// The stream has ended.
    pub(crate) fn disconnected(&self, peer: RegionCode, stream: u64, trouble: String) {
        self.with(|links| {
            let Some(entry) = links.get_mut(&peer).filter(|entry| entry.stream == stream) else {
                return;
            };
            entry.status.connected = false;
            entry.status.trouble = trouble;
            entry.questions = None;
        });
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
            .with(|links| links.get(&peer).and_then(|entry| entry.questions.clone()))
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

fn unreachable(peer: RegionCode) -> RemoteRefusal {
    let refusal = Refusal::advise(
        Reason::Unreachable,
        "region",
        peer,
        "等该节点恢复连接后重试",
        "try again when that node is connected",
    );
    message(&refusal, Language::En).into()
}
