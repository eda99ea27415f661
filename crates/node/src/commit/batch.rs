//! Deciding: drain the queue, decide, append one frame.

use std::sync::PoisonError;
use std::sync::mpsc::SyncSender;

use liandong_core::command::Command;
use liandong_core::decide::{Setting, execute};
use liandong_core::event::Event;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_store::journal::JournalError;
use liandong_store::record;
use tokio::sync::mpsc::Receiver;

use super::{Decided, Message, Parts, Reply, Request};
use crate::clock;

/// The most commands and the most rows in one batch: enough to fill a disk's sync, small enough to
/// answer soon.
const MAX_COMMANDS: usize = 1_024;
const MAX_ROWS: usize = 65_536;

/// Runs until it is told to stop.
pub(super) fn run(mut parts: Parts, mut inbox: Receiver<Message>, decided: &SyncSender<Decided>) {
    let mut requests = Vec::new();
    let mut stopping = false;
    while !stopping {
        let Some(Message::Decide(first)) = inbox.blocking_recv() else {
            return;
        };
        let mut rows = weight(&first);
        requests.push(*first);
        while requests.len() < MAX_COMMANDS && rows < MAX_ROWS {
            match inbox.try_recv() {
                Ok(Message::Decide(next)) => {
                    rows += weight(&next);
                    requests.push(*next);
                }
                Ok(Message::Stop) => {
                    stopping = true;
                    break;
                }
                Err(_) => break,
            }
        }
        metrics::histogram!("liandong_batch_commands").record(requests.len() as f64);
        let batch = decide_batch(&mut parts, requests.drain(..));
        if decided.send(batch).is_err() {
            return;
        }
    }
}

fn weight(request: &Request) -> usize {
    match &request.command {
        Command::PushReports(push) => push.rows.len(),
        Command::Receive(incoming) => incoming.cells.len() + incoming.documents.len(),
        _ => 1,
    }
}

fn decide_batch(parts: &mut Parts, requests: impl Iterator<Item = Request>) -> Decided {
    // Asked before anything is decided: what is applied to the state must be appended.
    if let Err(error) = parts.journal.check_space() {
        tracing::warn!(%error, "intake refused");
        let refusal = no_space(&error);
        let replies = requests
            .map(|request| Reply {
                to: request.reply,
                answer: Err(refusal.clone()),
            })
            .collect();
        return Decided {
            frame: parts.journal.last(),
            replies,
        };
    }
    let moment = clock::now();
    let setting = Setting {
        now: moment.now,
        today: moment.today,
        catalogue: &parts.catalogue,
        grace_days: parts.grace_days,
        here: parts.here,
        frame: parts.journal.last() + 1,
    };
    let mut events: Vec<Event> = Vec::new();
    let mut replies = Vec::new();
    {
        let mut state = parts.state.write().unwrap_or_else(PoisonError::into_inner);
        for request in requests {
            let _entered = request.span.enter();
            let before = state.last_change();
            let answer = execute(&mut state, request.command, &setting).map(|decision| {
                events.extend(decision.events);
                decision.answer
            });
            let after = state.last_change();
            if after > before {
                parts.traces.note(after, request.trace);
            }
            replies.push(Reply {
                to: request.reply,
                answer,
            });
        }
    }
    if !events.is_empty() {
        append(parts, &events);
    }
    Decided {
        frame: parts.journal.last(),
        replies,
    }
}

/// Appends the batch as one frame. The state has it already, so a failure here ends the process;
/// at the next start the state is what the journal says.
fn append(parts: &mut Parts, events: &[Event]) {
    let appended = record::encode(events)
        .map_err(|error| error.to_string())
        .and_then(|payload| {
            metrics::counter!("liandong_journal_bytes_total").increment(payload.len() as u64);
            let frame = parts.journal.append(&payload);
            frame.map_err(|error| error.to_string())
        });
    if let Err(error) = appended {
        tracing::error!(error, "cannot append to the journal; stopping");
        std::process::abort();
    }
    metrics::counter!("liandong_journal_frames_total").increment(1);
}

fn no_space(error: &JournalError) -> Refusal {
    match error {
        JournalError::NoSpace { .. } => Refusal::advise(
            Reason::NoSpace,
            "",
            "",
            "请联系节点管理员清理磁盘，之后自动恢复",
            "ask the operator to free disk space; intake resumes by itself",
        ),
        _ => Refusal::new(Reason::Stopping, "", "", Accepted::Nothing),
    }
}
