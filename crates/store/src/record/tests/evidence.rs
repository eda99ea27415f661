//! Records and checkpoints with evidence, and checkpoints from before there was any.
//!
//! `golden/attested-v1.bin`, `golden/state-v1.bin`, `golden/state-v2.bin` and `golden/state-v3.bin` were
//! written once and never change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use liandong_core::document::{Body, CellDocument, Document, DocumentKey, Kind};
use liandong_core::event::{
    Attested, AttestedContent, Content, Event, Quarantined, Received, SetAsideBatch, Subject,
    Unapplied,
};
use liandong_core::evidence::{Batch, Proof, Said, Signer};
use liandong_core::region::{Level, Region, RegionKind};
use liandong_core::rollup::Sums;
use liandong_core::seal::Seal;
use liandong_core::state::State;

use super::region;
use crate::identity::Incarnation;
use crate::record::{decode, decode_state, encode, encode_state, is_outdated};

const LIFE: Incarnation = Incarnation([3; 16]);

fn golden(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(name)
}

fn told() -> Vec<Document> {
    let owner = region("371524");
    let entry = Region {
        code: owner,
        name: "东阿县".to_owned(),
        parent: Some(region("371500")),
        level: Level::County,
        kind: RegionKind::Bureau,
    };
    let seal = Seal {
        upto: 300,
        cells: 41,
        root: [9; 32],
    };
    vec![
        Document {
            owner,
            id: owner.to_string(),
            version: 5,
            body: Body::Region(entry),
        },
        Document {
            owner,
            id: "figures".to_owned(),
            version: 6,
            body: Body::Seal(seal),
        },
    ]
}

fn proofs() -> Vec<Proof> {
    let signer = Arc::new(Signer {
        region: region("371524"),
        certificates: vec![vec![0x30, 0x82, 1, 2], vec![0x30, 3]],
    });
    let of = |size: u32, leaves: Vec<[u8; 32]>| Batch {
        signer: Arc::clone(&signer),
        at_micros: 1_741_910_400_123_456,
        signature: vec![0x30, 0x45, 2, 0x20],
        size,
        leaves,
    };
    let whole = Proof {
        batch: Arc::new(of(2, vec![[1; 32], [2; 32]])),
        place: 1,
        path: Vec::new(),
    };
    let lean = Proof {
        batch: Arc::new(of(4, Vec::new())),
        place: 3,
        path: vec![[4; 32], [5; 32]],
    };
    vec![whole, lean]
}

fn events() -> Vec<Event> {
    let documents = told();
    let named = documents.iter().map(|one| (one.key(), one.version));
    let named: Vec<(DocumentKey, u64)> = named.collect();
    assert_eq!(named[1].0.kind, Kind::Seal);
    let proofs = proofs();
    let refused = Unapplied {
        subject: Subject {
            kind: "seal".to_owned(),
            owner: "371502".to_owned(),
            id: "figures".to_owned(),
            version: 1,
        },
        what: Quarantined {
            what: "seal 371502/figures version 1".to_owned(),
            reason: "BAD_SIGNATURE".to_owned(),
            message: "signature".to_owned(),
        },
        content: Content::Attested(Box::new(AttestedContent {
            content: Content::Document(Box::new(documents[1].clone())),
            evidence: Said::of(&proofs[1..]),
        })),
    };
    vec![
        Event::Received(Received {
            from: region("371524"),
            incarnation: 7,
            upto: 9,
            documents,
            cells: Vec::new(),
            quarantined: Vec::new(),
        }),
        Event::Attested(Attested {
            documents: named,
            evidence: Said::of(&proofs),
        }),
        Event::SetAside(SetAsideBatch {
            from: region("371524"),
            at_micros: 1_741_910_400_123_456,
            changes: vec![refused],
        }),
    ]
}

fn state(events: &[Event]) -> Vec<u8> {
    let mut state = State::default();
    for event in events {
        state.apply(event, 1);
    }
    encode_state(LIFE, &state.snapshot()).unwrap()
}

/// What a checkpoint was before there was evidence.
fn state_without() -> Vec<u8> {
    state(&events()[..1])
}

/// What a checkpoint is where another node signs for a region than before, and where figures are ahead
/// of their seal.
fn state_with_turns() -> Vec<u8> {
    let mut state = State::default();
    for event in events() {
        state.apply(&event, 1);
    }
    let mut entry = told().remove(0);
    entry.version += 1 << 40;
    let named = (entry.key(), entry.version);
    let mut seal = told().remove(1);
    seal.version += 1;
    let signer = Arc::new(Signer {
        region: region("371500"),
        certificates: vec![vec![0x30, 0x82, 7]],
    });
    let batch = Batch {
        signer,
        ..Batch::clone(&proofs()[1].batch)
    };
    let proof = Proof {
        batch: Arc::new(batch),
        ..proofs().remove(1)
    };
    let figure = CellDocument {
        region: entry.owner,
        indicator: "compulsory-dropouts".parse().unwrap(),
        period: "2025-03".parse().unwrap(),
        sums: Sums::default(),
        version: 301,
    };
    let later = [
        Event::Received(Received {
            from: region("371500"),
            incarnation: 7,
            upto: 10,
            documents: vec![entry, seal],
            cells: vec![figure],
            quarantined: Vec::new(),
        }),
        Event::Attested(Attested {
            documents: vec![named],
            evidence: Said::of([&proof]),
        }),
    ];
    for event in later {
        state.apply(&event, 2);
    }
    assert_eq!(state.turns().count(), 1);
    encode_state(LIFE, &state.snapshot()).unwrap()
}

#[test]
fn records_with_evidence_are_read_and_written_for_ever() {
    let golden = std::fs::read(golden("attested-v1.bin")).unwrap();
    assert_eq!(decode(&golden).unwrap(), events());
    assert_eq!(encode(&events()).unwrap(), golden);
}

#[test]
fn checkpoints_of_all_versions_are_read_and_written_for_ever() {
    let written = [
        (1, "state-v1.bin", state_without()),
        (5, "state-v5.bin", state_with_turns()),
    ];
    for (version, name, expected) in written {
        let golden = std::fs::read(golden(name)).unwrap();
        assert_eq!(golden, expected, "{name}");
        assert_eq!(golden[0], version);
        let read = State::from_snapshot(decode_state(LIFE, &golden).unwrap());
        assert_eq!(encode_state(LIFE, &read.snapshot()).unwrap(), golden);
        let proof = read.proof(&told()[0].key());
        assert_eq!(proof.is_some(), version > 1);
        assert_eq!(read.turns().count(), usize::from(version == 5));
        for length in 0..golden.len() {
            assert!(decode_state(LIFE, &golden[..length]).is_err(), "{length}");
        }
        let longer = [&golden[..], &[0]].concat();
        assert!(decode_state(LIFE, &longer).is_err());
    }
}

#[test]
fn checkpoints_that_note_less_are_read_and_known_to() {
    for (version, name, turns) in [(2, "state-v2.bin", 0), (3, "state-v3.bin", 1)] {
        let golden = std::fs::read(golden(name)).unwrap();
        assert_eq!(golden[0], version);
        let snapshot = decode_state(LIFE, &golden).unwrap();
        assert!(is_outdated(&golden, &snapshot));
        let read = State::from_snapshot(snapshot);
        assert_eq!(
            version == 2,
            read.proof(&told()[0].key()) == Some(&proofs()[0])
        );
        assert_eq!(read.turns().count(), turns);
        assert!(read.turns().all(|turn| turn.versions == (0, 0)));
        for length in 0..golden.len() {
            assert!(decode_state(LIFE, &golden[..length]).is_err(), "{length}");
        }
        let longer = [&golden[..], &[0]].concat();
        assert!(decode_state(LIFE, &longer).is_err());
    }
    // What is written now is not, though it has nothing to note.
    let written = state(&events());
    let snapshot = decode_state(LIFE, &written).unwrap();
    assert_eq!(snapshot.noted().versions(), []);
    assert!(!is_outdated(&written, &snapshot));
}

#[test]
fn evidence_goes_with_the_version_that_it_is_of() {
    let mut state = State::default();
    for event in events() {
        state.apply(&event, 1);
    }
    let key = told()[1].key();
    assert!(state.proof(&key).is_some());
    let mut newer = told()[1].clone();
    newer.version += 1;
    state.apply(
        &Event::Received(Received {
            from: region("371524"),
            incarnation: 7,
            upto: 10,
            documents: vec![newer],
            cells: Vec::new(),
            quarantined: Vec::new(),
        }),
        2,
    );
    assert!(state.proof(&key).is_none());
    // Evidence of a version that is not held any more changes nothing.
    state.apply(&events()[1], 3);
    assert!(state.proof(&key).is_none());
    assert!(state.proof(&told()[0].key()).is_some());
}

#[test]
#[ignore = "writes the golden files anew; only for formats that no store has been written in"]
fn write_the_golden_files() {
    let attested = encode(&events()).unwrap();
    std::fs::write(golden("attested-v1.bin"), attested).unwrap();
    std::fs::write(golden("state-v1.bin"), state_without()).unwrap();
}

#[test]
#[ignore = "writes the golden file anew; only for a format that no store has been written in"]
fn write_the_golden_file_of_turns() {
    std::fs::write(golden("state-v5.bin"), state_with_turns()).unwrap();
}
