//! Sealed segments read like plain ones, and nothing damaged in them is believed.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use super::{copy_segments, expect_prefix, filled, open_from, options, payload};
use crate::journal::frame::FrameFault;
use crate::journal::segment::Form;
use crate::journal::{Journal, JournalError, JournalOptions, segment};

fn seal_all(journal: &Journal) -> u64 {
    let sealer = journal.sealer();
    let mut count = 0;
    while let Some(sealed) = sealer.run().unwrap() {
        count += 1;
        assert_eq!(sealed.segment, count);
        let path = segment::path(&journal.shared.dir, sealed.segment);
        assert_eq!(fs::metadata(path).unwrap().len(), sealed.sealed_bytes);
    }
    count
}

#[test]
fn what_is_sealed_reads_as_before_and_the_newest_stay_plain() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 100);
    let reader = journal.reader();
    let mut begun = reader.iter_from(1);
    assert_eq!(begun.next().unwrap().unwrap().0, 1);
    let segments = journal.segments();
    assert!(segments > 4);
    assert_eq!(seal_all(&journal), segments - 2);
    assert!(journal.sealer().run().unwrap().is_none());
    for header in segment::list(dir.path()).unwrap() {
        let expected = if header.number <= segments - 2 {
            Form::Sealed
        } else {
            Form::Plain
        };
        assert_eq!(header.form, expected);
    }
    for sequence in 2..=100 {
        assert_eq!(begun.next().unwrap().unwrap().1, payload(sequence));
        assert_eq!(reader.read(sequence).unwrap(), payload(sequence));
    }
    assert_eq!(reader.verify(&mut |_| {}).unwrap().frames, 100);
    journal.append(b"goes on").unwrap();
    journal.sync().unwrap();
    drop(journal);
    for from in [1, 50, 101] {
        let (journal, recovery, replayed) = open_from(dir.path(), from).unwrap();
        assert_eq!(recovery.last, 101);
        assert_eq!(replayed.len() as u64, 102 - from);
        if from == 1 {
            expect_prefix(&replayed[..100].to_vec());
        }
        assert_eq!(journal.reader().read(7).unwrap(), payload(7));
    }
}

#[test]
fn a_large_segment_is_sealed_in_blocks_that_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let options = JournalOptions {
        segment_bytes: 2 << 20,
        plain_segments: 0,
        ..options()
    };
    let open = || Journal::open(dir.path(), options.clone(), 1, &mut |_, _| Ok(()));
    let (mut journal, _) = open().unwrap();
    let body = |sequence: u64| vec![sequence as u8 | 1; 1000 + (sequence * 977 % 3000) as usize];
    let mut sequence = 0;
    while journal.segments() < 3 {
        sequence += 1;
        journal.append(&body(sequence)).unwrap();
    }
    // One frame larger than a block.
    let large = vec![3; 700_000];
    journal.append(&large).unwrap();
    while journal.segments() < 4 {
        journal.append(&large).unwrap();
    }
    journal.sync().unwrap();
    assert_eq!(seal_all(&journal), 3);
    let reader = journal.reader();
    for at in (1..=sequence).rev() {
        assert_eq!(reader.read(at).unwrap(), body(at));
    }
    assert_eq!(reader.read(sequence + 1).unwrap(), large);
    drop(journal);
    assert!(open().unwrap().1.replayed > sequence);
}

#[test]
fn every_flipped_bit_in_a_sealed_segment_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(dir.path(), 60);
    assert!(seal_all(&journal) >= 1);
    drop(journal);
    let path = segment::path(dir.path(), 1);
    let good = fs::read(&path).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let (mut blocks, mut others) = (0, 0);
    for (position, &byte) in good.iter().enumerate() {
        file.write_all_at(&[byte ^ (1 << (position % 8))], position as u64)
            .unwrap();
        match open_from(dir.path(), 1).unwrap_err() {
            JournalError::Corrupt {
                segment: 1,
                fault: FrameFault::Block,
                ..
            } => blocks += 1,
            JournalError::SegmentHeader { segment: 1 }
            | JournalError::SealedTable { segment: 1 } => others += 1,
            error => panic!("at {position}: {error}"),
        }
        file.write_all_at(&[byte], position as u64).unwrap();
    }
    assert_eq!(others, 64 + 8 + 72);
    assert_eq!(blocks + others, good.len());
    open_from(dir.path(), 1).unwrap();
}

#[test]
fn a_damaged_segment_is_not_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(dir.path(), 60);
    let path = segment::path(dir.path(), 1);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[0xff], segment::HEADER + 70).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(
        journal.sealer().run(),
        Err(JournalError::Corrupt {
            segment: 1,
            sequence: 1,
            ..
        })
    ));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(!dir.path().join("seal.tmp").exists());
}

#[test]
fn a_journal_that_ends_with_a_sealed_segment_has_lost_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(dir.path(), 60);
    let sealed = seal_all(&journal);
    let segments = journal.segments();
    drop(journal);
    let kept = dir.path().join("kept");
    copy_segments(dir.path(), &kept);
    for number in sealed + 1..=segments {
        fs::remove_file(segment::path(&kept, number)).unwrap();
    }
    assert!(matches!(
        open_from(&kept, 1),
        Err(JournalError::MissingSegment { segment, .. }) if segment == sealed + 1
    ));
}

#[test]
fn what_decayed_after_it_was_sealed_takes_no_place_in_the_mirror() {
    let root = tempfile::tempdir().unwrap();
    let (dir, mirror) = (root.path().join("journal"), root.path().join("mirror"));
    let mirrored = JournalOptions {
        mirror: Some(mirror.clone()),
        ..options()
    };
    let open = |options, from| {
        Journal::open(&dir, options, from, &mut |_, _| Ok(()))
            .unwrap()
            .0
    };
    let mut journal = open(mirrored.clone(), 1);
    for sequence in 1..=100 {
        journal.append(&payload(sequence)).unwrap();
    }
    journal.sync().unwrap();
    drop(journal);
    // Sealed while the mirror was taken out of the configuration.
    let journal = open(options(), 100);
    assert!(seal_all(&journal) > 2);
    drop(journal);
    let (here, there) = (segment::path(&dir, 1), segment::path(&mirror, 1));
    let whole = fs::read(&there).unwrap();
    let sealed = fs::read(&here).unwrap();
    let journal = open(mirrored.clone(), 100);
    let flipped = OpenOptions::new().write(true).open(&here).unwrap();
    let middle = sealed.len() / 2;
    flipped
        .write_all_at(&[sealed[middle] ^ 1], middle as u64)
        .unwrap();
    let refused = journal.sealer().run();
    assert!(matches!(
        refused,
        Err(JournalError::Corrupt { segment: 1, .. } | JournalError::SealedTable { segment: 1 })
    ));
    assert!(fs::read(&there).unwrap() == whole);
    drop(journal);
    // The mirror mends it, and then it is sealed in both.
    let journal = open(mirrored, 1);
    while journal.sealer().run().unwrap().is_some() {}
    assert!(fs::read(&here).unwrap() == fs::read(&there).unwrap());
    assert_eq!(journal.reader().verify(&mut |_| {}).unwrap().frames, 100);
}
