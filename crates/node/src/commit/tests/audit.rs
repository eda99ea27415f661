//! The trail of a batch: what it says, and that it is never without the changes it is about.

use std::collections::VecDeque;
use std::sync::Arc;

use liandong_core::audit::{Actor, Deed, Entry, Touched, Trail};
use liandong_core::event::PeerHolds;
use liandong_core::step::Author;
use liandong_store::record;

use super::{COUNTY, Command, Origin, host, parts, push, request};
use crate::commit::batch::decide_batch;
use crate::commit::{Parts, Request};

fn reporter(serial: u8) -> Arc<Actor> {
    let identity = "spiffe://edu.example/region/371524/reporter".parse();
    Arc::new(Actor::Shown {
        identity: identity.unwrap(),
        serial: vec![serial],
    })
}

fn asked(command: Command, actor: &Arc<Actor>) -> Request {
    *request(command, Origin::of(Arc::clone(actor))).0
}

/// Decides these as one batch; returns the frame's trail and events.
fn decide(parts: &mut Parts, asked: Vec<Request>) -> (Trail, Vec<liandong_core::event::Event>) {
    let mut waiting = VecDeque::from(asked);
    let decided = decide_batch(parts, &mut waiting, &mut true).unwrap();
    parts.journal.sync().unwrap();
    let payload = parts.journal.reader().read(decided.frame).unwrap();
    let audited = record::read(&payload).unwrap();
    let events = audited.events().unwrap();
    (audited.trail, events)
}

#[test]
fn every_command_that_changed_something_is_named_with_its_events() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir, 16);
    let node = Arc::new(Actor::Node);
    let (first, second) = (reporter(1), reporter(2));
    let comment = Command::EndPairing {
        region: COUNTY.parse().unwrap(),
        partner: "500243".parse().unwrap(),
        author: Author {
            name: "办公室".to_owned(),
            why: "期满".to_owned(),
        },
    };
    let hosting = host(&parts.catalogue);
    let (trail, events) = decide(
        &mut parts,
        vec![
            asked(hosting, &node),
            asked(push("1", 5), &first),
            // Known already; refused; the same certificate again; another one.
            asked(push("1", 5), &second),
            asked(comment, &second),
            asked(push("2", 6), &first),
            asked(push("3", 7), &second),
        ],
    );
    let of = |entry: &Entry| {
        let (first, count) = (entry.first as usize, entry.events as usize);
        Touched::of(&events[first..first + count])
    };
    let told: Vec<(u32, Deed, u64)> = trail
        .entries
        .iter()
        .map(|entry| (entry.actor, entry.deed, of(entry).everything().reports))
        .collect();
    let expected = [
        (0, Deed::HostRegions, 0),
        (1, Deed::PushReports, 1),
        (1, Deed::PushReports, 1),
        (2, Deed::PushReports, 1),
    ];
    assert_eq!(told, expected);
    let actors = [node, first, second].map(|actor| Actor::clone(&actor));
    assert_eq!(trail.actors, actors);
    let counted: u32 = trail.entries.iter().map(|entry| entry.events).sum();
    assert_eq!(counted as usize, events.len(), "every event is somebody's");
    assert!(trail.at_micros > 1_700_000_000_000_000, "{trail:?}");
}

#[test]
fn a_plan_is_in_the_trail_with_its_author() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir, 16);
    let hosting = host(&parts.catalogue);
    let reviewer = reporter(7);
    let author = Author {
        name: "教育股".to_owned(),
        why: "依据文件".to_owned(),
    };
    let mut text = parts.catalogue.plans.values().next().unwrap().clone();
    text.code = "own".to_owned();
    text.items.clear();
    let import = Command::ImportPlan {
        issuer: COUNTY.parse().unwrap(),
        text,
        indicators: Vec::new(),
        author: author.clone(),
    };
    decide(&mut parts, vec![asked(hosting, &reviewer)]);
    let (trail, _) = decide(&mut parts, vec![asked(import, &reviewer)]);
    assert_eq!(trail.entries.len(), 1);
    assert_eq!(trail.entries[0].deed, Deed::ImportPlan);
    assert_eq!(trail.entries[0].author, Some(author));
}

/// A frame is whole or it is not there: cut at any byte, change and trail go together.
#[test]
fn a_crash_takes_the_change_and_its_trail_or_neither() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir, 16);
    let hosting = host(&parts.catalogue);
    let actor = reporter(1);
    decide(&mut parts, vec![asked(hosting, &actor)]);
    let path = dir.path().join("journal/00000001.seg");
    let before = std::fs::read(&path).unwrap();
    decide(&mut parts, vec![asked(push("1", 5), &actor)]);
    let after = std::fs::read(&path).unwrap();
    drop(parts);
    let changed = |place: &usize| before.get(*place) != after.get(*place);
    let places: Vec<usize> = (0..after.len()).filter(changed).collect();
    let (from, to) = (places[0], places[places.len() - 1]);
    let mut seen = [0; 2];
    for cut in (from..=to + 1).step_by(3).chain([to + 1]) {
        let torn = tempfile::tempdir().unwrap();
        std::fs::create_dir(torn.path().join("journal")).unwrap();
        std::fs::copy(dir.path().join("identity"), torn.path().join("identity")).unwrap();
        let mut bytes = after.clone();
        bytes[cut..].fill(0);
        std::fs::write(torn.path().join("journal/00000001.seg"), bytes).unwrap();
        let opened = super::parts(&torn, 16);
        let history = opened.journal.reader();
        let reports = opened.state.read().unwrap().sizes().reports;
        let entries: usize = (1..=history.last())
            .map(|frame| {
                let payload = history.read(frame).unwrap();
                let trail = record::read(&payload).unwrap().trail;
                let pushes = |entry: &&Entry| entry.deed == Deed::PushReports;
                trail.entries.iter().filter(pushes).count()
            })
            .sum();
        assert_eq!(entries, reports, "cut at {cut}");
        seen[reports] += 1;
    }
    assert!(seen[0] > 10 && seen[1] > 0, "{seen:?}");
}

#[test]
fn what_is_only_remembered_of_a_conversation_leaves_no_trail() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir, 16);
    let noted = Command::NotePeerHolds(PeerHolds {
        peer: "371500".parse().unwrap(),
        peer_incarnation: 1,
        incarnation: 1,
        upto: 0,
    });
    let node = Arc::new(Actor::Node);
    let (trail, events) = decide(&mut parts, vec![asked(noted, &node)]);
    assert_eq!((trail, events.len()), (Trail::default(), 1));
}
