//! What a county's bureau reports itself, while nothing stands below it and afterwards.

use crate::access::Relation;
use crate::command::Command;
use crate::event::Event;
use crate::region::{Region, RegionKind};
use crate::report::Outcome;
use crate::state::State;
use crate::testing::{Node, bureau, carry, code, report, school};

const CITY: &str = "371500";
const COUNTY: &str = "371502";

/// A node where bureaus report what the tests report.
fn node(here: &str, regions: &[Region]) -> Node {
    let mut node = Node::empty(code(here));
    node.begin(10, false);
    node.host(regions).unwrap();
    let reported = report(COUNTY, 0).indicator;
    let known = node.catalogue.indicators.get_mut(&reported).unwrap();
    known.reported_by = vec![RegionKind::Bureau];
    node
}

fn county() -> Node {
    node(COUNTY, &[bureau(COUNTY, Some(CITY))])
}

/// How many bureaus have reported of how many.
fn counted(node: &Node) -> (u32, u32) {
    let roster = node.state.roster(code(COUNTY));
    let expected = roster.expected(&[RegionKind::Bureau]);
    (node.sums(COUNTY).reported, expected)
}

fn says_bureaus(node: &Node) -> usize {
    let events = node.journal.iter().flatten();
    let said = events.filter(|event| matches!(event, Event::BureauReports(_)));
    said.count()
}

#[test]
fn what_a_bureau_reports_as_one_counts_after_its_first_school_joins() {
    let mut county = county();
    county.push(vec![report(COUNTY, 7)]);
    assert_eq!(counted(&county), (1, 1));
    county.host(&[school("s1", COUNTY)]).unwrap();
    assert_eq!((counted(&county), says_bureaus(&county)), ((1, 1), 1));
    assert_eq!(county.sums(COUNTY).on_time, 1);
    // The next school changes nothing more, and nor does the same report again.
    county.host(&[school("s2", COUNTY)]).unwrap();
    let again = county.push(vec![report(COUNTY, 7)]);
    assert_eq!(again, [Outcome::Duplicate { revision: 1 }]);
    assert_eq!((counted(&county), says_bureaus(&county)), ((1, 1), 1));
    county.verify();
}

#[test]
fn it_counts_when_the_first_below_it_has_a_node_of_its_own() {
    let mut county = county();
    county.push(vec![report(COUNTY, 7)]);
    let town = "371502001";
    let town = Node::new(&[bureau(town, Some(COUNTY)), school("s1", town)]);
    carry(&town, &mut county, Relation::Parent, 100);
    assert!(!county.state.tree().is_leaf(code(COUNTY)));
    assert_eq!(counted(&county), (1, 1));
    county.verify();
}

/// A journal of earlier programs, which says nothing of bureaus.
#[test]
fn where_it_stopped_counting_the_same_figure_again_counts() {
    let mut old = county();
    old.push(vec![report(COUNTY, 7)]);
    let mut join = Vec::new();
    old.host(&[school("s1", COUNTY)]).unwrap();
    for frame in &old.journal {
        let frame = frame.iter();
        let known = frame.filter(|event| !matches!(event, Event::BureauReports(_)));
        join.push(known.cloned().collect());
    }
    old.journal = join;
    old.state = State::default();
    for (frame, events) in (1..).zip(&old.journal) {
        for event in events {
            old.state.apply(event, frame);
        }
    }
    assert_eq!(counted(&old), (0, 1), "it is replayed as it was");
    let renewed = old.push(vec![report(COUNTY, 7)]);
    assert_eq!(renewed, [Outcome::Superseded { revision: 2 }]);
    assert_eq!((counted(&old), old.sums(COUNTY).numerator), ((1, 1), 7));
    let again = old.push(vec![report(COUNTY, 7)]);
    assert_eq!(again, [Outcome::Duplicate { revision: 2 }]);
    old.verify();
}

/// A source that numbers its versions itself knows of no other than its own.
#[test]
fn a_numbered_version_that_counts_in_another_way_keeps_its_number() {
    let mut county = county();
    let numbered = |id: &str| {
        let mut numbered = report(COUNTY, 7);
        numbered.id = id.to_owned();
        numbered.revision = 1;
        vec![numbered]
    };
    county.catalogue.indicators.values_mut().for_each(|known| {
        known.reported_by = vec![RegionKind::PrimarySchool];
    });
    county.push(numbered("a"));
    county.host(&[school("s1", COUNTY)]).unwrap();
    county.catalogue.indicators.values_mut().for_each(|known| {
        known.reported_by = vec![RegionKind::Bureau];
    });
    assert_eq!(counted(&county), (0, 1));
    let renewed = county.push(numbered("b"));
    assert_eq!(renewed, [Outcome::Superseded { revision: 1 }]);
    assert_eq!(counted(&county), (1, 1));
    county.verify();
}

#[test]
fn it_counts_at_its_new_node_whether_its_school_joined_before_or_stands_there() {
    for joins_before in [true, false] {
        let mut city = node(CITY, &[bureau(CITY, None), bureau(COUNTY, Some(CITY))]);
        city.push(vec![report(COUNTY, 7)]);
        if joins_before {
            city.host(&[school("s1", COUNTY)]).unwrap();
        }
        let mut history = city.journal.concat();
        history.retain(|event| match event {
            Event::Hosted { region, .. } => region.code != code(CITY),
            // As earlier programs wrote it.
            Event::BureauReports(_) => false,
            event => matches!(event, Event::Reports(_)),
        });
        let region = code(COUNTY);
        let handovers = Vec::new();
        city.run(Command::MoveOut { region, handovers }).unwrap();
        let mut own = match joins_before {
            true => node(COUNTY, &[]),
            false => node(COUNTY, &[bureau(COUNTY, Some(CITY)), school("s1", COUNTY)]),
        };
        own.run(Command::MoveIn { region, history }).unwrap();
        assert_eq!(counted(&own), (1, 1), "{joins_before}");
        own.verify();
        carry(&own, &mut city, Relation::Parent, 100);
        assert_eq!(counted(&city), (1, 1), "{joins_before}");
        assert_eq!(city.sums(CITY).reported, 1);
        city.verify();
    }
}
