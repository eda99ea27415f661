//! Deciding: take what waits, decide, append one frame.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use liandong_core::audit::{Actor, Entry, deed};
use liandong_core::command::{Answer, Command};
use liandong_core::decide::{Setting, apply, decide};
use liandong_core::event::Event;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::state::State;
use liandong_store::journal::{Journal, JournalError, MAX_PAYLOAD};
use liandong_store::record::Batch;
use tokio::sync::mpsc::Receiver;

use super::fatal::Fatal;
use super::{Decided, Message, Origin, Parts, Reply, Request};

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

/// What decides and appends. Whoever holds it is the one writer.
pub(super) struct Decider {
    parts: Parts,
    /// Whether the disk had room for the batch before, so that a change is logged once.
    had_room: bool,
}

impl Decider {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            parts,
            had_room: true,
        }
    }

    /// Decides what waits, up to a full batch, and appends it.
    ///
    /// # Errors
    /// See [`Fatal`]; the loop must end then.
    pub(super) fn decide(&mut self, waiting: &mut VecDeque<Request>) -> Result<Decided, Fatal> {
        metrics::histogram!("liandong_batch_commands").record(waiting.len() as f64);
        decide_batch(&mut self.parts, waiting, &mut self.had_room)
    }
}

/// The one writer, for those who take turns; `None` once the loop has ended.
pub(super) type SharedDecider = Arc<Mutex<Option<Decider>>>;

/// The deciding half of the commit loop, for whatever moves it.
pub(super) struct Deciding {
    decider: SharedDecider,
    pub(super) inbox: Receiver<Message>,
    waiting: VecDeque<Request>,
    stopping: bool,
}

impl Deciding {
    pub(super) fn new(decider: SharedDecider, inbox: Receiver<Message>) -> Self {
        Self {
            decider,
            inbox,
            waiting: VecDeque::new(),
            stopping: false,
        }
    }

    /// Whether nothing waits, so that the next message has to be waited for.
    pub(super) fn needs_more(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes a request that was waited for.
    pub(super) fn take(&mut self, request: Request) {
        self.waiting.push_back(request);
    }

    /// Whether it was told to stop and nothing waits any more.
    pub(super) fn is_done(&self) -> bool {
        self.stopping && self.waiting.is_empty()
    }

    /// Decides what waits, up to a full batch, and appends it; `None` when there is nothing to
    /// decide with any more.
    ///
    /// # Errors
    /// See [`Fatal`]; the loop must end then.
    pub(super) fn next_batch(&mut self) -> Result<Option<Decided>, Fatal> {
        self.stopping |= drain(&mut self.inbox, &mut self.waiting);
        let mut decider = self.decider.lock().unwrap_or_else(PoisonError::into_inner);
        let decided = decider.as_mut().map(|one| one.decide(&mut self.waiting));
        decided.transpose()
    }
}

impl Drop for Deciding {
    fn drop(&mut self) {
        // The journal is let go with it, whoever else may still hold the way to it.
        let mut decider = self.decider.lock().unwrap_or_else(PoisonError::into_inner);
        decider.take();
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

/// How many rows, or what is as much work as a row, a request has.
pub(super) fn weight(request: &Request) -> usize {
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
) -> Result<Decided, Fatal> {
    // Asked before anything is decided: what is applied to the state must be appended.
    let checked = parts.journal.check_space();
    match &checked {
        Err(error) if *had_room => tracing::error!(%error, "intake stops"),
        Ok(()) if !*had_room => tracing::info!("intake resumes"),
        Ok(()) | Err(_) => {}
    }
    *had_room = checked.is_ok();
    let room = checked.map_err(|error| no_room(&error));
    let moment = parts.surroundings.moment();
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
            let Origin { actor, trace } = request.origin;
            let asked = Asked {
                command: request.command,
                actor: &actor,
            };
            let answer = decide_one(&mut state, asked, &setting, &room, &mut batch)?;
            let after = state.last_change();
            if after > before {
                parts.traces.note(after, trace);
            }
            replies.push(Reply {
                to: request.reply,
                answer,
            });
        }
        parts.granted.tree_is_at(state.tree().changes());
    }
    if !batch.is_empty() {
        append(&mut parts.journal, &batch)?;
    }
    Ok(Decided {
        frame: parts.journal.last(),
        replies,
    })
}

/// A command, and who asks for it.
struct Asked<'a> {
    command: Command,
    actor: &'a Actor,
}

/// Decides one command, and applies it if what it leads to fits the batch.
///
/// # Errors
/// [`Fatal::Encode`]; refusals are answers.
fn decide_one(
    state: &mut State,
    Asked { command, actor }: Asked<'_>,
    setting: &Setting<'_>,
    room: &Result<(), Refusal>,
    batch: &mut Batch,
) -> Result<Result<Answer, Refusal>, Fatal> {
    // The rows of a push are bounded by the size of a message; the rest is measured.
    let bounded = matches!(command, Command::PushReports(_));
    let done = deed(&command).map(|(deed, author)| (deed, author.cloned()));
    let decision = match decide(state, command, setting) {
        Ok(decision) => decision,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if decision.events.is_empty() {
        // What changes nothing needs no room: what was taken before is still acknowledged.
        return Ok(Ok(decision.answer));
    }
    if let Err(refusal) = room {
        return Ok(Err(refusal.clone()));
    }
    if !bounded {
        let bytes = encoded_len(&decision.events)?;
        if bytes > LARGEST_BYTES {
            let accepted = Accepted::Form(format!("<= {} MiB", LARGEST_BYTES >> 20));
            let megabytes = bytes >> 20;
            let refusal = Refusal::new(Reason::TooLong, "request", megabytes, accepted);
            return Ok(Err(refusal));
        }
    }
    let first = place(batch.events());
    let mut encoded = Ok(());
    apply(state, decision.events, setting.frame, |event| {
        if encoded.is_ok() {
            encoded = batch.push(&event);
        }
    });
    encoded?;
    if let Some((deed, author)) = done {
        let entry = Entry {
            actor: 0,
            deed,
            first,
            events: place(batch.events()) - first,
            author,
        };
        batch.note(setting.now.as_microsecond(), actor, entry)?;
    }
    Ok(Ok(decision.answer))
}

/// A place among the events of a batch, which is far below the largest.
fn place(events: usize) -> u32 {
    u32::try_from(events).unwrap_or(u32::MAX)
}

fn encoded_len(events: &[Event]) -> Result<usize, Fatal> {
    let mut alone = Batch::new();
    for event in events {
        alone.push(event)?;
    }
    Ok(alone.len())
}

/// Appends the batch as one frame. The state has it already, so a failure here is the end; after
/// the next start the state is what the journal says.
fn append(journal: &mut Journal, batch: &Batch) -> Result<(), Fatal> {
    let (head, events) = batch.parts()?;
    journal
        .append_checked(&[&head, events])
        .map_err(Fatal::Append)?;
    metrics::counter!("liandong_journal_bytes_total").increment(batch.len() as u64);
    metrics::counter!("liandong_journal_frames_total").increment(1);
    Ok(())
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
