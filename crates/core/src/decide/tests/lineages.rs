//! Marks of what is told by files: when one is made, and what is refused that does not go on.

use crate::command::{Answer, Command};
use crate::event::{Event, Received, Traced};
use crate::lineage::{Lineage, Mark};
use crate::state::PartedPeer;
use crate::testing::{Node, bureau, code};

const CITY: &str = "371500";
const COUNTY: &str = "371502";

fn city() -> Node {
    let mut city = Node::empty(code(CITY));
    city.begin(11, false);
    city.host(&[bureau(CITY, None)]).unwrap();
    city
}

/// A mark of one of several histories.
fn mark(upto: u64, of: u128) -> Mark {
    Mark {
        upto,
        name: of << 64 | u128::from(upto),
    }
}

fn lineage(marks: &[Mark]) -> Lineage {
    Lineage::new(0, marks.to_vec()).unwrap()
}

/// Whether a file of the county goes on from those before it.
fn goes_on(city: &mut Node, incarnation: u128, lineage: &Lineage, told: u64) -> bool {
    let trace = Command::Trace(Traced {
        peer: code(COUNTY),
        incarnation,
        lineage: lineage.clone().told_upto(told),
    });
    city.run(trace).unwrap() == Answer::Traced { goes_on: true }
}

#[test]
fn a_fork_that_goes_on_for_long_is_still_another_history() {
    let mut city = city();
    let told = lineage(&[mark(40, 1), mark(50, 1)]);
    assert!(goes_on(&mut city, 5, &told, 50));
    let mut fork = lineage(&[mark(40, 1)]);
    for upto in 60..60 + 2 * Lineage::MOST as u64 {
        fork.add(mark(upto, 2));
        assert!(!goes_on(&mut city, 5, &fork, upto), "{upto}");
        assert_eq!(city.state.parted(code(COUNTY)), Some(5));
    }
    // Nothing of that incarnation can be told from the other any more; a later one can.
    assert!(!goes_on(&mut city, 5, &told, 50));
    assert!(goes_on(&mut city, 4, &fork, 60));
    assert_eq!(city.state.parted(code(COUNTY)), Some(5));
    assert!(goes_on(&mut city, 6, &Lineage::default(), 60));
    assert_eq!(city.state.parted(code(COUNTY)), None);
    assert!(goes_on(&mut city, 6, &lineage(&[mark(70, 3)]), 70));
}

#[test]
fn a_peer_that_parted_is_listed_until_a_later_incarnation_is_heard_of() {
    let mut city = city();
    let taken = |city: &mut Node, incarnation, upto| {
        let received = Received {
            from: code(COUNTY),
            incarnation,
            upto,
            documents: Vec::new(),
            cells: Vec::new(),
            quarantined: Vec::new(),
        };
        city.state.apply(&Event::Received(received), 1);
    };
    let listed = |city: &Node| city.state.all_parted().collect::<Vec<_>>();
    goes_on(&mut city, 5, &lineage(&[mark(40, 1)]), 40);
    taken(&mut city, 5, 40);
    assert_eq!(listed(&city), []);
    goes_on(&mut city, 5, &lineage(&[mark(40, 2)]), 40);
    let parted = PartedPeer {
        peer: code(COUNTY),
        incarnation: 5,
        held_upto: 40,
    };
    assert_eq!(listed(&city), [parted]);
    // By a stream, of which no file has told yet.
    taken(&mut city, 6, 3);
    assert_eq!(listed(&city), []);
}

#[test]
fn a_file_that_could_not_be_marked_is_of_another_history_where_it_lacks_one() {
    let told = [mark(40, 1), mark(50, 1)];
    for (marks, upto, is_same) in [
        (&told[..1], 50, true),
        (&told[..1], 51, false),
        (&told[..2], 90, true),
        (&[], 40, true),
        (&[], 90, false),
    ] {
        let mut city = city();
        assert!(goes_on(&mut city, 5, &lineage(&told), 50));
        let unmarked = lineage(marks);
        assert_eq!(
            goes_on(&mut city, 5, &unmarked, upto),
            is_same,
            "{marks:?} {upto}"
        );
    }
    // What was told without a mark counts, too: whoever goes on from it marks nothing below.
    for (next, is_same) in [(90, true), (91, true), (89, false), (60, false)] {
        let mut city = city();
        assert!(goes_on(&mut city, 5, &lineage(&told), 90));
        let marks = [told[0], told[1], mark(next, 1)];
        assert_eq!(
            goes_on(&mut city, 5, &lineage(&marks), next),
            is_same,
            "{next}"
        );
    }
}

#[test]
fn an_export_of_many_files_is_marked_once() {
    let mut county = city();
    let peer = code(COUNTY);
    let last = county.state.last_change();
    let mut name = 0;
    let mut marks = |county: &mut Node, told| {
        name += 1;
        let marked = county.run(Command::Mark { peer, name, told }).unwrap();
        let Answer::Marked(lineage) = marked else {
            panic!("{marked:?}");
        };
        (lineage.marks().len(), lineage.last().unwrap().upto)
    };
    assert_eq!(marks(&mut county, 0), (1, last));
    county.host(&[bureau(COUNTY, Some(CITY))]).unwrap();
    let later = county.state.last_change();
    assert!(later > last);
    // What was told is covered, although the node has gone on meanwhile.
    assert_eq!(marks(&mut county, last), (1, last));
    assert_eq!(marks(&mut county, last + 1), (2, later));
    assert_eq!(marks(&mut county, later), (2, later));
}
