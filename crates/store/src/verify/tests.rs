mod former;
mod outdated;
mod wordy;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use liandong_core::event::Event;

use crate::backup::{BackupLabel, backup};
use crate::identity::Incarnation;
use crate::journal::{FrameFault, JournalError};
use crate::lock::LockError;
use crate::record;
use crate::store::tests::{batch, commit, options};
use crate::store::{Opened, Store, StoreOptions};
use crate::verify::{Fault, Judge, Report, VerifyError, VerifyOptions, verify};

fn open(data: &Path) -> Opened {
    let mut options: StoreOptions = options();
    options.journal.mirror = Some(data.with_extension("mirror"));
    Store::open(data, options, [3; 16], &mut |_| {}).unwrap()
}

/// A data directory with sealed segments, a mirror and a checkpoint in the middle.
fn filled(data: &Path) -> PathBuf {
    let mut opened = open(data);
    commit(&mut opened, 1..=120);
    opened
        .store
        .checkpointer
        .save(&opened.state.snapshot())
        .unwrap();
    commit(&mut opened, 121..=200);
    while opened.store.sealer.run().unwrap().is_some() {}
    let target = data.with_extension("backup");
    let label = BackupLabel {
        made_micros: 7,
        incarnation: opened.store.incarnation,
    };
    let reader = opened.store.history.journal();
    backup(reader, &target, label, &mut |_| {}).unwrap();
    assert!(matches!(
        run(data),
        Err(VerifyError::Lock(LockError::InUse { .. }))
    ));
    target
}

/// Commits what other nodes told, too, in a frame of its own.
fn commit_events(opened: &mut Opened, events: &[Event]) {
    let sequence = opened.store.commit(events).unwrap();
    for event in events {
        opened.state.apply(event, sequence);
    }
}

fn run(data: &Path) -> Result<Report, VerifyError> {
    run_judged(data, None)
}

fn run_judged(data: &Path, judge: Option<Arc<dyn Judge>>) -> Result<Report, VerifyError> {
    let options = VerifyOptions {
        mirror: Some(data.with_extension("mirror")),
        scratch: data.parent().map(Path::to_path_buf),
        judge,
    };
    verify(data, &options, &mut |_| {})
}

fn contents(dir: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contents(&path, found);
        } else {
            let bytes = fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
}

fn flip(path: &Path, at: u64) {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
}

#[test]
fn everything_is_read_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let target = filled(&data);
    let (mut before, mut after) = (Vec::new(), Vec::new());
    contents(dir.path(), &mut before);
    let mut told = 0;
    let options = VerifyOptions {
        mirror: Some(data.with_extension("mirror")),
        scratch: Some(dir.path().to_path_buf()),
        judge: None,
    };
    let report = verify(&data, &options, &mut |progress| told = progress.percent()).unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!((report.frames, report.mirror), (200, Some(200)));
    assert_eq!(report.checkpoint, Some(120));
    assert!(report.cells > 0 && report.segments > 3);
    assert!(told > 90);
    let copy = verify(&target, &VerifyOptions::default(), &mut |_| {}).unwrap();
    assert!(copy.faults.is_empty(), "{:?}", copy.faults);
    assert_eq!((copy.frames, copy.chain), (200, report.chain));
    assert_eq!(
        (copy.cells, copy.payload_bytes),
        (report.cells, report.payload_bytes)
    );
    contents(dir.path(), &mut after);
    assert!(before == after);
    assert!(matches!(
        run(&dir.path().join("nothing")),
        Err(VerifyError::NothingThere { .. })
    ));
}

#[test]
fn each_damage_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let target = filled(&data);
    let only = |faults: Vec<Fault>| {
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.into_iter().next().unwrap()
    };
    let sealed = data.join("journal/00000001.seg");
    flip(&sealed, 100);
    assert!(matches!(
        only(run(&data).unwrap().faults),
        Fault::Journal(JournalError::Corrupt {
            segment: 1,
            sequence: 1,
            fault: FrameFault::Block,
            ..
        })
    ));
    flip(&sealed, 100);
    let mirrored = data.with_extension("mirror").join("00000002.seg");
    flip(&mirrored, 100);
    assert!(matches!(
        only(run(&data).unwrap().faults),
        Fault::Mirror(JournalError::Corrupt { segment: 2, .. })
    ));
    flip(&mirrored, 100);
    flip(&data.join("sled/current"), 10);
    assert!(matches!(
        only(run(&data).unwrap().faults),
        Fault::Checkpoint(_)
    ));
    flip(&data.join("sled/current"), 10);
    flip(&data.join("identity"), 10);
    // Another incarnation has another checkpoint, too.
    let faults = run(&data).unwrap().faults;
    assert!(matches!(faults[0], Fault::Identity(_)), "{faults:?}");
    flip(&data.join("identity"), 10);
    let copied = fs::read_dir(target.join("segments"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    flip(&copied, 90);
    let report = verify(&target, &VerifyOptions::default(), &mut |_| {}).unwrap();
    assert!(matches!(only(report.faults), Fault::Backup(_)));
    flip(&copied, 90);
    flip(&target.join("manifest"), 60);
    assert!(matches!(
        verify(&target, &VerifyOptions::default(), &mut |_| {}),
        Err(VerifyError::Manifest(_))
    ));
    assert!(run(&data).unwrap().faults.is_empty());
}

#[test]
fn a_checkpoint_of_another_state_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    drop(filled(&data));
    let mut opened = open(&data);
    // A fold that went wrong: the same frame, another figure.
    let mut wrong = opened.state.clone();
    let sequence = opened.store.journal.last() + 1;
    opened
        .store
        .journal
        .append(&record::encode(&batch(sequence)).unwrap())
        .unwrap();
    opened.store.journal.sync().unwrap();
    for event in batch(sequence + 7) {
        wrong.apply(&event, sequence);
    }
    opened.store.checkpointer.save(&wrong.snapshot()).unwrap();
    drop(opened);
    let report = run(&data).unwrap();
    assert!(
        matches!(report.faults[0], Fault::OtherState { sequence: 201 }),
        "{:?}",
        report.faults
    );
    assert_eq!(report.checkpoint, Some(201));
    let segment = |number: u64| data.join(format!("journal/{number:08}.seg"));
    let mut last = 1;
    while segment(last + 1).exists() {
        last += 1;
    }
    fs::remove_file(segment(last)).unwrap();
    let report = run(&data).unwrap();
    assert!(matches!(
        report.faults[0],
        Fault::JournalBehind {
            checkpoint: 201,
            ..
        }
    ));
}

#[test]
fn an_unreadable_record_is_named_with_its_frame() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    drop(filled(&data));
    let mut opened = open(&data);
    assert_eq!(opened.store.incarnation, Incarnation([3; 16]));
    opened.store.journal.append(&[200, 1, 2]).unwrap();
    opened.store.journal.sync().unwrap();
    drop(opened);
    let report = run(&data).unwrap();
    assert!(matches!(
        report.faults[0],
        Fault::Journal(JournalError::Replay { sequence: 201, .. })
    ));
}
