//! One flipped bit, in every kind of file.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use liandong_store::{VerifyOptions, repair, restore, verify};

use crate::stores::{Chance, Seen, Stored, Truth, build, count, directory};

/// Which file the bit is in, and what the store has to help itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The journal of a node without a mirror.
    Journal,
    /// The journal of a node with one.
    MirroredJournal,
    Mirror,
    Database,
    Identity,
    Manifest,
    BackedSegment,
}

const KINDS: [Kind; 7] = [
    Kind::Journal,
    Kind::MirroredJournal,
    Kind::Mirror,
    Kind::Database,
    Kind::Identity,
    Kind::Manifest,
    Kind::BackedSegment,
];

impl Kind {
    fn files(self, stored: &Stored) -> Vec<PathBuf> {
        match self {
            Self::Journal | Self::MirroredJournal => stored.files("data/journal"),
            Self::Mirror => stored.files("mirror"),
            Self::Database => stored.files("data/sled"),
            Self::Identity => vec![stored.data().join("identity")],
            Self::Manifest => vec![stored.backup().join("manifest")],
            Self::BackedSegment => stored.files("backup/segments"),
        }
    }
}

#[derive(Default)]
struct Tally {
    wrong: u64,
    silent: u64,
    crashes: u64,
    stopped: u64,
    repaired: u64,
    harmless: u64,
    bad: Vec<String>,
}

impl Tally {
    fn bad(&mut self, seen: &Seen, what: &str) {
        match seen {
            Seen::Silent(_) => self.silent += 1,
            Seen::Crashed => self.crashes += 1,
            _ => self.wrong += 1,
        }
        self.bad.push(format!("{what}: {seen:?}"));
    }

    /// What may follow a flip in a file that a running node lives on.
    fn live(&mut self, kind: Kind, stored: &Stored, truth: &Truth, what: &str) {
        let mirrored = matches!(kind, Kind::MirroredJournal | Kind::Mirror);
        let seen = truth.look(stored, mirrored);
        if seen.is_bad() {
            return self.bad(&seen, what);
        }
        if !seen.is_said() {
            // Repaired or of no matter; both must be so the next time, too.
            let again = truth.look(stored, mirrored);
            if again == Seen::Whole {
                self.harmless += 1;
            } else {
                self.bad(&again, &format!("{what}, again"));
            }
            return;
        }
        self.stopped += 1;
        let again = truth.look(stored, mirrored);
        let mended = match kind {
            Kind::Identity => fs::remove_file(stored.data().join("identity")).is_ok(),
            _ => repair(&stored.data(), &stored.mirror(), &mut |_| {}).is_ok(),
        };
        let after = truth.look(stored, mirrored);
        if again != seen || !mended || after != Seen::Whole {
            return self.bad(
                &Seen::Crashed,
                &format!("{what}: {seen:?} {again:?} {after:?}"),
            );
        }
        self.repaired += 1;
    }

    /// A flip in a backup must be seen before it can do harm.
    fn backed(&mut self, stored: &Stored, what: &str) {
        let target = stored.root.join("restored");
        let restored = restore(&stored.backup(), &target, &mut |_| {});
        let verified = verify(&stored.backup(), &VerifyOptions::default(), &mut |_| {});
        let noticed = verified.map_or(true, |report| !report.faults.is_empty());
        if restored.is_ok() || target.exists() || !noticed {
            self.bad(&Seen::Wrong("restored".to_owned()), what);
        } else {
            self.stopped += 1;
        }
    }
}

fn flip(path: &Path, chance: &mut Chance) -> String {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let at = chance.below(file.metadata().unwrap().len());
    let bit = chance.below(8);
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ (1 << bit)], at).unwrap();
    format!("{} byte {at} bit {bit}", path.display())
}

#[test]
fn row_07_one_flipped_bit_is_never_a_wrong_value_nor_a_silent_loss() {
    let flips = count("LIANDONG_FLIPS", 210);
    let mut chance = Chance(count("LIANDONG_SEED", 1));
    let root = directory();
    let (good, truth) = build(&root.path().join("good"));
    let stored = Stored {
        root: root.path().join("damaged"),
    };
    stored.copy(&good);
    assert_eq!(truth.look(&stored, true), Seen::Whole);
    let mut tally = Tally::default();
    let hook = std::panic::take_hook();
    // sled's panics are expected, and counted where they are not caught.
    std::panic::set_hook(Box::new(|_| {}));
    for number in 0..flips {
        let kind = KINDS[(number % KINDS.len() as u64) as usize];
        stored.copy(&good);
        let files = kind.files(&stored);
        let path = &files[chance.below(files.len() as u64) as usize];
        let what = format!("{kind:?} {}", flip(path, &mut chance));
        match kind {
            Kind::Manifest | Kind::BackedSegment => tally.backed(&stored, &what),
            _ => tally.live(kind, &stored, &truth, &what),
        }
    }
    std::panic::set_hook(hook);
    println!(
        "counted: row 7: {flips} flips, {} wrong, {} silent, {} crash loops; {} stopped with the place ({} of them repaired from a copy), {} repaired or harmless",
        tally.wrong, tally.silent, tally.crashes, tally.stopped, tally.repaired, tally.harmless
    );
    assert!(tally.bad.is_empty(), "{:#?}", tally.bad);
    assert!(tally.stopped > flips / 4 && tally.harmless > flips / 8);
}
