use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::backup::{BackupLabel, backup};
use crate::identity::Incarnation;
use crate::journal::{Journal, JournalError, JournalOptions};
use crate::repair::{RepairError, Repaired, repair};

const FRAMES: u64 = 60;

fn payload(sequence: u64) -> Vec<u8> {
    vec![sequence as u8 | 1; 200 + (sequence * 37 % 300) as usize]
}

fn options(mirror: Option<PathBuf>) -> JournalOptions {
    JournalOptions {
        segment_bytes: 4096,
        free_floor: 0,
        plain_segments: 2,
        mirror,
        ..JournalOptions::default()
    }
}

fn append(journal: &mut Journal, last: u64) {
    while journal.last() < last {
        let next = journal.last() + 1;
        journal.append(&payload(next)).unwrap();
        journal.sync().unwrap();
    }
}

struct Copies {
    _root: tempfile::TempDir,
    data: PathBuf,
    mirror: PathBuf,
    backup: PathBuf,
}

/// A journal with a mirror and a backup that ends ten frames earlier.
fn copies() -> Copies {
    let root = tempfile::tempdir().unwrap();
    let copies = Copies {
        data: root.path().join("data"),
        mirror: root.path().join("mirror"),
        backup: root.path().join("backup"),
        _root: root,
    };
    fs::create_dir(&copies.data).unwrap();
    let options = options(Some(copies.mirror.clone()));
    let dir = copies.data.join("journal");
    let (mut journal, _) = Journal::open(&dir, options, 1, &mut |_, _| Ok(())).unwrap();
    append(&mut journal, FRAMES - 10);
    while journal.sealer().run().unwrap().is_some() {}
    let label = BackupLabel {
        made_micros: 1,
        incarnation: Incarnation([1; 16]),
    };
    backup(&journal.reader(), &copies.backup, label, &mut |_| {}).unwrap();
    append(&mut journal, FRAMES);
    copies
}

fn run(copies: &Copies, from: &Path) -> Result<Repaired, RepairError> {
    repair(&copies.data, from, &mut |_| {})
}

fn segment(copies: &Copies, number: u64) -> PathBuf {
    copies.data.join(format!("journal/{number:08}.seg"))
}

fn damage(path: &Path, at: u64) {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut bytes = [0; 3];
    file.read_exact_at(&mut bytes, at).unwrap();
    for byte in &mut bytes {
        *byte ^= 0x11;
    }
    file.write_all_at(&bytes, at).unwrap();
}

fn expect_whole(copies: &Copies) {
    let mut next = 1;
    let dir = copies.data.join("journal");
    let (journal, _) = Journal::open(&dir, options(None), 1, &mut |sequence, bytes| {
        assert_eq!((sequence, bytes), (next, payload(next).as_slice()));
        next += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(journal.last(), FRAMES);
}

#[test]
fn frames_headers_and_whole_segments_come_from_any_copy() {
    for from_backup in [false, true] {
        let copies = copies();
        let from = if from_backup {
            &copies.backup
        } else {
            &copies.mirror
        };
        damage(&segment(&copies, 1), 80);
        damage(&segment(&copies, 2), 20);
        fs::remove_file(segment(&copies, 3)).unwrap();
        damage(&segment(&copies, 4), 1000);
        let repaired = run(&copies, from).unwrap();
        assert_eq!((repaired.segments, repaired.last), (1, FRAMES));
        let mended: Vec<u64> = repaired
            .repairs
            .iter()
            .map(|repair| repair.segment)
            .collect();
        assert_eq!(mended, [1, 4]);
        expect_whole(&copies);
        let again = run(&copies, from).unwrap();
        assert_eq!((again.segments, again.repairs.len()), (0, 0));
    }
}

#[test]
fn a_journal_that_is_gone_comes_back_from_the_mirror() {
    let copies = copies();
    fs::remove_dir_all(copies.data.join("journal")).unwrap();
    let repaired = run(&copies, &copies.mirror).unwrap();
    assert_eq!(repaired.last, FRAMES);
    expect_whole(&copies);
}

#[test]
fn what_the_copy_does_not_have_is_said() {
    let copies = copies();
    let mut last = 1;
    while segment(&copies, last + 1).exists() {
        last += 1;
    }
    // Newer than the backup.
    damage(&segment(&copies, last), 150);
    assert!(matches!(
        run(&copies, &copies.backup),
        Err(RepairError::NotCovered(JournalError::Corrupt { segment, .. })) if segment == last
    ));
    assert_eq!(run(&copies, &copies.mirror).unwrap().last, FRAMES);
    expect_whole(&copies);
}

#[test]
fn another_history_and_no_copy_are_refused() {
    let copies = copies();
    damage(&segment(&copies, 4), 1000);
    let other = tempfile::tempdir().unwrap();
    assert!(matches!(
        run(&copies, other.path()),
        Err(RepairError::NoCopy { dir }) if dir == other.path()
    ));
    let (mut journal, _) =
        Journal::open(other.path(), options(None), 1, &mut |_, _| Ok(())).unwrap();
    journal.append(b"another first").unwrap();
    append(&mut journal, FRAMES);
    drop(journal);
    assert!(matches!(
        run(&copies, other.path()),
        Err(RepairError::Copy(JournalError::Diverged { .. }))
    ));
    run(&copies, &copies.mirror).unwrap();
    expect_whole(&copies);
}
