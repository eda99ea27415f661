//! How much is listed of what could not be applied, and of figures that went back: neither takes the
//! room of the other, nor one peer that of all.

use super::{city, county, meet};
use crate::access::Relation;
use crate::command::{Answer, Command};
use crate::event::{Content, Event, Quarantined, SetAsideBatch, Subject, Unapplied};
use crate::report::Report;
use crate::state::State;
use crate::testing::{Node, code, report};

/// What a peer sends that cannot be read.
fn unreadable(peer: &str, numbers: std::ops::Range<u32>) -> Vec<Unapplied> {
    let one = |number| Unapplied {
        subject: Subject {
            kind: "comment".to_owned(),
            owner: peer.to_owned(),
            id: format!("c-{number}"),
            version: 1,
        },
        what: Quarantined {
            what: format!("comment {peer}/c-{number}"),
            reason: "MALFORMED".to_owned(),
            message: String::new(),
        },
        content: Content::Nothing,
    };
    numbers.map(one).collect()
}

fn set_aside(peer: &str, numbers: std::ops::Range<u32>) -> SetAsideBatch {
    SetAsideBatch {
        from: code(peer),
        at_micros: 1,
        changes: unreadable(peer, numbers),
    }
}

/// So many figures, of two indicators and as many months as it takes.
fn figures(count: u32, figure: i64) -> Vec<Report> {
    let one = |number: u32| {
        let mut one = report("s1", figure);
        if number % 2 == 1 {
            one.indicator = "other".parse().unwrap();
        }
        let month = number / 2;
        let period = format!("{}-{:02}", 2000 + month / 12, month % 12 + 1);
        one.period = period.parse().unwrap();
        one
    };
    (0..count).map(one).collect()
}

/// Figures of the county that are listed as gone back, and of how many others there is a count.
fn went_back(node: &Node) -> (usize, Option<u64>) {
    let listed = node.state.set_aside().iter();
    let figures: Vec<&Subject> = listed
        .filter(|one| one.what.reason == "WENT_BACK")
        .map(|one| &one.subject)
        .collect();
    let counts = figures.iter().filter(|one| one.is_unlisted_figures());
    let counts: Vec<u64> = counts.map(|one| one.version).collect();
    assert!(counts.len() < 2, "{counts:?}");
    (figures.len() - counts.len(), counts.first().copied())
}

/// A city whose county was restored to before it corrected so many figures.
fn city_of_a_restored_county(count: u32) -> (Node, Node, usize) {
    let mut county = county();
    let mut city = city();
    county.push(figures(count, 10));
    meet(&mut county, &mut city);
    let backup = county.journal.len();
    county.push(figures(count, 20));
    meet(&mut county, &mut city);
    let mut restored = county.restored(backup, 12);
    let after = city.taken_from(&restored);
    let incoming = restored.changes_for(city.here, Relation::Parent, after, usize::MAX);
    let Ok(Answer::Received { unlisted, .. }) = city.run(Command::Receive(incoming)) else {
        panic!("not taken")
    };
    assert_eq!(unlisted, count.saturating_sub(500));
    meet(&mut restored, &mut city);
    (city, restored, backup)
}

#[test]
fn a_figure_that_went_back_stays_listed_however_much_cannot_be_applied() {
    let (mut city, restored, _) = city_of_a_restored_county(1);
    assert_eq!(went_back(&city), (1, None));
    for round in 0..3 {
        let mut incoming = restored.changes_for(city.here, Relation::Parent, u64::MAX >> 1, 1);
        incoming.upto = city.taken_from(&restored);
        incoming.unreadable = unreadable("371502", round * 700..(round + 1) * 700);
        city.run(Command::Receive(incoming)).unwrap();
    }
    assert_eq!(went_back(&city), (1, None));
    let listed = city.state.set_aside();
    assert_eq!(listed.len(), 1_001);
    assert_eq!(listed.last().unwrap().subject.id, "c-2099");
    city.verify();
}

#[test]
fn a_peer_that_sends_poison_takes_the_room_of_none_that_sends_less() {
    let mut state = State::default();
    state.apply(&state.set_aside_event(set_aside("371501", 0..30)), 1);
    state.apply(&state.set_aside_event(set_aside("371502", 0..900)), 2);
    for frame in 3..6 {
        let more = set_aside("371503", frame * 400..(frame + 1) * 400);
        state.apply(&state.set_aside_event(more), frame.into());
    }
    let of = |peer: &str| {
        let listed = state.set_aside().iter();
        listed.filter(|one| one.from == code(peer)).count()
    };
    assert_eq!([of("371501"), of("371502"), of("371503")], [30, 485, 485]);
    let newest = state.set_aside().last().unwrap();
    assert_eq!(newest.subject.id, "c-2399");
}

#[test]
fn a_journal_of_an_earlier_program_lists_what_it_listed() {
    let mut state = State::default();
    let mut lost = set_aside("371501", 0..1);
    lost.changes[0].subject.kind = Subject::LOST_FIGURE.to_owned();
    state.apply(&Event::SetAside(lost), 1);
    state.apply(&Event::SetAside(set_aside("371502", 0..1_000)), 2);
    let listed = state.set_aside();
    assert_eq!(listed.len(), 1_000);
    assert!(listed.iter().all(|one| one.from == code("371502")));
    // As it was written, while there is room.
    let mut state = State::default();
    let few = state.set_aside_event(set_aside("371501", 0..1_000));
    assert!(matches!(few, Event::SetAside(_)));
    state.apply(&few, 1);
    let more = state.set_aside_event(set_aside("371502", 0..1));
    assert!(matches!(more, Event::SetAsideFairly(_)));
}

#[test]
fn figures_that_find_no_room_in_the_list_are_counted() {
    let (mut city, mut restored, backup) = city_of_a_restored_county(520);
    assert_eq!(went_back(&city), (500, Some(20)));
    let line = city.state.set_aside().iter();
    let mut line = line.filter(|one| one.subject.is_unlisted_figures());
    let message = &line.next().unwrap().what.message;
    assert!(
        message.starts_with("20 more figures went back"),
        "{message}"
    );
    // What comes again is no other loss.
    meet(&mut restored, &mut city);
    assert_eq!(went_back(&city), (500, Some(20)));
    // Another one is, and is counted beside it.
    restored.push(figures(3, 30));
    meet(&mut restored, &mut city);
    let mut again = restored.restored(backup, 13);
    meet(&mut again, &mut city);
    assert_eq!(went_back(&city), (500, Some(23)));
    // Those that are what they were again go; the count says nothing of which it is of.
    again.push(figures(520, 20));
    meet(&mut again, &mut city);
    assert_eq!(went_back(&city), (0, Some(23)));
    city.verify();
}
