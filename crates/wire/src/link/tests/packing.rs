//! Packed changes: what is said arrives, and what is no document stops nothing.

use liandong_core::document::{Body, Document};
use liandong_core::event::Content;
use liandong_core::region::{Level, Region, RegionKind};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq};
use proptest::proptest;
use prost::Message;

use super::{set, some_cells, travel};
use crate::link::{LARGEST_UNPACKED, StreamReader, StreamWriter, pack, pieces, read_kept, v1};
use crate::strategies;

proptest! {
    #[test]
    fn packed_changes_are_the_same_changes(batches in vec(strategies::cells(), 1..4)) {
        let mut writer = StreamWriter::new();
        let (mut packed, mut plain) = (StreamReader::new(), StreamReader::new());
        for (upto, batch) in (1u64..).zip(batches) {
            let changes = writer.changes(upto - 1, &set(Vec::new(), batch, upto), "");
            let read = packed.packed(travel(&pack(&changes)));
            prop_assert_eq!(read, plain.changes(changes));
        }
    }

    #[test]
    fn pieces_come_to_the_whole(batch in strategies::cells(), most in 1usize..200) {
        let changes = StreamWriter::new().changes(0, &set(Vec::new(), batch, 1), "");
        let mut reader = StreamReader::new();
        let pieces = pieces(&pack(&changes), most);
        let (last, before) = pieces.split_last().expect("a piece");
        for piece in before {
            prop_assert_eq!(reader.piece(piece.clone()), Ok(None));
        }
        let read = reader.piece(last.clone()).expect("the whole");
        prop_assert_eq!(read, StreamReader::new().changes(changes).ok());
    }

    #[test]
    fn packed_garbage_never_panics(
        content in vec(any::<u8>(), 0..300),
        packing in -1i32..4,
    ) {
        let _ = StreamReader::new().packed(v1::Packed { packing, content });
    }

    #[test]
    fn kept_garbage_never_panics(bytes in vec(any::<u8>(), 0..300)) {
        let _ = read_kept(&bytes);
    }
}

#[test]
fn small_changes_are_not_made_larger() {
    let mut writer = StreamWriter::new();
    let changes = writer.changes(0, &set(Vec::new(), some_cells(1), 1), "");
    let packed = pack(&changes);
    assert_eq!(packed.packing, i32::from(v1::Packing::None));
    assert_eq!(packed.content.len(), changes.encoded_len());
}

#[test]
fn what_unpacks_to_too_much_is_refused_and_not_unpacked() {
    let zeros = v1::Changes {
        trace_parent: "0".repeat(LARGEST_UNPACKED + 1),
        ..v1::Changes::default()
    };
    let packed = pack(&zeros);
    assert!(packed.content.len() < 1 << 20);
    let refusal = StreamReader::new().packed(packed).expect_err("too much");
    assert_eq!(refusal.field, "packed.content");
}

#[test]
fn pieces_without_an_end_are_refused_before_they_fill_the_memory() {
    let mut reader = StreamReader::new();
    let piece = v1::Piece {
        content: vec![0; 8 << 20],
        last: false,
    };
    let refused = (0..20).find_map(|_| reader.piece(piece.clone()).err());
    assert_eq!(refused.expect("too much").field, "piece.content");
}

fn county() -> Document {
    let region = Region {
        code: "371524".parse().expect("a code"),
        name: "东阿县".to_owned(),
        parent: None,
        level: Level::County,
        kind: RegionKind::Bureau,
    };
    Document {
        owner: region.code,
        id: "371524".to_owned(),
        version: 7,
        body: Body::Region(region),
    }
}

#[test]
fn garbage_and_kinds_of_tomorrow_are_kept_with_their_bytes_and_stop_nothing() {
    let good = v1::Document::from(&county()).encode_to_vec();
    let garbage = vec![0xff; 40];
    // Field 99 with a message in it: what this program does not know must not be lost.
    let mut of_tomorrow = v1::Document {
        body: None,
        ..v1::Document::from(&county())
    }
    .encode_to_vec();
    of_tomorrow.extend([0x9a, 0x06, 3, 1, 2, 3]);
    let unread = v1::UnreadChanges {
        after: 3,
        upto: 9,
        documents: vec![garbage.clone(), of_tomorrow.clone(), good.clone()],
        ..v1::UnreadChanges::default()
    };
    let packed = v1::Packed {
        packing: v1::Packing::None.into(),
        content: unread.encode_to_vec(),
    };
    let read = StreamReader::new().packed(packed).expect("changes");
    assert_eq!((read.after, read.upto), (3, 9));
    assert_eq!(read.documents, [county()]);
    let kept: Vec<&Content> = read.unreadable.iter().map(|entry| &entry.content).collect();
    assert_eq!(
        kept,
        [
            &Content::Bytes(garbage),
            &Content::Bytes(of_tomorrow.clone())
        ]
    );
    let subject = &read.unreadable[1].subject;
    assert_eq!((subject.kind.as_str(), subject.version), ("unknown", 7));
    // What could be read after all is read.
    assert_eq!(read_kept(&good), Ok(county()));
    assert!(read_kept(&of_tomorrow).is_err());
}
