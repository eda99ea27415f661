//! Link frames: a whole direction of a stream, frame after frame, with the state that reading
//! columns needs.
//!
//! The input is a message whose fields of bytes are the frames, so that whole frames are dropped,
//! doubled and swapped by mutations.

use std::sync::Arc;

use liandong_core::document::{CellDocument, Document};
use liandong_core::language::Language;
use liandong_core::lineage::{Lineage, Mark};
use liandong_core::state::ChangeSet;
use liandong_wire::bytes::{decode, encode};
use liandong_wire::link::file::{FileHeader, FileReader, FileSection, FileWriter};
use liandong_wire::link::v1::{Ack, Frame, frame};
use liandong_wire::link::{
    self, Hello, Incoming, ReadChanges, StreamReader, StreamWriter, document_len, encoded_len, v1,
};

use crate::protobuf::{fields, put_bytes};
use crate::requests::travels;

/// Changes larger than this travel in pieces, in bytes.
const PIECE: usize = 700;

/// The frames of an input.
pub(crate) fn frames_of(data: &[u8]) -> Vec<&[u8]> {
    let fields = fields(data).unwrap_or_default();
    let texts = fields.iter().filter(|field| field.kind == 2);
    texts.map(|field| field.content).collect()
}

/// Reads every frame until the protocol is broken; hands on what each of them says.
pub(crate) fn read(data: &[u8], mut take: impl FnMut(Incoming)) {
    let mut reader = StreamReader::new();
    for bytes in frames_of(data) {
        let Ok(frame) = decode::<Frame>(bytes) else {
            return;
        };
        match reader.frame(Some(frame)) {
            Ok(incoming) => take(incoming),
            Err(refusal) => {
                travels(&refusal);
                return;
            }
        }
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut writer = StreamWriter::new();
    let mut second = StreamReader::new();
    read(data, |incoming| match incoming {
        Incoming::Hello(hello) => {
            let again = Hello::try_from(v1::Hello::from(&hello));
            assert!(again.as_ref() == Ok(&hello), "{hello:?} is not {again:?}");
        }
        Incoming::Changes(changes) => changes_again(&changes, &mut writer, &mut second),
        Incoming::Unanswerable { refusal, .. } => travels(&refusal),
        // Numbers, and texts that are shown as they came.
        _ => {}
    });
}

/// What was read, written by the other direction's writer and read by its reader, is the same.
fn changes_again(changes: &ReadChanges, writer: &mut StreamWriter, reader: &mut StreamReader) {
    for document in &changes.documents {
        let written = v1::Document::from(document);
        assert_eq!(encode(&written).len(), document_len(document));
        let again = Document::try_from(written);
        assert!(
            again.as_ref() == Ok(document),
            "{document:?} is not {again:?}"
        );
    }
    let set = ChangeSet {
        documents: changes.documents.iter().cloned().map(Arc::new).collect(),
        cells: changes.cells.clone(),
        proofs: changes.proofs.clone(),
        upto: changes.upto,
    };
    let sent = writer.changes(changes.after, &set, &changes.trace_parent);
    assert_eq!(encode(&sent).len(), encoded_len(&sent));
    // As it travels: packed, and large ones in pieces.
    let pieces = link::pieces(&link::pack(&sent), PIECE);
    let mut whole = Ok(None);
    for piece in pieces {
        whole = reader.piece(piece);
    }
    let whole = whole.map(|changes| {
        let Some(changes) = changes else {
            panic!("the last piece is not the last");
        };
        changes
    });
    match whole {
        Ok(again) => {
            assert_eq!(again.documents, changes.documents);
            assert_eq!(again.proofs.len(), again.documents.len());
            assert_eq!(sorted(&again.cells), sorted(&changes.cells));
            assert!(again.unreadable.is_empty(), "{:?}", again.unreadable);
            assert_eq!((again.after, again.upto), (changes.after, changes.upto));
        }
        // A stream names so many indicators and no more.
        Err(refusal) => assert_eq!(refusal.field, "changes.cells.new_indicators"),
    }
}

/// Cells in an order that grouping by region and period does not change.
fn sorted(cells: &[CellDocument]) -> Vec<CellDocument> {
    let mut sorted = cells.to_vec();
    sorted.sort_by_key(|cell| (cell.region, cell.period));
    sorted
}

/// A stream that says all there is to say once.
pub(crate) fn stream() -> Vec<u8> {
    let hello = Hello {
        region: crate::sources::code("371524"),
        incarnation: 7,
        after: Some((9, 3)),
        name: "东阿县".to_owned(),
        process: 11,
        scheme: 1,
        reads_packed: true,
    };
    let mut said = vec![frame::Frame::Hello((&hello).into())];
    let mut writer = StreamWriter::new();
    let mut pieces = Vec::new();
    for (number, set) in (0u64..).zip(change_sets()) {
        let changes = writer.changes(number * 10, &set, "");
        said.push(if number == 0 {
            frame::Frame::Changes(changes)
        } else {
            frame::Frame::Packed(link::pack(&changes))
        });
        if number == 0 {
            // The same again is old news.
            let again = StreamWriter::new().changes(0, &set, "");
            for piece in link::pieces(&link::pack(&again), PIECE) {
                pieces.push(frame::Frame::Piece(piece));
            }
        }
    }
    said.push(frame::Frame::Ack(Ack { upto: 3 }));
    said.push(frame::Frame::Ping(v1::Ping { id: 3 }));
    let question = v1::DrillQuery {
        region: "371500".to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
    };
    said.push(frame::Frame::Query(v1::Query {
        id: 1,
        query: Some(v1::query::Query::Drill(question)),
    }));
    let question = v1::ProveQuery {
        region: "371524001".to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        towards: "371524".to_owned(),
    };
    said.push(frame::Frame::Query(v1::Query {
        id: 2,
        query: Some(v1::query::Query::Prove(question)),
    }));
    said.extend(pieces);
    let mut input = Vec::new();
    for frame in said {
        let frame = Frame { frame: Some(frame) };
        put_bytes(&mut input, 1, &encode(&frame));
    }
    input
}

/// Link files. The first byte says in how large parts the file comes, and whether what guards it
/// is made to fit, so that what stands behind it is reached.
pub(crate) fn file(data: &[u8]) {
    let Some((how, bytes)) = data.split_first() else {
        return;
    };
    let mut bytes = bytes.to_vec();
    if how % 2 == 1 && bytes.len() > SEAL {
        let content = bytes.len() - SEAL;
        let digest = *blake3::hash(&bytes[..content]).as_bytes();
        bytes[content..content + digest.len()].copy_from_slice(&digest);
    }
    let part = 1 + usize::from(how / 2) * 8;
    let mut reader = FileReader::default();
    let mut stream = StreamReader::new();
    for part in bytes.chunks(part) {
        reader.feed(part);
        loop {
            match reader.next_section() {
                Ok(Some(FileSection::Changes(packed))) => {
                    if let Err(refusal) = stream.packed(packed) {
                        travels(&refusal);
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(fault) => {
                    assert!(!fault.message(Language::Zh).is_empty());
                    return;
                }
            }
        }
    }
    if let Ok(seal) = reader.finish() {
        let content = bytes.len() - SEAL;
        assert_eq!(seal.digest, *blake3::hash(&bytes[..content]).as_bytes());
    }
}

/// Digest and signature at the end of a file.
const SEAL: usize = 32 + 64;

pub(crate) fn file_seeds() -> Vec<Vec<u8>> {
    let header = FileHeader {
        exporter: crate::sources::code("371524"),
        recipient: crate::sources::code("371500"),
        incarnation: 7,
        after: 0,
        holds: Some((9, 3)),
        key: [5; 32],
        shown: None,
        earlier_life: false,
        mark: Some((9, Mark { upto: 3, name: 4 })),
        parted: Some(9),
    };
    let (mut writer, mut bytes) = FileWriter::begin(&header);
    for set in change_sets() {
        bytes.extend(writer.changes(&set));
    }
    let marks = [3, 10].map(|upto| Mark { upto, name: 7 });
    let lineage = Lineage::new(2, marks.to_vec()).unwrap_or_default();
    let (end, _) = writer.end(&lineage);
    bytes.extend(end);
    bytes.extend([9; 64]);
    let mut seeds = Vec::new();
    for how in [0u8, 1, 61, 255] {
        seeds.push([&[how], bytes.as_slice()].concat());
    }
    seeds
}

fn change_sets() -> Vec<ChangeSet> {
    let documents = crate::receive::documents();
    let cells = crate::receive::cells();
    let half = cells.len() / 2;
    vec![
        ChangeSet {
            documents: documents.into_iter().map(Arc::new).collect(),
            cells: cells[..half].to_vec(),
            proofs: Vec::new(),
            upto: 10,
        },
        ChangeSet {
            documents: Vec::new(),
            cells: cells[half..].to_vec(),
            proofs: Vec::new(),
            upto: 20,
        },
    ]
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let whole = stream();
    let mut seeds = Vec::new();
    for field in fields(&whole).unwrap_or_default() {
        seeds.push(field.whole.to_vec());
    }
    seeds.push(whole);
    seeds
}
