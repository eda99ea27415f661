//! A store that an earlier program left, whose checkpoint has evidence and notes nothing of who signed
//! before whom: it opens from the journal, and verifies.

use std::fs;
use std::path::Path;

use super::{open, run};
use crate::checkpoint::LossReason;
use crate::identity::Incarnation;
use crate::record;
use crate::verify::Fault;

/// The checkpoint's bytes, and the journal that it was made of.
fn golden(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    fs::read(folder.join(name)).unwrap()
}

const LIFE: Incarnation = Incarnation([3; 16]);

/// A store with the golden journal record, and a checkpoint with these bytes behind the incarnation.
fn store(data: &Path, bytes: &[u8]) {
    let mut opened = open(data);
    assert_eq!(opened.store.incarnation, LIFE);
    opened
        .store
        .journal
        .append(&golden("attested-v1.bin"))
        .unwrap();
    opened.store.journal.sync().unwrap();
    opened.store.checkpointer.save_bytes(1, bytes).unwrap();
}

/// The golden checkpoint as if this store had written it.
fn checkpoint() -> Vec<u8> {
    let mut bytes = golden("state-v2.bin");
    assert_eq!(bytes[0], 2);
    bytes[1..17].copy_from_slice(&LIFE.0);
    bytes
}

#[test]
fn a_checkpoint_without_notes_is_made_anew_and_fits() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    store(&data, &checkpoint());
    let report = run(&data).unwrap();
    // The figures that the golden seal is of are not in its journal.
    assert!(
        matches!(report.faults[..], [Fault::Sealed { .. }]),
        "{:?}",
        report.faults
    );
    assert_eq!(report.checkpoint, Some(1));
    let opened = open(&data);
    assert_eq!(opened.checkpoint, None);
    let reason = opened.loss.map(|loss| loss.reason);
    assert!(
        matches!(&reason, Some(LossReason::Rejected(_))),
        "{reason:?}"
    );
    assert!(
        opened
            .state
            .proof(&opened.state.foreign_documents().next().unwrap().0.key())
            .is_some()
    );
    opened
        .store
        .checkpointer
        .save(&opened.state.snapshot())
        .unwrap();
    drop(opened.store);
    let opened = open(&data);
    assert_eq!(opened.checkpoint, Some(1));
    assert!(opened.loss.is_none());
}

#[test]
fn a_checkpoint_without_notes_that_says_something_else_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let bytes = checkpoint();
    let snapshot = record::decode_state(LIFE, &bytes).unwrap();
    let frame = bytes[17];
    assert_eq!(u64::from(frame), snapshot.frame());
    let mut other = bytes;
    // The number of the last change stands behind the frame.
    other[18] += 1;
    store(&data, &other);
    let report = run(&data).unwrap();
    assert!(
        matches!(
            report.faults[..],
            [Fault::OtherState { sequence: 1 }, Fault::Sealed { .. }]
        ),
        "{:?}",
        report.faults
    );
}
