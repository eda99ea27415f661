//! A disk that is full at any offset, and a sync that fails at any time.
//!
//! Counts come from the environment: `LIANDONG_FULL` and `LIANDONG_EIO`.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::payload;
use crate::durable::fault;
use crate::journal::{Journal, JournalError, JournalOptions, Sequence, Unsynced};

pub(super) const FRAMES: Sequence = 60;
const SHORT: &[u8] = b"short";

pub(super) fn count(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}

pub(super) fn options(mirror: Option<PathBuf>) -> JournalOptions {
    JournalOptions {
        segment_bytes: 4096,
        free_floor: 0,
        // On this thread, so that it fails as planned.
        prepare_ahead: false,
        plain_segments: 1,
        mirror,
    }
}

pub(super) struct Place {
    _root: tempfile::TempDir,
    pub(super) dir: PathBuf,
    pub(super) mirror: Option<PathBuf>,
}

impl Place {
    pub(super) fn new(mirrored: bool) -> Self {
        let memory = Path::new("/dev/shm");
        let root = if memory.is_dir() {
            tempfile::tempdir_in(memory).unwrap()
        } else {
            tempfile::tempdir().unwrap()
        };
        Self {
            dir: root.path().join("journal"),
            mirror: mirrored.then(|| root.path().join("mirror")),
            _root: root,
        }
    }

    pub(super) fn open(&self) -> Result<Journal, JournalError> {
        let options = options(self.mirror.clone());
        Ok(Journal::open(&self.dir, options, 1, &mut |_, _| Ok(()))?.0)
    }

    /// The last frame, if everything acknowledged is there, the same in both copies, and nothing
    /// else than what was written.
    pub(super) fn check(
        &self,
        acknowledged: Sequence,
        short: Option<Sequence>,
    ) -> Result<Sequence, String> {
        let mut replayed = Vec::new();
        let options = options(self.mirror.clone());
        let opened = Journal::open(&self.dir, options, 1, &mut |sequence, payload| {
            replayed.push((sequence, payload.to_vec()));
            Ok(())
        });
        let (journal, recovery) = opened.map_err(|error| error.to_string())?;
        drop(journal);
        for (expected, (sequence, bytes)) in (1..).zip(&replayed) {
            let written = match short {
                Some(sequence) if sequence == expected => SHORT.to_vec(),
                _ => payload(expected),
            };
            if *sequence != expected || *bytes != written {
                return Err(format!("frame {expected} is another"));
            }
        }
        if let Some(mirror) = &self.mirror {
            let alone = self::options(None);
            let mirrored = Journal::open(mirror, alone, 1, &mut |_, _| Ok(()));
            let (_, mirrored) = mirrored.map_err(|error| error.to_string())?;
            if mirrored.last != recovery.last {
                return Err(format!("the mirror ends at {}", mirrored.last));
            }
        }
        if recovery.last < acknowledged {
            return Err(format!("{recovery:?}, acknowledged {acknowledged}"));
        }
        Ok(recovery.last)
    }
}

/// Appends and syncs up to `last`; returns the last frame that was acknowledged, and the error.
pub(super) fn write(journal: &mut Journal, last: Sequence) -> (Sequence, Option<JournalError>) {
    let mut acknowledged = journal.durable();
    while journal.last() < last {
        let next = journal.last() + 1;
        if let Err(error) = journal.append(&payload(next)) {
            return (acknowledged, Some(error));
        }
        match journal.sync() {
            Ok(durable) => acknowledged = durable,
            Err(error) => return (acknowledged, Some(error)),
        }
    }
    (acknowledged, None)
}

#[test]
fn row_10_a_disk_that_is_full_at_any_offset_loses_nothing_and_resumes() {
    let times = count("LIANDONG_FULL", 60);
    let mut chance = Chance(count("LIANDONG_SEED", 1));
    let (mut resumed, mut stopped, mut at_open, mut sealing) = (0, 0, 0, 0);
    let mut bad = Vec::new();
    for number in 0..times {
        let place = Place::new(number % 2 == 0);
        let room = chance.below(60_000);
        let what = format!("room for {room} bytes, mirror {}", place.mirror.is_some());
        let once = chance.below(2) == 0;
        if once {
            fault::set_room_once(room);
        } else {
            fault::set_room(Some(room));
        }
        let hits = fault::hits();
        let mut journal = match place.open() {
            Ok(journal) => journal,
            Err(_) => {
                // Not even a first segment: nothing was promised, and it works with more room.
                at_open += 1;
                fault::set_room(None);
                place.open().unwrap()
            }
        };
        let mut short = None;
        let (mut acknowledged, error) = write(&mut journal, FRAMES);
        if let Some(error) = error {
            assert!(
                matches!(&error, JournalError::File(file) if file.is_full()),
                "{what}: {error}"
            );
            assert!(fault::hits() > hits);
            if once {
                // A shorter frame in the place of the one that did not fit.
                let next = journal.last() + 1;
                short = journal.append(SHORT).is_ok().then_some(next);
            } else {
                // Still full.
                assert!(journal.append(&payload(journal.last() + 1)).is_err());
            }
            fault::set_room(None);
            // Behind the shorter frame nothing is written that would hide what it left.
            let last = short.unwrap_or(FRAMES);
            let (_, error) = write(&mut journal, last);
            let synced = journal.sync();
            acknowledged = synced.map_or(acknowledged, |durable| durable);
            match error {
                None => resumed += 1,
                Some(JournalError::Stopped) => stopped += 1,
                Some(error) => panic!("{what}: {error}"),
            }
        }
        // The same while old segments are sealed.
        fault::set_room(Some(chance.below(6000)));
        while let Ok(Some(_)) = journal.sealer().run() {}
        sealing += u64::from(journal.sealer().run().is_err());
        fault::set_room(None);
        drop(journal);
        note(&mut bad, place.check(acknowledged, short), &what);
        // Recovery itself meets a full disk.
        let extents = journal_with_a_torn_tail(&place);
        fault::set_room(Some(chance.below(600)));
        let _ = place.open();
        fault::set_room(None);
        assert!(extents <= 2);
        note(&mut bad, place.check(acknowledged, short), &what);
    }
    println!(
        "counted: row 10: {times} full disks, {} wrong or lost; {resumed} resumed by themselves, {stopped} stopped until restart, {at_open} before the first frame, {sealing} while sealing",
        bad.len()
    );
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(resumed > 0);
}

pub(super) fn note(bad: &mut Vec<String>, checked: Result<Sequence, String>, what: &str) {
    if let Err(error) = checked {
        bad.push(format!("{what}: {error}"));
    }
}

/// Leaves a frame that no sync covered, of which a part is missing.
fn journal_with_a_torn_tail(place: &Place) -> usize {
    let mut journal = place.open().unwrap();
    let unsynced = journal.unsynced();
    journal.append(&payload(journal.last() + 1)).unwrap();
    drop(journal);
    lose(&unsynced, &mut Chance(3));
    unsynced.extents().len()
}

/// A power cut: of what no sync covered, some sectors are missing.
pub(super) fn lose(unsynced: &Unsynced, chance: &mut Chance) {
    for extent in unsynced.extents() {
        let file = OpenOptions::new().write(true).open(&extent.path).unwrap();
        let mut from = extent.from;
        while from < extent.to {
            let to = ((from / 512 + 1) * 512).min(extent.to);
            if chance.below(2) == 0 {
                file.write_all_at(&vec![0; (to - from) as usize], from)
                    .unwrap();
            }
            from = to;
        }
    }
}

#[test]
fn row_10_a_sync_that_fails_is_never_tried_again_and_nothing_acknowledged_is_lost() {
    let times = count("LIANDONG_EIO", 60);
    let mut chance = Chance(count("LIANDONG_SEED", 1));
    let mut failed = 0;
    let mut bad = Vec::new();
    for number in 0..times {
        let place = Place::new(number % 2 == 0);
        let mut journal = place.open().unwrap();
        let hits = fault::hits();
        fault::set_syncs(Some(chance.below(100)));
        let (acknowledged, error) = write(&mut journal, FRAMES);
        fault::set_syncs(None);
        let what = format!(
            "{error:?} at {acknowledged}, mirror {}",
            place.mirror.is_some()
        );
        let unsynced = journal.unsynced();
        let mut more = None;
        if error.is_some() {
            assert!(fault::hits() > hits, "{what}");
            failed += 1;
            // The disk works again, but what it holds of these frames is unknown.
            let in_doubt = !unsynced.extents().is_empty();
            let again = [
                journal.sync().map(|_| ()),
                journal.append(SHORT).map(|_| ()),
            ];
            more = again[1].is_ok().then(|| journal.last());
            let stopped = again
                .iter()
                .all(|result| matches!(result, Err(JournalError::Stopped)));
            if in_doubt && !(stopped && journal.durable() == acknowledged) {
                bad.push(format!("{what}: tried again"));
            }
        }
        let acknowledged = journal.durable();
        drop(journal);
        // What the failed sync did not write is gone once memory is.
        lose(&unsynced, &mut chance);
        note(&mut bad, place.check(acknowledged, more), &what);
    }
    println!(
        "counted: row 10: {failed} failed syncs in {times} journals, {} wrong or lost",
        bad.len()
    );
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(failed > times / 4);
}
