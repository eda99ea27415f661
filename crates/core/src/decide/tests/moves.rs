//! Regions that come with their history: what is taken of it, and where they may come.

use jiff::civil::date;

use crate::access::Relation;
use crate::aid::PairingKind;
use crate::command::{Answer, Command, Incoming};
use crate::document::{Body, CellDocument, Document, Kind};
use crate::event::{Event, Healed};
use crate::evidence::Proofs;
use crate::refusal::{Reason, Refusal};
use crate::region::{Region, RegionCode};
use crate::report::{Outcome, Report};
use crate::rollup::Sums;
use crate::testing::{Node, author, bureau, carry, code, month, report, school};

const CITY: &str = "371500";
const COUNTY: &str = "371502";
const TOWN: &str = "371502001";

fn move_in(node: &mut Node, region: &str, history: Vec<Event>) -> Result<Answer, Refusal> {
    node.run(Command::MoveIn {
        region: code(region),
        history,
    })
}

/// What the journal of a node says of these regions, and that the first of them moved out.
fn moved(node: &mut Node, regions: &[&str]) -> Vec<Event> {
    let codes: Vec<RegionCode> = regions.iter().map(|text| code(text)).collect();
    let mut history: Vec<Event> = node.journal.concat();
    history.retain(|event| match event {
        Event::Hosted { region, .. } => codes.contains(&region.code),
        Event::Put(document) => codes.contains(&document.owner),
        Event::Repeated(_) => true,
        Event::Reports(batch) => batch.sources.iter().all(|source| codes.contains(source)),
        _ => false,
    });
    let region = codes[0];
    node.run(Command::MoveOut {
        region,
        handovers: Vec::new(),
    })
    .unwrap();
    history.push(Event::MovedOut { region });
    history
}

fn propose(node: &mut Node, terms: &str) {
    let proposal = Command::ProposePairing {
        region: code(COUNTY),
        partner: code("500243"),
        kind: PairingKind::AcrossProvinces,
        terms: terms.to_owned(),
        from: date(2025, 1, 1),
        until: None,
        author: author(""),
    };
    node.run(proposal).unwrap();
}

fn proposed(node: &Node) -> (String, u64) {
    let mut sides = node.state.documents_of(Kind::Pairing, code(COUNTY));
    let document = sides.next().unwrap();
    match &document.body {
        Body::Pairing(side) => (side.terms.clone(), document.version),
        other => panic!("{other:?}"),
    }
}

/// A city that hosts a county which has reported itself, with no school in its tree.
fn city() -> Node {
    Node::new(&[bureau(CITY, None), bureau(COUNTY, Some(CITY))])
}

fn county_with_schools() -> Vec<Region> {
    vec![
        bureau(COUNTY, Some(CITY)),
        school("s1", COUNTY),
        school("s2", COUNTY),
    ]
}

#[test]
fn a_history_that_came_before_is_refused_and_takes_nothing_back() {
    let mut city = city();
    propose(&mut city, "旧");
    let history = moved(&mut city, &[COUNTY]);
    let mut county = Node::new(&county_with_schools());
    move_in(&mut county, COUNTY, history.clone()).unwrap();
    propose(&mut county, "新");
    let newest = proposed(&county);
    let again = move_in(&mut county, COUNTY, history).unwrap_err();
    assert_eq!(again.reason, Reason::AlreadyExists);
    assert_eq!(proposed(&county), newest);
    county.verify();
}

/// A retry that comes after the move, and after a correction at the new node.
#[test]
fn a_history_brings_the_ids_that_said_what_counted() {
    let mut old = city();
    let push = |id: &str, numerator| {
        vec![Report {
            id: id.to_owned(),
            ..report(COUNTY, numerator)
        }]
    };
    old.push(push("a", 5));
    old.push(push("b", 5));
    let history = moved(&mut old, &[COUNTY]);
    let mut own = Node::empty(code(COUNTY));
    move_in(&mut own, COUNTY, history).unwrap();
    let corrected = own.push(push("c", 7));
    assert_eq!(corrected, [Outcome::Superseded { revision: 2 }]);
    let again = own.push(push("b", 5));
    assert_eq!(again, [Outcome::Stale { revision: 2 }]);
}

#[test]
fn a_history_brings_no_version_below_one_that_is_there() {
    let mut city = city();
    propose(&mut city, "旧");
    city.push(vec![report(COUNTY, 7)]);
    let history = moved(&mut city, &[COUNTY]);
    let mut county = Node::new(&[bureau(COUNTY, Some(CITY))]);
    for terms in ["一", "二", "三"] {
        propose(&mut county, terms);
    }
    let newest = proposed(&county);
    move_in(&mut county, COUNTY, history).unwrap();
    assert_eq!(proposed(&county), newest);
    assert_eq!(county.sums(COUNTY).numerator, 7);
    county.verify();
}

#[test]
fn a_region_that_moves_in_keeps_an_epoch_that_stands_higher() {
    let mut city = city();
    city.push(vec![report(COUNTY, 7)]);
    let history = moved(&mut city, &[COUNTY]);
    let mut county = Node::new(&[bureau(COUNTY, Some(CITY))]);
    // As a comparison with a peer leads to that still holds what a lost life told it.
    let raised = Event::Hosted {
        region: bureau(COUNTY, Some(CITY)),
        epoch: 5,
    };
    county.state.apply(&raised, 2);
    county.journal.push(vec![raised]);
    move_in(&mut county, COUNTY, history).unwrap();
    let hosted: Vec<_> = county.state.hosted().collect();
    assert_eq!(hosted, [(code(COUNTY), 5)]);
    assert_eq!(county.sums(COUNTY).numerator, 7);
    county.verify();
}

#[test]
fn a_bureau_that_moves_to_its_units_counts_as_none_itself() {
    let mut city = city();
    city.push(vec![report(COUNTY, 7)]);
    assert_eq!((city.sums(CITY).reported, city.expected(CITY)), (1, 1));
    let history = moved(&mut city, &[COUNTY]);
    let mut county = Node::new(&county_with_schools());
    move_in(&mut county, COUNTY, history).unwrap();
    let counted = |node: &Node| (node.sums(COUNTY).reported, node.expected(COUNTY));
    assert_eq!(counted(&county), (0, 2));
    county.push(vec![report("s1", 10), report("s2", 20)]);
    assert_eq!(counted(&county), (2, 2));
    carry(&county, &mut city, Relation::Parent, 100);
    assert_eq!(counted(&city), (2, 2));
    assert_eq!(city.sums(CITY).reported, 2);
    assert_eq!(city.sums(CITY).numerator, 37);
    county.verify();
    city.verify();
}

#[test]
fn a_region_moves_to_no_neighbour() {
    let mut county = Node::new(&[bureau(COUNTY, Some(CITY)), bureau(TOWN, Some(COUNTY))]);
    county.push(vec![report(TOWN, 3)]);
    let history = moved(&mut county, &[TOWN]);
    let mut neighbour = Node::new(&[bureau("371524", Some(CITY))]);
    let refused = move_in(&mut neighbour, TOWN, history.clone()).unwrap_err();
    assert_eq!(refused.reason, Reason::ForeignRegion);
    assert!(refused.to_string().contains(COUNTY), "{refused}");
    // Nor when the neighbour's own tree says that it stands there.
    neighbour.host(&[bureau(TOWN, Some("371524"))]).unwrap();
    let refused = move_in(&mut neighbour, TOWN, history.clone()).unwrap_err();
    assert_eq!(refused.reason, Reason::ForeignRegion);
    // Nor to a city whose county has a node of its own, which would never hear of it.
    let mut city = Node::new(&[bureau(CITY, None)]);
    carry(&county, &mut city, Relation::Parent, 100);
    let refused = move_in(&mut city, TOWN, history.clone()).unwrap_err();
    assert_eq!(refused.reason, Reason::ForeignRegion);
    // It may go to a node of its own, and home.
    let mut own = Node::empty(code(TOWN));
    move_in(&mut own, TOWN, history.clone()).unwrap();
    move_in(&mut county, TOWN, history).unwrap();
    for node in [own, neighbour, city, county] {
        node.verify();
    }
}

/// What a comparison with a node leads to: a cell and a document of a region as that node has them.
fn healed(from: &str, numerator: i64) -> Event {
    let region = bureau(
        from,
        Some(COUNTY).filter(|above| *above != from).or(Some(CITY)),
    );
    let sums = Sums {
        numerator,
        ..Sums::default()
    };
    Event::Healed(Healed {
        from: code(from),
        documents: vec![Document {
            owner: region.code,
            id: from.to_owned(),
            version: 1 << 42,
            body: Body::Region(region.clone()),
        }],
        cells: vec![CellDocument {
            region: region.code,
            indicator: "count".parse().unwrap(),
            period: month(),
            sums,
            version: 1 << 42 | 9,
        }],
        missing_documents: Vec::new(),
        missing_cells: Vec::new(),
        found_documents: Vec::new(),
        found_cells: Vec::new(),
    })
}

#[test]
fn what_the_lost_node_of_a_region_said_is_none_of_its_history() {
    let mut city = city();
    city.push(vec![report(COUNTY, 7)]);
    let mut history = moved(&mut city, &[COUNTY]);
    history.push(healed(COUNTY, 99));
    let mut county = Node::new(&[bureau(COUNTY, Some(CITY))]);
    move_in(&mut county, COUNTY, history).unwrap();
    county.verify();
    assert_eq!(county.sums(COUNTY).numerator, 7);
    let mut corrected = report(COUNTY, 8);
    corrected.id = "correction".to_owned();
    county.push(vec![corrected]);
    assert_eq!(county.sums(COUNTY).numerator, 8);
    county.verify();
}

#[test]
fn what_a_node_below_said_comes_along() {
    let mut city = city();
    city.host(&[bureau(TOWN, Some(COUNTY))]).unwrap();
    let mut history = moved(&mut city, &[COUNTY, TOWN]);
    history.insert(2, Event::MovedOut { region: code(TOWN) });
    history.insert(3, healed(TOWN, 5));
    let mut county = Node::new(&[bureau(COUNTY, Some(CITY))]);
    move_in(&mut county, COUNTY, history).unwrap();
    assert!(!county.state.hosts(code(TOWN)));
    assert_eq!(county.sums(COUNTY).numerator, 5);
    county.verify();
}

/// A town's node tells of itself, in a version of its own.
fn told(node: &mut Node, numerator: i64, version: u64) {
    let Event::Healed(known) = healed(TOWN, numerator) else {
        panic!("another event");
    };
    let cells = known.cells.into_iter();
    let cells = cells.map(|cell| CellDocument { version, ..cell }).collect();
    let incoming = Incoming {
        from: code(TOWN),
        relation: Relation::Child,
        incarnation: 3,
        upto: 20,
        documents: known.documents,
        cells,
        unreadable: Vec::new(),
        proofs: Proofs::new(),
    };
    node.run(Command::Receive(incoming)).unwrap();
}

#[test]
fn what_a_node_below_has_told_since_is_not_healed_back() {
    let mut city = city();
    let mut history = moved(&mut city, &[COUNTY]);
    let mut county = Node::new(&[bureau(COUNTY, Some(CITY))]);
    told(&mut county, 8, 1 << 42 | 20);
    assert_eq!(county.sums(COUNTY).numerator, 8);
    history.push(healed(TOWN, 5));
    move_in(&mut county, COUNTY, history).unwrap();
    assert_eq!(county.sums(COUNTY).numerator, 8);
    assert_eq!(county.sums(TOWN).numerator, 8);
    county.verify();
}

/// The comparison of the old node knew the same version with another content.
#[test]
fn what_the_history_healed_is_as_it_was_healed() {
    let mut city = city();
    city.host(&[bureau(TOWN, Some(COUNTY))]).unwrap();
    let mut history = moved(&mut city, &[COUNTY, TOWN]);
    history.insert(2, Event::MovedOut { region: code(TOWN) });
    history.insert(3, healed(TOWN, 5));
    history.insert(4, healed(TOWN, 6));
    let mut county = Node::new(&[bureau(COUNTY, Some(CITY))]);
    move_in(&mut county, COUNTY, history).unwrap();
    assert_eq!(county.sums(COUNTY).numerator, 6);
    county.verify();
}

/// The town had left the old node, and told the county's own node of itself before the county's
/// history comes there.
#[test]
fn what_a_node_below_has_told_is_not_zeroed_by_what_it_was_before_it_left() {
    let mut city = city();
    let street = "371502001001";
    city.host(&[bureau(TOWN, Some(COUNTY)), school(street, TOWN)])
        .unwrap();
    city.push(vec![report(street, 3), report(COUNTY, 1)]);
    let mut history = moved(&mut city, &[COUNTY, TOWN, street]);
    history.push(Event::MovedOut { region: code(TOWN) });
    let mut county = Node::new(&[bureau(COUNTY, Some(CITY))]);
    told(&mut county, 8, 1 << 42 | 20);
    move_in(&mut county, COUNTY, history).unwrap();
    assert_eq!(county.sums(TOWN).numerator, 8);
    assert_eq!(county.sums(COUNTY).numerator, 9);
    for elsewhere in [TOWN, street] {
        assert!(!county.state.hosts(code(elsewhere)), "{elsewhere}");
    }
    county.verify();
    // What it tells next counts as ever.
    told(&mut county, 10, 1 << 42 | 21);
    assert_eq!(county.sums(COUNTY).numerator, 11);
    county.verify();
}
