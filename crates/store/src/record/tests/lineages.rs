//! Marks of what was told by files: in the journal and in checkpoints.
//!
//! `golden/lineages-v1.bin` and `golden/state-v7.bin` were written once and never change.

use std::path::{Path, PathBuf};

use liandong_core::event::{Event, Marked, Parted, Traced};
use liandong_core::lineage::{Lineage, Mark};
use liandong_core::state::State;

use crate::identity::Incarnation;
use crate::record::{decode, decode_state, encode, encode_state};

const LIFE: Incarnation = Incarnation([3; 16]);

fn golden(name: &str) -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.join("tests/golden").join(name)
}

fn events() -> Vec<Event> {
    let peer = "371500".parse().unwrap();
    let mark = |upto, name| Mark { upto, name };
    let lineage = Lineage::new(300, vec![mark(300, 1 << 100), mark(4_000, 2 << 100)]);
    vec![
        Event::Marked(Marked {
            peer,
            mark: mark(40, 7 << 100),
        }),
        Event::Traced(Traced {
            peer,
            incarnation: 9 << 100,
            lineage: lineage.unwrap().told_upto(5_000),
        }),
        Event::Parted(Parted {
            peer,
            incarnation: 9 << 100,
        }),
    ]
}

fn state() -> State {
    let mut state = State::default();
    for event in events() {
        state.apply(&event, 1);
    }
    state
}

#[test]
fn marks_of_files_are_still_read_and_written() {
    let golden = std::fs::read(golden("lineages-v1.bin")).unwrap();
    assert_eq!(decode(&golden).unwrap(), events());
    assert_eq!(encode(&events()).unwrap(), golden);
}

#[test]
fn a_checkpoint_has_the_marks_of_files() {
    let snapshot = state().snapshot();
    let golden = std::fs::read(golden("state-v7.bin")).unwrap();
    assert_eq!(golden[0], 7);
    assert_eq!(encode_state(LIFE, &snapshot).unwrap(), golden);
    let read = State::from_snapshot(decode_state(LIFE, &golden).unwrap());
    assert!(!snapshot.lineages().is_empty());
    assert_eq!(read.snapshot().lineages(), snapshot.lineages());
    for length in 0..golden.len() {
        assert!(decode_state(LIFE, &golden[..length]).is_err(), "{length}");
    }
    let longer = [&golden[..], &[0]].concat();
    assert!(decode_state(LIFE, &longer).is_err());
}

#[test]
#[ignore = "writes the golden files anew; only for formats that nothing has been written in"]
fn write_the_golden_files() {
    let journal = encode(&events()).unwrap();
    std::fs::write(golden("lineages-v1.bin"), journal).unwrap();
    let state = encode_state(LIFE, &state().snapshot()).unwrap();
    std::fs::write(golden("state-v7.bin"), state).unwrap();
}
