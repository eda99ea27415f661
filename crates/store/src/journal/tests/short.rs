//! A last segment that is shorter than a new one, and a start while the disk is below the floor: the
//! segment is not laid out then, and no frame may be written behind its end.
//!
//! Counts come from the environment: `LIANDONG_FULL`.

use std::fs::{self, OpenOptions};

use super::failing::{Chance, FRAMES, Place, count, lose, note, options, write};
use super::payload;
use crate::durable::fault;
use crate::journal::{Journal, JournalError, JournalOptions, segment};

/// Cuts the last segment to its last frame, as after a restore, or a crash between a segment's end
/// and the next one's beginning: in the journal, in its mirror, or in both.
fn shorten(place: &Place, which: u64) {
    let number = *segment::numbers(&place.dir).unwrap().last().unwrap();
    let dirs = [(&place.dir, which != 1)];
    let dirs = dirs
        .into_iter()
        .chain(place.mirror.iter().map(|mirror| (mirror, which != 0)));
    for (dir, is_cut) in dirs {
        let path = segment::path(dir, number);
        let bytes = fs::read(&path).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1;
        if is_cut {
            let file = OpenOptions::new().write(true).open(&path).unwrap();
            file.set_len(used.max(segment::HEADER)).unwrap();
        }
    }
}

/// Opened while the disk is below the floor; then somebody frees space.
fn open_below_the_floor(place: &Place) -> Journal {
    let below = JournalOptions {
        free_floor: u64::MAX,
        ..options(place.mirror.clone())
    };
    let opened = Journal::open(&place.dir, below, 1, &mut |_, _| Ok(()));
    let mut journal = opened.unwrap().0;
    assert!(matches!(
        journal.check_space(),
        Err(JournalError::NoSpace { .. })
    ));
    journal.set_free_floor(0);
    journal.check_space().unwrap();
    expect_laid_out(&journal);
    journal
}

/// Where frames may be written, there is a file already.
fn expect_laid_out(journal: &Journal) {
    for file in journal.shared.tail().files() {
        let length = fs::metadata(&file.path).unwrap().len();
        assert!(
            journal.room <= length,
            "{}: {} of {length}",
            file.path.display(),
            journal.room
        );
        assert!(journal.offset <= journal.room);
    }
}

#[test]
fn row_10_a_start_below_the_floor_behind_a_short_segment_loses_nothing_however_it_ends() {
    let times = count("LIANDONG_FULL", 60);
    let mut chance = Chance(count("LIANDONG_SEED", 1));
    let (mut full, mut resumed, mut killed, mut cut) = (0, 0, 0, 0);
    let mut bad = Vec::new();
    for number in 0..times {
        let place = Place::new(number % 2 == 0);
        let mut journal = place.open().unwrap();
        let (_, error) = write(&mut journal, chance.below(FRAMES));
        assert!(error.is_none());
        drop(journal);
        let which = chance.below(3);
        shorten(&place, which);
        let mut journal = open_below_the_floor(&place);
        let (_, error) = write(&mut journal, chance.below(FRAMES));
        assert!(error.is_none());
        expect_laid_out(&journal);
        let room = chance.below(8_000);
        let what = format!("{number}: cut {which}, room for {room} bytes");
        let unsynced = journal.unsynced();
        match chance.below(3) {
            // Full in the middle of a frame, and room again when the next is written.
            0 => {
                full += 1;
                fault::set_room_once(room);
                let (_, error) = write(&mut journal, 3 * FRAMES);
                assert!(
                    error.is_some_and(|error| !matches!(error, JournalError::Stopped)),
                    "{what}"
                );
                expect_laid_out(&journal);
                let last = journal.last() + 3;
                match write(&mut journal, last).1 {
                    None => resumed += 1,
                    // Between one segment and the next.
                    Some(JournalError::Stopped) => {}
                    Some(error) => panic!("{what}: {error}"),
                }
            }
            // Nothing more reaches the file, as when the process is killed while it writes.
            1 => {
                killed += 1;
                fault::set_room(Some(room));
                let (_, error) = write(&mut journal, 3 * FRAMES);
                assert!(error.is_some(), "{what}");
            }
            // A power cut while some frames are not synced.
            _ => {
                cut += 1;
                for _ in 0..=chance.below(4) {
                    journal.append(&payload(journal.last() + 1)).unwrap();
                    expect_laid_out(&journal);
                }
            }
        }
        let acknowledged = journal.durable();
        drop(journal);
        fault::set_room(None);
        lose(&unsynced, &mut chance);
        note(&mut bad, place.check(acknowledged, None), &what);
    }
    println!(
        "counted: row 10: {times} starts below the floor behind a short segment, {} wrong or lost; {full} full disks, {resumed} resumed by themselves, {killed} kills, {cut} power cuts",
        bad.len()
    );
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(resumed > 0 && killed > 0 && cut > 0);
}

#[test]
fn what_does_not_fit_behind_a_short_segment_keeps_nobody_from_starting() {
    for room in 0..120 {
        let place = Place::new(false);
        let mut journal = place.open().unwrap();
        let (acknowledged, error) = write(&mut journal, 3);
        assert!(error.is_none());
        drop(journal);
        shorten(&place, 0);
        let mut journal = open_below_the_floor(&place);
        fault::set_room(Some(room));
        journal.append(&payload(4)).unwrap_err();
        fault::set_room(None);
        drop(journal);
        assert_eq!(place.check(acknowledged, None), Ok(3), "{room}");
    }
}

#[test]
fn a_disk_that_takes_fewer_zeros_than_it_has_free_keeps_nobody_from_starting() {
    for mirrored in [false, true] {
        let place = Place::new(mirrored);
        let mut journal = place.open().unwrap();
        let (acknowledged, _) = write(&mut journal, 3);
        drop(journal);
        shorten(&place, 2);
        // Enough for what is written once more, but not for a whole segment.
        fault::set_room(Some(1_500));
        let mut journal = place.open().unwrap();
        expect_laid_out(&journal);
        fault::set_room(None);
        let (_, error) = write(&mut journal, FRAMES);
        assert!(error.is_none());
        assert_eq!(acknowledged, 3);
        assert_eq!(journal.durable(), FRAMES);
        drop(journal);
        assert_eq!(place.check(FRAMES, None), Ok(FRAMES));
    }
}

#[test]
fn an_empty_segment_that_is_short_is_laid_out_for_the_frame_that_comes() {
    let place = Place::new(true);
    drop(place.open().unwrap());
    shorten(&place, 2);
    let mut journal = open_below_the_floor(&place);
    assert_eq!(journal.room, segment::HEADER);
    let (_, error) = write(&mut journal, 3);
    assert!(error.is_none());
    expect_laid_out(&journal);
    drop(journal);
    assert_eq!(place.check(3, None), Ok(3));
}

#[test]
fn a_segment_whose_laying_out_was_not_synced_takes_no_frame() {
    let place = Place::new(false);
    drop(place.open().unwrap());
    shorten(&place, 0);
    let mut journal = open_below_the_floor(&place);
    fault::set_syncs(Some(0));
    let refused = journal.append(&payload(1));
    fault::set_syncs(None);
    assert!(matches!(refused, Err(JournalError::File(_))), "{refused:?}");
    assert!(matches!(
        journal.append(&payload(1)),
        Err(JournalError::Stopped)
    ));
    drop(journal);
    assert_eq!(place.check(0, None), Ok(0));
}
