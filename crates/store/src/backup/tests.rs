use std::fs;
use std::path::Path;

use crate::backup::{BackupError, BackupLabel, Manifest, ManifestError, backup};
use crate::identity::Incarnation;
use crate::journal::{Journal, JournalOptions};
use crate::restore::{RestoreError, restore};

pub(crate) const LABEL: BackupLabel = BackupLabel {
    made_micros: 1_741_910_400_000_000,
    incarnation: Incarnation([0xa7; 16]),
};

pub(crate) fn open(dir: &Path) -> Journal {
    let options = JournalOptions {
        segment_bytes: 4096,
        free_floor: 0,
        plain_segments: 0,
        ..JournalOptions::default()
    };
    Journal::open(dir, options, 1, &mut |_, _| Ok(()))
        .unwrap()
        .0
}

pub(crate) fn append(journal: &mut Journal, frames: u64) {
    for _ in 0..frames {
        let number = journal.last() as u8 | 1;
        journal.append(&[number; 300]).unwrap();
    }
    journal.sync().unwrap();
}

fn made(journal: &Journal, target: &Path) -> Result<crate::backup::Backup, BackupError> {
    backup(&journal.reader(), target, LABEL, &mut |_| {})
}

#[test]
fn a_second_backup_copies_only_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(&dir.path().join("source"));
    let target = dir.path().join("backup");
    assert!(matches!(made(&journal, &target), Err(BackupError::Empty)));
    append(&mut journal, 50);
    let hash = journal.hash();
    journal.append(b"not durable").unwrap();
    let first = made(&journal, &target).unwrap();
    assert_eq!((first.last, first.chain), (50, hash));
    assert_eq!(first.copied, first.segments);
    assert_eq!(first.copied_bytes, first.bytes);
    let again = made(&journal, &target).unwrap();
    assert_eq!((again.copied, again.last), (0, 50));
    journal.sync().unwrap();
    // Sealing changes files but no history.
    while journal.sealer().run().unwrap().is_some() {}
    append(&mut journal, 30);
    let second = made(&journal, &target).unwrap();
    assert_eq!(second.last, 81);
    assert_eq!(second.copied, second.segments - (first.segments - 1));
    assert!(second.copied_bytes < second.bytes);
    let files = fs::read_dir(target.join("segments")).unwrap().count();
    assert_eq!(files as u64, second.segments);

    let data = dir.path().join("data");
    let restored = restore(&target, &data, &mut |_| {}).unwrap();
    assert_eq!((restored.last, restored.chain), (81, journal.hash()));
    assert_eq!(restored.incarnation, LABEL.incarnation);
    let mut copied = open(&data.join("journal"));
    assert_eq!((copied.last(), copied.hash()), (81, journal.hash()));
    append(&mut copied, 20);
    assert_eq!(copied.reader().verify(&mut |_| {}).unwrap().frames, 101);
    // The restored node goes on in the same backup; the old one no longer can.
    assert_eq!(made(&copied, &target).unwrap().last, 101);
    journal.append(b"went on differently").unwrap();
    append(&mut journal, 40);
    assert!(matches!(
        made(&journal, &target),
        Err(BackupError::OtherHistory { last: 101, .. })
    ));
}

#[test]
fn a_backup_that_ends_with_a_sealed_segment_can_be_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(&dir.path().join("source"));
    while journal.segments() < 3 {
        append(&mut journal, 1);
    }
    let last = journal.last() - 1;
    while journal.sealer().run().unwrap().is_some() {}
    drop(journal);
    // The frame that began the third segment is lost before it was synced.
    let third = dir.path().join("source/00000003.seg");
    let mut bytes = fs::read(&third).unwrap();
    bytes[64..].fill(0);
    fs::write(&third, bytes).unwrap();
    let journal = open(&dir.path().join("source"));
    assert_eq!(journal.last(), last);
    let target = dir.path().join("backup");
    made(&journal, &target).unwrap();
    let data = dir.path().join("data");
    restore(&target, &data, &mut |_| {}).unwrap();
    let mut restored = open(&data.join("journal"));
    assert_eq!(restored.hash(), journal.hash());
    append(&mut restored, 30);
    drop(restored);
    assert_eq!(open(&data.join("journal")).last(), last + 30);
}

#[test]
fn a_crash_leaves_the_backup_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(&dir.path().join("source"));
    let target = dir.path().join("backup");
    append(&mut journal, 20);
    made(&journal, &target).unwrap();
    let before = fs::read(target.join("manifest")).unwrap();
    append(&mut journal, 40);
    made(&journal, &target).unwrap();
    // All files are new and the manifest is not: as when the power goes before it is replaced.
    fs::write(target.join("manifest"), before).unwrap();
    let missing = Manifest::read(&target).unwrap();
    let grown = missing.segments.last().unwrap();
    // What the manifest names is removed only after it was replaced.
    let source = dir.path().join("source");
    let whole = fs::read(source.join(format!("{:08}.seg", grown.number))).unwrap();
    fs::write(grown.path(&target), &whole[..grown.bytes as usize]).unwrap();
    let data = dir.path().join("data");
    assert_eq!(restore(&target, &data, &mut |_| {}).unwrap().last, 20);
}

#[test]
fn what_is_in_the_way_is_refused_and_damage_is_never_restored() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(&dir.path().join("source"));
    append(&mut journal, 20);
    let other = dir.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("letter.txt"), b"private").unwrap();
    assert!(matches!(
        made(&journal, &other),
        Err(BackupError::NotEmpty { dir }) if dir == other
    ));
    assert!(matches!(
        restore(&other, &dir.path().join("data"), &mut |_| {}),
        Err(RestoreError::Manifest(ManifestError::Missing { .. }))
    ));
    let target = dir.path().join("backup");
    made(&journal, &target).unwrap();
    assert!(matches!(
        restore(&target, &other, &mut |_| {}),
        Err(RestoreError::NotEmpty { dir }) if dir == other
    ));
    let segment = Manifest::read(&target).unwrap().segments[0].path(&target);
    let good = fs::read(&segment).unwrap();
    let mut bad = good.clone();
    bad[100] ^= 1;
    fs::write(&segment, bad).unwrap();
    let data = dir.path().join("data");
    assert!(matches!(
        restore(&target, &data, &mut |_| {}),
        Err(RestoreError::Changed { path }) if path == segment
    ));
    assert!(!data.exists());
    fs::write(&segment, good).unwrap();
    let manifest = fs::read_to_string(target.join("manifest")).unwrap();
    let newer = manifest.replace("liandong-backup 1", "liandong-backup 2");
    fs::write(target.join("manifest"), newer).unwrap();
    assert!(matches!(
        restore(&target, &data, &mut |_| {}),
        Err(RestoreError::Manifest(ManifestError::Version {
            found: 2,
            supported: 1
        }))
    ));
    fs::write(target.join("manifest"), manifest).unwrap();
    restore(&target, &data, &mut |_| {}).unwrap();

    let source = dir.path().join("source/00000001.seg");
    let mut damaged = fs::read(&source).unwrap();
    damaged[200] ^= 1;
    fs::write(&source, damaged).unwrap();
    assert!(matches!(
        made(&journal, &dir.path().join("third")),
        Err(BackupError::Journal(_))
    ));
}

#[test]
fn every_flipped_bit_in_a_manifest_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(&dir.path().join("source"));
    append(&mut journal, 20);
    let target = dir.path().join("backup");
    made(&journal, &target).unwrap();
    let path = target.join("manifest");
    let good = fs::read(&path).unwrap();
    for position in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[position] ^= 1 << bit;
            fs::write(&path, &bad).unwrap();
            assert!(Manifest::read(&target).is_err(), "{position}.{bit}");
        }
    }
}
