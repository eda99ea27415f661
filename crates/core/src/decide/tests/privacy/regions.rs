//! No region is a person, and one that was taken before is not refused.

use super::{IN_DIGITS, NUMBER, city, number, refused};
use crate::command::Command;
use crate::event::Event;
use crate::language::Language;
use crate::refusal::Reason;
use crate::region::Region;
use crate::testing::{bureau, code, school};

#[test]
fn no_code_of_a_unit_is_a_person() {
    let mut node = city();
    let host = |region: Region, configured| Command::Host {
        regions: vec![region],
        configured,
    };
    // The second was born where the school is.
    for number in [IN_DIGITS, "371524199001010010", "13800138000"] {
        for configured in [false, true] {
            let mut pupil = school(number, "371524");
            "一名学生".clone_into(&mut pupil.name);
            let before = node.journal.len();
            let refusal = node.run(host(pupil, configured)).expect_err(number);
            let found = (refusal.reason, refusal.field.as_str());
            assert_eq!(found, (Reason::PersonalNumber, "region"), "{number}");
            assert!(!refusal.message(Language::En).contains(number));
            assert_eq!(node.journal.len(), before, "nothing is written");
        }
    }
    // Long codes of units, which begin with their county's.
    for number in ["371524102001", "371524S01", "3137000001"] {
        let unit = school(number, "371524");
        node.run(host(unit, false)).expect(number);
    }
    let below = bureau("130102", Some("371500"));
    node.run(host(below, true)).expect("a county of Hebei");
    let mut unit = school("13010200011", "130102");
    "第一小学".clone_into(&mut unit.name);
    node.run(host(unit, false)).expect("a unit of it");
}

#[test]
fn codes_of_schools_go_on_from_their_city_whatever_counties_became_of() {
    let mut node = city();
    let parents = [
        bureau("130000", Some("371500")),
        bureau("130100", Some("130000")),
        // What 130102 was merged into.
        bureau("130110", Some("130100")),
    ];
    let host = |region: Region| Command::Host {
        regions: vec![region],
        configured: true,
    };
    let unit = |number: &str, parent: &str| {
        let mut unit = school(number, parent);
        "第一小学".clone_into(&mut unit.name);
        unit
    };
    let numbers = ["13010200011", "13010200012", "13010200013"];
    for (parent, number) in parents.into_iter().zip(numbers) {
        let above = parent.code;
        node.run(host(parent)).expect("a bureau");
        let added = unit(number, above.as_str());
        node.run(host(added)).expect(number);
    }
    let elsewhere = unit("13020200011", "130110");
    refused(&mut node, "region", host(elsewhere));
    let moved = unit("13010200011", "371524");
    node.run(host(moved)).expect("hosted under that code");
}

#[test]
fn a_region_that_is_hosted_already_costs_no_start() {
    let mut node = city();
    let mut old = school(IN_DIGITS, "371524");
    old.name = number();
    let event = Event::Hosted {
        region: old.clone(),
        epoch: 1,
    };
    let frame = node.journal.len() as u64 + 1;
    node.state.apply(&event, frame);
    node.journal.push(vec![event]);
    let before = node.journal.len();
    let host = |region: &Region| Command::Host {
        regions: vec![region.clone()],
        configured: true,
    };
    node.run(host(&old)).expect("unchanged");
    assert_eq!(node.journal.len(), before, "nothing is written");
    let mut moved = old.clone();
    moved.parent = Some(code("371500"));
    node.run(host(&moved)).expect("its name is what it was");
    let mut renamed = moved.clone();
    renamed.name = format!("原{NUMBER}");
    refused(&mut node, "name", host(&renamed));
    "第一小学".clone_into(&mut renamed.name);
    node.run(host(&renamed)).expect("a name that is none");
}
