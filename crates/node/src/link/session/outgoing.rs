//! What goes out: changes the peer does not hold, and questions.

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
const WINDOW: u64 = 16_384;

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
    context.links.acknowledged(peer, cursor);
    let mut acknowledged = cursor;
    let mut writer = StreamWriter::new();
    let mut durable = context.reader.durable();
    loop {
        durable.mark_unchanged();
        let changes = match next_changes(context, peer, relation, cursor).await {
            Ok(changes) => changes,
            Err(refusal) => return refusal.to_string(),
        };
        let has_content = !changes.documents.is_empty() || !changes.cells.is_empty();
        let moved = changes.upto > cursor;
        if has_content {
            let trace = context.traces.between(cursor, changes.upto);
            let said = Said::Changes(writer.changes(cursor, &changes, &trace));
            metrics::counter!("liandong_link_cells_sent_total", "peer" => peer.to_string())
                .increment(changes.cells.len() as u64);
            if outbox.send(said).await.is_err() {
                return "the stream was closed".to_owned();
            }
            context.links.sent(peer, changes.upto);
        } else if acknowledged == cursor {
            // Nothing for the peer in between, and nothing on its way: it is up to date.
            acknowledged = changes.upto;
            context.links.acknowledged(peer, changes.upto);
        }
        cursor = changes.upto;
        while cursor.saturating_sub(acknowledged) > WINDOW {
            if acks.changed().await.is_err() {
                return "the stream was closed".to_owned();
            }
            acknowledged = acknowledged.max(*acks.borrow_and_update());
        }
        acknowledged = acknowledged.max(*acks.borrow_and_update());
        if moved {
            continue;
        }
        if durable.changed().await.is_err() {
            return "the node is stopping".to_owned();
        }
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
