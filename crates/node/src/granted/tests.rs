//! What was granted is remembered of whom it was found, and no longer than the tree stays as it was.

use liandong_core::identity::Role;
use liandong_core::region::RegionCode;

use super::{Granted, Grantee};

const COUNTY: &str = "371524";
const SCHOOLS: [&str; 2] = ["371524-A", "371524-B"];

fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

fn schools() -> [RegionCode; 2] {
    SCHOOLS.map(code)
}

fn reporter() -> Grantee {
    Grantee::Of(code(COUNTY), Role::Reporter)
}

/// The tree is at change 3, and its reporter was found to report for the county's schools.
fn found() -> Granted {
    let granted = Granted::default();
    granted.tree_is_at(3);
    granted.remember(reporter(), 3, schools());
    granted
}

#[test]
fn what_was_found_is_known() {
    let granted = found();
    let [a, b] = schools();
    assert!(granted.covers(reporter(), &[a, a, b, a]));
}

#[test]
fn a_region_that_was_not_asked_about_is_not_known() {
    let granted = found();
    let [a, b] = schools();
    assert!(!granted.covers(reporter(), &[a, b, code(COUNTY)]));
    assert!(!granted.covers(reporter(), &[]), "nothing was asked");
}

#[test]
fn nothing_is_known_of_another_region_role_or_place() {
    let granted = found();
    for other in [
        Grantee::Of(code("371525"), Role::Reporter),
        Grantee::Of(code(COUNTY), Role::Viewer),
        Grantee::Here,
    ] {
        assert!(!granted.covers(other, &schools()), "{other:?}");
    }
}

#[test]
fn a_change_of_the_tree_forgets_it_all() {
    let granted = found();
    granted.tree_is_at(4);
    assert!(!granted.covers(reporter(), &schools()));
    let [a, b] = schools();
    granted.remember(reporter(), 4, [a]);
    assert!(granted.covers(reporter(), &[a]));
    assert!(!granted.covers(reporter(), &[b]), "found before the change");
}

#[test]
fn what_was_found_in_an_earlier_tree_is_not_taken_for_news() {
    let granted = found();
    granted.tree_is_at(4);
    granted.remember(reporter(), 4, [code(COUNTY)]);
    granted.remember(reporter(), 3, schools());
    assert!(!granted.covers(reporter(), &schools()));
    assert!(granted.covers(reporter(), &[code(COUNTY)]));
}

#[test]
fn what_was_found_before_the_change_was_told_waits_for_it() {
    let granted = Granted::default();
    granted.tree_is_at(3);
    granted.remember(reporter(), 4, schools());
    assert!(!granted.covers(reporter(), &schools()));
    granted.tree_is_at(4);
    assert!(granted.covers(reporter(), &schools()));
}
