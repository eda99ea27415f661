//! Links: what a peer gets, in which order, and what it makes of it.

use crate::access::Relation;
use crate::command::{Answer, Command};
use crate::document::{Body, CellDocument, Document, Roster};
use crate::region::{Level, Region};
use crate::rollup::Sums;
use crate::testing::{Node, bureau, carry, code, month, report, school};

fn city() -> Node {
    Node::new(&[bureau("371500", Some("370000"))])
}

#[test]
fn units_stay_where_they_report() {
    let mut county = Node::new(&[
        bureau("371502", Some("371500")),
        school("s1", "371502"),
        school("s2", "371502"),
    ]);
    county.push(vec![report("s1", 1), report("s2", 2)]);
    let mut city = city();
    carry(&county, &mut city, Relation::Parent, 100);
    assert_eq!(city.state.set_aside(), []);
    assert!(!city.state.tree().contains(code("s1")));
    assert_eq!(city.sums("371500").numerator, 3);
    assert_eq!(city.expected("371500"), 2);
    city.verify();
}

#[test]
fn a_region_that_was_renamed_late_is_known_before_what_it_owns() {
    for limit in [1, 2, 3, 100] {
        let mut prefecture = Node::new(&[
            bureau("371500", Some("370000")),
            bureau("371502", Some("371500")),
            school("s1", "371502"),
        ]);
        prefecture.push(vec![report("s1", 4)]);
        let mut renamed = bureau("371502", Some("371500"));
        renamed.name = "东昌府区".to_owned();
        prefecture.host(&[renamed]).unwrap();
        let mut province = Node::new(&[bureau("370000", None)]);
        carry(&prefecture, &mut province, Relation::Parent, limit);
        assert_eq!(province.state.set_aside(), [], "{limit} changes a batch");
        assert_eq!(province.sums("371502").numerator, 4);
        assert_eq!(province.expected("371502"), 1);
        province.verify();
    }
}

#[test]
fn documents_of_one_batch_may_stand_in_any_order() {
    let county = Node::new(&[
        bureau("371502", Some("371500")),
        bureau("371502001", Some("371502")),
        bureau("371502002", Some("371502")),
    ]);
    let mut city = city();
    let mut incoming = county.changes_for(city.here, Relation::Parent, 0, 100);
    incoming.documents.reverse();
    city.run(Command::Receive(incoming)).unwrap();
    assert_eq!(city.state.set_aside(), []);
    assert_eq!(city.expected("371500"), 2);
}

#[test]
fn a_batch_that_comes_twice_changes_nothing_and_complains_once() {
    let mut county = Node::new(&[bureau("371502", Some("371500"))]);
    county.push(vec![report("371502", 4)]);
    let mut city = city();
    let mut incoming = county.changes_for(city.here, Relation::Parent, 0, 100);
    incoming.cells.push(CellDocument {
        region: code("371599"),
        indicator: "count".parse().unwrap(),
        period: month(),
        sums: Sums::default(),
        version: 1,
    });
    city.run(Command::Receive(incoming.clone())).unwrap();
    let change = city.state.last_change();
    city.run(Command::Receive(incoming)).unwrap();
    assert_eq!(city.state.last_change(), change);
    assert_eq!(city.state.set_aside().len(), 1);
}

fn region_document(region: Region, version: u64) -> Document {
    Document {
        owner: region.code,
        id: region.code.to_string(),
        version,
        body: Body::Region(region),
    }
}

/// Sends documents to `node` as if its child `from` did; returns how many were taken.
fn give(node: &mut Node, from: &str, relation: Relation, documents: Vec<Document>) -> u32 {
    let mut incoming = node.changes_for(node.here, Relation::Parent, u64::MAX, 1);
    incoming.from = code(from);
    incoming.relation = relation;
    incoming.incarnation = u128::MAX;
    incoming.upto = node.state.last_change() + 1;
    incoming.documents = documents;
    match node.run(Command::Receive(incoming)).unwrap() {
        Answer::Received { applied, .. } => applied,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_child_cannot_take_its_neighbour_over() {
    let mut city = city();
    let mut neighbour = Node::new(&[bureau("371524", Some("371500"))]);
    neighbour.push(vec![report("371524", 50)]);
    let hostile = Node::new(&[bureau("371502", Some("371500"))]);
    carry(&neighbour, &mut city, Relation::Parent, 100);
    carry(&hostile, &mut city, Relation::Parent, 100);
    let stolen = region_document(bureau("371524", Some("371502")), u64::MAX);
    assert_eq!(give(&mut city, "371502", Relation::Child, vec![stolen]), 0);
    assert_eq!(city.sums("371500").numerator, 50);
    assert_eq!(
        city.state.tree().parent(code("371524")),
        Some(code("371500"))
    );
    city.verify();
}

#[test]
fn a_child_cannot_claim_what_the_catalogue_places_elsewhere() {
    let mut city = city();
    city.catalogue
        .regions
        .insert(bureau("371524", Some("371500")))
        .unwrap();
    let county = Node::new(&[bureau("371502", Some("371500"))]);
    carry(&county, &mut city, Relation::Parent, 100);
    let claimed = region_document(bureau("371524", Some("371502")), u64::MAX);
    assert_eq!(give(&mut city, "371502", Relation::Child, vec![claimed]), 0);
    // A reorganised region moves once the catalogue of the superior says so.
    let mut moved = Node::new(&[bureau("371524", Some("371500"))]);
    moved.push(vec![report("371524", 50)]);
    carry(&moved, &mut city, Relation::Parent, 100);
    city.catalogue
        .regions
        .insert(bureau("371524", Some("371502")))
        .unwrap();
    let claimed = region_document(bureau("371524", Some("371502")), 1 << 41);
    assert_eq!(give(&mut city, "371502", Relation::Child, vec![claimed]), 1);
    assert_eq!(city.sums("371500").numerator, 0);
    city.verify();
}

#[test]
fn a_peer_cannot_hang_itself_below_a_hosted_unit() {
    let mut city = Node::new(&[
        bureau("371500", Some("370000")),
        bureau("371502", Some("371500")),
        school("s1", "371502"),
    ]);
    city.push(vec![report("s1", 9)]);
    let partner = region_document(bureau("500243", Some("s1")), 1);
    assert_eq!(
        give(&mut city, "500243", Relation::Partner, vec![partner]),
        0
    );
    let child = region_document(bureau("371524", Some("s1")), 1);
    assert_eq!(give(&mut city, "371524", Relation::Child, vec![child]), 0);
    assert_eq!(city.sums("371500").reported, 1);
    // Nor may a child that is known move below another region that is hosted here.
    let county = Node::new(&[bureau("371524", Some("371500"))]);
    carry(&county, &mut city, Relation::Parent, 100);
    let moved = region_document(bureau("371524", Some("371502")), 1 << 41);
    assert_eq!(give(&mut city, "371524", Relation::Child, vec![moved]), 0);
    city.verify();
}

#[test]
fn two_versions_of_a_region_in_one_batch_leave_tree_and_documents_agreeing() {
    let mut city = city();
    let county = Node::new(&[
        bureau("371502", Some("371500")),
        bureau("371502001", Some("371502")),
        bureau("371502002", Some("371502")),
    ]);
    carry(&county, &mut city, Relation::Parent, 100);
    let documents = vec![
        region_document(bureau("371502001", Some("371502002")), 12),
        region_document(bureau("371502001", Some("371502")), 11),
        region_document(bureau("371502002", Some("371502001")), 12),
    ];
    give(&mut city, "371502", Relation::Child, documents);
    for document in city.state.documents(crate::document::Kind::Region) {
        if let Body::Region(region) = &document.body {
            assert_eq!(city.state.tree().get(region.code), Some(region));
        }
    }
    city.verify();
}

#[test]
fn impossible_rosters_and_sums_are_set_aside() {
    let mut city = city();
    let county = Node::new(&[bureau("371502", Some("371500"))]);
    carry(&county, &mut city, Relation::Parent, 100);
    let roster = Roster {
        standing_in: u32::MAX,
        ..Roster::default()
    };
    let document = Document {
        owner: code("371502"),
        id: "371502".to_owned(),
        version: u64::MAX,
        body: Body::Roster(roster),
    };
    assert_eq!(
        give(&mut city, "371502", Relation::Child, vec![document]),
        0
    );
    assert_eq!(city.expected("371500"), 1);
    city.verify();
}

#[test]
fn a_peer_whose_region_is_hosted_here_is_refused_as_a_whole() {
    let mut city = Node::new(&[bureau("371500", None), bureau("371502", Some("371500"))]);
    let twin = Node::new(&[bureau("371502", Some("371500"))]);
    let incoming = twin.changes_for(city.here, Relation::Parent, 0, 100);
    assert!(city.run(Command::Receive(incoming)).is_err());
    assert_eq!(city.state.watermark(code("371502")), None);
    assert_eq!(city.state.set_aside(), []);
}

#[test]
fn cells_of_a_region_that_left_do_not_go_up() {
    let mut city = city();
    let county = Node::new(&[bureau("371502", Some("371500"))]);
    carry(&county, &mut city, Relation::Parent, 100);
    let left = region_document(bureau("371502", Some("370800")), 1 << 41);
    assert_eq!(give(&mut city, "371502", Relation::Child, vec![left]), 1);
    assert!(!city.state.cell_goes_up(city.here, code("371502")));
    assert!(city.state.cell_goes_up(city.here, code("371500")));
    assert_eq!(
        city.state.tree().get(code("371502")).unwrap().level,
        Level::County
    );
}

#[test]
fn the_highest_version_of_a_cell_counts_in_whatever_order_it_comes() {
    let mut county = Node::new(&[bureau("371502", Some("371500"))]);
    let mut city = city();
    county.push(vec![report("371502", 4)]);
    let first = county.changes_for(city.here, Relation::Parent, 0, 100);
    county.push(vec![report("371502", 9)]);
    let mut second = county.changes_for(city.here, Relation::Parent, 0, 100);
    second.cells.extend(first.cells.iter().copied());
    city.run(Command::Receive(second)).unwrap();
    assert_eq!(city.sums("371500").numerator, 9);
    city.run(Command::Receive(first)).unwrap();
    assert_eq!(city.sums("371500").numerator, 9);
    city.verify();
}

#[test]
fn sums_that_could_overflow_are_set_aside() {
    let mut county = Node::new(&[bureau("371502", Some("371500"))]);
    let mut city = city();
    county.push(vec![report("371502", 4)]);
    for (numerator, reported, on_time) in
        [(i64::MAX, 1, 1), (-1, 1, 1), (1, u32::MAX, 0), (1, 0, 1)]
    {
        let mut incoming = county.changes_for(city.here, Relation::Parent, 0, 100);
        incoming.cells[0].sums = Sums {
            numerator,
            denominator: 0,
            reported,
            on_time,
        };
        city.run(Command::Receive(incoming)).unwrap();
    }
    // Each takes the place of the one before: it is the same version of the same cell.
    assert_eq!(city.state.set_aside().len(), 1);
    assert_eq!(city.sums("371500"), Sums::default());
}

#[test]
fn a_link_without_cells_is_through_at_the_last_change() {
    let mut county = Node::new(&[bureau("371502", Some("371500"))]);
    county.push(vec![report("371502", 4)]);
    let across = county.changes_for(code("500243"), Relation::Partner, 0, 100);
    assert_eq!(across.upto, county.state.last_change());
    assert_eq!(across.cells, []);
}
