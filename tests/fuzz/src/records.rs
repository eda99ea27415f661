//! What stands in a journal's frames and in checkpoints: events and snapshots.
//!
//! The first byte chooses: a record or a checkpoint.

use liandong_core::audit::{Actor, Deed, Entry, Touched};
use liandong_core::event::Event;
use liandong_core::state::State;
use liandong_store::Incarnation;
use liandong_store::record::{Batch, decode, decode_state, encode, encode_state, read};

const LIFE: Incarnation = Incarnation([7; 16]);

pub(crate) fn run(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else {
        return;
    };
    if which % 2 == 0 {
        record(bytes);
    } else {
        checkpoint(bytes);
    }
}

fn record(bytes: &[u8]) {
    let Ok(events) = decode(bytes) else {
        return;
    };
    trail(bytes, &events);
    let written = match encode(&events) {
        Ok(written) => written,
        Err(error) => panic!("{error}: {events:?}"),
    };
    match decode(&written) {
        Ok(again) => assert!(again == events, "{events:?} is not {again:?}"),
        Err(error) => panic!("{error}: {events:?}"),
    }
}

/// Whatever a trail says, what is told of it is what stands in the frame.
fn trail(bytes: &[u8], events: &[Event]) {
    let trail = match read(bytes) {
        Ok(audited) => audited.trail,
        Err(error) => panic!("the events were read, and not the trail: {error}"),
    };
    for entry in &trail.entries {
        let first = entry.first as usize;
        let behind = first.saturating_add(entry.events as usize);
        let touched = Touched::of(events.get(first..behind).unwrap_or_default());
        let all = touched.everything();
        if let Some((_, own)) = touched.of_regions(|_| true) {
            assert!(own.reports <= all.reports && own.documents <= all.documents);
        }
    }
}

fn checkpoint(bytes: &[u8]) {
    let Ok(snapshot) = decode_state(LIFE, bytes) else {
        return;
    };
    let state = State::from_snapshot(snapshot);
    let first = written(&state);
    match decode_state(LIFE, &first) {
        Ok(again) => {
            let second = written(&State::from_snapshot(again));
            assert!(first == second, "a checkpoint changes when it is read");
        }
        Err(error) => panic!("a checkpoint of a checkpoint: {error}"),
    }
}

fn written(state: &State) -> Vec<u8> {
    match encode_state(LIFE, &state.snapshot()) {
        Ok(bytes) => bytes,
        Err(error) => panic!("{error}"),
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![vec![0, 1, 0], vec![1]];
    let (frames, state) = crate::receive::history();
    for events in &frames {
        if let Ok(bytes) = encode(events) {
            seeds.push([&[0], bytes.as_slice()].concat());
        }
        seeds.extend(audited(events));
    }
    for state in [&State::default(), &state] {
        seeds.push([&[1], written(state).as_slice()].concat());
    }
    seeds
}

/// A frame that says whose it is.
fn audited(events: &[Event]) -> Option<Vec<u8>> {
    let mut batch = Batch::new();
    for event in events {
        batch.push(event).ok()?;
    }
    let entry = Entry {
        actor: 0,
        deed: Deed::Receive,
        first: 0,
        events: u32::try_from(events.len()).ok()?,
        author: None,
    };
    let identity = "spiffe://edu.example/region/371524/node".parse().ok()?;
    let serial = vec![7; 16];
    let actor = Actor::Shown { identity, serial };
    batch.note(1_741_910_400_000_000, &actor, entry).ok()?;
    let (head, body) = batch.parts().ok()?;
    Some([&[0], head.as_slice(), body].concat())
}
