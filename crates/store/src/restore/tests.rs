use std::fs;
use std::path::Path;

use liandong_core::event::Event;
use liandong_core::region::{Level, Region, RegionKind};

use crate::backup::{BackupLabel, backup};
use crate::identity::Incarnation;
use crate::journal::JournalOptions;
use crate::restore::{RestoreError, UNFINISHED, confirm_restored, restore};
use crate::store::{OpenError, Opened, Store, StoreOptions};

fn open(data: &Path, seed: u8) -> Result<Opened, OpenError> {
    let journal = JournalOptions {
        segment_bytes: 4096,
        free_floor: 0,
        ..JournalOptions::default()
    };
    let options = StoreOptions::single_threaded(journal);
    Store::open(data, options, [seed; 16], &mut |_| {})
}

fn hosted(epoch: u32) -> Event {
    let region = Region {
        code: "371524".parse().unwrap(),
        name: "东阿县".to_owned(),
        parent: None,
        level: Level::County,
        kind: RegionKind::Bureau,
    };
    Event::Hosted { region, epoch }
}

#[test]
fn a_restored_store_says_so_until_it_is_confirmed() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    let mut opened = open(&source, 1).unwrap();
    assert!(!opened.restored);
    for epoch in 1..=40 {
        opened.store.commit(&[hosted(epoch)]).unwrap();
    }
    let label = BackupLabel {
        made_micros: 5,
        incarnation: opened.store.incarnation,
    };
    let target = dir.path().join("backup");
    let reader = opened.store.history.journal();
    backup(reader, &target, label, &mut |_| {}).unwrap();
    let data = dir.path().join("data");
    let mut told = 0;
    let restored = restore(&target, &data, &mut |progress| told = progress.percent()).unwrap();
    assert_eq!((restored.incarnation, told), (Incarnation([1; 16]), 100));
    // A crash after the new identity was written must not lose that peers have to be told.
    for seed in [2, 3] {
        let opened = open(&data, seed).unwrap();
        assert!(opened.restored);
        assert_eq!(opened.store.incarnation, Incarnation([2; 16]));
    }
    confirm_restored(&data).unwrap();
    let opened = open(&data, 4).unwrap();
    assert!(!opened.restored);
    assert!(matches!(
        restore(&target, &data, &mut |_| {}),
        Err(RestoreError::NotEmpty { .. })
    ));
}

#[test]
fn a_restore_that_was_cut_short_is_no_store_and_can_be_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut opened = open(&dir.path().join("source"), 1).unwrap();
    opened.store.commit(&[hosted(1)]).unwrap();
    let label = BackupLabel {
        made_micros: 5,
        incarnation: opened.store.incarnation,
    };
    let target = dir.path().join("backup");
    backup(opened.store.history.journal(), &target, label, &mut |_| {}).unwrap();
    let data = dir.path().join("data");
    fs::create_dir_all(data.join(UNFINISHED)).unwrap();
    fs::write(data.join(UNFINISHED).join("00000001.seg"), b"half").unwrap();
    assert!(matches!(
        open(&data, 2),
        Err(OpenError::UnfinishedRestore { dir }) if dir == data
    ));
    restore(&target, &data, &mut |_| {}).unwrap();
    assert!(open(&data, 2).unwrap().restored);
}
