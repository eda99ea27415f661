//! What stands in a journal's frames and in checkpoints: events and snapshots.
//!
//! The first byte chooses: a record or a checkpoint.

use liandong_core::state::State;
use liandong_store::Incarnation;
use liandong_store::record::{decode, decode_state, encode, encode_state};

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
    let written = match encode(&events) {
        Ok(written) => written,
        Err(error) => panic!("{error}: {events:?}"),
    };
    match decode(&written) {
        Ok(again) => assert!(again == events, "{events:?} is not {again:?}"),
        Err(error) => panic!("{error}: {events:?}"),
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
    }
    for state in [&State::default(), &state] {
        seeds.push([&[1], written(state).as_slice()].concat());
    }
    seeds
}
