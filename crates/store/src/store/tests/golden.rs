//! Data of every released format opens for ever, and folds to the same state.
//!
//! `golden/store-v1` was written by the first release: plain segments. `golden/store-v2` has sealed
//! ones, and `golden/backup-v1` is a backup of it. They were written once and never change; a format
//! that changes gets a new number, a reader for the old one, and a directory here.

use std::fs;
use std::path::{Path, PathBuf};

use liandong_core::state::State;

use super::{batch, bytes_of, commit, open};
use crate::backup::{BackupLabel, backup};
use crate::identity::IdentityError;
use crate::journal::JournalError;
use crate::restore::{confirm_restored, restore};
use crate::store::OpenError;
use crate::store::tests::{SEED, try_open};
use crate::verify::{VerifyOptions, verify};

const FRAMES: u64 = 60;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn expected() -> Vec<u8> {
    let mut state = State::default();
    for sequence in 1..=FRAMES {
        for event in batch(sequence) {
            state.apply(&event, sequence);
        }
    }
    bytes_of(&state)
}

/// The store opens, gives the same state and frames, and can be gone on with.
fn expect_all(data: &Path) {
    let mut opened = open(data);
    assert_eq!(opened.recovery.last, FRAMES);
    assert_eq!(opened.recovery.cut, None);
    assert_eq!(bytes_of(&opened.state), expected());
    for sequence in 1..=FRAMES {
        assert_eq!(
            opened.store.history.read(sequence).unwrap(),
            batch(sequence)
        );
    }
    commit(&mut opened, FRAMES + 1..=FRAMES + 40);
    while opened.store.sealer.run().unwrap().is_some() {}
    drop(opened);
    let report = verify(data, &VerifyOptions::default(), &mut |_| {}).unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!(report.frames, FRAMES + 40);
}

#[test]
fn stores_of_every_format_open_and_fold_to_the_same_state() {
    for name in ["store-v1", "store-v2"] {
        let data = tempfile::tempdir().unwrap();
        copy_tree(&golden(name), data.path());
        let opened = open(data.path());
        assert!(!opened.restored, "{name}");
        assert_eq!(opened.store.incarnation.0, SEED, "{name}");
        drop(opened);
        expect_all(data.path());
    }
}

#[test]
fn backups_of_every_format_are_restored() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let report = verify(&golden("backup-v1"), &VerifyOptions::default(), &mut |_| {}).unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    let restored = restore(&golden("backup-v1"), &data, &mut |_| {}).unwrap();
    assert_eq!(
        (restored.last, restored.made_micros),
        (FRAMES, 1_741_910_400_000_000)
    );
    assert!(open(&data).restored);
    confirm_restored(&data).unwrap();
    expect_all(&data);
}

#[test]
fn newer_formats_are_refused_with_both_versions() {
    let data = tempfile::tempdir().unwrap();
    copy_tree(&golden("store-v2"), data.path());
    let path = data.path().join("journal/00000001.seg");
    let good = fs::read(&path).unwrap();
    let mut newer = good.clone();
    newer[8..12].copy_from_slice(&3_u32.to_le_bytes());
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&newer[..12]), &newer[16..64]);
    newer[12..16].copy_from_slice(&checksum.to_le_bytes());
    fs::write(&path, newer).unwrap();
    let error = try_open(data.path(), SEED).unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::Journal(JournalError::SegmentVersion {
                segment: 1,
                found: 3,
                supported: 2
            })
        ),
        "{error}"
    );
    fs::write(&path, good).unwrap();

    let path = data.path().join("identity");
    let mut newer = fs::read(&path).unwrap();
    newer[7] = b'2';
    let checksum = crc32c::crc32c(&newer[..24]);
    newer[24..].copy_from_slice(&checksum.to_le_bytes());
    fs::write(&path, newer).unwrap();
    let error = try_open(data.path(), SEED).unwrap_err();
    assert!(
        matches!(
            &error,
            OpenError::Identity(IdentityError::Version { found: '2', .. })
        ),
        "{error}"
    );
}

#[test]
#[ignore = "writes golden files anew; only for a format that no release has written"]
fn write_the_golden_store() {
    let data = tempfile::tempdir().unwrap();
    copy_tree(&golden("store-v1"), data.path());
    let opened = open(data.path());
    while opened.store.sealer.run().unwrap().is_some() {}
    let label = BackupLabel {
        made_micros: 1_741_910_400_000_000,
        incarnation: opened.store.incarnation,
    };
    let _ = fs::remove_dir_all(golden("backup-v1"));
    let reader = opened.store.history.journal();
    backup(reader, &golden("backup-v1"), label, &mut |_| {}).unwrap();
    drop(opened);
    let _ = fs::remove_dir_all(golden("store-v2"));
    copy_tree(&data.path().join("journal"), &golden("store-v2/journal"));
    fs::copy(data.path().join("identity"), golden("store-v2/identity")).unwrap();
    let _ = fs::remove_file(golden("store-v2/journal/next.tmp"));
}
