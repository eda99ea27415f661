//! What comes in: changes of the peer, acknowledgements, questions and answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use liandong_core::access::Relation;
use liandong_core::command::{Command, Incoming as Taken};
use liandong_core::language::Language;
use liandong_core::planted::{self, Planted};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_wire::link::v1::Answer;
use liandong_wire::link::v1::answer::Answer as Answered;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::{Incoming, ReadChanges, StreamReader};
use liandong_wire::refusal::message;
use liandong_wire::rollup::DrillQuestion;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_stream::StreamExt;
use tracing::Instrument;

use super::{Frames, Waiting};
use crate::context::Context;
use crate::{drill, trace};

/// The receiving end of one stream.
pub(super) struct Receiving<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) peer: RegionCode,
    pub(super) relation: Relation,
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
}

impl Receiving<'_> {
    /// Takes what the peer says until the stream ends; returns why it did, for a person.
    pub(super) async fn run(self, mut frames: Frames, mut reader: StreamReader) -> String {
        while let Some(next) = frames.next().await {
            let said = match next {
                Ok(frame) => reader.frame(frame),
                Err(status) => return status.message().to_owned(),
            };
            self.context.links.heard(self.peer);
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
    async fn take(&self, said: Incoming) -> Result<(), String> {
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
            Incoming::Drill { id, question } => {
                self.answer(id, question);
                Ok(())
            }
            Incoming::Unanswerable { id, refusal } => {
                self.refuse(id, &refusal);
                Ok(())
            }
            Incoming::Answer { id, drill } => {
                let reply = {
                    let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                    waiting.remove(&id)
                };
                if let Some(reply) = reply {
                    // Whoever asked may have given up.
                    let _ = reply.send(drill);
                }
                Ok(())
            }
            Incoming::Hello(_) => Err("the peer said hello twice".to_owned()),
            Incoming::Unknown => Ok(()),
        }
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
            });
            let marked = self.context.committer.submit_waiting(mark, on.clone());
            marked.await.map_err(|refusal| refusal.to_string())?;
        }
        let command = Command::Receive(Taken {
            from: self.peer,
            relation: self.relation,
            incarnation: self.incarnation,
            upto,
            documents: changes.documents,
            cells: changes.cells,
            unreadable: changes.unreadable,
        });
        let taken = self.context.committer.submit_waiting(command, on);
        let taken = taken.instrument(span).await;
        taken.map_err(|refusal| refusal.to_string())?;
        self.taken.send_replace(upto);
        Ok(())
    }

    /// Answers beside the stream, so that changes behind the question are not held up.
    fn answer(&self, id: u64, question: DrillQuestion) {
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
            let answered = match drill::live(&context, &question).await {
                Ok((drill, _)) => Answered::Drill(drill),
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
