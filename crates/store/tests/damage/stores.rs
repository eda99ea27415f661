//! A store with one of every kind of file, and the question whether it is still right.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use liandong_core::event::Event;
use liandong_core::region::{Level, Region, RegionKind};
use liandong_core::report::{Fingerprints, ReportBatch, ReportRow, Role};
use liandong_core::state::State;
use liandong_store::journal::JournalOptions;
use liandong_store::{
    BackupLabel, Incarnation, OpenError, Opened, Store, StoreOptions, backup, record,
};
use tempfile::TempDir;

pub(crate) const FRAMES: u64 = 160;
/// The frame of the checkpoint.
const SAVED: u64 = 120;
/// Bytes of a segment.
const SEGMENT: u64 = 8192;
pub(crate) const SEED: [u8; 16] = [7; 16];

/// Numbers that look random and are the same every time.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}

/// A number from the environment.
pub(crate) fn count(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(default, |text| text.parse().unwrap())
}

/// Memory where the machine has it: these tests are about damage, not about durability.
pub(crate) fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

pub(crate) fn batch(sequence: u64) -> Vec<Event> {
    let region = |code: String, parent: Option<&str>, level, kind| Region {
        code: code.parse().unwrap(),
        name: format!("地区{code}"),
        parent: parent.map(|code| code.parse().unwrap()),
        level,
        kind,
    };
    let hosted = |region| Event::Hosted { region, epoch: 1 };
    let school = sequence % 7;
    match sequence {
        1 => vec![hosted(region(
            "371524".to_owned(),
            None,
            Level::County,
            RegionKind::Bureau,
        ))],
        2..=8 => vec![hosted(region(
            format!("371524-{school}"),
            Some("371524"),
            Level::Unit,
            RegionKind::PrimarySchool,
        ))],
        _ => vec![Event::Reports(ReportBatch {
            id: format!("push-{sequence}"),
            by: "test".to_owned(),
            at_micros: 1,
            sources: vec![format!("371524-{school}").parse().unwrap()],
            indicators: vec!["dropouts".parse().unwrap()],
            rows: vec![ReportRow {
                source: 0,
                indicator: 0,
                period: "2025-03".parse().unwrap(),
                numerator: i64::try_from(sequence).unwrap(),
                denominator: 0,
                id: String::new(),
                row: 1,
                revision: 1,
                role: Role::Unit,
                on_time: true,
                replaces: 0,
                note: "说明".repeat((sequence % 40) as usize),
            }],
            fingerprints: Fingerprints::default(),
        })],
    }
}

/// The directories of one store.
pub(crate) struct Stored {
    pub(crate) root: PathBuf,
}

impl Stored {
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(crate) fn mirror(&self) -> PathBuf {
        self.root.join("mirror")
    }

    pub(crate) fn backup(&self) -> PathBuf {
        self.root.join("backup")
    }

    /// Makes this one like another.
    pub(crate) fn copy(&self, other: &Self) {
        let _ = fs::remove_dir_all(&self.root);
        copy_tree(&other.root, &self.root);
    }

    /// All files below a directory of the store, by their path.
    pub(crate) fn files(&self, below: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        list(&self.root.join(below), &mut found);
        found.retain(|path| path.extension().is_none_or(|extension| extension != "tmp"));
        found.sort();
        found
    }

    pub(crate) fn open(&self, with_mirror: bool) -> Result<Opened, OpenError> {
        self.open_in_segments(with_mirror, SEGMENT, 0)
    }

    /// Opened while the disk is below the free-space floor; then there is room again.
    pub(crate) fn open_below_the_floor(&self, with_mirror: bool) -> Result<Opened, OpenError> {
        let mut opened = self.open_in_segments(with_mirror, SEGMENT, u64::MAX)?;
        opened.store.journal.set_free_floor(0);
        Ok(opened)
    }

    fn open_in_segments(
        &self,
        with_mirror: bool,
        bytes: u64,
        free_floor: u64,
    ) -> Result<Opened, OpenError> {
        let journal = JournalOptions {
            segment_bytes: bytes,
            free_floor,
            prepare_ahead: false,
            plain_segments: 2,
            mirror: with_mirror.then(|| self.mirror()),
        };
        let options = StoreOptions {
            journal,
            ..StoreOptions::default()
        };
        Store::open(&self.data(), options, SEED, &mut |_| {})
    }
}

fn list(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What was acknowledged.
pub(crate) struct Truth {
    state: Vec<u8>,
}

/// Makes a store with sealed and plain segments, a checkpoint in the middle, a mirror and a backup.
pub(crate) fn build(root: &Path) -> (Stored, Truth) {
    build_of(root, FRAMES, SAVED, SEGMENT)
}

/// [`build`] with that many frames, the checkpoint at one of them, and segments of that many bytes.
pub(crate) fn build_of(root: &Path, frames: u64, saved: u64, segment: u64) -> (Stored, Truth) {
    let stored = Stored {
        root: root.to_path_buf(),
    };
    let mut opened = stored.open_in_segments(true, segment, 0).unwrap();
    for sequence in 1..=frames {
        let events = batch(sequence);
        assert_eq!(opened.store.commit(&events).unwrap(), sequence);
        for event in &events {
            opened.state.apply(event, sequence);
        }
        if sequence == saved {
            let snapshot = opened.state.snapshot();
            opened.store.checkpointer.save(&snapshot).unwrap();
        }
    }
    while opened.store.sealer.run().unwrap().is_some() {}
    let label = BackupLabel {
        made_micros: 1,
        incarnation: opened.store.incarnation,
    };
    let reader = opened.store.history.journal();
    backup(reader, &stored.backup(), label, &mut |_| {}).unwrap();
    let truth = Truth {
        state: bytes_of(&opened.state),
    };
    (stored, truth)
}

fn bytes_of(state: &State) -> Vec<u8> {
    record::encode_state(Incarnation(SEED), &state.snapshot()).unwrap()
}

/// How a store looks after damage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Every frame and the state are what was committed.
    Whole,
    /// It says what is wrong, and where.
    Stopped(String),
    /// It opened, and an old frame said that it is damaged when it was read.
    Read(String),
    /// Frames are missing, and nothing was said.
    Silent(u64),
    /// It gave something that was not committed.
    Wrong(String),
    /// It panicked.
    Crashed,
}

impl Seen {
    pub(crate) fn is_bad(&self) -> bool {
        matches!(self, Self::Silent(_) | Self::Wrong(_) | Self::Crashed)
    }

    pub(crate) fn is_said(&self) -> bool {
        matches!(self, Self::Stopped(_) | Self::Read(_))
    }
}

impl Truth {
    /// Opens a store and compares all that it gives.
    pub(crate) fn look(&self, stored: &Stored, with_mirror: bool) -> Seen {
        let looked = catch_unwind(AssertUnwindSafe(|| self.compare(stored, with_mirror)));
        looked.unwrap_or(Seen::Crashed)
    }

    fn compare(&self, stored: &Stored, with_mirror: bool) -> Seen {
        let opened = match stored.open(with_mirror) {
            Ok(opened) => opened,
            Err(error) => return Seen::Stopped(error.to_string()),
        };
        let last = opened.recovery.last;
        if last != FRAMES {
            return Seen::Silent(last);
        }
        if bytes_of(&opened.state) != self.state {
            return Seen::Wrong("state".to_owned());
        }
        let mut expected = 1;
        for frame in opened.store.history.iter_from(1) {
            match frame {
                Ok((sequence, events)) if sequence == expected && events == batch(expected) => {}
                Ok((sequence, _)) => return Seen::Wrong(format!("frame {sequence}")),
                Err(error) => return Seen::Read(error.to_string()),
            }
            expected += 1;
        }
        if expected == FRAMES + 1 {
            Seen::Whole
        } else {
            Seen::Silent(expected - 1)
        }
    }
}
