//! Exporting: what a peer does not hold yet, as one or more signed files.

use std::sync::Arc;

use liandong_core::access::Relation;
use liandong_core::command::{Answer, Command};
use liandong_core::lineage::Lineage;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::{ChangeSet, State};
use liandong_wire::link::document_len;
use liandong_wire::link::file::{FileHeader, FileWriter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::earlier::Earlier;
use super::shown::show;
use super::{held_by, own_signer};
use crate::commit::Origin;
use crate::context::Context;
use crate::evidence::prove;
use crate::link::admission::relation;
use crate::link::session::entitled_changes;

/// Changes looked through for one section, and bytes of documents in it: the commit loop waits while
/// they are looked through, and whoever reads holds a section in memory.
const SECTION_CHANGES: usize = 2_048;
const SECTION_DOCUMENT_BYTES: usize = 1 << 20;

/// A packed cell takes about as many bytes, or more.
const LEAST_CELL: u64 = 4;

/// Bytes of one piece.
const PIECE: usize = 512 << 10;

/// Pieces that wait for a slow receiver.
const QUEUE: usize = 4;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Export {
    /// The peer it is for.
    pub(crate) peer: RegionCode,
    /// From the start, whatever the peer said it holds.
    pub(crate) all: bool,
    /// A file ends once it has so many bytes; 0 for one file.
    pub(crate) part_bytes: u64,
}

/// A piece of an export.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// Bytes of one of the files, from 1.
    Bytes {
        /// Which.
        part: u32,
        /// Its next bytes.
        bytes: Vec<u8>,
    },
    /// All has been said.
    Summary(Summary),
}

/// What was exported.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    /// The change number after which the export begins.
    pub(crate) after: u64,
    /// The last change number that it covers.
    pub(crate) upto: u64,
    /// Documents.
    pub(crate) documents: u64,
    /// Roll-up cells.
    pub(crate) cells: u64,
}

/// Begins an export; `exporting` bounds how many run at a time.
///
/// # Errors
/// When the region is no peer, or too many exports run.
pub(crate) async fn export(
    context: &Arc<Context>,
    exporting: &Arc<Semaphore>,
    asked: Export,
) -> Result<mpsc::Receiver<Result<Piece, Refusal>>, Refusal> {
    let permit = Arc::clone(exporting).try_acquire_owned().map_err(|_| {
        let (zh, en) = (
            "正在导出，请稍后重试",
            "exports are running: try again later",
        );
        Refusal::advise(Reason::Overloaded, "", "", zh, en)
    })?;
    let relation = relation(context, "peer", asked.peer).await?;
    own_signer(context)?;
    let after = if asked.all {
        0
    } else {
        held_by(context, asked.peer).await?
    };
    let (pieces, stream) = mpsc::channel(QUEUE);
    let writing = Writing {
        context: Arc::clone(context),
        peer: asked.peer,
        relation,
        part_bytes: asked.part_bytes,
        pieces,
        _until_written: permit,
    };
    tokio::spawn(async move {
        let pieces = writing.pieces.clone();
        match writing.run(after).await {
            Ok(()) => metrics::counter!("liandong_link_exports_total").increment(1),
            Err(Stop::Gone) => {}
            Err(Stop::Failed(refusal)) => {
                // A receiver that went away needs no answer.
                let _ = pieces.send(Err(refusal)).await;
            }
        }
    });
    Ok(stream)
}

/// Why writing ends early.
enum Stop {
    /// Nobody receives any more.
    Gone,
    /// The node cannot go on.
    Failed(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Failed(refusal)
    }
}

struct Writing {
    context: Arc<Context>,
    peer: RegionCode,
    relation: Relation,
    part_bytes: u64,
    pieces: mpsc::Sender<Result<Piece, Refusal>>,
    _until_written: OwnedSemaphorePermit,
}

impl Writing {
    async fn run(self, after: u64) -> Result<(), Stop> {
        let context = &self.context;
        let peer = self.peer;
        // What changes from here on is the next export's: a busy node would never come to an end.
        let read = |state: &State| {
            let own = state.incarnation(context.incarnation);
            let taken = state.lineage_taken(peer);
            let taken = taken.and_then(|(of, lineage)| Some((of, lineage.last()?)));
            let heard = (state.watermark(peer), taken, state.parted(peer));
            (state.last_change(), heard, own)
        };
        let (last, (mark, taken, parted), own) = context.reader.read(read).await?;
        let earlier = Earlier::of(context, peer, self.relation).await?;
        let signer = own_signer(context)?;
        let shown = show(context, &signer.public_bytes())?;
        let mut summary = Summary {
            after,
            upto: after,
            ..Summary::default()
        };
        let mut part = 0;
        loop {
            part += 1;
            let header = FileHeader {
                exporter: context.config.region,
                recipient: peer,
                incarnation: own,
                after: summary.upto,
                holds: mark.map(|mark| (mark.incarnation, mark.upto)),
                key: signer.public_bytes(),
                shown: shown.clone(),
                earlier_life: !earlier.is_nothing(),
                mark: taken,
                parted,
            };
            let (mut writer, begin) = FileWriter::begin(&header);
            self.send(part, begin).await?;
            if part == 1 {
                self.send_earlier(&earlier, &mut writer).await?;
            }
            let mut is_full = false;
            while summary.upto < last && !is_full {
                let mut changes = self.changes(summary.upto).await?;
                let ChangeSet {
                    documents, proofs, ..
                } = &mut changes;
                prove(context, documents, proofs).await?;
                summary.upto = changes.upto;
                summary.documents += changes.documents.len() as u64;
                summary.cells += changes.cells.len() as u64;
                self.send(part, writer.changes(&changes)).await?;
                is_full = self.part_bytes > 0 && writer.so_far().1 >= self.part_bytes;
            }
            let (mut end, digest) = writer.end(&self.mark(summary.upto).await?);
            end.extend_from_slice(&signer.sign_file(&digest));
            self.send(part, end).await?;
            if summary.upto >= last {
                break;
            }
        }
        tracing::info!(
            %peer,
            after,
            upto = summary.upto,
            documents = summary.documents,
            cells = summary.cells,
            parts = part,
            "exported for a peer",
        );
        let said = self.pieces.send(Ok(Piece::Summary(summary))).await;
        said.map_err(|_| Stop::Gone)
    }

    /// Marks the history up to what the file says, in the journal, before the file ends: whoever has
    /// the file holds nothing that this node could lose in a crash.
    async fn mark(&self, told: u64) -> Result<Lineage, Refusal> {
        let (context, peer) = (&self.context, self.peer);
        let name = context.surroundings.id().as_u128();
        let command = Command::Mark { peer, name, told };
        let submitted = context.committer.submit_waiting(command, Origin::of_node());
        match submitted.await {
            Ok(Answer::Marked(lineage)) => Ok(lineage),
            Ok(_) => Ok(Lineage::default()),
            // What waits has to be carried away also where the disk is full.
            Err(refusal) if refusal.reason == Reason::NoSpace => {
                tracing::warn!(%peer, "no disk space to mark a file: it has the marks before it");
                let read = move |state: &State| state.lineage_given(peer);
                context.reader.read(read).await
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Gives back what is held of the recipient's earlier lives.
    async fn send_earlier(&self, earlier: &Earlier, writer: &mut FileWriter) -> Result<(), Stop> {
        for bucket in &earlier.buckets {
            for held in earlier.held(&self.context, *bucket).await? {
                self.send(1, writer.found(*bucket, &held)).await?;
            }
        }
        Ok(())
    }

    async fn changes(&self, after: u64) -> Result<ChangeSet, Refusal> {
        let mut limit = match usize::try_from(self.part_bytes / LEAST_CELL) {
            Ok(0) | Err(_) => SECTION_CHANGES,
            // A section is never cut, so those of small files are small.
            Ok(cells) => cells.min(SECTION_CHANGES),
        };
        loop {
            let (peer, relation) = (self.peer, self.relation);
            let changes = entitled_changes(&self.context, peer, relation, after, limit).await?;
            let documents = changes.documents.iter();
            let bytes: usize = documents.map(|document| document_len(document)).sum();
            if bytes <= SECTION_DOCUMENT_BYTES || limit == 1 {
                return Ok(changes);
            }
            limit = limit.min(changes.documents.len()).div_ceil(2).max(1);
        }
    }

    async fn send(&self, part: u32, bytes: Vec<u8>) -> Result<(), Stop> {
        for piece in bytes.chunks(PIECE) {
            let bytes = piece.to_vec();
            let sent = self.pieces.send(Ok(Piece::Bytes { part, bytes })).await;
            sent.map_err(|_| Stop::Gone)?;
        }
        Ok(())
    }
}
