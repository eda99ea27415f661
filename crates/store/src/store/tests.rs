use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use liandong_core::event::Event;
use liandong_core::region::{Level, Region, RegionKind};
use liandong_core::report::{Fingerprints, ReportBatch, ReportRow, Role};
use liandong_core::state::State;

use crate::checkpoint::LossReason;
use crate::identity::Incarnation;
use crate::journal::{JournalError, JournalOptions};
use crate::lock::LockError;
use crate::progress::Progress;
use crate::record::{self, DecodeError};
use crate::store::{CheckpointError, OpenError, Opened, Store, StoreOptions};

mod crash;
mod golden;

pub(crate) const SEED: [u8; 16] = [3; 16];

pub(crate) fn options() -> StoreOptions {
    let journal = JournalOptions {
        segment_bytes: 8192,
        free_floor: 0,
        plain_segments: 0,
        ..JournalOptions::default()
    };
    StoreOptions {
        journal,
        ..StoreOptions::default()
    }
}

pub(crate) fn try_open(data: &Path, seed: [u8; 16]) -> Result<Opened, OpenError> {
    Store::open(data, options(), seed, &mut |_| {})
}

pub(crate) fn open(data: &Path) -> Opened {
    try_open(data, SEED).unwrap()
}

fn county() -> Event {
    let region = Region {
        code: "371524".parse().unwrap(),
        name: "东阿县".to_owned(),
        parent: None,
        level: Level::County,
        kind: RegionKind::Bureau,
    };
    Event::Hosted { region, epoch: 1 }
}

fn school(number: u32) -> Event {
    let region = Region {
        code: format!("371524-{number}").parse().unwrap(),
        name: format!("第{number}小学"),
        parent: Some("371524".parse().unwrap()),
        level: Level::Unit,
        kind: RegionKind::PrimarySchool,
    };
    Event::Hosted { region, epoch: 1 }
}

fn reports(school: u32, numerator: i64) -> Event {
    Event::Reports(ReportBatch {
        id: format!("push-{school}-{numerator}"),
        by: "test".to_owned(),
        at_micros: 1,
        sources: vec![format!("371524-{school}").parse().unwrap()],
        indicators: vec!["dropouts".parse().unwrap()],
        rows: vec![ReportRow {
            source: 0,
            indicator: 0,
            period: "2025-03".parse().unwrap(),
            numerator,
            denominator: 0,
            id: String::new(),
            row: 1,
            revision: 1,
            role: Role::Unit,
            on_time: true,
            replaces: 0,
            note: String::new(),
        }],
        fingerprints: Fingerprints::default(),
    })
}

pub(crate) fn batch(sequence: u64) -> Vec<Event> {
    let school_number = (sequence % 7) as u32;
    match sequence {
        1 => vec![county()],
        2..=8 => vec![school(school_number)],
        _ => vec![
            reports(school_number, sequence as i64),
            reports(6, 2 * sequence as i64),
        ],
    }
}

pub(crate) fn commit(opened: &mut Opened, frames: std::ops::RangeInclusive<u64>) {
    for sequence in frames {
        let events = batch(sequence);
        assert_eq!(opened.store.commit(&events).unwrap(), sequence);
        for event in &events {
            opened.state.apply(event, sequence);
        }
    }
}

pub(crate) fn bytes_of(state: &State) -> Vec<u8> {
    record::encode_state(Incarnation(SEED), &state.snapshot()).unwrap()
}

#[test]
fn the_state_comes_back_with_and_without_a_checkpoint() {
    let data = tempfile::tempdir().unwrap();
    let mut opened = open(data.path());
    commit(&mut opened, 1..=100);
    drop(opened.store);
    let expected = bytes_of(&opened.state);

    let mut replayed = open(data.path());
    assert_eq!(
        (replayed.checkpoint, replayed.recovery.replayed),
        (None, 100)
    );
    assert_eq!(bytes_of(&replayed.state), expected);
    let saved = replayed
        .store
        .checkpointer
        .save(&replayed.state.snapshot())
        .unwrap();
    assert_eq!(saved.unwrap().sequence, 100);
    commit(&mut replayed, 101..=120);
    let expected = bytes_of(&replayed.state);
    drop(replayed.store);

    let restored = open(data.path());
    assert_eq!(
        (restored.checkpoint, restored.recovery.replayed),
        (Some(100), 20)
    );
    assert!(restored.loss.is_none());
    assert_eq!(bytes_of(&restored.state), expected);
    for sequence in 1..=120 {
        assert_eq!(
            restored.store.history.read(sequence).unwrap(),
            batch(sequence)
        );
    }
    let past: Result<Vec<_>, _> = restored.store.history.iter_from(50).collect();
    assert_eq!(past.unwrap().len(), 71);
}

#[test]
fn a_lost_checkpoint_is_reported_and_costs_only_time() {
    let data = tempfile::tempdir().unwrap();
    let mut opened = open(data.path());
    commit(&mut opened, 1..=50);
    opened
        .store
        .checkpointer
        .save(&opened.state.snapshot())
        .unwrap();
    let expected = bytes_of(&opened.state);
    drop(opened.store);
    fs::write(data.path().join("sled/00000001/db"), b"nonsense").unwrap();
    let rebuilt = open(data.path());
    assert!(rebuilt.loss.is_some_and(|loss| loss.set_aside.is_some()));
    assert_eq!((rebuilt.checkpoint, rebuilt.recovery.replayed), (None, 50));
    assert_eq!(bytes_of(&rebuilt.state), expected);
    rebuilt
        .store
        .checkpointer
        .save(&rebuilt.state.snapshot())
        .unwrap();
    drop(rebuilt.store);
    fs::remove_dir_all(data.path().join("sled")).unwrap();
    assert_eq!(bytes_of(&open(data.path()).state), expected);
}

#[test]
fn a_second_store_in_one_directory_is_refused_while_any_part_lives() {
    let data = tempfile::tempdir().unwrap();
    let Store {
        journal,
        history: _,
        checkpointer,
        sealer,
        incarnation,
    } = open(data.path()).store;
    assert_eq!(incarnation, Incarnation(SEED));
    let refused = || {
        let error = try_open(data.path(), SEED).unwrap_err();
        let own = Some(std::process::id());
        matches!(error, OpenError::Lock(LockError::InUse { holder, .. }) if holder == own)
    };
    assert!(refused());
    drop(checkpointer);
    assert!(refused());
    drop(sealer);
    assert!(refused());
    drop(journal);
    open(data.path());
}

#[test]
fn the_incarnation_stays_and_a_new_one_drops_old_checkpoints() {
    let data = tempfile::tempdir().unwrap();
    let mut opened = open(data.path());
    commit(&mut opened, 1..=10);
    opened
        .store
        .checkpointer
        .save(&opened.state.snapshot())
        .unwrap();
    drop(opened.store);
    let other = [9; 16];
    assert_eq!(
        try_open(data.path(), other).unwrap().store.incarnation,
        Incarnation(SEED)
    );
    fs::remove_file(data.path().join("identity")).unwrap();
    let renewed = try_open(data.path(), other).unwrap();
    assert_eq!(renewed.store.incarnation, Incarnation(other));
    assert!(matches!(
        renewed.loss.map(|loss| loss.reason),
        Some(LossReason::Rejected(_))
    ));
    assert_eq!(renewed.recovery.replayed, 10);
}

#[test]
fn a_journal_shorter_than_its_checkpoint_stops() {
    let data = tempfile::tempdir().unwrap();
    let mut opened = open(data.path());
    commit(&mut opened, 1..=60);
    opened
        .store
        .checkpointer
        .save(&opened.state.snapshot())
        .unwrap();
    let segments = opened.store.journal.segments();
    drop(opened.store);
    assert!(segments > 1);
    fs::remove_file(data.path().join(format!("journal/{segments:08}.seg"))).unwrap();
    let error = try_open(data.path(), SEED).unwrap_err();
    assert!(matches!(error, OpenError::JournalBehind { checkpoint: 60, journal } if journal < 60));
}

#[test]
fn a_missing_journal_stops() {
    let data = tempfile::tempdir().unwrap();
    drop(open(data.path()));
    fs::remove_dir_all(data.path().join("journal")).unwrap();
    let error = try_open(data.path(), SEED).unwrap_err();
    assert!(matches!(
        error,
        OpenError::Journal(JournalError::MissingSegment { segment: 1, .. })
    ));
}

#[test]
fn a_record_of_a_newer_program_stops_with_both_versions() {
    let data = tempfile::tempdir().unwrap();
    let mut opened = open(data.path());
    commit(&mut opened, 1..=1);
    opened.store.journal.append(&[200, 1, 2, 3]).unwrap();
    opened.store.journal.sync().unwrap();
    drop(opened.store);
    let OpenError::Journal(JournalError::Replay {
        sequence: 2,
        source,
    }) = try_open(data.path(), SEED).unwrap_err()
    else {
        panic!("not a replay error");
    };
    assert!(matches!(
        source.downcast_ref(),
        Some(DecodeError::UnknownVersion {
            found: 200,
            supported: 2
        })
    ));
}

#[test]
fn a_state_that_is_not_durable_is_not_saved() {
    let data = tempfile::tempdir().unwrap();
    let mut opened = open(data.path());
    commit(&mut opened, 1..=2);
    opened
        .store
        .journal
        .append(&record::encode(&batch(3)).unwrap())
        .unwrap();
    opened.state.apply(&batch(3)[0], 3);
    let error = opened
        .store
        .checkpointer
        .save(&opened.state.snapshot())
        .unwrap_err();
    assert!(matches!(
        error,
        CheckpointError::NotDurable {
            state: 3,
            durable: 2
        }
    ));
}

#[test]
fn records_with_more_or_less_than_their_content_are_refused() {
    let good = record::encode(&batch(20)).unwrap();
    assert_eq!(record::decode(&good).unwrap(), batch(20));
    assert!(matches!(record::decode(&[]), Err(DecodeError::Short)));
    for length in 1..good.len() {
        assert!(record::decode(&good[..length]).is_err(), "{length}");
    }
    let longer = [&good[..], &[0]].concat();
    assert!(matches!(
        record::decode(&longer),
        Err(DecodeError::Trailing { bytes: 1 })
    ));
}

#[test]
fn without_checkpoints_there_is_no_database_and_the_journal_is_enough() {
    let data = tempfile::tempdir().unwrap();
    let alone = StoreOptions::single_threaded(options().journal);
    let open = |progress: &mut dyn FnMut(Progress)| {
        Store::open(data.path(), alone.clone(), SEED, progress).unwrap()
    };
    let mut opened = open(&mut |_| {});
    commit(&mut opened, 1..=100);
    let saved = opened.store.checkpointer.save(&opened.state.snapshot());
    assert_eq!(saved.unwrap(), None);
    assert!(!data.path().join("sled").exists());
    let unsynced = opened.store.journal.unsynced();
    assert_eq!(unsynced.extents(), []);
    opened.store.journal.append(b"never acknowledged").unwrap();
    let state = bytes_of(&opened.state);
    let segments = opened.store.journal.segments();
    drop(opened);
    let extents = unsynced.extents();
    assert_eq!(extents.len(), 1);
    let extent = &extents[0];
    let name = format!("journal/{segments:08}.seg");
    assert_eq!(
        (&extent.path, extent.segment),
        (&data.path().join(name), segments)
    );
    assert_eq!(extent.to - extent.from, 64 + 18 + 1);
    // What a power cut may do.
    let file = fs::OpenOptions::new()
        .write(true)
        .open(&extent.path)
        .unwrap();
    let lost = vec![0; (extent.to - extent.from) as usize];
    file.write_all_at(&lost, extent.from).unwrap();
    let mut last = None;
    let reopened = open(&mut |progress| last = Some(progress));
    let last = last.unwrap();
    assert_eq!(last.frame, 100);
    assert!((90..=100).contains(&last.percent()), "{last:?}");
    assert_eq!(reopened.recovery.cut, None);
    assert_eq!(bytes_of(&reopened.state), state);
}
