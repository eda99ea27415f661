//! The teller's side of comparisons: a while after a stream has opened, every so often, and when
//! asked, what this node tells the peer is compared with what the peer holds.
//!
//! A digest stands for a moment at which everything that this node had to say had been said on this
//! stream; a peer that has taken more by then says so and is asked again. Nobody waits for a
//! comparison: the state is added up in short steps, and changes go on meanwhile.

mod healing;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use liandong_core::access::Relation;
use liandong_core::audit::Actor;
use liandong_core::command::{Answer, Command};
use liandong_core::compare::{CellName, Direction, Findings, Range, SCHEME, Side};
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_wire::link::v1::comparison::Step as Sent;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::{CompareRequest, Comparison, Digest as SentDigest};
use liandong_wire::link::{CompareResult, Digest, Step};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::commit::Origin;
use crate::context::Context;

/// How long after a stream has opened the first comparison begins; a random part of it more.
const FIRST: Duration = Duration::from_secs(2);
/// How long after a comparison the next begins.
const EVERY: Duration = Duration::from_secs(600);
/// How soon a comparison is repeated that found something, to see that nothing is left.
const AGAIN: Duration = Duration::from_secs(1);
/// How often in a row that is done; what differs then has another reason than an accident.
const MOST_IN_A_ROW: u32 = 3;

/// Cells that are added up while the state is held.
const STEP_CELLS: usize = 50_000;

/// How long it is waited until everything has been said, and after a peer that has moved on.
const PAUSE: Duration = Duration::from_millis(50);
/// How many pauses a comparison bears before it is given up until the next.
const MOST_PAUSES: u32 = 600;
/// How long a listener's answer is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the comparing side is asked for.
#[derive(Debug)]
pub(crate) enum Order {
    /// Compare what this node tells the peer.
    Tell(oneshot::Sender<CompareResult>),
    /// Ask the peer to compare what it tells this node.
    Ask(oneshot::Sender<CompareResult>),
}

/// Results of the peer's comparisons that are waited for, by the id of their request.
pub(super) type Awaited = Arc<Mutex<BTreeMap<u64, oneshot::Sender<CompareResult>>>>;

/// The teller's side of comparisons on one stream.
pub(super) struct Comparing<'a> {
    pub(super) context: &'a Context,
    pub(super) peer: RegionCode,
    pub(super) relation: Relation,
    pub(super) actor: &'a Arc<Actor>,
    /// How the peer hashes; 0 when it does not compare.
    pub(super) scheme: u32,
    pub(super) outbox: &'a mpsc::Sender<Said>,
    /// The change number up to which everything has been put into the outbox.
    pub(super) through: &'a AtomicU64,
    pub(super) awaited: &'a Awaited,
}

/// A comparison as far as it has come.
struct Round {
    result: CompareResult,
    pauses: u32,
    complete: bool,
}

impl Comparing<'_> {
    /// Compares for as long as the stream is open; returns why it ended, for a person.
    pub(super) async fn run(
        self,
        orders: mpsc::Receiver<Order>,
        answers: mpsc::Receiver<(u64, Step)>,
    ) -> String {
        match self.go_on(orders, answers).await {
            Ok(why) | Err(why) => why,
        }
    }

    async fn go_on(
        &self,
        mut orders: mpsc::Receiver<Order>,
        mut answers: mpsc::Receiver<(u64, Step)>,
    ) -> Result<String, String> {
        let draw = u32::from(self.context.surroundings.draw());
        let mut next = Instant::now() + FIRST + FIRST * draw / 0x1_0000;
        let mut in_a_row = 0;
        let mut id = 0;
        loop {
            let order = tokio::select! {
                () = tokio::time::sleep_until(next), if self.scheme != 0 => None,
                order = orders.recv() => match order {
                    Some(order) => Some(order),
                    None => return Ok("another stream took over".to_owned()),
                },
            };
            if let Some(Order::Ask(reply)) = order {
                id += 1;
                self.ask(id, reply).await?;
                continue;
            }
            let result = self.compare(&mut id, &mut answers).await?;
            let differed = !result.differing.is_empty();
            in_a_row = if differed { in_a_row + 1 } else { 0 };
            let is_soon = !result.complete || differed && in_a_row < MOST_IN_A_ROW;
            next = Instant::now() + if is_soon { AGAIN } else { EVERY };
            self.context.links.compared(self.peer, &result);
            if let Some(Order::Tell(reply)) = order {
                // Whoever asked may have given up.
                let _ = reply.send(result);
            }
        }
    }

    async fn ask(&self, id: u64, reply: oneshot::Sender<CompareResult>) -> Result<(), String> {
        {
            let mut awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever gave up waits no more, whether the peer ever answers or not.
            awaited.retain(|_, waits| !waits.is_closed());
            awaited.insert(id, reply);
        }
        self.send(id, Sent::Compare(CompareRequest {})).await
    }

    /// Compares everything once.
    async fn compare(
        &self,
        id: &mut u64,
        answers: &mut mpsc::Receiver<(u64, Step)>,
    ) -> Result<CompareResult, String> {
        let mut round = Round {
            result: CompareResult::default(),
            pauses: 0,
            complete: true,
        };
        if self.scheme == 0 {
            return Ok(round.result);
        }
        let mut after = None;
        loop {
            let range = Range { after, until: None };
            let contents = self.scheme == SCHEME;
            let tally = |state: &State| state.tally(self.side(), range, contents, STEP_CELLS);
            let Some((upto, told)) = self.read_when_said(&mut round, tally).await? else {
                return Ok(round.result);
            };
            let until = told.until;
            let digest = Digest {
                upto,
                contents,
                range: Range { after, until },
                tallies: told.buckets,
            };
            *id += 1;
            self.send(*id, Sent::Digest(SentDigest::from(&digest)))
                .await?;
            let differing = match self.answer(*id, answers).await? {
                Some(Step::Verdict {
                    moved_on: false,
                    differing,
                    unowned,
                    unowned_count,
                }) => {
                    round.only_there(&unowned, unowned_count);
                    differing
                }
                Some(Step::Verdict { moved_on: true, .. }) => {
                    if !round.pause().await {
                        return Ok(round.result);
                    }
                    continue;
                }
                _ => return Ok(round.result),
            };
            let counts = digest.tallies.values().map(|tally| tally.count);
            round.result.compared += counts.sum::<u64>();
            for bucket in differing {
                round.result.differing.push(bucket);
                self.heal(bucket, id, answers, &mut round).await?;
            }
            after = until;
            if after.is_none() {
                break;
            }
        }
        if round.complete {
            let peer = self.peer;
            self.submit(Command::Settle { peer }).await?;
        }
        round.result.complete = round.complete;
        Ok(round.result)
    }

    /// Reads the state at a moment at which all of it has been said; `None` when there is none for
    /// too long.
    async fn read_when_said<T>(
        &self,
        round: &mut Round,
        read: impl Fn(&State) -> T,
    ) -> Result<Option<(u64, T)>, String> {
        loop {
            let seen = self.context.reader.read(|state| {
                let last = state.last_change();
                (last == self.through.load(Ordering::Relaxed)).then(|| (last, read(state)))
            });
            let seen = seen.await.map_err(|refusal| refusal.to_string())?;
            if seen.is_some() {
                return Ok(seen);
            }
            if !round.pause().await {
                return Ok(None);
            }
        }
    }

    async fn answer(
        &self,
        id: u64,
        answers: &mut mpsc::Receiver<(u64, Step)>,
    ) -> Result<Option<Step>, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match tokio::time::timeout_at(deadline, answers.recv()).await {
                // An answer to what was given up is passed over.
                Ok(Some((of, _))) if of != id => {}
                Ok(Some((_, step))) => return Ok(Some(step)),
                Ok(None) => return Err(closed()),
                Err(_) => return Ok(None),
            }
        }
    }

    async fn submit(&self, command: Command) -> Result<Answer, String> {
        let origin = Origin::of(Arc::clone(self.actor));
        let submitted = self.context.committer.submit_waiting(command, origin);
        submitted.await.map_err(|refusal| refusal.to_string())
    }

    async fn send(&self, id: u64, step: Sent) -> Result<(), String> {
        let said = Said::Comparison(Comparison {
            id,
            step: Some(step),
        });
        self.outbox.send(said).await.map_err(|_| closed())
    }

    fn side(&self) -> Side {
        Side::Teller(Direction {
            teller: self.context.config.region,
            listener: self.peer,
            listener_is: self.relation,
        })
    }
}

impl Round {
    /// Notes cells that only the listener holds: some by name, and how many they are.
    fn only_there(&mut self, named: &[CellName], count: u64) {
        self.result.cells_missing += count;
        let room = Findings::MOST_CELLS.saturating_sub(self.result.cells.len());
        self.result.cells.extend(named.iter().take(room));
    }

    /// Waits a little; false when it was waited too often.
    async fn pause(&mut self) -> bool {
        self.pauses += 1;
        tokio::time::sleep(PAUSE).await;
        self.pauses < MOST_PAUSES
    }
}

fn closed() -> String {
    "the stream was closed".to_owned()
}
