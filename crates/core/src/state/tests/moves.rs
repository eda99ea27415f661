//! Regions that come, move and go keep every sum exact.

use crate::access::Relation;
use crate::command::Command;
use crate::event::Event;
use crate::refusal::Reason;
use crate::testing::{Node, bureau, carry, code, report, school};

fn city_with_two_counties() -> Node {
    Node::new(&[
        bureau("371500", None),
        bureau("371502", Some("371500")),
        bureau("371524", Some("371500")),
        school("s1", "371502"),
        school("s2", "371502"),
        school("s3", "371524"),
    ])
}

/// What the old node's export gives of a region: the events about it and what is below it.
fn export(node: &Node, regions: &[&str]) -> Vec<Event> {
    let codes: Vec<_> = regions.iter().map(|text| code(text)).collect();
    let mut events = Vec::new();
    for event in node.journal.iter().flatten() {
        match event {
            Event::Hosted { region, .. } if codes.contains(&region.code) => {
                events.push(event.clone());
            }
            Event::Reports(batch) => {
                let mut batch = batch.clone();
                let sources = batch.sources.clone();
                batch
                    .rows
                    .retain(|row| codes.contains(&sources[row.source as usize]));
                events.push(Event::Reports(batch));
            }
            _ => {}
        }
    }
    events
}

#[test]
fn a_region_that_changes_its_parent_takes_its_sums_along() {
    let mut city = city_with_two_counties();
    city.push(vec![report("s1", 10), report("s2", 20), report("s3", 5)]);
    city.host(&[school("s2", "371524")]).unwrap();
    assert_eq!(city.sums("371502").numerator, 10);
    assert_eq!(city.sums("371524").numerator, 25);
    assert_eq!(city.sums("371500").numerator, 35);
    assert_eq!((city.expected("371502"), city.expected("371524")), (1, 2));
    city.verify();
}

#[test]
fn a_bureau_that_gets_its_first_unit_counts_as_none_itself() {
    let mut city = Node::new(&[bureau("371500", None), bureau("371502", Some("371500"))]);
    city.push(vec![report("371502", 7)]);
    assert_eq!(
        (city.sums("371500").reported, city.expected("371500")),
        (1, 1)
    );
    city.host(&[school("s1", "371502")]).unwrap();
    assert_eq!(
        (city.sums("371500").reported, city.expected("371500")),
        (0, 1)
    );
    assert_eq!(city.sums("371500").numerator, 7);
    city.verify();
}

#[test]
fn a_node_hosts_nothing_that_does_not_stand_below_it() {
    let mut county = Node::new(&[bureau("371524", Some("371500"))]);
    for outside in [bureau("371502", Some("371500")), bureau("371500", None)] {
        let asked = Command::Host {
            regions: vec![outside],
            configured: false,
        };
        let refused = county.run(asked).unwrap_err();
        assert_eq!(refused.reason, Reason::NotEntitled);
    }
    let below = Command::Host {
        regions: vec![school("s1", "371524")],
        configured: false,
    };
    county.run(below).unwrap();
    county.verify();
}

#[test]
fn a_parent_that_is_hosted_later_adds_up_what_is_below_it() {
    let mut node = Node::empty(code("371500"));
    let county = [bureau("371502", Some("371500")), school("s1", "371502")];
    node.host(&county).unwrap();
    node.push(vec![report("s1", 10)]);
    node.host(&[bureau("371500", None)]).unwrap();
    assert_eq!(node.sums("371500").numerator, 10);
    assert_eq!(node.expected("371500"), 1);
    node.verify();
}

#[test]
fn a_county_moves_out_to_its_own_node_and_back() {
    let mut city = city_with_two_counties();
    city.push(vec![report("s1", 10), report("s2", 20), report("s3", 5)]);
    city.push(vec![report("s1", 11)]);
    let history = export(&city, &["371502", "s1", "s2"]);
    city.run(Command::MoveOut {
        region: code("371502"),
        handovers: Vec::new(),
    })
    .unwrap();
    let mut county = Node::empty(code("371502"));
    county
        .run(Command::MoveIn {
            region: code("371502"),
            history,
        })
        .unwrap();
    county.verify();
    assert_eq!(county.sums("371502").numerator, 31);
    carry(&county, &mut city, Relation::Parent, 3);
    assert_eq!(city.sums("371500").numerator, 36);

    county.push(vec![report("s2", 100)]);
    carry(&county, &mut city, Relation::Parent, 3);
    assert_eq!(city.sums("371502").numerator, 111);
    assert_eq!(city.sums("371500").numerator, 116);
    assert_eq!(city.state.set_aside(), []);
    city.verify();

    let history = export(&county, &["371502", "s1", "s2"]);
    city.run(Command::MoveIn {
        region: code("371502"),
        history,
    })
    .unwrap();
    assert_eq!(city.sums("371502").numerator, 111);
    assert_eq!(city.sums("371500").numerator, 116);
    assert_eq!(city.expected("371500"), 3);
    city.push(vec![report("s1", 1)]);
    assert_eq!(city.sums("371500").numerator, 106);
    city.verify();
}

#[test]
fn a_first_township_of_a_region_that_moved_out_leaves_the_old_node_exact() {
    let mut city = Node::new(&[bureau("371500", None), bureau("371502", Some("371500"))]);
    city.push(vec![report("371502", 7)]);
    let history = export(&city, &["371502"]);
    city.run(Command::MoveOut {
        region: code("371502"),
        handovers: Vec::new(),
    })
    .unwrap();
    let mut county = Node::empty(code("371502"));
    county
        .run(Command::MoveIn {
            region: code("371502"),
            history,
        })
        .unwrap();
    carry(&county, &mut city, Relation::Parent, 100);
    county.host(&[bureau("371502001", Some("371502"))]).unwrap();
    // The township alone arrives; the county's own cell follows in the next batch.
    let after = city.taken_from(&county);
    let mut incoming = county.changes_for(city.here, Relation::Parent, after, 100);
    incoming.cells.clear();
    incoming.upto = after + 1;
    let before = city.sums("371502");
    city.run(Command::Receive(incoming)).unwrap();
    assert_eq!(city.sums("371502"), before);
    city.verify();
    carry(&county, &mut city, Relation::Parent, 100);
    assert_eq!(city.sums("371500"), county.sums("371502"));
    city.verify();
}

#[test]
fn what_moved_out_earlier_is_not_hosted_by_the_next_node() {
    let mut city = Node::new(&[
        bureau("371500", None),
        bureau("371502", Some("371500")),
        bureau("371502001", Some("371502")),
        school("s1", "371502001"),
    ]);
    city.push(vec![report("s1", 3)]);
    let mut history = export(&city, &["371502", "371502001", "s1"]);
    history.push(Event::MovedOut {
        region: code("371502001"),
    });
    let mut county = Node::empty(code("371502"));
    county
        .run(Command::MoveIn {
            region: code("371502"),
            history,
        })
        .unwrap();
    assert!(county.state.hosts(code("371502")));
    assert!(!county.state.hosts(code("371502001")));
    assert!(!county.state.hosts(code("s1")));
    assert_eq!(county.sums("371502").numerator, 3);
    county.verify();
}

#[test]
fn a_region_that_another_node_hosts_is_not_hosted_here() {
    let mut city = Node::new(&[bureau("371500", None)]);
    let county = Node::new(&[bureau("371502", Some("371500")), school("s1", "371502")]);
    carry(&county, &mut city, Relation::Parent, 100);
    assert!(city.host(&[bureau("371502", Some("371500"))]).is_err());
    assert!(city.host(&[school("s9", "371502")]).is_err());
    city.verify();
}

#[test]
fn a_region_that_moved_stands_above_every_version_it_had() {
    let mut city = city_with_two_counties();
    // The old node wrote versions after the export that the new one does not know.
    let history = export(&city, &["371502", "s1", "s2"]);
    let mut renamed = bureau("371502", Some("371500"));
    for name in ["一", "二", "三"] {
        renamed.name = name.to_owned();
        city.host(&[renamed.clone()]).unwrap();
    }
    city.run(Command::MoveOut {
        region: code("371502"),
        handovers: Vec::new(),
    })
    .unwrap();
    let mut county = Node::empty(code("371502"));
    county
        .run(Command::MoveIn {
            region: code("371502"),
            history,
        })
        .unwrap();
    renamed.name = "四".to_owned();
    county.host(&[renamed]).unwrap();
    carry(&county, &mut city, Relation::Parent, 100);
    assert_eq!(city.state.tree().get(code("371502")).unwrap().name, "四");
    city.verify();
}

#[test]
fn two_regions_that_left_one_node_after_another_keep_apart() {
    let mut city = Node::new(&[
        bureau("371500", None),
        bureau("371502", Some("371500")),
        bureau("371502001", Some("371502")),
    ]);
    city.push(vec![report("371502001", 3)]);
    let mut out = |region: &str, below: &[&str]| {
        let mut history = export(&city, below);
        history.extend(city.journal.iter().flatten().filter_map(|event| {
            let left = matches!(event, Event::MovedOut { .. });
            left.then(|| event.clone())
        }));
        let region = code(region);
        city.run(Command::MoveOut {
            region,
            handovers: Vec::new(),
        })
        .unwrap();
        let mut node = Node::empty(region);
        node.run(Command::MoveIn { region, history }).unwrap();
        node
    };
    let mut township = out("371502001", &["371502001"]);
    let mut county = out("371502", &["371502", "371502001"]);
    let mut corrected = report("371502001", 8);
    corrected.id = "correction".to_owned();
    township.push(vec![corrected]);
    carry(&township, &mut county, Relation::Parent, 100);
    assert_eq!(county.sums("371502").numerator, 8);
    county.verify();
}
