//! The mirror: whatever one copy lacks comes from the other, and two histories never mix.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::{Replayed, copy_segments, expect_prefix, options, payload};
use crate::journal::frame::OVERHEAD;
use crate::journal::{
    CopyOf, Journal, JournalError, JournalOptions, Mirrored, Recovery, Sequence, segment,
};

fn mirrored(mirror: &Path) -> JournalOptions {
    JournalOptions {
        mirror: Some(mirror.to_path_buf()),
        ..options()
    }
}

fn open(
    dir: &Path,
    mirror: &Path,
    from: Sequence,
) -> Result<(Journal, Recovery, Replayed), JournalError> {
    let mut replayed = Vec::new();
    let options = mirrored(mirror);
    let (journal, recovery) = Journal::open(dir, options, from, &mut |sequence, payload| {
        replayed.push((sequence, payload.to_vec()));
        Ok(())
    })?;
    Ok((journal, recovery, replayed))
}

fn append(journal: &mut Journal, frames: Sequence) {
    for _ in 0..frames {
        let next = journal.last() + 1;
        journal.append(&payload(next)).unwrap();
        journal.sync().unwrap();
    }
}

fn filled(dir: &Path, mirror: &Path, frames: Sequence) -> Journal {
    let (mut journal, _, _) = open(dir, mirror, 1).unwrap();
    append(&mut journal, frames);
    journal
}

/// Both copies hold the same bytes in every segment.
fn expect_same(dir: &Path, mirror: &Path) {
    let numbers = segment::numbers(dir).unwrap();
    assert_eq!(segment::numbers(mirror).unwrap(), numbers);
    for number in numbers {
        let here = fs::read(segment::path(dir, number)).unwrap();
        let there = fs::read(segment::path(mirror, number)).unwrap();
        assert!(here == there, "segment {number}");
    }
}

fn dirs() -> (tempfile::TempDir, std::path::PathBuf, std::path::PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let (dir, mirror) = (root.path().join("journal"), root.path().join("mirror"));
    (root, dir, mirror)
}

#[test]
fn every_frame_is_durable_in_both() {
    let (_root, dir, mirror) = dirs();
    let mut journal = filled(&dir, &mirror, 100);
    journal.append(b"not durable").unwrap();
    let extents = journal.unsynced().extents();
    let paths: Vec<&Path> = extents.iter().map(|extent| extent.path.as_path()).collect();
    let last = journal.segments();
    assert_eq!(
        paths,
        [segment::path(&dir, last), segment::path(&mirror, last)]
    );
    journal.sync().unwrap();
    assert_eq!(journal.unsynced().extents(), []);
    drop(journal);
    expect_same(&dir, &mirror);
    let (mut journal, recovery, replayed) = open(&dir, &mirror, 1).unwrap();
    assert_eq!(recovery.mirrored, Some(Mirrored::default()));
    assert_eq!(replayed.len(), 101);
    append(&mut journal, 20);
    drop(journal);
    // Either is a whole journal.
    for copy in [&dir, &mirror] {
        let (journal, _) = Journal::open(copy, options(), 1, &mut |_, _| Ok(())).unwrap();
        assert_eq!(journal.last(), 121);
    }
}

#[test]
fn a_sync_that_fails_in_the_mirror_is_final() {
    let (_root, dir, mirror) = dirs();
    let mut journal = filled(&dir, &mirror, 3);
    journal.append(b"never acknowledged").unwrap();
    let (pipe, _writer) = std::io::pipe().unwrap();
    let unsyncable = fs::File::from(std::os::fd::OwnedFd::from(pipe));
    let mut tail = journal.shared.tail();
    tail.mirror.as_mut().unwrap().file = Arc::new(unsyncable);
    drop(tail);
    assert!(matches!(journal.sync(), Err(JournalError::File(_))));
    assert_eq!(journal.durable(), 3);
    assert_eq!(journal.unsynced().extents().len(), 1);
    assert!(matches!(journal.sync(), Err(JournalError::Stopped)));
    assert!(matches!(journal.append(b"x"), Err(JournalError::Stopped)));
}

#[test]
fn an_empty_copy_is_filled_from_the_other() {
    let (_root, dir, mirror) = dirs();
    drop(Journal::open(&dir, options(), 1, &mut |_, _| Ok(())).unwrap());
    let (mut journal, _) = Journal::open(&dir, options(), 1, &mut |_, _| Ok(())).unwrap();
    append(&mut journal, 60);
    let segments = journal.segments();
    drop(journal);
    let (mut journal, recovery, _) = open(&dir, &mirror, 1).unwrap();
    let filled = recovery.mirrored.unwrap();
    assert_eq!((filled.copied, filled.restored), (segments, 0));
    append(&mut journal, 10);
    drop(journal);
    expect_same(&dir, &mirror);
    fs::remove_dir_all(&dir).unwrap();
    let (journal, recovery, replayed) = open(&dir, &mirror, 1).unwrap();
    assert_eq!(recovery.mirrored.unwrap().restored, journal.segments());
    assert_eq!(replayed.len(), 70);
    expect_prefix(&replayed);
    drop(journal);
    expect_same(&dir, &mirror);
}

#[test]
fn the_copy_with_fewer_frames_is_brought_up_to_date() {
    for behind in [CopyOf::Journal, CopyOf::Mirror] {
        for more in [1, 3, 40] {
            let (root, dir, mirror) = dirs();
            let mut journal = filled(&dir, &mirror, 30);
            let old = root.path().join("old");
            let lagging = match behind {
                CopyOf::Journal => &dir,
                CopyOf::Mirror => &mirror,
            };
            copy_segments(lagging, &old);
            append(&mut journal, more);
            drop(journal);
            fs::remove_dir_all(lagging).unwrap();
            copy_segments(&old, lagging);
            let (mut journal, recovery, replayed) = open(&dir, &mirror, 31).unwrap();
            let found = recovery.mirrored.unwrap();
            assert_eq!(replayed.len() as u64, more, "{behind:?} {more}");
            let first = &found.repairs[0];
            assert_eq!((first.mended, first.first, first.fault), (behind, 31, None));
            append(&mut journal, 5);
            drop(journal);
            expect_same(&dir, &mirror);
        }
    }
}

#[test]
fn damage_in_one_copy_is_repaired_from_the_other() {
    let (root, dir, mirror) = dirs();
    let mut journal = filled(&dir, &mirror, 60);
    while journal.sealer().run().unwrap().is_some() {}
    append(&mut journal, 3);
    let segments = journal.segments();
    drop(journal);
    expect_same(&dir, &mirror);
    let (good, kept) = (root.path().join("good"), root.path().join("kept"));
    copy_segments(&dir, &good);
    copy_segments(&mirror, &kept);
    let mut repaired = 0;
    for number in 1..=segments {
        let length = fs::metadata(segment::path(&good, number)).unwrap().len();
        for at in (0..length).step_by(53) {
            let in_journal = at % 2 == 0;
            let damaged = if in_journal { &dir } else { &mirror };
            let path = segment::path(damaged, number);
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .open(&path)
                .unwrap();
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
            let (journal, recovery, replayed) = open(&dir, &mirror, 1).unwrap();
            assert_eq!(recovery.last, 63, "segment {number}, byte {at}");
            expect_prefix(&replayed);
            repaired += recovery.mirrored.unwrap().repairs.len();
            drop(journal);
            // What was sealed may be plain now, but it is whole.
            let whole = Journal::open(damaged, options(), 1, &mut |_, _| Ok(())).unwrap();
            assert_eq!(whole.1.checked, 63);
            drop(whole);
            copy_segments(&good, &dir);
            copy_segments(&kept, &mirror);
        }
    }
    assert!(repaired > 40, "{repaired}");
}

#[test]
fn damage_in_both_copies_at_different_places_is_repaired() {
    let (_root, dir, mirror) = dirs();
    let mut journal = filled(&dir, &mirror, 60);
    while journal.sealer().run().unwrap().is_some() {}
    append(&mut journal, 1);
    let segments = journal.segments();
    drop(journal);
    let flip = |copy: &Path, number: u64, at: u64| {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(segment::path(copy, number))
            .unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ 1], at).unwrap();
    };
    flip(&dir, 1, 100);
    flip(&mirror, 2, 90);
    flip(&dir, segments, 70);
    flip(&mirror, segments, 70 + (OVERHEAD + 300) as u64);
    let (journal, recovery, replayed) = open(&dir, &mirror, 1).unwrap();
    assert_eq!(recovery.last, 61);
    expect_prefix(&replayed);
    assert!(recovery.mirrored.unwrap().repairs.len() >= 3);
    assert_eq!(journal.reader().verify(&mut |_| {}).unwrap().frames, 61);
}

#[test]
fn a_mirror_with_another_history_stops_and_nothing_is_changed() {
    // In the same segment, and in later ones.
    for more in [0, 20] {
        let (root, dir, mirror) = dirs();
        drop(filled(&dir, &mirror, 10));
        // The node went on without the mirror, then lost frames that the mirror had.
        let (mut alone, _) = Journal::open(&mirror, options(), 1, &mut |_, _| Ok(())).unwrap();
        append(&mut alone, 1 + more);
        drop(alone);
        let (mut other, _) = Journal::open(&dir, options(), 1, &mut |_, _| Ok(())).unwrap();
        other.append(b"another eleventh").unwrap();
        other.sync().unwrap();
        append(&mut other, more);
        drop(other);
        let before = root.path().join("before");
        copy_segments(&dir, &before);
        assert!(matches!(
            open(&dir, &mirror, 1),
            Err(JournalError::Diverged { sequence, .. }) if sequence >= 11
        ));
        expect_same(&dir, &before);
        fs::remove_dir_all(&mirror).unwrap();
        assert_eq!(open(&dir, &mirror, 1).unwrap().1.last, 11 + more);
    }
}

#[test]
fn frames_that_no_sync_covered_are_the_same_in_both_afterwards() {
    let (root, dir, mirror) = dirs();
    let mut journal = filled(&dir, &mirror, 9);
    for _ in 0..3 {
        journal.append(&[7; 700]).unwrap();
    }
    let extents = journal.unsynced().extents();
    drop(journal);
    let (good, kept) = (root.path().join("good"), root.path().join("kept"));
    copy_segments(&dir, &good);
    copy_segments(&mirror, &kept);
    let sectors = (extents[0].to - extents[0].from) / 512 + 1;
    for pattern in 0_u32..1 << (2 * sectors).min(14) {
        copy_segments(&good, &dir);
        copy_segments(&kept, &mirror);
        for (copy, extent) in extents.iter().enumerate() {
            let file = OpenOptions::new().write(true).open(&extent.path).unwrap();
            for sector in 0..sectors {
                let bit = copy as u64 * sectors + sector;
                if pattern.checked_shr(bit as u32).unwrap_or(0) & 1 == 1 {
                    let from = extent.from + sector * 512;
                    let to = (from + 512).min(extent.to);
                    file.write_all_at(&vec![0; to.saturating_sub(from) as usize], from)
                        .unwrap();
                }
            }
        }
        let (journal, recovery, replayed) = open(&dir, &mirror, 1).unwrap();
        assert!((9..=12).contains(&recovery.last));
        expect_prefix(&replayed[..9].to_vec());
        drop(journal);
        expect_same(&dir, &mirror);
    }
}
