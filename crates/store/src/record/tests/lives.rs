//! Up to which change what is held of a peer is of an earlier life of it: in checkpoints.
//!
//! `golden/state-v6.bin` was written once and never changes.

use std::path::Path;

use liandong_core::event::{Event, Received};
use liandong_core::state::State;

use crate::identity::Incarnation;
use crate::record::{decode_state, encode_state};

const LIFE: Incarnation = Incarnation([3; 16]);

#[test]
fn a_checkpoint_has_the_earlier_lives_of_peers() {
    let mut state = State::default();
    for (frame, incarnation) in [(1, 7), (2, 9)] {
        let heard = Received {
            from: "371524".parse().unwrap(),
            incarnation,
            upto: 4,
            documents: Vec::new(),
            cells: Vec::new(),
            quarantined: Vec::new(),
        };
        state.apply(&Event::Received(heard), frame);
    }
    let snapshot = state.snapshot();
    assert_eq!(snapshot.earlier_lives().len(), 1);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/state-v6.bin");
    let golden = std::fs::read(golden).unwrap();
    assert_eq!(golden[0], 6);
    assert_eq!(encode_state(LIFE, &snapshot).unwrap(), golden);
    let read = State::from_snapshot(decode_state(LIFE, &golden).unwrap());
    assert_eq!(read.snapshot().earlier_lives(), snapshot.earlier_lives());
    for length in 0..golden.len() {
        assert!(decode_state(LIFE, &golden[..length]).is_err(), "{length}");
    }
    let longer = [&golden[..], &[0]].concat();
    assert!(decode_state(LIFE, &longer).is_err());
}
