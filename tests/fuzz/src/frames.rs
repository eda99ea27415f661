//! Link frames: a whole direction of a stream, frame after frame, with the state that reading
//! columns needs.
//!
//! The input is a message whose fields of bytes are the frames, so that whole frames are dropped,
//! doubled and swapped by mutations.

use std::sync::Arc;

use liandong_core::document::{CellDocument, Document};
use liandong_core::state::ChangeSet;
use liandong_wire::bytes::{decode, encode};
use liandong_wire::link::v1::{Ack, Changes, Frame, frame};
use liandong_wire::link::{Hello, Incoming, ReadChanges, StreamReader, StreamWriter};
use liandong_wire::link::{document_len, encoded_len, v1};

use crate::protobuf::{fields, put_bytes};
use crate::requests::travels;

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
        Incoming::Changes(changes) => changes_again(&changes, data.len(), &mut writer, &mut second),
        Incoming::Unanswerable { refusal, .. } => travels(&refusal),
        Incoming::Ack(_) | Incoming::Drill { .. } | Incoming::Answer { .. } | Incoming::Unknown => {
        }
    });
}

/// What was read, written by the other direction's writer and read by its reader, is the same.
fn changes_again(
    changes: &ReadChanges,
    bytes: usize,
    writer: &mut StreamWriter,
    reader: &mut StreamReader,
) {
    assert!(changes.cells.len() <= bytes, "more cells than bytes");
    assert!(changes.unreadable.len() <= bytes, "more trouble than bytes");
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
        upto: changes.upto,
    };
    let sent = writer.changes(changes.after, &set, &changes.trace_parent);
    assert_eq!(encode(&sent).len(), encoded_len(&sent));
    let Ok(arrived) = decode::<Changes>(&encode(&sent)) else {
        panic!("what was written cannot be read");
    };
    match reader.changes(arrived) {
        Ok(again) => {
            assert_eq!(again.documents, changes.documents);
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
    };
    let mut said = vec![frame::Frame::Hello((&hello).into())];
    let mut writer = StreamWriter::new();
    for (number, set) in (0u64..).zip(change_sets()) {
        let changes = writer.changes(number * 10, &set, "");
        said.push(frame::Frame::Changes(changes));
    }
    said.push(frame::Frame::Ack(Ack { upto: 3 }));
    let question = v1::DrillQuery {
        region: "371500".to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
    };
    said.push(frame::Frame::Query(v1::Query {
        id: 1,
        query: Some(v1::query::Query::Drill(question)),
    }));
    let mut input = Vec::new();
    for frame in said {
        let frame = Frame { frame: Some(frame) };
        put_bytes(&mut input, 1, &encode(&frame));
    }
    input
}

fn change_sets() -> Vec<ChangeSet> {
    let documents = crate::receive::documents();
    let cells = crate::receive::cells();
    let half = cells.len() / 2;
    vec![
        ChangeSet {
            documents: documents.into_iter().map(Arc::new).collect(),
            cells: cells[..half].to_vec(),
            upto: 10,
        },
        ChangeSet {
            documents: Vec::new(),
            cells: cells[half..].to_vec(),
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
