//! Figures that go back when a node begins anew: the parent lists what it held.

use super::{city, county, meet};
use crate::command::Command;
use crate::compare::CellName;
use crate::rollup::Sums;
use crate::testing::{Node, code, report, school};

/// What is listed of figures that went back: which, and why.
fn listed(node: &Node) -> Vec<(String, String)> {
    let listed = node.state.set_aside().iter();
    let listed = listed.map(|one| {
        assert_eq!(one.what.reason, "WENT_BACK");
        (one.subject.id.clone(), one.what.message.clone())
    });
    listed.collect()
}

fn county_of_three() -> Node {
    let mut county = county();
    county.host(&[school("s3", "371502")]).unwrap();
    county
}

#[test]
fn a_figure_that_lost_reports_in_a_restore_is_listed_until_they_are_there_again() {
    let mut county = county_of_three();
    let mut city = city();
    county.push(vec![report("s1", 10), report("s2", 5)]);
    meet(&mut county, &mut city);
    let backup = county.journal.len();
    county.push(vec![report("s1", 20)]);
    county.push(vec![report("s3", 7)]);
    meet(&mut county, &mut city);
    assert_eq!(city.sums("371500").numerator, 32);
    assert_eq!(listed(&city), []);

    let mut restored = county.restored(backup, 12);
    meet(&mut restored, &mut city);
    assert_eq!(city.sums("371500").numerator, 15);
    let found = listed(&city);
    let [(id, why)] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(id, "count/2025-03");
    assert!(
        why.contains("numerator 32, denominator 0, 3 reported before"),
        "{why}"
    );
    assert!(
        why.contains("numerator 15, denominator 0, 2 reported now"),
        "{why}"
    );
    // Neither another comparison nor a part of what was lost settles it.
    meet(&mut restored, &mut city);
    restored.push(vec![report("s1", 20)]);
    meet(&mut restored, &mut city);
    assert_eq!(listed(&city), found);
    restored.push(vec![report("s3", 7)]);
    meet(&mut restored, &mut city);
    assert_eq!(listed(&city), []);
    city.verify();
    restored.verify();
}

#[test]
fn a_second_restore_lists_what_it_has_lost_beside_what_the_first_has() {
    let mut county = county_of_three();
    let mut city = city();
    county.push(vec![report("s1", 10), report("s2", 5)]);
    meet(&mut county, &mut city);
    let backup = county.journal.len();
    county.push(vec![report("s1", 20)]);
    meet(&mut county, &mut city);
    let mut first = county.restored(backup, 12);
    meet(&mut first, &mut city);
    let found = listed(&city);
    first.push(vec![report("s2", 6)]);
    meet(&mut first, &mut city);
    let mut second = first.restored(backup + 1, 13);
    meet(&mut second, &mut city);
    assert_eq!(found.len(), 1);
    let both = listed(&city);
    assert_eq!(both.len(), 2);
    assert_eq!(both[0], found[0]);
    assert!(both[1].1.contains("numerator 16, "), "{both:?}");
    // The same loss is listed once.
    second.push(vec![report("s2", 6)]);
    meet(&mut second, &mut city);
    assert_eq!(listed(&city), found);
    let mut third = second.restored(backup + 1, 14);
    meet(&mut third, &mut city);
    let again = third.restored(third.journal.len(), 15);
    meet(&mut { again }, &mut city);
    let again = listed(&city);
    assert_eq!(again.len(), 2, "{again:?}");
    assert!(again[1].1.contains("numerator 16, "), "{again:?}");
    city.verify();
}

#[test]
fn two_lives_that_began_with_one_backup_are_told_apart_by_what_they_tell() {
    let mut county = county();
    let mut city = city();
    county.push(vec![report("s1", 10), report("s2", 5)]);
    meet(&mut county, &mut city);
    let backup = county.journal.len();
    let mut first = county.restored(backup, 12);
    meet(&mut first, &mut city);
    first.push(vec![report("s1", 20)]);
    meet(&mut first, &mut city);
    assert_eq!(city.sums("371500").numerator, 25);
    // Its numbers stand above those of the first: they are taken as they come.
    let mut second = county.restored(backup, 13);
    second.push(vec![report("s1", 11)]);
    second.push(vec![report("s1", 12)]);
    meet(&mut second, &mut city);
    assert_eq!(city.sums("371500").numerator, 17);
    let found = listed(&city);
    let [(id, why)] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(id, "count/2025-03");
    assert!(why.contains("numerator 25, "), "{why}");
    assert!(why.contains("numerator 17, "), "{why}");
    city.verify();
    second.verify();
}

#[test]
fn a_restore_that_lost_nothing_lists_nothing() {
    let mut county = county();
    let mut city = city();
    county.push(vec![report("s1", 10), report("s2", 5)]);
    meet(&mut county, &mut city);
    let mut restored = county.restored(county.journal.len(), 12);
    meet(&mut restored, &mut city);
    restored.push(vec![report("s1", 11)]);
    meet(&mut restored, &mut city);
    assert_eq!(listed(&city), []);
    assert_eq!(city.sums("371500").numerator, 16);
}

#[test]
fn a_figure_that_was_taken_back_after_a_restore_is_not_listed() {
    let mut county = county();
    let mut city = city();
    county.push(vec![report("s1", 10)]);
    meet(&mut county, &mut city);
    let backup = county.journal.len();
    let mut later = report("s1", 40);
    later.period = "2025-02".parse().unwrap();
    county.push(vec![later]);
    meet(&mut county, &mut city);
    let mut restored = county.restored(backup, 12);
    meet(&mut restored, &mut city);
    let cell = CellName {
        region: code("371502"),
        indicator: "count".parse().unwrap(),
        period: "2025-02".parse().unwrap(),
    };
    let cells = vec![cell];
    restored.run(Command::Withdraw { cells }).unwrap();
    meet(&mut restored, &mut city);
    let held = city.state.cell(code("371502"), cell.indicator, cell.period);
    assert_eq!(held.unwrap().sums, Sums::default());
    assert_eq!(listed(&city), []);
}
