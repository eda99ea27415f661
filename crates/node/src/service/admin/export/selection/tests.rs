//! Tests of what goes along with a region that moves.

use std::collections::BTreeSet;

use liandong_core::document::CellDocument;
use liandong_core::event::{Event, Healed, Received};
use liandong_core::region::RegionCode;
use liandong_core::report::RepeatedReport;
use liandong_core::rollup::Sums;

use super::Selection;

const COUNTY: &str = "371524";
const TOWN: &str = "371524001";

fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

fn selection() -> Selection {
    Selection {
        region: code(COUNTY),
        within: BTreeSet::from([code(COUNTY), code(TOWN)]),
        above: BTreeSet::from([code("371500")]),
        came: BTreeSet::new(),
        repeated: Vec::new(),
    }
}

fn cell(region: &str) -> CellDocument {
    CellDocument {
        region: code(region),
        indicator: "compulsory-dropouts".parse().unwrap(),
        period: "2025-03".parse().unwrap(),
        sums: Sums::default(),
        version: 1,
    }
}

fn healed(from: &str) -> Event {
    Event::Healed(Healed {
        from: code(from),
        documents: Vec::new(),
        cells: vec![cell(from)],
        missing_documents: Vec::new(),
        missing_cells: Vec::new(),
        found_documents: Vec::new(),
        found_cells: Vec::new(),
    })
}

fn received(from: &str) -> Event {
    Event::Received(Received {
        from: code(from),
        incarnation: 1,
        upto: 1,
        documents: Vec::new(),
        cells: vec![cell(from)],
        quarantined: Vec::new(),
    })
}

#[test]
fn what_the_regions_own_node_had_does_not_go_along_and_what_one_below_has_does() {
    let mut selection = selection();
    for event in [healed(COUNTY), received(COUNTY), healed("371521")] {
        assert_eq!(selection.part_of(event), None);
    }
    for event in [healed(TOWN), received(TOWN)] {
        assert_eq!(selection.part_of(event.clone()), Some(event));
    }
}

#[test]
fn repeated_reports_go_along_once_and_only_those_of_the_region() {
    let mut selection = selection();
    let report = |name| RepeatedReport { name, counted: 1 };
    let of_all = Event::Repeated(vec![report(1), report(2)]);
    assert_eq!(selection.part_of(of_all), None);
    assert_eq!(selection.rest(), None);
    selection.repeated = vec![report(2)];
    let rest = selection.rest();
    assert_eq!(rest, Some(Event::Repeated(vec![report(2)])));
    assert_eq!(selection.rest(), None);
}
