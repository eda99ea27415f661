//! What two nodes say to each other, and the state of one stream that reading and writing need.
//!
//! Each direction of a stream has one [`StreamWriter`] on the side that sends and one
//! [`StreamReader`] on the side that receives; both start anew with every stream. Frames must be
//! sent in the order in which they were written.

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "written by the code generator; the proto files carry the comments"
)]
/// The generated messages, client and server of `liandong.link.v1`.
pub mod v1 {
    tonic::include_proto!("liandong.link.v1");
}

mod cells;
mod compare;
mod document;
mod evidence;
pub mod file;
mod frame;
mod pack;
mod trace;

use liandong_core::compare::{Bucket, Findings};
use liandong_core::document::{CellDocument, Document};
use liandong_core::event::{Content, Quarantined, Subject, Unapplied};
use liandong_core::evidence::Proof;
use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::ChangeSet;
use prost::Message;

pub use compare::{CompareResult, Digest, Step, bucket_content, findings};
pub use document::read_kept;
pub use frame::{Hello, Incoming, LinkAnswer, LinkQuestion, PROTOCOL, UNKNOWN_QUERY};
pub use pack::{LARGEST_UNPACKED, pack, pieces};

use cells::{CellReader, CellWriter};
use evidence::{EvidenceReader, EvidenceWriter};
use pack::LARGEST_PACKED;

/// Writes the changes of one direction of one stream.
#[derive(Debug, Default)]
pub struct StreamWriter {
    cells: CellWriter,
    evidence: EvidenceWriter,
}

/// Reads the changes of one direction of one stream.
#[derive(Debug, Default)]
pub struct StreamReader {
    cells: CellReader,
    evidence: EvidenceReader,
    /// The pieces of a `Packed` that is not complete yet.
    pieces: Vec<u8>,
}

/// Changes as they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadChanges {
    /// The sender's change number after which they begin.
    pub after: u64,
    /// The last of the sender's change numbers that they cover.
    pub upto: u64,
    /// Documents.
    pub documents: Vec<Document>,
    /// What each of them came with to show who signed it; as many.
    pub proofs: Vec<Option<Proof>>,
    /// Roll-up cells.
    pub cells: Vec<CellDocument>,
    /// What could not be read, to be set aside.
    pub unreadable: Vec<Unapplied>,
    /// How many bytes all of this took on the wire before compression.
    pub bytes: usize,
    /// The W3C `traceparent` of what caused the newest change; may be empty.
    pub trace_parent: String,
    /// What the sender of a link file holds of a bucket of an earlier life of the receiver.
    pub found: Option<Box<(Bucket, Findings)>>,
}

impl StreamWriter {
    /// The writer of a stream that has just begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes what changed after `after`. The result has to be sent, or the stream ended: the peer
    /// counts on having seen every list of indicators before the next.
    pub fn changes(&mut self, after: u64, set: &ChangeSet, trace_parent: &str) -> v1::Changes {
        let documents = set.documents.iter();
        v1::Changes {
            after,
            upto: set.upto,
            documents: documents
                .map(|document| v1::Document::from(&**document))
                .collect(),
            cells: self.cells.write(&set.cells),
            trace_parent: String::new(),
            trace: trace::to_bytes(trace_parent),
            evidence: self.evidence.write(&set.proofs),
            found: None,
        }
    }
}

impl StreamReader {
    /// The reader of a stream that has just begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads changes. A document or cell that cannot be read is listed to be set aside; the others
    /// are taken.
    ///
    /// # Errors
    /// A refusal when frames were lost or reordered: the stream has to end and begin anew.
    pub fn changes(&mut self, changes: v1::Changes) -> Result<ReadChanges, Refusal> {
        let bytes = changes.encoded_len();
        let v1::Changes {
            after,
            upto,
            documents: sent,
            cells,
            trace_parent,
            evidence,
            found,
            trace,
        } = changes;
        let trace_parent = traced(&trace, trace_parent);
        let read = sent.into_iter().map(|document| {
            let bytes = document.encode_to_vec();
            document::read(document, &bytes)
        });
        let read = read.collect();
        let read = self.rest((after, upto), read, evidence, cells, trace_parent)?;
        let found = compare::read_found(found)?;
        Ok(ReadChanges {
            bytes,
            found,
            ..read
        })
    }

    /// Reads packed changes. A document or cell that cannot be read is listed to be set aside, with
    /// the bytes of the document, be they no document at all; the others are taken.
    ///
    /// # Errors
    /// A refusal when frames were lost or reordered, or this one is not what it says: the stream has
    /// to end and begin anew.
    pub fn packed(&mut self, packed: v1::Packed) -> Result<ReadChanges, Refusal> {
        let unpacked = pack::unpack(packed)?;
        let bytes = unpacked.encoded_len();
        let v1::UnreadChanges {
            after,
            upto,
            documents: sent,
            cells,
            trace_parent,
            evidence,
            found,
            trace,
        } = unpacked;
        let trace_parent = traced(&trace, trace_parent);
        let read = sent.iter().map(|bytes| document::read_bytes(bytes));
        let read = self.rest((after, upto), read.collect(), evidence, cells, trace_parent)?;
        let found = compare::read_found(found)?;
        Ok(ReadChanges {
            bytes,
            found,
            ..read
        })
    }

    /// Takes a piece of packed changes; reads them once it is the last.
    ///
    /// # Errors
    /// As [`StreamReader::packed`], and when the pieces come to more than a frame may have.
    pub fn piece(&mut self, piece: v1::Piece) -> Result<Option<ReadChanges>, Refusal> {
        let v1::Piece { content, last } = piece;
        if self.pieces.len() + content.len() > LARGEST_PACKED {
            let accepted = Accepted::Form(format!("<= {} MiB", LARGEST_PACKED >> 20));
            let bytes = self.pieces.len() + content.len();
            return Err(Refusal::new(
                Reason::TooLong,
                "piece.content",
                bytes,
                accepted,
            ));
        }
        self.pieces.extend_from_slice(&content);
        if !last {
            return Ok(None);
        }
        let whole = std::mem::take(&mut self.pieces);
        let packed = v1::Packed::decode(whole.as_slice()).map_err(|error| {
            Refusal::new(Reason::Malformed, "piece.content", error, Accepted::Nothing)
        })?;
        self.packed(packed).map(Some)
    }

    fn rest(
        &mut self,
        (after, upto): (u64, u64),
        read: Vec<Result<Document, Box<Unapplied>>>,
        evidence: Option<v1::Evidence>,
        cells: Option<v1::CellBlock>,
        trace_parent: String,
    ) -> Result<ReadChanges, Refusal> {
        let said = self.evidence.read(evidence, read.len())?;
        let mut unreadable = Vec::new();
        let mut documents = Vec::with_capacity(read.len());
        let mut proofs = Vec::with_capacity(read.len());
        for (document, proof) in read.into_iter().zip(said) {
            match document {
                Ok(document) => {
                    documents.push(document);
                    proofs.push(proof);
                }
                Err(mut set_aside) => {
                    let content = std::mem::take(&mut set_aside.content);
                    set_aside.content = content.with_proof(proof.as_ref());
                    unreadable.push(*set_aside);
                }
            }
        }
        let mut read_cells = Vec::new();
        if let Some(block) = cells {
            self.cells
                .read(block, &mut read_cells, &mut unreadable)
                .map_err(|refusal| crate::read::inside("changes.cells", refusal))?;
        }
        Ok(ReadChanges {
            after,
            upto,
            documents,
            proofs,
            cells: read_cells,
            unreadable,
            bytes: 0,
            trace_parent,
            found: None,
        })
    }
}

/// The trace of changes, however the sender says it.
fn traced(trace: &[u8], trace_parent: String) -> String {
    if trace.is_empty() {
        trace_parent
    } else {
        trace::to_text(trace)
    }
}

/// The peer that a request names.
///
/// # Errors
/// A refusal of a text that is no region's code.
pub fn peer(text: &str) -> Result<RegionCode, Refusal> {
    crate::read::region("peer", text)
}

/// The peer that a request names, if it names one.
///
/// # Errors
/// A refusal of a text that is no region's code.
pub fn optional_peer(text: &str) -> Result<Option<RegionCode>, Refusal> {
    crate::read::optional_region("peer", text)
}

/// How many bytes changes take on the wire before compression.
pub fn encoded_len(changes: &v1::Changes) -> usize {
    changes.encoded_len()
}

/// How many bytes of changes a frame brings, as they come over the line; 0 when it brings none.
pub fn changes_len(frame: &v1::Frame) -> usize {
    match &frame.frame {
        Some(v1::frame::Frame::Changes(changes)) => changes.encoded_len(),
        Some(v1::frame::Frame::Packed(packed)) => packed.content.len(),
        Some(v1::frame::Frame::Piece(piece)) => piece.content.len(),
        _ => 0,
    }
}

/// How many bytes a document takes on the wire before compression.
pub fn document_len(document: &Document) -> usize {
    v1::Document::from(document).encoded_len()
}

/// A thing that is to be set aside, with the refusal that says why.
fn set_aside(what: String, subject: Subject, refusal: &Refusal, content: Content) -> Unapplied {
    Unapplied {
        subject,
        what: Quarantined {
            what,
            reason: refusal.reason.code().to_owned(),
            message: refusal.message(Language::En),
        },
        content,
    }
}

#[cfg(test)]
mod tests;
