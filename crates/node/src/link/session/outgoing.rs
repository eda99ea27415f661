//! What goes out: changes the peer does not hold, and questions.

use std::convert::Infallible;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use liandong_core::access::{Relation, may_see};
use liandong_core::planted::{self, Planted};
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::state::{ChangeSet, State};
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::{Ack, Packed, Piece, PiecesTaken, Query};
use liandong_wire::link::{Hello, StreamWriter, document_len, encoded_len, pack, pieces};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::Waiting;
use super::pace::Pace;
use crate::context::Context;
use crate::evidence::prove;
use crate::link::status::Question;

/// Texts come to about so much less when they are packed.
const TEXTS_SHRINK: usize = 3;

/// The sending end of one stream.
pub(super) struct Sending<'a> {
    pub(super) context: &'a Context,
    pub(super) peer: RegionCode,
    pub(super) relation: Relation,
    pub(super) outbox: &'a mpsc::Sender<Said>,
    /// The last of this node's change numbers that was sent on this stream.
    pub(super) sent: &'a AtomicU64,
    /// The change number up to which everything has been put into the outbox.
    pub(super) through: &'a AtomicU64,
}

impl Sending<'_> {
    /// Sends what changed, as it changes, for as long as the stream is open; returns why it ended,
    /// for a person.
    pub(super) async fn run(
        self,
        hello: &Hello,
        acks: watch::Receiver<u64>,
        pieces: watch::Receiver<u64>,
    ) -> String {
        let line = Line {
            pace: Pace::new(),
            acks,
            pieces,
            pieces_sent: 0,
        };
        match self.send_changes(hello, line).await {
            Ok(never) => match never {},
            Err(why) => why,
        }
    }

    async fn send_changes(&self, hello: &Hello, mut line: Line) -> Result<Infallible, String> {
        let Self { context, peer, .. } = *self;
        let mut cursor = self.start(hello).await?;
        context.links.begins_after(peer, cursor);
        let mut writer = StreamWriter::new();
        let mut fitted = usize::MAX;
        let mut durable = context.reader.durable();
        loop {
            durable.mark_unchanged();
            let mut changes = self.next_changes(cursor, &line.pace, &mut fitted).await?;
            let ChangeSet {
                documents, proofs, ..
            } = &mut changes;
            let proven = prove(context, documents, proofs).await;
            proven.map_err(|refusal| refusal.to_string())?;
            let moved = changes.upto > cursor;
            let weight = changes.documents.len() + changes.cells.len();
            if weight > 0 {
                let trace = context.traces.between(cursor, changes.upto);
                let said = writer.changes(cursor, &changes, &trace);
                let (said, bytes) = if hello.reads_packed {
                    let packed = pack(&said);
                    let bytes = packed.content.len();
                    if bytes > 2 * line.pace.frame_bytes() {
                        let last = self.send_pieces(&mut line, &packed).await?;
                        (Said::Piece(last), bytes)
                    } else {
                        (Said::Packed(packed), bytes)
                    }
                } else {
                    let bytes = encoded_len(&said);
                    (Said::Changes(said), bytes)
                };
                metrics::counter!("liandong_link_cells_sent_total", "peer" => peer.to_string())
                    .increment(changes.cells.len() as u64);
                metrics::counter!("liandong_link_sent_bytes_total", "peer" => peer.to_string())
                    .increment(bytes as u64);
                // Before it is sent: the acknowledgement must not come first.
                self.sent.store(changes.upto, Ordering::Relaxed);
                let now = Instant::now();
                let cells = if changes.documents.is_empty() {
                    changes.cells.len()
                } else {
                    0
                };
                line.pace
                    .sent(changes.upto, cells, on_line(&said, bytes), now);
                self.outbox.send(said).await.map_err(|_| closed())?;
                context.links.sent(peer, changes.upto, bytes);
            }
            cursor = changes.upto;
            self.through.store(cursor, Ordering::Relaxed);
            line.room().await?;
            if moved {
                continue;
            }
            if line.pace.is_empty() {
                // What the peer may not see needs no acknowledgement: it is up to date.
                context.links.acknowledged(peer, cursor);
            }
            tokio::select! {
                more = durable.changed() => {
                    more.map_err(|_| "the node is stopping".to_owned())?;
                }
                confirmed = line.confirmed(), if !line.pace.is_empty() => confirmed?,
            }
        }
    }

    /// Puts all but the last piece of a large frame on the line, each when there is room; returns
    /// the last.
    async fn send_pieces(&self, line: &mut Line, packed: &Packed) -> Result<Piece, String> {
        let mut pieces = pieces(packed, line.pace.frame_bytes());
        let last = pieces.pop().unwrap_or_default();
        for piece in pieces {
            line.room().await?;
            line.pieces_sent += 1;
            let bytes = piece.content.len();
            line.pace
                .sent_piece(line.pieces_sent, bytes, Instant::now());
            let said = self.outbox.send(Said::Piece(piece)).await;
            said.map_err(|_| closed())?;
        }
        line.room().await?;
        Ok(last)
    }

    /// The change after which the peer is sent everything. What it holds of another life of this
    /// node, or beyond what this one has, says nothing.
    async fn start(&self, hello: &Hello) -> Result<u64, String> {
        let read = |state: &State| {
            let own = state.incarnation(self.context.incarnation);
            (state.last_change(), own)
        };
        let read = self.context.reader.read(read).await;
        let (last, own) = read.map_err(|refusal| refusal.to_string())?;
        Ok(match hello.after {
            Some((incarnation, _))
                if incarnation == own && planted::is(Planted::ReconnectSkips) =>
            {
                last
            }
            Some((incarnation, after)) if incarnation == own && after <= last => after,
            _ => 0,
        })
    }

    /// What goes into the next frame: as much as suits the line. `fitted` is how many changes were
    /// looked through for the frame before, so that among large documents the right number is not
    /// sought from the top for every frame.
    async fn next_changes(
        &self,
        cursor: u64,
        pace: &Pace,
        fitted: &mut usize,
    ) -> Result<ChangeSet, String> {
        let (context, peer, relation) = (self.context, self.peer, self.relation);
        let mut limit = pace.frame_changes().min(fitted.saturating_mul(2));
        loop {
            let changes = entitled_changes(context, peer, relation, cursor, limit).await;
            let changes = changes.map_err(|refusal| refusal.to_string())?;
            let documents = changes.documents.iter();
            let bytes: usize = documents.map(|document| document_len(document)).sum();
            if bytes / TEXTS_SHRINK <= 2 * pace.frame_bytes() || limit == 1 {
                *fitted = limit;
                return Ok(changes);
            }
            limit = limit.min(changes.documents.len()).div_ceil(2).max(1);
        }
    }
}

/// How many bytes a frame of changes puts on the line: of pieces only the last.
fn on_line(said: &Said, bytes: usize) -> usize {
    match said {
        Said::Piece(last) => last.content.len(),
        _ => bytes,
    }
}

/// What is on its way, and what the peer says has come.
struct Line {
    pace: Pace,
    acks: watch::Receiver<u64>,
    pieces: watch::Receiver<u64>,
    pieces_sent: u64,
}

impl Line {
    /// Waits until more may be put on the line.
    async fn room(&mut self) -> Result<(), String> {
        self.note();
        while self.pace.is_full() {
            self.confirmed().await?;
        }
        Ok(())
    }

    /// Waits until the peer confirms something.
    async fn confirmed(&mut self) -> Result<(), String> {
        let changed = tokio::select! {
            changed = self.acks.changed() => changed,
            changed = self.pieces.changed() => changed,
        };
        changed.map_err(|_| closed())?;
        self.note();
        Ok(())
    }

    fn note(&mut self) {
        let (change, pieces) = (
            *self.acks.borrow_and_update(),
            *self.pieces.borrow_and_update(),
        );
        self.pace.confirmed(change, pieces, Instant::now());
    }
}

/// What changed after a change number and a peer is entitled to see, looking at no more than
/// `limit` changes.
///
/// # Errors
/// When the node is stopping.
pub(crate) async fn entitled_changes(
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

fn closed() -> String {
    "the stream was closed".to_owned()
}

/// Acknowledges what has been taken. Beside the taking, which must not wait for the line: a newer
/// acknowledgement takes the place of one that has not gone out.
pub(super) async fn send_acks(
    mut taken: watch::Receiver<u64>,
    outbox: &mpsc::Sender<Said>,
) -> String {
    while taken.changed().await.is_ok() {
        let upto = *taken.borrow_and_update();
        if outbox.send(Said::Ack(Ack { upto })).await.is_err() {
            break;
        }
    }
    closed()
}

/// Says how many pieces of large frames have come.
pub(super) async fn send_piece_counts(
    mut taken: watch::Receiver<u64>,
    outbox: &mpsc::Sender<Said>,
) -> String {
    while taken.changed().await.is_ok() {
        let count = *taken.borrow_and_update();
        let said = Said::PiecesTaken(PiecesTaken { count });
        if outbox.send(said).await.is_err() {
            break;
        }
    }
    closed()
}

/// Sends questions as they are asked, until another stream with the peer takes over.
pub(super) async fn send_questions(
    mut questions: mpsc::Receiver<Question>,
    outbox: &mpsc::Sender<Said>,
    waiting: &Waiting,
) -> String {
    let mut id = 0;
    while let Some(Question { asked, reply }) = questions.recv().await {
        id += 1;
        {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever gave up waits no more, whether the peer ever answers or not.
            waiting.retain(|_, waits| !waits.is_closed());
            waiting.insert(id, reply);
        }
        let query = Query {
            id,
            query: Some((&asked).into()),
        };
        if outbox.send(Said::Query(query)).await.is_err() {
            return closed();
        }
    }
    // Only the newest stream with a peer is given questions.
    "another stream took over".to_owned()
}
