use std::sync::Arc;

use liandong_core::document::{Body, CellDocument, Document, Kind};
use liandong_core::refusal::Reason;
use liandong_core::state::ChangeSet;
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq};
use proptest::proptest;
use prost::Message;

use super::frame::{Hello, Incoming};
use super::{StreamReader, StreamWriter, pack, v1};
use crate::strategies;

/// What arrives of a message: its bytes, read again.
fn travel<M: Message + Default>(message: &M) -> M {
    M::decode(message.encode_to_vec().as_slice()).expect("bytes that were just written")
}

pub(super) fn set(documents: Vec<Document>, cells: Vec<CellDocument>, upto: u64) -> ChangeSet {
    ChangeSet {
        documents: documents.into_iter().map(Arc::new).collect(),
        cells,
        proofs: Vec::new(),
        upto,
    }
}

/// Cells in the one order in which sets of them can be compared.
fn sorted(mut cells: Vec<CellDocument>) -> Vec<CellDocument> {
    cells.sort_by_key(|cell| {
        let names = (cell.region, cell.indicator, cell.period.to_packed());
        let sums = cell.sums;
        let sums = (
            sums.numerator,
            sums.denominator,
            sums.reported,
            sums.on_time,
        );
        (names, cell.version, sums)
    });
    cells
}

proptest! {
    #[test]
    fn documents_of_every_kind_survive_the_wire(
        documents in Kind::ALL.map(strategies::document),
    ) {
        for (kind, document) in Kind::ALL.into_iter().zip(documents) {
            prop_assert_eq!(document.body.kind(), kind);
            let arrived = travel(&v1::Document::from(&document));
            prop_assert_eq!(Document::try_from(arrived), Ok(document));
        }
    }

    #[test]
    fn cells_survive_frame_after_frame(batches in vec(strategies::cells(), 1..4)) {
        let (mut writer, mut reader) = (StreamWriter::new(), StreamReader::new());
        for (upto, batch) in (1u64..).zip(batches) {
            let changes = writer.changes(upto - 1, &set(Vec::new(), batch.clone(), upto), "");
            let read = reader.changes(travel(&changes)).expect("frames in order");
            prop_assert_eq!((read.after, read.upto), (upto - 1, upto));
            prop_assert_eq!(read.unreadable, []);
            prop_assert_eq!(sorted(read.cells), sorted(batch));
        }
    }

    #[test]
    fn arbitrary_columns_never_panic(
        columns in (
            vec(any::<i32>(), 0..6),
            vec(any::<i64>(), 0..6),
            vec(any::<i64>(), 0..6),
            vec(any::<i32>(), 0..6),
            vec(any::<u32>(), 0..6),
            vec(any::<i64>(), 0..6),
        ),
        names in (any::<String>(), any::<u32>(), any::<u64>(), vec(any::<String>(), 0..4)),
    ) {
        let (indicator_step, numerator, denominator, reported_step, late, version_step) = columns;
        let (region, period, version_base, new_indicators) = names;
        let count = indicator_step.len();
        let group = v1::CellGroup {
            region,
            period,
            version_base,
            indicator_step,
            numerator,
            denominator,
            reported_step,
            late,
            version_step,
        };
        let changes = of_groups(new_indicators, vec![group]);
        let read = StreamReader::new().changes(changes).expect("the first frame of a stream");
        let described = read.cells.len() + read.unreadable.len();
        prop_assert!(described == count || read.unreadable.len() == 1);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(changes) = v1::Changes::decode(bytes.as_slice()) {
            let _ = StreamReader::new().changes(changes);
        }
    }
}

fn of_groups(new_indicators: Vec<String>, groups: Vec<v1::CellGroup>) -> v1::Changes {
    v1::Changes {
        cells: Some(v1::CellBlock {
            known_indicators: 0,
            new_indicators,
            groups,
        }),
        ..v1::Changes::default()
    }
}

/// Cells of one region and month.
pub(super) fn some_cells(count: u64) -> Vec<CellDocument> {
    size::cells(1, count, 0)
}

fn group() -> v1::CellGroup {
    v1::CellGroup {
        region: "371524".to_owned(),
        period: "2025-03"
            .parse::<liandong_core::period::Period>()
            .expect("a period")
            .to_packed(),
        version_base: 5,
        indicator_step: vec![0, 1],
        numerator: vec![10, 20],
        reported_step: vec![3, -1],
        late: vec![0, 2],
        ..v1::CellGroup::default()
    }
}

fn two_indicators() -> Vec<String> {
    vec!["home-visits".to_owned(), "compulsory-dropouts".to_owned()]
}

#[test]
fn absent_columns_mean_what_the_protocol_says() {
    let changes = of_groups(two_indicators(), vec![group()]);
    let read = StreamReader::new().changes(changes).expect("a frame");
    assert_eq!(read.unreadable, []);
    let shown: Vec<_> = read
        .cells
        .iter()
        .map(|cell| {
            (
                cell.sums.numerator,
                cell.sums.denominator,
                cell.sums.reported,
            )
        })
        .collect();
    assert_eq!(shown, [(10, 0, 3), (20, 0, 2)]);
    let late: Vec<_> = read
        .cells
        .iter()
        .map(|cell| (cell.sums.on_time, cell.version))
        .collect();
    assert_eq!(late, [(3, 5), (0, 6)]);
}

/// Something that breaks a group.
type Break = fn(&mut v1::CellGroup);

#[test]
fn what_is_malformed_is_set_aside_and_the_rest_is_taken() {
    let break_one: [(&str, Break); 7] = [
        ("no region", |group| group.region.clear()),
        ("no period", |group| group.period = u32::MAX),
        ("too few numerators", |group| group.numerator.truncate(1)),
        ("too many denominators", |group| {
            group.denominator = vec![1; 3]
        }),
        ("too few steps", |group| group.reported_step.truncate(1)),
        ("too many late", |group| group.late.push(0)),
        ("too few versions", |group| group.version_step = vec![0]),
    ];
    for (what, break_it) in break_one {
        let mut broken = group();
        break_it(&mut broken);
        let changes = of_groups(two_indicators(), vec![broken, group()]);
        let read = StreamReader::new().changes(changes).expect("a frame");
        assert_eq!(read.cells.len(), 2, "{what}");
        assert_eq!(read.unreadable.len(), 1, "{what}");
    }
    let break_a_cell: [(&str, Break); 3] = [
        ("an indicator beyond the list", |group| {
            group.indicator_step = vec![0, 2]
        }),
        ("an indicator before the list", |group| {
            group.indicator_step = vec![0, -1]
        }),
        ("more late than reported", |group| group.late = vec![0, 3]),
    ];
    for (what, break_it) in break_a_cell {
        let mut broken = group();
        break_it(&mut broken);
        let changes = of_groups(two_indicators(), vec![broken]);
        let read = StreamReader::new().changes(changes).expect("a frame");
        assert_eq!((read.cells.len(), read.unreadable.len()), (1, 1), "{what}");
        assert_eq!(read.unreadable[0].what.reason, Reason::Malformed.code());
    }
}

#[test]
fn a_trace_goes_with_the_changes_whoever_sends_it() {
    let trace = "00-01a2062905e9b7206bc73f158ec85dea-bc73f15a56a63339-01";
    let packed = StreamWriter::new().changes(0, &set(Vec::new(), Vec::new(), 1), trace);
    assert_eq!(packed.trace.len(), 25);
    let as_text = v1::Changes {
        trace_parent: trace.to_owned(),
        upto: 1,
        ..v1::Changes::default()
    };
    for changes in [packed, as_text] {
        let read = StreamReader::new().changes(travel(&changes));
        assert_eq!(read.expect("changes").trace_parent, trace);
        let read = StreamReader::new().packed(travel(&pack(&changes)));
        assert_eq!(read.expect("changes").trace_parent, trace);
    }
}

#[test]
fn a_lost_frame_ends_the_stream() {
    let mut writer = StreamWriter::new();
    let cell = |indicator: &str| CellDocument {
        region: "371524".parse().expect("a code"),
        indicator: indicator.parse().expect("a code"),
        period: "2025-03".parse().expect("a period"),
        sums: liandong_core::rollup::Sums::default(),
        version: 1,
    };
    let first = writer.changes(0, &set(Vec::new(), vec![cell("home-visits")], 1), "");
    let second = writer.changes(1, &set(Vec::new(), vec![cell("home-visits")], 2), "");
    let refusal = StreamReader::new()
        .changes(second.clone())
        .expect_err("the first is missing");
    assert_eq!(refusal.field, "changes.cells.known_indicators");
    let mut reader = StreamReader::new();
    assert!(reader.changes(first.clone()).is_ok());
    assert!(reader.changes(second).is_ok());
    assert!(reader.changes(first).is_err());
}

#[test]
fn an_unreadable_document_stops_no_other() {
    let region = liandong_core::region::Region {
        code: "371524".parse().expect("a code"),
        name: "东阿县".to_owned(),
        parent: None,
        level: liandong_core::region::Level::County,
        kind: liandong_core::region::RegionKind::Bureau,
    };
    let document = Document {
        owner: region.code,
        id: "371524".to_owned(),
        version: 7,
        body: Body::Region(region),
    };
    let good = v1::Document::from(&document);
    let unknown_kind = v1::Document {
        body: None,
        ..good.clone()
    };
    let nameless = v1::Document {
        id: String::new(),
        ..good.clone()
    };
    let mut level_of_tomorrow = good.clone();
    if let Some(v1::document::Body::Region(region)) = &mut level_of_tomorrow.body {
        region.level = 99;
    }
    let changes = v1::Changes {
        documents: vec![unknown_kind, nameless, level_of_tomorrow, good],
        ..v1::Changes::default()
    };
    let read = StreamReader::new().changes(changes).expect("a frame");
    assert_eq!(read.documents, [document]);
    let what: Vec<&str> = read
        .unreadable
        .iter()
        .map(|entry| entry.what.what.as_str())
        .collect();
    assert_eq!(
        what,
        [
            "unknown 371524/371524 version 7",
            "region 371524/ version 7",
            "region 371524/371524 version 7"
        ]
    );
    assert!(
        read.unreadable[2]
            .what
            .message
            .starts_with("region.level: ")
    );
}

#[test]
fn a_hello_survives_and_another_protocol_is_refused() {
    let hello = Hello {
        region: "371500".parse().expect("a code"),
        incarnation: 9,
        after: Some((u128::MAX, 41)),
        name: "聊城市".to_owned(),
        process: 5 << 100,
        scheme: 1,
        reads_packed: true,
    };
    let frame = |hello: v1::Hello| v1::ExchangeRequest::from(v1::frame::Frame::Hello(hello)).frame;
    let arrived = StreamReader::new().frame(frame(v1::Hello::from(&hello)));
    assert_eq!(arrived, Ok(Incoming::Hello(hello.clone())));
    let newcomer = Hello {
        after: None,
        ..hello
    };
    let arrived = StreamReader::new().frame(frame(v1::Hello::from(&newcomer)));
    assert_eq!(arrived, Ok(Incoming::Hello(newcomer.clone())));
    let mut later = v1::Hello::from(&newcomer);
    later.protocol = 2;
    let refusal = StreamReader::new()
        .frame(frame(later))
        .expect_err("another protocol");
    assert_eq!(refusal.field, "hello.protocol");
}

#[test]
fn a_frame_of_tomorrow_is_passed_over() {
    let empty = Some(v1::Frame { frame: None });
    assert_eq!(StreamReader::new().frame(empty), Ok(Incoming::Unknown));
    assert_eq!(StreamReader::new().frame(None), Ok(Incoming::Unknown));
    let query = v1::frame::Frame::Query(v1::Query { id: 3, query: None });
    let arrived = StreamReader::new().frame(v1::ExchangeResponse::from(query).frame);
    assert!(
        matches!(arrived, Ok(Incoming::Unanswerable { id: 3, .. })),
        "{arrived:?}"
    );
}

mod evidence;
mod packing;
mod size;
