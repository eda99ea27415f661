//! Files that end too early, and frames that were only partly written.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use liandong_store::journal::Extent;
use liandong_store::{VerifyOptions, repair, restore, verify};

use crate::stores::{Chance, FRAMES, Seen, Stored, Truth, batch, build, count, directory};

#[derive(Default)]
struct Tally {
    cut: u64,
    whole: u64,
    stopped: u64,
    ended: u64,
    wrong: u64,
    lost: u64,
    bad: Vec<String>,
}

impl Tally {
    fn wrong(&mut self, what: String) {
        self.wrong += 1;
        self.bad.push(what);
    }

    fn lost(&mut self, what: String) {
        self.lost += 1;
        self.bad.push(what);
    }
}

/// A file of the store is cut to a shorter length.
fn truncate(stored: &Stored, truth: &Truth, chance: &mut Chance, tally: &mut Tally) {
    let kinds = [
        "data/journal",
        "data/journal",
        "mirror",
        "data/sled",
        "data/identity",
        "backup/manifest",
        "backup/segments",
    ];
    let kind = kinds[chance.below(kinds.len() as u64) as usize];
    let place = stored.root.join(kind);
    let files: Vec<PathBuf> = if place.is_dir() {
        stored.files(kind)
    } else {
        vec![place]
    };
    let path = &files[chance.below(files.len() as u64) as usize];
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let length = chance.below(file.metadata().unwrap().len());
    let at_the_end_of_a_frame = ends_of_frames(&fs::read(path).unwrap()).contains(&length);
    file.set_len(length).unwrap();
    let what = format!("{} cut to {length}", path.display());
    if kind.starts_with("backup") {
        let target = stored.root.join("restored");
        let restored = restore(&stored.backup(), &target, &mut |_| {});
        let verified = verify(&stored.backup(), &VerifyOptions::default(), &mut |_| {});
        let noticed = verified.map_or(true, |report| !report.faults.is_empty());
        if restored.is_ok() || !noticed {
            tally.wrong(what);
        } else {
            tally.stopped += 1;
        }
        return;
    }
    let mirrored = kind == "mirror";
    match truth.look(stored, mirrored) {
        Seen::Whole => tally.whole += 1,
        // Only exactly at the end of a frame, where nothing tells it from the end of the journal.
        Seen::Silent(_) if at_the_end_of_a_frame && kind == "data/journal" => {
            tally.ended += 1;
            repair(&stored.data(), &stored.mirror(), &mut |_| {}).unwrap();
            if truth.look(stored, false) != Seen::Whole {
                tally.lost(what);
            }
        }
        seen if seen.is_said() => {
            let identity = stored.data().join("identity");
            let mended = if kind == "data/identity" {
                fs::remove_file(identity).is_ok()
            } else {
                repair(&stored.data(), &stored.mirror(), &mut |_| {}).is_ok()
            };
            if mended && truth.look(stored, mirrored) == Seen::Whole {
                tally.stopped += 1;
            } else {
                tally.lost(format!("{what}: {seen:?}"));
            }
        }
        seen @ Seen::Silent(_) => tally.lost(format!("{what}: {seen:?}")),
        seen => tally.wrong(format!("{what}: {seen:?}")),
    }
}

/// Where the frames of a plain segment end; nothing sensible for other files.
fn ends_of_frames(bytes: &[u8]) -> Vec<u64> {
    let mut ends = vec![64];
    let mut at = 64;
    while let Some(length) = bytes.get(at + 8..at + 12) {
        let length = u32::from_le_bytes(length.try_into().unwrap());
        if length == 0 {
            break;
        }
        at += 65 + length as usize;
        ends.push(at as u64);
    }
    ends
}

/// Frames that no sync covered reach the disk in part: sectors are missing, in any order.
fn tear(stored: &Stored, chance: &mut Chance, tally: &mut Tally) {
    let mirrored = chance.below(2) == 0;
    let short = chance.below(2) == 0;
    let mut opened = if short {
        shorten(stored, chance.below(3));
        stored.open_below_the_floor(mirrored).unwrap()
    } else {
        stored.open(mirrored).unwrap()
    };
    let laid_out = lengths(stored);
    let unsynced = opened.store.journal.unsynced();
    for _ in 0..=chance.below(4) {
        let next = opened.store.journal.last() + 1;
        let payload = liandong_store::record::encode(&batch(next)).unwrap();
        opened.store.journal.append(&payload).unwrap();
    }
    // More than there was where the segment was changed.
    let durable = opened.store.journal.durable();
    drop(opened);
    let mut torn = 0;
    for extent in unsynced.extents() {
        torn += lose_sectors(&extent, chance);
    }
    for (path, durable) in laid_out {
        let length = fs::metadata(&path).unwrap().len();
        if length > durable {
            // No sync covered that the file became longer.
            let file = OpenOptions::new().write(true).open(&path).unwrap();
            file.set_len(durable + chance.below(length - durable))
                .unwrap();
        }
    }
    let what = format!("{torn} sectors torn, mirror {mirrored}, short {short}");
    let opened = match stored.open(mirrored) {
        Ok(opened) => opened,
        Err(error) => {
            tally.lost(format!("{what}: {error}"));
            return;
        }
    };
    if opened.recovery.last < durable {
        tally.lost(format!("{what}: {:?}", opened.recovery));
        return;
    }
    for sequence in FRAMES + 1..=opened.recovery.last {
        if opened.store.history.read(sequence).unwrap() != batch(sequence) {
            tally.wrong(format!("{what}: frame {sequence}"));
        }
    }
    let cut = u64::from(opened.recovery.cut.is_some());
    tally.cut += cut;
    tally.whole += 1 - cut;
}

/// Cuts the last segment to its last frame, as after a restore: in the journal, in its mirror, or in
/// both.
fn shorten(stored: &Stored, which: u64) {
    for (number, kind) in (0..).zip(["data/journal", "mirror"]) {
        let path = stored.files(kind).pop().unwrap();
        if which != number {
            let ends = ends_of_frames(&fs::read(&path).unwrap());
            let file = OpenOptions::new().write(true).open(&path).unwrap();
            file.set_len(*ends.last().unwrap()).unwrap();
        }
    }
}

/// How long the files of the journal and of its mirror are.
fn lengths(stored: &Stored) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for path in ["data/journal", "mirror"]
        .map(|kind| stored.files(kind))
        .concat()
    {
        let length = fs::metadata(&path).unwrap().len();
        found.push((path, length));
    }
    found
}

fn lose_sectors(extent: &Extent, chance: &mut Chance) -> u64 {
    let file = OpenOptions::new().write(true).open(&extent.path).unwrap();
    let mut lost = 0;
    let mut from = extent.from;
    while from < extent.to {
        let to = (from / 512 + 1) * 512;
        let to = to.min(extent.to);
        if chance.below(2) == 0 {
            file.write_all_at(&vec![0; (to - from) as usize], from)
                .unwrap();
            lost += 1;
        }
        from = to;
    }
    lost
}

#[test]
fn row_08_truncated_and_torn_files_lose_nothing_that_was_acknowledged() {
    let truncations = count("LIANDONG_TRUNCATIONS", 100);
    let mut chance = Chance(count("LIANDONG_SEED", 1));
    let root = directory();
    let (good, truth) = build(&root.path().join("good"));
    let stored = Stored {
        root: root.path().join("damaged"),
    };
    let mut tally = Tally::default();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for number in 0..truncations {
        stored.copy(&good);
        if number % 3 == 0 {
            tear(&stored, &mut chance, &mut tally);
        } else {
            truncate(&stored, &truth, &mut chance, &mut tally);
        }
    }
    std::panic::set_hook(hook);
    println!(
        "counted: row 8: {truncations} truncated and torn files, {} wrong, {} lost; {} unacknowledged tails cut, {} stopped with the place and repaired, {} whole, {} cut exactly at the end of a frame and repaired from the mirror",
        tally.wrong, tally.lost, tally.cut, tally.stopped, tally.whole, tally.ended
    );
    assert!(tally.bad.is_empty(), "{:#?}", tally.bad);
    assert!(tally.cut > 0 && tally.stopped > 0);
}
