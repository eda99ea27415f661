//! What comes in: changes of the peer, acknowledgements, questions and answers.

use std::sync::{Arc, PoisonError};

use liandong_core::access::Relation;
use liandong_core::command::{Command, Incoming as Taken};
use liandong_core::language::Language;
use liandong_core::region::RegionCode;
use liandong_wire::link::v1::answer::Answer as Answered;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::{Ack, Answer};
use liandong_wire::link::{Incoming, ReadChanges, StreamReader};
use liandong_wire::refusal::message;
use liandong_wire::rollup::DrillQuestion;
use tokio::sync::{mpsc, watch};
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
    pub(super) acknowledged: &'a watch::Sender<u64>,
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
                self.context.links.acknowledged(self.peer, upto);
                self.acknowledged.send_replace(upto);
                Ok(())
            }
            Incoming::Drill { id, question } => {
                self.answer(id, question);
                Ok(())
            }
            Incoming::Unanswerable { id, refusal } => {
                let refused = Answered::Refusal(message(&refusal, Language::En));
                self.say(answer(id, refused)).await
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
        trace::continue_trace(&span, &changes.trace_parent);
        let on = trace::hand_on(&span, &changes.trace_parent);
        metrics::counter!("liandong_link_cells_received_total", "peer" => self.peer.to_string())
            .increment(changes.cells.len() as u64);
        let upto = changes.upto;
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
        self.say(Said::Ack(Ack { upto })).await
    }

    /// Answers beside the stream, so that changes behind the question are not held up.
    fn answer(&self, id: u64, question: DrillQuestion) {
        let (context, outbox) = (Arc::clone(self.context), self.outbox.clone());
        tokio::spawn(async move {
            let answered = match drill::live(&context, &question).await {
                Ok((drill, _)) => Answered::Drill(drill),
                Err(refusal) => Answered::Refusal(message(&refusal, Language::En)),
            };
            // A stream that closed meanwhile needs no answer.
            let _ = outbox.send(answer(id, answered)).await;
        });
    }

    async fn say(&self, said: Said) -> Result<(), String> {
        let sent = self.outbox.send(said).await;
        sent.map_err(|_| "the stream was closed".to_owned())
    }
}

fn answer(id: u64, answered: Answered) -> Said {
    Said::Answer(Answer {
        id,
        answer: Some(answered),
    })
}
