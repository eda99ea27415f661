//! Tests of how much of an export is taken.

use std::collections::BTreeSet;

use liandong_core::event::Event;
use liandong_core::refusal::Reason;
use liandong_core::region::{Level, Region, RegionCode, RegionKind};
use liandong_core::report::RepeatedReport;
use liandong_store::record;

use super::Reader;
use crate::service::admin::format::{Header, Kind, MARK, Writer};

fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

/// An export of a county with more than fits.
fn export() -> Vec<u8> {
    let region = code("371524");
    let header = Header {
        region,
        node: code("371500"),
        frame: 7,
        moved: true,
    };
    let entry = Region {
        code: region,
        name: "东阿县".to_owned(),
        parent: Some(code("371500")),
        level: Level::County,
        kind: RegionKind::Bureau,
    };
    let hosted = Event::Hosted {
        region: entry,
        epoch: 1,
    };
    let repeated = RepeatedReport {
        name: u64::MAX,
        counted: u64::MAX,
    };
    let repeated = Event::Repeated(vec![repeated; 100]);
    let mut bytes = MARK.to_vec();
    let mut writer = Writer::default();
    let events = record::encode(&[hosted, repeated]).unwrap();
    let header = header.write().into_bytes();
    let sections = [
        (Kind::Header, header),
        (Kind::Events, events),
        (Kind::End, b"1".to_vec()),
    ];
    for (kind, payload) in sections {
        writer.section(kind, &payload, &mut bytes).unwrap();
    }
    bytes
}

fn reader(here: &str, unheard: &[&str]) -> Reader {
    let unheard: BTreeSet<RegionCode> = unheard.iter().map(|text| code(text)).collect();
    Reader::at(code(here), unheard, 500)
}

#[test]
fn what_is_too_large_for_another_node_comes_home() {
    let export = export();
    for (here, unheard) in [("371524", &["371524"][..]), ("371500", &[])] {
        let refused = reader(here, unheard).take(&export).unwrap_err();
        assert_eq!(refused.reason, Reason::TooLong, "{here}");
    }
    let mut home = reader("371500", &["371524"]);
    home.take(&export).unwrap();
    let (_, content) = home.finish().unwrap();
    // All else is there.
    assert_eq!(content.history.len(), 1);
    assert!(matches!(content.history[0], Event::Hosted { .. }));
}
