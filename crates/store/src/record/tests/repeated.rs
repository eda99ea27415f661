//! Reports that said again what counted already: in the journal, and in checkpoints.
//!
//! `golden/repeated-v1.bin` and `golden/state-v4.bin` were written once and never change.

use std::path::{Path, PathBuf};

use liandong_core::event::Event;
use liandong_core::report::RepeatedReport;
use liandong_core::state::State;

use crate::identity::Incarnation;
use crate::record::{decode, decode_state, encode, encode_state};

const LIFE: Incarnation = Incarnation([3; 16]);

fn golden(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(name)
}

fn events() -> Vec<Event> {
    let report = |name, counted| RepeatedReport { name, counted };
    vec![Event::Repeated(vec![
        report(u64::MAX, 7),
        report(300, 0x0102_0304_0506_0708),
    ])]
}

#[test]
fn repeated_reports_are_read_and_written_for_ever() {
    let golden = std::fs::read(golden("repeated-v1.bin")).unwrap();
    assert_eq!(decode(&golden).unwrap(), events());
    assert_eq!(encode(&events()).unwrap(), golden);
}

#[test]
fn a_checkpoint_has_them_in_their_order() {
    let mut state = State::default();
    state.apply(&events()[0], 1);
    let golden = std::fs::read(golden("state-v4.bin")).unwrap();
    assert_eq!(golden[0], 4);
    assert_eq!(encode_state(LIFE, &state.snapshot()).unwrap(), golden);
    let read = State::from_snapshot(decode_state(LIFE, &golden).unwrap());
    let Event::Repeated(repeated) = &events()[0] else {
        panic!("another event");
    };
    assert_eq!(read.snapshot().repeated(), repeated);
    for length in 0..golden.len() {
        assert!(decode_state(LIFE, &golden[..length]).is_err(), "{length}");
    }
    let longer = [&golden[..], &[0]].concat();
    assert!(decode_state(LIFE, &longer).is_err());
}
