//! Clocks that were set back between two lives.

use super::copied::split;
use super::{city, county_in_life};
use crate::access::Relation;
use crate::command::Command;
use crate::testing::{carry, compare_anew, greet, report};

#[test]
fn a_life_stands_above_the_one_before_also_where_the_clock_was_set_back() {
    let at = |milliseconds: u128, random: u128| milliseconds << 80 | random;
    let mut old = county_in_life(at(2_000, 7));
    old.push(vec![report("s1", 1)]);
    let mut city = city();
    greet(&old, &mut city);
    carry(&old, &mut city, Relation::Parent, 100);
    let mut lives = vec![old.incarnation];
    // Twice from one backup, and once more when the last was found to be a copy.
    for random in [3, 4] {
        let identity = at(1_000, random);
        let restored = old.restored(old.journal.len(), identity);
        lives.push(restored.state.incarnation(identity));
        let mut copy = restored;
        split(&mut copy, at(1_000, random + 10));
        assert!(copy.incarnation > lives[lives.len() - 1]);
        lives.push(copy.incarnation);
        copy.verify();
    }
    assert!(lives[1..].iter().all(|life| *life > lives[0]), "{lives:x?}");
    lives.sort_unstable();
    lives.dedup();
    assert_eq!(lives.len(), 5, "each is told apart");
    // A clock that goes is followed.
    let restored = old.restored(old.journal.len(), at(3_000, 1));
    assert_eq!(restored.state.incarnation(at(3_000, 1)), at(3_000, 1));
    let mut restored = restored;
    greet(&restored, &mut city);
    carry(&restored, &mut city, Relation::Parent, 100);
    let up = compare_anew(&mut restored, &mut city, Relation::Parent);
    assert_eq!(up.differing, []);
}

#[test]
fn a_life_stands_above_one_that_no_clock_has_drawn() {
    let last = u128::MAX >> 80 << 80;
    for above in [last - 1, last, last | 5, u128::MAX - 1] {
        let mut copy = county_in_life(9);
        let incarnation = 10;
        copy.run(Command::Split { incarnation, above }).unwrap();
        let life = copy.state.life().unwrap();
        assert!(life.incarnation > above, "{above:x} {life:x?}");
    }
}
