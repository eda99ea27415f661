//! Streams that break while the listener says what only it holds.

use super::{city, county, hand_down, meet, task_key};
use crate::access::Relation;
use crate::compare::{Bucket, Direction, Range};
use crate::testing::{Compared, Node, carry, compare_and_break, greet, report};

/// Everything is told, and each stream breaks with what the listener found on its way.
fn meet_and_break(below: &mut Node, above: &mut Node) -> [Compared; 2] {
    greet(below, above);
    greet(above, below);
    carry(below, above, Relation::Parent, 100);
    carry(above, below, Relation::Child, 100);
    let up = compare_and_break(below, above, Relation::Parent);
    [up, compare_and_break(above, below, Relation::Child)]
}

#[test]
fn a_restored_city_takes_back_what_a_county_named_on_a_stream_that_broke() {
    let mut county = county();
    let mut city = city();
    meet(&mut county, &mut city);
    let backup = city.journal.len();
    hand_down(&mut city);
    meet(&mut county, &mut city);
    let mut restored = city.restored(backup, 22);
    for _ in 0..2 {
        let [_, down] = meet_and_break(&mut county, &mut restored);
        assert_eq!(down.differing.len(), 1, "one of two buckets: {down:?}");
        assert!(county.state.unowned_documents().count() > 0);
        assert_eq!(task_key(city.here, &restored), []);
    }
    meet(&mut county, &mut restored);
    assert_eq!(task_key(city.here, &restored), task_key(city.here, &city));
    assert_eq!(county.state.unowned_documents().count(), 0);
    restored.verify();
    county.verify();
}

#[test]
fn an_emptied_county_rises_above_what_its_city_named_on_a_stream_that_broke() {
    let mut old = county();
    let mut city = city();
    for figure in 0..50 {
        old.push(vec![report("s1", figure)]);
    }
    meet(&mut old, &mut city);
    let mut new = county();
    new.begin(11, false);
    // The city gets to hold of the county what the county no longer has, and cannot say so.
    for _ in 0..8 {
        meet_and_break(&mut new, &mut city);
    }
    assert!(city.state.unowned_cells().count() > 0);
    let named = |listener_is: Relation| {
        let (teller, listener) = (new.here, city.here);
        let direction = Direction {
            teller,
            listener,
            listener_is,
        };
        let all = city.state.unowned_buckets(&direction, Range::default());
        all.contains(&Bucket::Cells(teller))
    };
    assert!(named(Relation::Parent));
    assert!(!named(Relation::Partner), "a partner tells of no cells");
    let rounds = meet(&mut new, &mut city);
    assert!(rounds[0].missing > 0, "{rounds:?}");
    new.push(vec![report("s1", 4)]);
    carry(&new, &mut city, Relation::Parent, 100);
    assert_eq!(city.sums("371500").numerator, 4);
    new.verify();
    city.verify();
}
