//! Reports of bureaus that got a region below them, in the journal.
//!
//! `golden/bureaus-v1.bin` was written once and never changes.

use std::path::{Path, PathBuf};

use liandong_core::event::{BureauReports, Event};

use crate::record::{decode, encode};

fn golden_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bureaus-v1.bin")
}

fn events() -> Vec<Event> {
    vec![Event::BureauReports(BureauReports {
        region: "371502".parse().unwrap(),
        indicators: vec![
            "funds-per-pupil".parse().unwrap(),
            "inspectors".parse().unwrap(),
        ],
    })]
}

#[test]
fn reports_of_bureaus_are_read_and_written_for_ever() {
    let golden = std::fs::read(golden_path()).unwrap();
    assert_eq!(decode(&golden).unwrap(), events());
    assert_eq!(encode(&events()).unwrap(), golden);
}

#[test]
#[ignore = "writes the golden file anew; only for a format that no journal has been written in"]
fn write_the_golden_file() {
    std::fs::write(golden_path(), encode(&events()).unwrap()).unwrap();
}
