//! Checkpoints of earlier programs, which kept all leaves of a batch while one of its documents was
//! held, say the same as those of today.

use std::collections::BTreeMap;
use std::sync::Arc;

use liandong_core::document::{Body, Document, Roster};
use liandong_core::event::{Attested, Event, Received};
use liandong_core::evidence::{Batch, Proof, Said, Signer, document_leaf};
use liandong_core::region::RegionCode;
use liandong_core::state::Snapshot;

use super::{commit_events, open, run};
use crate::verify::Fault;

const COUNT: u64 = 100;

/// A snapshot with other evidence than it was taken with.
fn with_evidence(snapshot: Snapshot, evidence: Attested) -> Snapshot {
    let noted = snapshot.noted().clone();
    let repeated = snapshot.repeated().to_vec();
    let lives = snapshot.earlier_lives().clone();
    snapshot.with_beside(Some(evidence), noted, repeated, lives)
}

fn documents(version: u64) -> Vec<Document> {
    let document = |number: u64| {
        let owner: RegionCode = format!("R{number:03}").parse().unwrap();
        Document {
            owner,
            id: owner.to_string(),
            version,
            body: Body::Roster(Roster {
                units: BTreeMap::new(),
                bureaus: 1,
                standing_in: 0,
            }),
        }
    };
    (0..COUNT).map(document).collect()
}

fn received(documents: Vec<Document>, upto: u64) -> Event {
    Event::Received(Received {
        from: "R000".parse().unwrap(),
        incarnation: 7,
        upto,
        documents,
        cells: Vec::new(),
        quarantined: Vec::new(),
    })
}

fn attested(documents: &[Document], leaves: &[[u8; 32]]) -> Attested {
    let batch = Arc::new(Batch {
        signer: Arc::new(Signer {
            region: "R000".parse().unwrap(),
            certificates: vec![vec![0x30]],
        }),
        at_micros: 1,
        signature: vec![7; 70],
        size: leaves.len() as u32,
        leaves: leaves.to_vec(),
    });
    let proofs: Vec<Proof> = (0..documents.len() as u32)
        .map(|place| Proof {
            batch: Arc::clone(&batch),
            place,
            path: Vec::new(),
        })
        .collect();
    let named = documents.iter().map(|one| (one.key(), one.version));
    Attested {
        documents: named.collect(),
        evidence: Said::of(&proofs),
    }
}

#[test]
fn a_checkpoint_with_dead_leaves_is_the_same_state() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut opened = open(&data);
    let first = documents(1);
    let leaves: Vec<_> = first.iter().filter_map(document_leaf).collect();
    let evidence = Event::Attested(attested(&first, &leaves));
    commit_events(&mut opened, &[received(first.clone(), 1), evidence]);
    // All but the first are told anew, by somebody who signs nothing.
    commit_events(&mut opened, &[received(documents(2).split_off(1), 2)]);
    let snapshot = opened.state.snapshot();
    let kept = snapshot.evidence().unwrap().evidence.proofs();
    assert_eq!((kept.len(), kept[0].batch.leaves.len()), (1, 0));
    let wordy = with_evidence(snapshot, attested(&first[..1], &leaves));
    opened.store.checkpointer.save(&wordy).unwrap();
    drop(opened);
    let report = run(&data).unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!(report.checkpoint, Some(2));
    // It is read as what it is now.
    let mut opened = open(&data);
    assert_eq!(opened.checkpoint, Some(2));
    let snapshot = opened.state.snapshot();
    assert_eq!(snapshot.evidence().unwrap().evidence.proofs(), kept);
    // One leaf that counts is another.
    let mut other = leaves;
    other[1] = [0; 32];
    commit_events(&mut opened, &[received(documents(3).split_off(99), 3)]);
    let snapshot = opened.state.snapshot();
    let wordy = with_evidence(snapshot, attested(&first[..1], &other));
    opened.store.checkpointer.save(&wordy).unwrap();
    drop(opened);
    let report = run(&data).unwrap();
    assert!(matches!(
        report.faults[..],
        [Fault::OtherState { sequence: 3 }]
    ));
}
