use std::fs;
use std::path::Path;

use crate::journal::{
    Journal, JournalError, JournalOptions, MAX_PAYLOAD, Recovery, Sequence, SparseIndex, frame,
    segment, size,
};

mod damage;
mod failing;
mod mirror;
mod seal;
mod short;

const SEGMENT: u64 = 4096;

fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: SEGMENT,
        free_floor: 0,
        prepare_ahead: true,
        plain_segments: 1,
        mirror: None,
    }
}

/// Payloads of many sizes, without zero bytes.
fn payload(sequence: Sequence) -> Vec<u8> {
    let length = 1 + (sequence * 37 % 300) as usize;
    (0..length as u64)
        .map(|at| (sequence * 31 + at * 7) as u8 | 1)
        .collect()
}

type Replayed = Vec<(Sequence, Vec<u8>)>;

fn open_from(dir: &Path, from: Sequence) -> Result<(Journal, Recovery, Replayed), JournalError> {
    let mut replayed = Vec::new();
    let (journal, recovery) = Journal::open(dir, options(), from, &mut |sequence, payload| {
        replayed.push((sequence, payload.to_vec()));
        Ok(())
    })?;
    Ok((journal, recovery, replayed))
}

fn filled(dir: &Path, frames: Sequence) -> Journal {
    let (mut journal, _, _) = open_from(dir, 1).unwrap();
    for sequence in 1..=frames {
        assert_eq!(journal.append(&payload(sequence)).unwrap(), sequence);
        assert_eq!(journal.sync().unwrap(), sequence);
    }
    journal
}

fn expect_prefix(replayed: &Replayed) {
    for (expected, (sequence, bytes)) in (1..).zip(replayed) {
        assert_eq!(*sequence, expected);
        assert_eq!(*bytes, payload(expected), "frame {expected}");
    }
}

#[test]
fn reopening_gives_back_every_frame_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 100));
    let (mut journal, recovery, replayed) = open_from(dir.path(), 1).unwrap();
    assert_eq!(
        (recovery.last, recovery.replayed, &recovery.cut),
        (100, 100, &None)
    );
    assert!(recovery.segments > 3, "rolled over: {recovery:?}");
    expect_prefix(&replayed);
    assert_eq!(journal.append_parts(&[b"a", b"", b"bc"]).unwrap(), 101);
    journal.sync().unwrap();
    assert_eq!(journal.reader().read(101).unwrap(), b"abc");
}

#[test]
fn replay_starts_where_asked_and_reads_older_frames_on_demand() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 100));
    let (journal, recovery, replayed) = open_from(dir.path(), 90).unwrap();
    assert_eq!(replayed.len(), 11);
    assert_eq!(replayed[0], (90, payload(90)));
    assert!(
        recovery.checked < 60,
        "older segments are not read: {recovery:?}"
    );
    let reader = journal.reader();
    for sequence in 1..=100 {
        assert_eq!(reader.read(sequence).unwrap(), payload(sequence));
    }
    let frames: Result<Vec<_>, _> = reader.iter_from(7).collect();
    let frames = frames.unwrap();
    assert_eq!(frames.len(), 94);
    assert_eq!(frames[0], (7, payload(7)));
    assert_eq!(frames[93], (100, payload(100)));
    assert_eq!(reader.verify(&mut |_| {}).unwrap().frames, 100);
    for absent in [0, 101] {
        assert!(matches!(
            reader.read(absent),
            Err(JournalError::NoSuchFrame { sequence, last: 100 }) if sequence == absent
        ));
    }
}

#[test]
fn readers_see_only_what_is_durable_and_follow_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 1);
    let reader = journal.reader();
    let syncer = journal.syncer();
    let mut iterator = reader.iter_from(1);
    assert_eq!(iterator.next().unwrap().unwrap().0, 1);
    for sequence in 2..=60 {
        journal.append(&payload(sequence)).unwrap();
        assert!(iterator.next().is_none());
        assert!(matches!(
            reader.read(sequence),
            Err(JournalError::NoSuchFrame { .. })
        ));
        assert_eq!(syncer.sync().unwrap(), sequence);
        assert_eq!(
            iterator.next().unwrap().unwrap(),
            (sequence, payload(sequence))
        );
    }
}

#[test]
fn a_wrong_index_costs_time_and_not_data() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 100));
    let (journal, _, _) = open_from(dir.path(), 100).unwrap();
    let reader = journal.reader();
    reader.offer_index(1, SparseIndex::from_entries(vec![(1, 70), (3, 64)]));
    for sequence in 1..=20 {
        assert_eq!(reader.read(sequence).unwrap(), payload(sequence));
    }
}

fn copy_segments(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for number in 1.. {
        let source = segment::path(from, number);
        if !source.exists() {
            return;
        }
        fs::copy(&source, segment::path(to, number)).unwrap();
    }
}

#[test]
fn a_full_segment_is_durable_before_the_next_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open_from(dir.path(), 1).unwrap();
    while journal.segments() == 1 {
        assert_eq!(journal.durable(), 0);
        journal.append(&[5; 100]).unwrap();
    }
    assert_eq!(journal.durable(), journal.last() - 1);
}

#[test]
fn below_the_floor_nothing_is_written_and_it_resumes() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 3);
    journal.set_free_floor(u64::MAX);
    let offset = journal.offset;
    let error = journal.append(b"x").unwrap_err();
    assert!(matches!(error, JournalError::NoSpace { floor: u64::MAX, free } if free > 0));
    assert_eq!((journal.offset, journal.last()), (offset, 3));
    journal.set_free_floor(0);
    assert_eq!(journal.append(b"x").unwrap(), 4);
    assert_eq!(journal.sync().unwrap(), 4);
}

#[test]
fn what_was_decided_above_the_floor_is_kept_even_below_it() {
    let dir = tempfile::tempdir().unwrap();
    let options = JournalOptions {
        prepare_ahead: false,
        ..options()
    };
    let open = |options| Journal::open(dir.path(), options, 1, &mut |_, _| Ok(()));
    let (mut journal, _) = open(options.clone()).unwrap();
    journal.check_space().unwrap();
    journal.set_free_floor(u64::MAX);
    let fits_no_segment_twice = vec![1; SEGMENT as usize / 2];
    for sequence in 1..=3 {
        let appended = journal.append_checked(&[&fits_no_segment_twice]);
        assert_eq!(appended.unwrap(), sequence);
    }
    assert_eq!((journal.segments(), journal.sync().unwrap()), (3, 3));
    drop(journal);

    // Room for a frame is no room for the segment that the frame may need.
    let other_segments = JournalOptions {
        segment_bytes: u64::MAX,
        free_floor: u64::MAX / 2,
        ..options
    };
    let (journal, _) = open(other_segments).unwrap();
    let ahead = size::planned(journal.segments() + 1, u64::MAX);
    assert!(ahead > SEGMENT);
    assert!(matches!(
        journal.check_space(),
        Err(JournalError::NoSpace { floor, .. }) if floor == u64::MAX / 2 + ahead
    ));
}

#[test]
fn the_first_segments_are_small_and_none_is_written_beyond_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let options = JournalOptions {
        free_floor: 0,
        ..JournalOptions::default()
    };
    let open = || Journal::open(dir.path(), options.clone(), 1, &mut |_, _| Ok(())).unwrap();
    let file = |number| Journal::segment_path(dir.path(), number);
    let length = |number| fs::metadata(file(number)).unwrap().len();
    let ends_behind = |payload| segment::HEADER + (frame::OVERHEAD + payload) as u64;
    let (mut journal, _) = open();
    assert_eq!(length(1), 4 << 20);
    // Larger than all that is laid out, into a segment that has no frame yet.
    journal.append(&vec![7; 5 << 20]).unwrap();
    assert_eq!((journal.segments(), length(1)), (1, ends_behind(5 << 20)));
    assert_eq!(journal.room, length(1));
    // And one for which what was made ready meanwhile is too short.
    journal.append(&vec![8; 2 << 20]).unwrap();
    journal.append(&vec![9; 6 << 20]).unwrap();
    assert_eq!((journal.segments(), length(3)), (3, ends_behind(6 << 20)));
    assert_eq!(journal.room, length(3));
    assert_eq!(journal.sync().unwrap(), 3);
    drop(journal);
    let (mut journal, recovery) = open();
    assert_eq!(recovery.last, 3);
    journal.append(b"small").unwrap();
    assert_eq!((journal.segments(), length(4)), (4, 8 << 20));
    drop(journal);
    // A file that is longer than a new one would be is filled up all the same.
    let longer = fs::OpenOptions::new().write(true).open(file(4));
    longer.unwrap().set_len(40 << 20).unwrap();
    let (mut journal, _) = open();
    for _ in 0..4 {
        journal.append(&vec![1; 9 << 20]).unwrap();
    }
    assert_eq!(journal.segments(), 4);
    journal.append(&vec![1; 9 << 20]).unwrap();
    assert_eq!(journal.segments(), 5);
}

#[test]
fn sizes_that_are_no_frame_are_refused_and_large_ones_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 3);
    let too_large = vec![1; MAX_PAYLOAD + 1];
    for refused in [&[][..], &too_large] {
        assert!(matches!(
            journal.append(refused),
            Err(JournalError::PayloadSize { .. })
        ));
    }
    let large = vec![9; 3 * SEGMENT as usize];
    journal.append(&large).unwrap();
    journal.append(b"small").unwrap();
    journal.sync().unwrap();
    drop(journal);
    let (journal, recovery, replayed) = open_from(dir.path(), 1).unwrap();
    assert_eq!((recovery.last, replayed[3].1 == large), (5, true));
    assert_eq!(journal.reader().read(5).unwrap(), b"small");
}

#[test]
fn a_failed_sync_is_final() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 3);
    journal.append(b"never acknowledged").unwrap();
    // A descriptor that cannot be synced stands in for a disk that fails.
    let (pipe, _writer) = std::io::pipe().unwrap();
    let unsyncable = fs::File::from(std::os::fd::OwnedFd::from(pipe));
    journal.shared.tail().main.file = std::sync::Arc::new(unsyncable);
    assert!(matches!(journal.sync(), Err(JournalError::File(_))));
    assert!(matches!(journal.sync(), Err(JournalError::Stopped)));
    assert!(matches!(journal.append(b"x"), Err(JournalError::Stopped)));
    assert!(matches!(
        journal.syncer().sync(),
        Err(JournalError::Stopped)
    ));
    assert_eq!(journal.durable(), 3);
}

#[test]
fn a_failing_replay_is_reported_with_its_frame() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 3));
    let result = Journal::open(dir.path(), options(), 1, &mut |sequence, _| {
        if sequence == 2 {
            Err("no".into())
        } else {
            Ok(())
        }
    });
    assert!(matches!(
        result,
        Err(JournalError::Replay { sequence: 2, .. })
    ));
}

#[test]
fn a_half_made_next_segment_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 3));
    fs::write(dir.path().join("next.tmp"), b"half").unwrap();
    let (_, recovery, _) = open_from(dir.path(), 1).unwrap();
    assert_eq!(recovery.last, 3);
    assert!(!dir.path().join("next.tmp").exists());
}
