//! What could not be applied where the list is full: in the journal.
//!
//! `golden/set-aside-v1.bin` was written once and never changes.

use std::path::{Path, PathBuf};

use liandong_core::event::{Content, Event, Quarantined, SetAsideBatch, Subject, Unapplied};

use crate::record::{decode, encode};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/set-aside-v1.bin")
}

fn events() -> Vec<Event> {
    let subject = |kind: &str, id: &str, version| Subject {
        kind: kind.to_owned(),
        owner: "371524".to_owned(),
        id: id.to_owned(),
        version,
    };
    let change = |subject, reason: &str, content| Unapplied {
        subject,
        what: Quarantined {
            what: "what".to_owned(),
            reason: reason.to_owned(),
            message: "why".to_owned(),
        },
        content,
    };
    vec![Event::SetAsideFairly(SetAsideBatch {
        from: "371524".parse().unwrap(),
        at_micros: 1_741_910_400_123_456,
        changes: vec![
            change(
                subject("unknown", "new-1", 4),
                "MISSING",
                Content::Bytes(vec![1, 2]),
            ),
            change(
                subject(Subject::LOST_FIGURE, "", 20),
                "WENT_BACK",
                Content::Nothing,
            ),
        ],
    })]
}

#[test]
fn what_is_set_aside_where_the_list_is_full_is_read_and_written_for_ever() {
    let golden = std::fs::read(golden()).unwrap();
    assert_eq!(decode(&golden).unwrap(), events());
    assert_eq!(encode(&events()).unwrap(), golden);
}

#[test]
#[ignore = "writes the golden file anew; only for a format that no journal has been written in"]
fn write_the_golden_file() {
    std::fs::write(golden(), encode(&events()).unwrap()).unwrap();
}
