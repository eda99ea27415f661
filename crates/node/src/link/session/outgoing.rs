//! What goes out: changes the peer does not hold, and questions.

use std::collections::VecDeque;

use liandong_core::access::{Relation, may_see};
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::state::{ChangeSet, State};
use liandong_wire::link::v1::Query;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::query::Query as Asked;
use liandong_wire::link::{Hello, StreamWriter, document_len};
use tokio::sync::{mpsc, watch};

use super::Waiting;
use crate::context::Context;
use crate::link::status::Question;

/// Changes looked through for one frame: some 25 KB of cells, four seconds of a 50 kbit/s line.
const FRAME_CHANGES: usize = 2_048;

/// Bytes of documents in one frame; a frame of large plans is cut short of the changes above.
const FRAME_DOCUMENT_BYTES: usize = 1 << 20;

/// Changes that may be on their way without an acknowledgement.
const WINDOW: usize = 16_384;

/// Sends what changed, as it changes, for as long as the stream is open.
pub(super) async fn send_changes(
    context: &Context,
    peer: RegionCode,
    relation: Relation,
    hello: &Hello,
    outbox: &mpsc::Sender<Said>,
    mut acks: watch::Receiver<u64>,
) -> String {
    // What the peer holds of another life of this node says nothing about this one.
    let mut cursor = match hello.after {
        Some((incarnation, after)) if incarnation == context.incarnation => after,
        _ => 0,
    };
    let mut window = Window::default();
    let mut writer = StreamWriter::new();
    let mut durable = context.reader.durable();
    loop {
        durable.mark_unchanged();
        let changes = match next_changes(context, peer, relation, cursor).await {
            Ok(changes) => changes,
            Err(refusal) => return refusal.to_string(),
        };
        let moved = changes.upto > cursor;
        let weight = changes.documents.len() + changes.cells.len();
        if weight > 0 {
            let trace = context.traces.between(cursor, changes.upto);
            let said = Said::Changes(writer.changes(cursor, &changes, &trace));
            metrics::counter!("liandong_link_cells_sent_total", "peer" => peer.to_string())
                .increment(changes.cells.len() as u64);
            if outbox.send(said).await.is_err() {
                return "the stream was closed".to_owned();
            }
            context.links.sent(peer, changes.upto);
            window.sent(changes.upto, weight);
        }
        cursor = changes.upto;
        window.acknowledged(*acks.borrow_and_update());
        while window.is_full() {
            if acks.changed().await.is_err() {
                return "the stream was closed".to_owned();
            }
            window.acknowledged(*acks.borrow_and_update());
        }
        if moved {
            continue;
        }
        if window.is_empty() {
            // What the peer may not see needs no acknowledgement: it is up to date.
            context.links.acknowledged(peer, cursor);
        }
        tokio::select! {
            more = durable.changed() => {
                if more.is_err() {
                    return "the node is stopping".to_owned();
                }
            }
            acked = acks.changed(), if !window.is_empty() => {
                if acked.is_err() {
                    return "the stream was closed".to_owned();
                }
                window.acknowledged(*acks.borrow_and_update());
            }
        }
    }
}

/// What is on its way without an acknowledgement.
#[derive(Debug, Default)]
struct Window {
    frames: VecDeque<(u64, usize)>,
    changes: usize,
}

impl Window {
    fn sent(&mut self, upto: u64, changes: usize) {
        self.frames.push_back((upto, changes));
        self.changes += changes;
    }

    fn acknowledged(&mut self, acknowledged: u64) {
        while let Some((upto, changes)) = self.frames.front().copied() {
            if upto > acknowledged {
                break;
            }
            self.frames.pop_front();
            self.changes -= changes;
        }
    }

    fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    fn is_full(&self) -> bool {
        self.changes > WINDOW
    }
}

async fn next_changes(
    context: &Context,
    peer: RegionCode,
    relation: Relation,
    cursor: u64,
) -> Result<ChangeSet, Refusal> {
    let mut limit = FRAME_CHANGES;
    loop {
        let changes = read_changes(context, peer, relation, cursor, limit).await?;
        let documents = changes.documents.iter();
        let bytes: usize = documents.map(|document| document_len(document)).sum();
        if bytes <= FRAME_DOCUMENT_BYTES || limit == 1 {
            return Ok(changes);
        }
        limit = limit.min(changes.documents.len()).div_ceil(2).max(1);
    }
}

async fn read_changes(
    context: &Context,
    peer: RegionCode,
    relation: Relation,
    cursor: u64,
    limit: usize,
) -> Result<ChangeSet, Refusal> {
    let here = context.config.region;
    let read = |state: &State| {
        let tree = state.tree();
        state.changes_after(
            cursor,
            limit,
            |document| may_see(tree, here, peer, relation, document),
            |region| tree.is_within(region, here) && state.cell_goes_up(here, region),
            relation == Relation::Parent,
        )
    };
    context.reader.read(read).await
}

/// Sends questions as they are asked.
pub(super) async fn send_questions(
    mut questions: mpsc::Receiver<Question>,
    outbox: &mpsc::Sender<Said>,
    waiting: &Waiting,
) -> String {
    let mut id = 0;
    while let Some(Question { drill, reply }) = questions.recv().await {
        id += 1;
        waiting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(id, reply);
        let query = Query {
            id,
            query: Some(Asked::Drill((&drill).into())),
        };
        if outbox.send(Said::Query(query)).await.is_err() {
            break;
        }
    }
    "the stream was closed".to_owned()
}
