//! Rosters that are kept by difference are what counting one region after the other gives.

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use crate::document::{Body, Document, Roster};
use crate::event::Event;
use crate::region::{Level, Region, RegionCode, RegionKind};
use crate::state::fold::roster_key;
use crate::state::{Snapshot, State};
use crate::testing::place_code;

impl State {
    /// Panics where what is kept of the rosters below a region is not what they say, one by one.
    pub(crate) fn check_rosters(&self) {
        for region in self.tree().iter() {
            let kept = self.count_units(region.code);
            assert_eq!(kept, self.count_one_by_one(region), "{}", region.code);
        }
    }

    fn count_one_by_one(&self, region: &Region) -> Roster {
        let mut roster = Roster::default();
        let is_bureau = region.kind == RegionKind::Bureau;
        let children = self.tree().children(region.code);
        if children.is_empty() {
            if is_bureau {
                roster.standing_in = 1;
            } else {
                roster.units.insert(region.kind, 1);
            }
            return roster;
        }
        if is_bureau && region.level == Level::County {
            roster.bureaus = 1;
        }
        for child in children {
            let told = self.documents.get(&roster_key(*child));
            if let Some(Body::Roster(below)) = told.map(|stored| &stored.document.body) {
                roster.add(below);
            }
        }
        roster
    }
}

/// What happens to one of a few regions.
#[derive(Clone, Debug)]
enum Act {
    /// It is told where it stands, and whether it is a bureau.
    Region(usize, Option<usize>, bool),
    /// The same, by being hosted here.
    Host(usize, Option<usize>, bool),
    /// Its roster is told, by its own code or by another.
    Roster(usize, Roster, bool),
    MoveOut(usize),
    Restart,
}

const PLACES: usize = 7;

fn act() -> impl Strategy<Value = Act> {
    let place = 0..PLACES;
    let parent = proptest::option::of(0..PLACES);
    let count = || prop_oneof![4 => 0..5u32, 1 => Just(u32::MAX)];
    let kind = prop_oneof![
        Just(RegionKind::PrimarySchool),
        Just(RegionKind::Kindergarten)
    ];
    let roster = (btree_map(kind, count(), 0..3), count(), count());
    let roster = roster.prop_map(|(units, bureaus, standing_in)| Roster {
        units,
        bureaus,
        standing_in,
    });
    prop_oneof![
        4 => (place.clone(), parent.clone(), any::<bool>())
            .prop_map(|(place, parent, bureau)| Act::Region(place, parent, bureau)),
        4 => (place.clone(), parent, any::<bool>())
            .prop_map(|(place, parent, bureau)| Act::Host(place, parent, bureau)),
        6 => (place.clone(), roster, proptest::bool::weighted(0.9))
            .prop_map(|(place, roster, own)| Act::Roster(place, roster, own)),
        1 => place.prop_map(Act::MoveOut),
        1 => Just(Act::Restart),
    ]
}

fn region(place: usize, parent: Option<usize>, is_bureau: bool) -> Region {
    let (level, kind) = match (is_bureau, place % 2) {
        (true, 0) => (Level::County, RegionKind::Bureau),
        (true, _) => (Level::Prefecture, RegionKind::Bureau),
        (false, _) => (Level::Unit, RegionKind::PrimarySchool),
    };
    Region {
        code: place_code(place),
        name: String::new(),
        parent: parent.map(place_code),
        level,
        kind,
    }
}

fn told(owner: RegionCode, id: String, version: u64, body: Body) -> Event {
    Event::Put(Box::new(Document {
        owner,
        id,
        version,
        body,
    }))
}

fn perform(state: &mut State, act: &Act, frame: u64) {
    let event = match act {
        Act::Region(place, parent, is_bureau) => {
            let region = region(*place, *parent, *is_bureau);
            let code = region.code;
            told(code, code.to_string(), frame, Body::Region(region))
        }
        Act::Host(place, parent, is_bureau) => {
            let region = region(*place, *parent, *is_bureau);
            if state.tree().check(&region).is_err() {
                return;
            }
            Event::Hosted { region, epoch: 1 }
        }
        Act::Roster(place, roster, own) => {
            let code = place_code(*place);
            let id = if *own {
                code.to_string()
            } else {
                "other".to_owned()
            };
            told(code, id, frame, Body::Roster(roster.clone()))
        }
        Act::MoveOut(place) => Event::MovedOut {
            region: place_code(*place),
        },
        Act::Restart => {
            let bytes = postcard::to_stdvec(&state.snapshot()).unwrap();
            let snapshot: Snapshot = postcard::from_bytes(&bytes).unwrap();
            *state = State::from_snapshot(snapshot);
            return;
        }
    };
    state.apply(&event, frame);
}

proptest! {
    #[test]
    fn rosters_kept_by_difference_are_what_counting_gives(acts in vec(act(), 0..60)) {
        let mut state = State::default();
        for (frame, act) in (1..).zip(&acts) {
            perform(&mut state, act, frame);
            state.check_rosters();
            let mut again = state.clone();
            again.add_up_rosters();
            assert_eq!(again.rosters, state.rosters, "after {act:?}");
        }
    }
}

#[test]
fn every_hosted_region_has_the_roster_that_counting_gives() {
    let mut state = State::default();
    let mut regions = vec![region(0, None, true)];
    regions.extend((1..60).map(|place| region(place, Some((place - 1) / 4), place < 15)));
    for region in &regions {
        let hosted = Event::Hosted {
            region: region.clone(),
            epoch: 1,
        };
        state.apply(&hosted, 1);
    }
    for region in &regions {
        let stored = state.roster(region.code);
        assert_eq!(*stored, state.count_one_by_one(region), "{}", region.code);
    }
    assert_eq!(state.roster(place_code(0)).expected(&[]), 45);
}
