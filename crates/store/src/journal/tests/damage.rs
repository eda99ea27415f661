//! Torn tails are cut; everything else that is wrong stops with its place.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use super::{SEGMENT, copy_segments, expect_prefix, filled, open_from, payload};
use crate::journal::frame::{FrameFault, OVERHEAD};
use crate::journal::{JournalError, segment};

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let frames = 9;
    let journal = filled(dir.path(), frames);
    let end = journal.offset;
    drop(journal);
    let start = end - (OVERHEAD + payload(frames).len()) as u64;
    let good = fs::read(segment::path(dir.path(), 1)).unwrap();
    let torn = dir.path().join("torn");
    for at in start..end {
        copy_segments(dir.path(), &torn);
        let file = OpenOptions::new()
            .write(true)
            .open(segment::path(&torn, 1))
            .unwrap();
        file.write_all_at(&vec![0; (end - at) as usize], at)
            .unwrap();
        let (mut journal, recovery, replayed) = open_from(&torn, 1).unwrap();
        assert_eq!(recovery.last, frames - 1, "torn at {at}");
        expect_prefix(&replayed);
        let written = &good[start as usize..at as usize];
        let used = written
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        assert_eq!(recovery.cut.map_or(0, |cut| cut.bytes), used as u64);
        assert_eq!(journal.append(b"again").unwrap(), frames);
        journal.sync().unwrap();
        drop(journal);
        let (_, recovery, replayed) = open_from(&torn, 1).unwrap();
        assert_eq!((recovery.last, recovery.cut), (frames, None));
        assert_eq!(replayed[frames as usize - 1].1, b"again");
    }
}

/// No power cut makes a file shorter that was durable: frames may be gone that were acknowledged.
#[test]
fn a_segment_that_ends_inside_a_frame_stops() {
    let dir = tempfile::tempdir().unwrap();
    let frames = 9;
    let journal = filled(dir.path(), frames);
    let end = journal.offset;
    drop(journal);
    let start = end - (OVERHEAD + payload(frames).len()) as u64;
    let short = dir.path().join("short");
    for length in start..=end {
        copy_segments(dir.path(), &short);
        let path = segment::path(&short, 1);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(length).unwrap();
        let opened = open_from(&short, 1);
        if length == start || length == end {
            // Nothing tells it from a segment that is full.
            let (journal, recovery, _) = opened.unwrap();
            assert_eq!(recovery.last, frames - u64::from(length == start));
            drop(journal);
            assert_eq!(fs::metadata(&path).unwrap().len(), SEGMENT);
        } else {
            let error = opened.unwrap_err();
            let is_short = matches!(
                error,
                JournalError::Corrupt {
                    sequence,
                    fault: FrameFault::Short,
                    ..
                } if sequence == frames
            );
            assert!(is_short, "{length}: {error}");
        }
    }
}

/// Sectors of several unsynced frames reach the disk in any order.
#[test]
fn unsynced_frames_behind_a_lost_one_are_cut_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 3);
    let durable_end = journal.offset;
    let big = vec![7; 700];
    for _ in 0..3 {
        journal.append(&big).unwrap();
    }
    let end = journal.offset;
    drop(journal);
    let sectors: Vec<u64> = (durable_end / 512..=end / 512).collect();
    assert!(sectors.len() < 10);
    let lost_dir = dir.path().join("lost");
    for pattern in 1_u32..(1 << sectors.len()) {
        copy_segments(dir.path(), &lost_dir);
        let file = OpenOptions::new()
            .write(true)
            .open(segment::path(&lost_dir, 1))
            .unwrap();
        for (bit, &sector) in sectors.iter().enumerate() {
            if pattern & (1 << bit) != 0 {
                let from = (sector * 512).max(durable_end);
                let length = (sector + 1) * 512 - from;
                file.write_all_at(&vec![0; length as usize], from).unwrap();
            }
        }
        let (_, recovery, replayed) = open_from(&lost_dir, 1).unwrap();
        expect_prefix(&replayed[..3].to_vec());
        assert!(recovery.last < 6);
        assert!(replayed[3..].iter().all(|(_, payload)| *payload == big));
    }
}

#[test]
fn a_durable_frame_that_became_zeros_is_corruption() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 9));
    let file = OpenOptions::new()
        .write(true)
        .open(segment::path(dir.path(), 1))
        .unwrap();
    let (start, length) = (segment::HEADER, OVERHEAD + payload(1).len());
    file.write_all_at(&vec![0; length], start).unwrap();
    let error = open_from(dir.path(), 1).unwrap_err();
    assert!(matches!(
        error,
        JournalError::Corrupt {
            segment: 1,
            offset: segment::HEADER,
            sequence: 1,
            fault: FrameFault::Missing
        }
    ));
}

#[test]
fn one_flipped_bit_is_never_wrong_data_nor_a_lost_frame() {
    let dir = tempfile::tempdir().unwrap();
    let frames = 24;
    drop(filled(dir.path(), frames));
    let flipped = dir.path().join("flipped");
    copy_segments(dir.path(), &flipped);
    let mut found = 0;
    for number in 1..=2 {
        let path = segment::path(&flipped, number);
        let good = fs::read(&path).unwrap();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        for (position, &byte) in good.iter().enumerate() {
            let bad = byte ^ (1 << (position % 8));
            file.write_all_at(&[bad], position as u64).unwrap();
            match open_from(&flipped, 1) {
                Err(JournalError::Corrupt { segment, .. }) if segment == number => found += 1,
                Err(JournalError::SegmentHeader { segment }) if segment == number => {}
                Err(error) => panic!("unexpected at {number}/{position}: {error}"),
                Ok((_, recovery, replayed)) => {
                    // Only the unused rest of the last segment may be flipped without loss.
                    assert_eq!(recovery.last, frames, "silent loss at {number}/{position}");
                    assert!(recovery.cut.is_some(), "unnoticed at {number}/{position}");
                    expect_prefix(&replayed);
                }
            }
            file.write_all_at(&[byte], position as u64).unwrap();
        }
    }
    assert!(found > 4000, "{found}");
    assert_eq!(open_from(&flipped, 1).unwrap().1.last, frames);
}

#[test]
fn damage_before_the_checkpoint_is_found_when_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 100));
    let path = segment::path(dir.path(), 1);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[0xff], segment::HEADER + 70).unwrap();
    let (journal, _, _) = open_from(dir.path(), 100).unwrap();
    let reader = journal.reader();
    let corrupt = |error: JournalError| {
        matches!(
            error,
            JournalError::Corrupt {
                segment: 1,
                sequence: 1,
                fault: FrameFault::Payload,
                ..
            }
        )
    };
    assert!(corrupt(reader.read(1).unwrap_err()));
    assert!(corrupt(reader.verify(&mut |_| {}).unwrap_err()));
    assert_eq!(reader.read(2).unwrap(), payload(2));
    assert!(reader.iter_from(1).next().unwrap().is_err());
}

#[test]
fn a_missing_segment_is_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 100));
    let kept = dir.path().join("kept");
    for missing in [1, 2, 3] {
        copy_segments(dir.path(), &kept);
        fs::remove_file(segment::path(&kept, missing)).unwrap();
        let error = open_from(&kept, 100).unwrap_err();
        assert!(
            matches!(&error, JournalError::MissingSegment { segment, path }
                if *segment == missing && *path == segment::path(&kept, missing)),
            "{error}"
        );
    }
}

#[test]
fn segments_of_two_journals_do_not_join() {
    let one = tempfile::tempdir().unwrap();
    let two = tempfile::tempdir().unwrap();
    drop(filled(one.path(), 100));
    let (mut other, _, _) = open_from(two.path(), 1).unwrap();
    for sequence in 1..=100 {
        let mut bytes = payload(sequence);
        bytes[0] ^= 2;
        other.append(&bytes).unwrap();
    }
    other.sync().unwrap();
    drop(other);
    fs::copy(segment::path(two.path(), 2), segment::path(one.path(), 2)).unwrap();
    let error = open_from(one.path(), 1).unwrap_err();
    assert!(
        matches!(
            error,
            JournalError::Corrupt {
                fault: FrameFault::Chain,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_frame_of_another_journal_does_not_join() {
    let one = tempfile::tempdir().unwrap();
    let two = tempfile::tempdir().unwrap();
    drop(filled(one.path(), 6));
    let (mut other, _, _) = open_from(two.path(), 1).unwrap();
    let mut place = segment::HEADER;
    for sequence in 1..=6 {
        let mut bytes = payload(sequence);
        if sequence == 3 {
            place = other.offset;
            bytes[0] ^= 2;
        }
        other.append(&bytes).unwrap();
        other.sync().unwrap();
    }
    drop(other);
    let mut frame = vec![0; OVERHEAD + payload(3).len()];
    let foreign = fs::File::open(segment::path(two.path(), 1)).unwrap();
    foreign.read_exact_at(&mut frame, place).unwrap();
    let own = OpenOptions::new()
        .write(true)
        .open(segment::path(one.path(), 1))
        .unwrap();
    own.write_all_at(&frame, place).unwrap();
    let error = open_from(one.path(), 1).unwrap_err();
    assert!(
        matches!(
            error,
            JournalError::Corrupt {
                sequence: 4,
                fault: FrameFault::Chain,
                ..
            }
        ),
        "{error}"
    );
}
