//! Each byte of a small store in turn: journal, mirror, checkpoint, identity and backup.
//!
//! A verification at rest either says what does not fit, or what it read is exactly what was stored:
//! as many frames, the same chain over all of them, the state of the checkpoint as the journal gives
//! it. Bytes behind the last frame of a segment and room that the database does not use are such.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use liandong_store::journal::JournalReader;
use liandong_store::{Report, VerifyOptions, verify};

use crate::stores::{Stored, build_of, directory};

/// Frames of the store, where its checkpoint stands, and the bytes of a segment: enough for segments
/// that are sealed, plain and open.
const FRAMES: u64 = 36;
const SAVED: u64 = 24;
const SEGMENT: u64 = 2048;

/// What is verified, and which of its files are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Journal,
    Mirror,
    Checkpoint,
    Identity,
    Manifest,
    Backup,
}

const PARTS: [Part; 6] = [
    Part::Journal,
    Part::Mirror,
    Part::Checkpoint,
    Part::Identity,
    Part::Manifest,
    Part::Backup,
];

#[derive(Debug, Default)]
struct Tally {
    bytes: u64,
    found: u64,
    harmless: u64,
    missed: Vec<String>,
}

impl Part {
    fn files(self, stored: &Stored) -> Vec<PathBuf> {
        match self {
            Self::Journal => stored.files("data/journal"),
            Self::Mirror => stored.files("mirror"),
            Self::Checkpoint => stored.files("data/sled"),
            Self::Identity => vec![stored.data().join("identity")],
            Self::Manifest => vec![stored.backup().join("manifest")],
            Self::Backup => stored.files("backup/segments"),
        }
    }

    /// What a verification sees; `None` when it says that something does not fit.
    fn look(self, stored: &Stored, scratch: &Path) -> Option<Seen> {
        let (dir, mirror) = match self {
            Self::Journal | Self::Checkpoint | Self::Identity => (stored.data(), None),
            Self::Mirror => (stored.data(), Some(stored.mirror())),
            Self::Manifest | Self::Backup => (stored.backup(), None),
        };
        let options = VerifyOptions {
            mirror,
            scratch: Some(scratch.to_path_buf()),
            // Every byte has to be found by what the files say of themselves.
            judge: None,
        };
        // The database is a dependency that panics over some damage; that is no silence.
        let looked = catch_unwind(AssertUnwindSafe(|| verify(&dir, &options, &mut |_| {})));
        let report = looked.ok()?.ok()?;
        report.faults.is_empty().then(|| Seen::of(&report))
    }
}

/// All that a verification read, as numbers and one hash over every frame.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    segments: u64,
    frames: u64,
    payload_bytes: u64,
    chain: [u8; 32],
    mirror: Option<u64>,
    checkpoint: Option<u64>,
    cells: usize,
}

impl Seen {
    fn of(report: &Report) -> Self {
        Self {
            segments: report.segments,
            frames: report.frames,
            payload_bytes: report.payload_bytes,
            chain: report.chain,
            mirror: report.mirror,
            checkpoint: report.checkpoint,
            cells: report.cells,
        }
    }
}

impl Tally {
    fn change(&mut self, part: Part, stored: &Stored, path: &Path, scratch: &Path) {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.unwrap();
        let whole = part.look(stored, scratch).unwrap();
        let bytes = fs::read(path).unwrap();
        for (place, byte) in (0..).zip(&bytes) {
            self.bytes += 1;
            for mask in [1 << (place % 8), 0xff] {
                file.write_all_at(&[byte ^ mask], place).unwrap();
                match part.look(stored, scratch) {
                    None => self.found += 1,
                    Some(seen) if seen == whole => self.harmless += 1,
                    Some(seen) => {
                        let path = path.display();
                        let what = format!("{part:?} {path} byte {place} xor {mask:#x}: {seen:?}");
                        self.missed.push(what);
                    }
                }
            }
            file.write_all_at(&[*byte], place).unwrap();
        }
        assert_eq!(part.look(stored, scratch), Some(whole));
    }
}

#[test]
fn a_changed_byte_anywhere_in_a_store_is_found_or_means_nothing() {
    let root = directory();
    let scratch = root.path().join("scratch");
    let hook = std::panic::take_hook();
    // The database panics over some damage; that is counted.
    std::panic::set_hook(Box::new(|_| {}));
    let mut missed = Vec::new();
    for part in PARTS {
        let home = root.path().join(format!("{part:?}"));
        let (stored, _) = build_of(&home, FRAMES, SAVED, SEGMENT);
        if part != Part::Checkpoint {
            // A copy of the database for each look would only take time.
            fs::remove_dir_all(stored.data().join("sled")).unwrap();
        }
        let journal = JournalReader::at_rest(&stored.data().join("journal")).unwrap();
        let on_disk = journal.on_disk().unwrap();
        assert!(on_disk.sealed > 0 && on_disk.sealed < on_disk.segments);
        let mut tally = Tally::default();
        let files = part.files(&stored);
        for path in &files {
            tally.change(part, &stored, path, &scratch);
        }
        println!(
            "counted: every byte: {part:?}: {} files, {} bytes, each changed in 2 ways: {} found, {} without meaning, {} missed",
            files.len(),
            tally.bytes,
            tally.found,
            tally.harmless,
            tally.missed.len()
        );
        assert!(tally.found > 0, "{part:?}");
        missed.append(&mut tally.missed);
    }
    std::panic::set_hook(hook);
    assert_eq!(missed, Vec::<String>::new());
}
