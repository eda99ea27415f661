//! Deciding: take what waits, decide, append one frame.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::sync::mpsc::SyncSender;

use liandong_core::command::{Answer, Command};
use liandong_core::decide::{Setting, apply, decide};
use liandong_core::event::Event;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::state::State;
use liandong_store::journal::{Journal, JournalError, MAX_PAYLOAD};
use liandong_store::record::Batch;
use tokio::sync::mpsc::Receiver;

use super::{Decided, Message, Parts, Reply, Request};
use crate::clock;

/// The most commands and the most rows in one batch: enough to fill a disk's sync, small enough to
/// answer soon.
const MAX_COMMANDS: usize = 1_024;
const MAX_ROWS: usize = 65_536;

/// A batch whose events take this many bytes is full.
const FULL_BYTES: usize = 8 << 20;

/// The most bytes that the events of one command may take. Together with a batch that is not yet
/// full, and the small events that follow from others, it stays below [`MAX_PAYLOAD`], so that a
/// batch that was applied can always be appended.
const LARGEST_BYTES: usize = MAX_PAYLOAD / 4 * 3;

/// Runs until it is told to stop.
pub(super) fn run(mut parts: Parts, mut inbox: Receiver<Message>, decided: &SyncSender<Decided>) {
    let mut waiting: VecDeque<Request> = VecDeque::new();
    let mut stopping = false;
    let mut had_room = true;
    loop {
        if waiting.is_empty() {
            if stopping {
                return;
            }
            match inbox.blocking_recv() {
                Some(Message::Decide(request)) => waiting.push_back(*request),
                Some(Message::Stop) | None => return,
            }
        }
        stopping |= drain(&mut inbox, &mut waiting);
        metrics::histogram!("liandong_batch_commands").record(waiting.len() as f64);
        let batch = decide_batch(&mut parts, &mut waiting, &mut had_room);
        if decided.send(batch).is_err() {
            return;
        }
    }
}

/// Takes what else waits, up to a full batch; returns whether the loop was told to stop.
fn drain(inbox: &mut Receiver<Message>, waiting: &mut VecDeque<Request>) -> bool {
    let mut rows: usize = waiting.iter().map(weight).sum();
    while waiting.len() < MAX_COMMANDS && rows < MAX_ROWS {
        match inbox.try_recv() {
            Ok(Message::Decide(request)) => {
                rows += weight(&request);
                waiting.push_back(*request);
            }
            Ok(Message::Stop) => return true,
            Err(_) => return false,
        }
    }
    false
}

fn weight(request: &Request) -> usize {
    match &request.command {
        Command::PushReports(push) => push.rows.len(),
        Command::Receive(incoming) => incoming.cells.len() + incoming.documents.len(),
        _ => 1,
    }
}

/// Decides what waits until the batch is full; what did not fit stays for the next.
/// `had_room` tells from one batch to the next whether the disk had room, so that it is logged once.
pub(super) fn decide_batch(
    parts: &mut Parts,
    waiting: &mut VecDeque<Request>,
    had_room: &mut bool,
) -> Decided {
    // Asked before anything is decided: what is applied to the state must be appended.
    let checked = parts.journal.check_space();
    match &checked {
        Err(error) if *had_room => tracing::error!(%error, "intake stops"),
        Ok(()) if !*had_room => tracing::info!("intake resumes"),
        Ok(()) | Err(_) => {}
    }
    *had_room = checked.is_ok();
    let room = checked.map_err(|error| no_room(&error));
    let moment = clock::now();
    let setting = Setting {
        now: moment.now,
        today: moment.today,
        catalogue: &parts.catalogue,
        grace_days: parts.grace_days,
        here: parts.here,
        frame: parts.journal.last() + 1,
    };
    let mut batch = Batch::new();
    let mut replies = Vec::with_capacity(waiting.len());
    {
        let mut state = parts.state.write().unwrap_or_else(PoisonError::into_inner);
        while batch.len() < FULL_BYTES
            && let Some(request) = waiting.pop_front()
        {
            let _entered = request.span.enter();
            let before = state.last_change();
            let answer = decide_one(&mut state, request.command, &setting, &room, &mut batch);
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
    if !batch.is_empty() {
        append(&mut parts.journal, &batch);
    }
    Decided {
        frame: parts.journal.last(),
        replies,
    }
}

/// Decides one command, and applies it if what it leads to fits the batch.
fn decide_one(
    state: &mut State,
    command: Command,
    setting: &Setting<'_>,
    room: &Result<(), Refusal>,
    batch: &mut Batch,
) -> Result<Answer, Refusal> {
    // The rows of a push are bounded by the size of a message; the rest is measured.
    let bounded = matches!(command, Command::PushReports(_));
    let decision = decide(state, command, setting)?;
    if decision.events.is_empty() {
        // What changes nothing needs no room: what was taken before is still acknowledged.
        return Ok(decision.answer);
    }
    room.clone()?;
    if !bounded {
        let mut alone = Batch::new();
        for event in &decision.events {
            add(&mut alone, event);
        }
        if alone.len() > LARGEST_BYTES {
            let megabytes = alone.len() >> 20;
            let accepted = Accepted::Form(format!("<= {} MiB", LARGEST_BYTES >> 20));
            return Err(Refusal::new(
                Reason::TooLong,
                "request",
                megabytes,
                accepted,
            ));
        }
    }
    let frame = setting.frame;
    apply(state, decision.events, frame, |event| add(batch, &event));
    Ok(decision.answer)
}

/// Adds an event that is, or will be, applied; one that cannot be encoded ends the process.
fn add(batch: &mut Batch, event: &Event) {
    if let Err(error) = batch.push(event) {
        tracing::error!(%error, "cannot encode an event; stopping");
        std::process::abort();
    }
}

/// Appends the batch as one frame. The state has it already, so a failure here ends the process;
/// at the next start the state is what the journal says.
fn append(journal: &mut Journal, batch: &Batch) {
    let appended = match batch.parts() {
        Ok((head, events)) => journal
            .append_checked(&[&head, events])
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = appended {
        tracing::error!(error, "cannot append to the journal; stopping");
        std::process::abort();
    }
    metrics::counter!("liandong_journal_bytes_total").increment(batch.len() as u64);
    metrics::counter!("liandong_journal_frames_total").increment(1);
}

fn no_room(error: &JournalError) -> Refusal {
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
