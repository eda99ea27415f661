use liandong_core::event::{Event, Received, Traced};
use liandong_core::lineage::Lineage;
use liandong_core::region::RegionCode;
use liandong_core::state::State;

use super::Place;
use crate::link::file::import::tests::header;

fn county() -> RegionCode {
    "371524".parse().expect("a code")
}

/// A city that has taken changes up to 40 of the county's incarnation 5.
fn city() -> State {
    let mut city = State::default();
    let received = Received {
        from: county(),
        incarnation: 5,
        upto: 40,
        documents: Vec::new(),
        cells: Vec::new(),
        quarantined: Vec::new(),
    };
    city.apply(&Event::Received(received), 1);
    city
}

#[test]
fn a_file_stands_where_its_incarnation_and_its_beginning_say() {
    for (incarnation, after, place) in [
        (5, 40, Place::Follows),
        (5, 41, Place::Gap),
        (4, 40, Place::Earlier),
        (6, 0, Place::Follows),
        (6, 40, Place::Gap),
    ] {
        let header = header(incarnation, after);
        assert_eq!(Place::of(&city(), &header), place, "{header:?}");
    }
}

#[test]
fn a_later_life_of_which_only_marks_are_known_makes_those_before_it_earlier() {
    let mut city = city();
    let traced = Traced {
        peer: county(),
        incarnation: 6,
        lineage: Lineage::default(),
    };
    city.apply(&Event::Traced(traced), 2);
    assert_eq!(Place::of(&city, &header(5, 40)), Place::Earlier);
    assert_eq!(Place::of(&city, &header(6, 0)), Place::Follows);
}
