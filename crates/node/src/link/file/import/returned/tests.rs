use jiff::{SignedDuration, Timestamp};
use liandong_core::lineage::Mark;
use liandong_core::state::State;
use liandong_wire::link::file::FileHeader;

use super::heard_beyond;
use crate::link::file::import::tests::header;

/// An incarnation that began some days from now.
fn began(now: Timestamp, days: i64) -> u128 {
    let at = now + SignedDuration::from_hours(24 * days);
    u128::try_from(at.as_millisecond()).expect("after 1970") << 80 | 7
}

#[test]
fn a_later_life_is_believed_as_far_ahead_as_clocks_go_wrong() {
    let now: Timestamp = "2026-11-23T03:00:00Z".parse().expect("a time");
    let state = State::default();
    for (own, heard, is_believed) in [
        (-300, -200, true),
        (-300, 399, true),
        (-300, 401, false),
        // It is not how far it is from the last one: each could push it on a little.
        (390, 399, true),
        (399, 402, false),
        (-200, -300, false),
    ] {
        let (own, heard) = (began(now, own), began(now, heard));
        let by_holds = header(1, 0);
        for header in [
            FileHeader {
                holds: Some((heard, 3)),
                ..by_holds.clone()
            },
            FileHeader {
                mark: Some((heard, Mark { upto: 3, name: 9 })),
                ..by_holds
            },
        ] {
            let beyond = heard_beyond(&state, own, &header, now);
            assert_eq!(beyond, is_believed.then_some(heard), "{header:?}");
        }
    }
}

#[test]
fn another_history_is_heard_of_where_it_is_of_this_life() {
    let now: Timestamp = "2026-11-23T03:00:00Z".parse().expect("a time");
    let own = began(now, -3);
    for (parted, beyond) in [(Some(own), Some(own)), (Some(own - 1), None), (None, None)] {
        let header = FileHeader {
            parted,
            ..header(1, 0)
        };
        assert_eq!(heard_beyond(&State::default(), own, &header, now), beyond);
    }
}
