use std::path::Path;

use liandong_core::audit::{Actor, Deed, Entry};
use liandong_core::event::{Event, LifeBegan};
use liandong_core::identity::Role;

use super::{STRETCH, stretch};
use crate::history::History;
use crate::journal::JournalOptions;
use crate::record::Batch;
use crate::store::{Opened, Store, StoreOptions};

fn open(data: &Path) -> Opened {
    let journal = JournalOptions {
        segment_bytes: 4096,
        free_floor: 0,
        ..JournalOptions::default()
    };
    let options = StoreOptions {
        journal,
        ..StoreOptions::default()
    };
    Store::open(data, options, [1; 16], &mut |_| {}).unwrap()
}

/// Appends a frame at that second; of an administrator, or of the node itself.
fn append(opened: &mut Opened, second: i64, by_admin: bool) {
    let admin = Actor::Shown {
        identity: "spiffe://edu.example/region/371524/admin".parse().unwrap(),
        serial: vec![1, 2, 3],
    };
    let actor = if by_admin { &admin } else { &Actor::Node };
    let mut batch = Batch::new();
    let identity = u128::from(second.unsigned_abs());
    let began = LifeBegan {
        identity,
        incarnation: identity,
    };
    batch.push(&Event::LifeBegan(began)).unwrap();
    let entry = Entry {
        actor: 0,
        deed: Deed::BeginLife,
        first: 0,
        events: 1,
        author: None,
    };
    batch.note(second * 1_000_000, actor, entry).unwrap();
    let (head, events) = batch.parts().unwrap();
    let journal = &mut opened.store.journal;
    journal.append_parts(&[&head, events]).unwrap();
}

/// The seconds of the frames that a stretch shows.
fn seconds(history: &History, frame: u64) -> Vec<i64> {
    let mut seconds = Vec::new();
    let shown = history.trails(stretch(frame), |_, audited| {
        seconds.push(audited.trail.at_micros / 1_000_000);
        assert_eq!(audited.events()?.len(), 1);
        Ok(())
    });
    shown.unwrap();
    seconds
}

#[test]
fn a_stretch_is_summed_up_once_it_was_read_whole() {
    let data = tempfile::tempdir().unwrap();
    let mut opened = open(data.path());
    let frames = STRETCH as i64 * 2 + 5;
    for second in 1..=frames {
        append(&mut opened, second, second == 70);
    }
    opened.store.journal.sync().unwrap();
    let history = opened.store.history.clone();
    assert_eq!(stretch(64), 1..=64);
    assert_eq!(stretch(65), 65..=128);
    assert_eq!(history.summary(1), None);
    assert_eq!(seconds(&history, 1), (1..=64).collect::<Vec<i64>>());
    let first = history.summary(64).unwrap();
    assert!(first.names(Some(Role::Node)) && !first.names(Some(Role::Admin)));
    assert_eq!(first.times(), Some((1_000_000, 64_000_000)));
    seconds(&history, 100);
    let second = history.summary(65).unwrap();
    assert!(second.names(Some(Role::Admin)) && !second.names(None));
    // More frames follow in it.
    assert_eq!(seconds(&history, 129).len(), 5);
    assert_eq!(history.summary(129), None);
}

#[test]
fn the_trail_is_read_from_sealed_segments_and_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let mut opened = open(data.path());
    for second in 1..=300 {
        append(&mut opened, second, false);
    }
    opened.store.journal.sync().unwrap();
    while opened.store.sealer.run().unwrap().is_some() {}
    let sealed = opened.store.history.journal().on_disk().unwrap().sealed;
    assert!(sealed > 2, "{sealed}");
    drop(opened);
    let opened = open(data.path());
    let history = &opened.store.history;
    assert_eq!(history.last(), 300);
    let first: Vec<i64> = (1..=64).collect();
    assert_eq!(seconds(history, 33), first);
    assert_eq!(seconds(history, 300).len(), 300 - 256);
}

#[test]
fn what_was_read_once_is_known_after_a_restart_from_a_checkpoint() {
    let data = tempfile::tempdir().unwrap();
    let mut opened = open(data.path());
    // More than stand in one part.
    let frames = STRETCH as i64 * 200;
    for second in 1..=frames {
        append(&mut opened, second, second == 70);
    }
    opened.store.journal.sync().unwrap();
    for event in opened.store.history.iter_from(1) {
        let (frame, events) = event.unwrap();
        opened.state.apply(&events[0], frame);
    }
    let history = opened.store.history.clone();
    for first in (1..=history.last()).step_by(STRETCH as usize) {
        seconds(&history, first);
    }
    let known = history.stretches.up_to(history.last());
    assert_eq!(known.len(), 200);
    assert_eq!(history.stretches.up_to(STRETCH * 3 - 1).len(), 2);
    let saved = opened.store.checkpointer.save(&opened.state.snapshot());
    assert!(saved.unwrap().is_some());
    drop((opened, history));
    let opened = open(data.path());
    let history = &opened.store.history;
    assert_eq!(history.stretches.up_to(history.last()), known);
    let second = history.summary(65).unwrap();
    assert!(second.names_people() && !history.summary(1).unwrap().names_people());

    // Without the checkpoint it is only slower.
    drop(opened);
    std::fs::remove_dir_all(data.path().join("sled")).unwrap();
    let opened = open(data.path());
    assert_eq!(opened.store.history.summary(65), None);
    assert_eq!(seconds(&opened.store.history, 65).len(), 64);
}

#[test]
fn a_clock_that_was_put_back_hides_nothing_of_before() {
    let data = tempfile::tempdir().unwrap();
    let mut opened = open(data.path());
    let stretches = 5;
    for number in 0..stretches * STRETCH as i64 {
        let stretch = number / STRETCH as i64;
        // The latest stands in the second stretch; all that follows has an earlier date.
        let second = if stretch < 2 { 1_000 + number } else { number };
        append(&mut opened, second, false);
    }
    opened.store.journal.sync().unwrap();
    let history = &opened.store.history;
    let first = |stretch: u64| stretch * STRETCH + 1;
    let latest = (1_000 + 2 * STRETCH as i64 - 1) * 1_000_000;
    // The second is read last: until then nobody knows.
    for stretch in [4, 2, 3, 0] {
        seconds(history, first(stretch));
        assert!(!history.is_all_before(i64::MAX, first(stretch).max(first(1))));
    }
    assert!(history.is_all_before(latest, first(0)));
    seconds(history, first(1));
    for stretch in 1..5 {
        let frame = first(stretch) + 7;
        assert!(!history.is_all_before(latest, frame), "{stretch}");
        assert!(history.is_all_before(latest + 1, frame), "{stretch}");
    }
    assert!(!history.is_all_before(i64::MAX, first(5)));

    // What was kept elsewhere tells the same.
    let kept = history.stretches.up_to(history.last());
    let others = super::Stretches::default();
    others.offer(kept);
    assert_eq!(others.read().latest, history.stretches.read().latest);
    assert_eq!(others.read().latest.len(), 5);
}
