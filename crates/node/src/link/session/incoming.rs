//! What comes in: changes of the peer, acknowledgements, questions and answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use liandong_core::access::Relation;
use liandong_core::audit::Actor;
use liandong_core::command::{Command, Incoming as Taken};
use liandong_core::evidence::Proofs;
use liandong_core::language::Language;
use liandong_core::planted::{self, Planted};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_wire::link::v1::answer::Answer as Answered;
use liandong_wire::link::v1::comparison::Step as Sent;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::{Answer, Comparison, Pong};
use liandong_wire::link::{
    Incoming, LinkAnswer, LinkQuestion, ReadChanges, Step, StreamReader, changes_len,
};
use liandong_wire::refusal::message;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_stream::StreamExt;
use tracing::Instrument;

use super::comparing::{Awaited, Order};
use super::listening::Listening;
use super::{Frames, Waiting};
use crate::commit::Origin;
use crate::context::Context;
use crate::evidence::check;
use crate::link::warn_unlisted;
use crate::{drill, proof, trace};

/// How long changes are gathered when [`Planted::WatermarkFirst`] is switched on.
const GATHERED: Duration = Duration::from_millis(200);

/// The receiving end of one stream.
pub(super) struct Receiving<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) peer: RegionCode,
    pub(super) relation: Relation,
    pub(super) actor: &'a Arc<Actor>,
    pub(super) incarnation: u128,
    pub(super) outbox: &'a mpsc::Sender<Said>,
    pub(super) waiting: &'a Waiting,
    /// The last of this node's change numbers that was sent on this stream.
    pub(super) sent: &'a AtomicU64,
    /// Where the peer's acknowledgements go.
    pub(super) acknowledged: &'a watch::Sender<u64>,
    /// The last of the peer's change numbers that was taken, for the side that acknowledges.
    pub(super) taken: &'a watch::Sender<u64>,
    /// Bounds the questions that are answered at a time.
    pub(super) answering: Arc<Semaphore>,
    /// What the peer tells is compared here.
    pub(super) listening: Listening,
    /// Where the peer's answers to comparisons of this node go.
    pub(super) answers: &'a mpsc::Sender<(u64, Step)>,
    /// Where comparisons that the peer asks for are ordered.
    pub(super) orders: &'a mpsc::WeakSender<Order>,
    /// Results of the peer's own comparisons that are waited for.
    pub(super) awaited: &'a Awaited,
    /// What this side has to say; taking must not wait for the line.
    pub(super) replies: &'a mpsc::Sender<Said>,
    /// How many pieces of the peer's frames have come, for the side that says so.
    pub(super) pieces_taken: &'a watch::Sender<u64>,
    /// How many pieces the peer says it has taken.
    pub(super) pieces_confirmed: &'a watch::Sender<u64>,
    /// The id of the last pong.
    pub(super) ponged: &'a watch::Sender<u64>,
}

impl Receiving<'_> {
    /// Takes what the peer says until the stream ends; returns why it did, for a person.
    pub(super) async fn run(mut self, mut frames: Frames, mut reader: StreamReader) -> String {
        while let Some(next) = frames.next().await {
            let frame = match next {
                Ok(frame) => frame,
                Err(status) => return status.message().to_owned(),
            };
            let bytes = frame.as_ref().map_or(0, changes_len);
            let said = reader.frame(frame);
            self.context.links.heard(self.peer);
            if bytes > 0 {
                let is_whole = matches!(said, Ok(Incoming::Changes(_)));
                self.context.links.received(self.peer, bytes, is_whole);
            }
            let taken = match said {
                Ok(said) => self.take(said).await,
                Err(refusal) => return refusal.to_string(),
            };
            if let Err(why) = taken {
                return why;
            }
        }
        "the peer closed the stream".to_owned()
    }

    /// An error ends the stream: the peer sends again what was not acknowledged.
    async fn take(&mut self, said: Incoming) -> Result<(), String> {
        match said {
            Incoming::Changes(changes) => self.take_changes(changes).await,
            Incoming::Ack(upto) => {
                if upto > self.sent.load(Ordering::Relaxed) {
                    return Err(format!(
                        "the peer acknowledged change {upto}, which was not sent"
                    ));
                }
                self.context.links.acknowledged(self.peer, upto);
                self.acknowledged.send_replace(upto);
                Ok(())
            }
            Incoming::Piece => {
                self.pieces_taken.send_modify(|count| *count += 1);
                Ok(())
            }
            Incoming::PiecesTaken(count) => {
                self.pieces_confirmed.send_replace(count);
                Ok(())
            }
            Incoming::Question { id, question } => {
                self.answer(id, question);
                Ok(())
            }
            Incoming::Unanswerable { id, refusal } => {
                self.refuse(id, &refusal);
                Ok(())
            }
            Incoming::Answer { id, answer } => {
                let reply = {
                    let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                    waiting.remove(&id)
                };
                if let Some(reply) = reply {
                    // Whoever asked may have given up.
                    let _ = reply.send(answer);
                }
                Ok(())
            }
            Incoming::Comparison { id, step } => self.take_step(id, step).await,
            Incoming::Ping(id) => self.reply(Said::Pong(Pong { id })),
            Incoming::Pong(id) => {
                self.ponged.send_replace(id);
                Ok(())
            }
            Incoming::Hello(_) => Err("the peer said hello twice".to_owned()),
            Incoming::Unknown => Ok(()),
        }
    }

    async fn take_step(&mut self, id: u64, step: Step) -> Result<(), String> {
        let taken = *self.taken.borrow();
        match step {
            Step::Digest(digest) => {
                let verdict = self.listening.digest(self.context, id, digest, taken);
                let verdict = verdict.await?;
                self.reply(verdict)
            }
            Step::Content {
                upto,
                bucket,
                part,
                last,
            } => {
                let named = (id, bucket, last);
                let is_current = taken <= upto;
                let found = self
                    .listening
                    .content(self.context, named, part, is_current)
                    .await?;
                found.map_or(Ok(()), |found| self.reply(found))
            }
            Step::Verdict { .. } | Step::Findings { .. } => {
                // One that nobody waits for is passed over.
                let _ = self.answers.try_send((id, step));
                Ok(())
            }
            Step::Compare => {
                self.compare(id);
                Ok(())
            }
            Step::Result(result) => {
                let reply = {
                    let mut awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
                    awaited.remove(&id)
                };
                if let Some(reply) = reply {
                    // Whoever asked may have given up.
                    let _ = reply.send(result);
                }
                Ok(())
            }
            Step::Unknown => Ok(()),
        }
    }

    /// Compares what this node tells the peer, beside the stream, because the peer wants it now.
    fn compare(&self, id: u64) {
        let Ok(permit) = Arc::clone(&self.answering).try_acquire_owned() else {
            return;
        };
        let Some(orders) = self.orders.upgrade() else {
            return;
        };
        let (reply, result) = oneshot::channel();
        if orders.try_send(Order::Tell(reply)).is_err() {
            return;
        }
        let outbox = self.outbox.clone();
        tokio::spawn(async move {
            if let Ok(result) = result.await {
                let said = Said::Comparison(Comparison {
                    id,
                    step: Some(Sent::Result((&result).into())),
                });
                // A stream that closed meanwhile needs no answer.
                let _ = outbox.send(said).await;
            }
            drop(permit);
        });
    }

    /// Says something without waiting for the line.
    fn reply(&self, said: Said) -> Result<(), String> {
        self.replies
            .try_send(said)
            .map_err(|_| "the peer asks faster than it listens".to_owned())
    }

    async fn take_changes(&self, changes: ReadChanges) -> Result<(), String> {
        let span = tracing::info_span!(
            "link_receive",
            peer = %self.peer,
            documents = changes.documents.len(),
            cells = changes.cells.len(),
        );
        let trace_parent = trace::checked(&changes.trace_parent);
        trace::continue_trace(&span, trace_parent);
        let on = trace::hand_on(&span, trace_parent);
        let on = Origin::of(Arc::clone(self.actor)).traced(on);
        metrics::counter!("liandong_link_cells_received_total", "peer" => self.peer.to_string())
            .increment(changes.cells.len() as u64);
        let upto = changes.upto;
        if planted::is(Planted::WatermarkFirst) {
            let mark = Command::Receive(Taken {
                from: self.peer,
                relation: self.relation,
                incarnation: self.incarnation,
                upto,
                documents: Vec::new(),
                cells: Vec::new(),
                unreadable: Vec::new(),
                proofs: Proofs::new(),
            });
            let marked = self.context.committer.submit_waiting(mark, on.clone());
            marked.await.map_err(|refusal| refusal.to_string())?;
            tokio::time::sleep(GATHERED).await;
        }
        let checking = check(self.context, self.peer, changes.documents, changes.proofs);
        let checked = checking.await.map_err(|refusal| refusal.to_string())?;
        let mut unreadable = changes.unreadable;
        unreadable.extend(checked.refused);
        let command = Command::Receive(Taken {
            from: self.peer,
            relation: self.relation,
            incarnation: self.incarnation,
            upto,
            documents: checked.documents,
            cells: changes.cells,
            unreadable,
            proofs: checked.proofs,
        });
        let taken = self.context.committer.submit_waiting(command, on);
        let taken = taken.instrument(span).await;
        let taken = taken.map_err(|refusal| refusal.to_string())?;
        warn_unlisted(self.peer, &taken);
        self.taken.send_replace(upto);
        Ok(())
    }

    /// Answers beside the stream, so that changes behind the question are not held up.
    fn answer(&self, id: u64, question: LinkQuestion) {
        if self.relation != Relation::Parent {
            let accepted = Accepted::OneOf(vec![Relation::Parent.word().to_owned()]);
            let word = self.relation.word();
            let refusal = Refusal::new(Reason::NotEntitled, "relation", word, accepted);
            return self.refuse(id, &refusal);
        }
        let Ok(permit) = Arc::clone(&self.answering).try_acquire_owned() else {
            let (zh, en) = ("请稍后重试", "try again shortly");
            let refusal = Refusal::advise(Reason::Overloaded, "", "", zh, en);
            return self.refuse(id, &refusal);
        };
        let (context, outbox) = (Arc::clone(self.context), self.outbox.clone());
        tokio::spawn(async move {
            let found = match question {
                LinkQuestion::Drill(asked) => drill::live(&context, &asked)
                    .await
                    .map(|(drill, _)| LinkAnswer::Drill(drill)),
                LinkQuestion::Prove(asked) => proof::statement(&context, &asked)
                    .await
                    .map(LinkAnswer::Statement),
            };
            let answered = match found {
                Ok(found) => found.into(),
                Err(refusal) => Answered::Refusal(message(&refusal, Language::En)),
            };
            // A stream that closed meanwhile needs no answer.
            let _ = outbox.send(answer(id, answered)).await;
            drop(permit);
        });
    }

    /// Refuses a question. Where the line is too slow even for that, whoever asked gives up by
    /// itself.
    fn refuse(&self, id: u64, refusal: &Refusal) {
        let refused = Answered::Refusal(message(refusal, Language::En));
        let _ = self.outbox.try_send(answer(id, refused));
    }
}

fn answer(id: u64, answered: Answered) -> Said {
    Said::Answer(Answer {
        id,
        answer: Some(answered),
    })
}
