//! A pairing that was ended begins again only when both sides say so.

use super::collaboration::{CITY, COUNTY, Pair, end, project, propose, sign, why};
use crate::access::{partners, to_sign_again};
use crate::refusal::Reason;
use crate::testing::{Node, code};

fn are_paired(pair: &Pair) -> [bool; 2] {
    let paired = |node: &Node, partner: &str| {
        let partners = partners(&node.state, node.here, node.today);
        partners.contains(&code(partner))
    };
    [paired(&pair.city, COUNTY), paired(&pair.county, CITY)]
}

#[test]
fn a_pairing_that_one_side_ended_does_not_begin_again_on_its_word_alone() {
    let mut pair = Pair::signed();
    assert_eq!(are_paired(&pair), [true, true]);
    end(&mut pair.city, COUNTY, "期满").unwrap();
    pair.exchange();
    assert_eq!(are_paired(&pair), [false, false]);
    propose(&mut pair.city, COUNTY, "协议").unwrap();
    assert_eq!(are_paired(&pair), [false, false]);
    pair.exchange();
    assert_eq!(are_paired(&pair), [false, false]);
    assert_eq!(why(project(&mut pair.city, 1)), Reason::UnknownPairing);
    sign(&mut pair.county, CITY).unwrap();
    pair.exchange();
    assert_eq!(are_paired(&pair), [true, true]);
    project(&mut pair.city, 1).unwrap();
    // And as often as it is ended.
    end(&mut pair.county, CITY, "期满").unwrap();
    propose(&mut pair.county, CITY, "协议").unwrap();
    pair.exchange();
    assert_eq!(are_paired(&pair), [false, false]);
    sign(&mut pair.city, COUNTY).unwrap();
    pair.exchange();
    assert_eq!(are_paired(&pair), [true, true]);
}

#[test]
fn who_has_to_sign_once_more_is_told_at_both_sides() {
    let mut pair = Pair::signed();
    assert_eq!(to_sign_again(&pair.city.state), []);
    end(&mut pair.city, COUNTY, "期满").unwrap();
    pair.exchange();
    assert_eq!(to_sign_again(&pair.city.state), []);
    propose(&mut pair.city, COUNTY, "协议").unwrap();
    pair.exchange();
    let expected = [(code(COUNTY), code(CITY))];
    for node in [&pair.city, &pair.county] {
        assert_eq!(to_sign_again(&node.state), expected);
    }
    let refused = project(&mut pair.city, 1).unwrap_err().to_string();
    assert!(refused.contains("liandong aid sign 371500"), "{refused}");
    sign(&mut pair.county, CITY).unwrap();
    pair.exchange();
    assert_eq!(to_sign_again(&pair.city.state), []);
    assert_eq!(are_paired(&pair), [true, true]);
}

#[test]
fn an_offer_that_was_turned_down_needs_another_word() {
    let mut pair = Pair::signed();
    end(&mut pair.county, CITY, "期满").unwrap();
    propose(&mut pair.county, CITY, "协议").unwrap();
    pair.exchange();
    end(&mut pair.city, COUNTY, "不再续签").unwrap();
    propose(&mut pair.city, COUNTY, "协议").unwrap();
    pair.exchange();
    assert_eq!(are_paired(&pair), [false, false]);
    sign(&mut pair.county, CITY).unwrap();
    pair.exchange();
    assert_eq!(are_paired(&pair), [true, true]);
}

#[test]
fn a_pairing_that_both_ended_begins_again_when_both_sign() {
    let mut pair = Pair::signed();
    end(&mut pair.city, COUNTY, "期满").unwrap();
    end(&mut pair.county, CITY, "期满").unwrap();
    pair.exchange();
    propose(&mut pair.county, CITY, "续签").unwrap();
    pair.exchange();
    assert_eq!(are_paired(&pair), [false, false]);
    sign(&mut pair.city, COUNTY).unwrap();
    pair.exchange();
    assert_eq!(are_paired(&pair), [true, true]);
}
