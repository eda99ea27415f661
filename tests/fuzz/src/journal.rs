//! Segment files: opened, recovered, replayed, read beside the writer and verified.
//!
//! The first byte chooses how the file is made. Raw: the bytes stand behind a valid header.
//! Built: the bytes say which frames to write, right or wrong in their fields, but with checksums
//! that fit, so that what stands behind the checksums is reached. Damaged: a journal as the writer
//! leaves it, with the bytes saying what is flipped or cut; then no payload that comes back may
//! be another than was written, in another place, or behind a gap. Sealed: the same with a segment
//! that was sealed.

mod made;
mod written;

use std::cell::OnceCell;
use std::path::Path;

use liandong_store::journal::{Journal, Recovery};

use made::{built, damage, header};
use written::{SEALED_FRAMES, intact, options, payload_of, sealed_files};

/// The name of the first segment.
const FIRST: &str = "00000001.seg";

/// How many frames of a long journal are looked up one by one.
const LOOKED_UP: usize = 20;

pub(crate) fn run(data: &[u8]) {
    let Some((how, rest)) = data.split_first() else {
        return;
    };
    thread_local! {
        // One for all inputs: making and removing folders would be much of the time.
        static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
    }
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| match tempfile::Builder::new().tempdir_in(memory()) {
            Ok(folder) => folder,
            Err(error) => panic!("no folder: {error}"),
        });
        empty(folder.path());
        open_as_said(folder.path(), *how, rest);
    });
}

/// Removes what the last input left.
fn empty(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        if let Err(error) = removed {
            panic!("cannot remove {}: {error}", path.display());
        }
    }
}

fn open_as_said(folder: &Path, how: u8, rest: &[u8]) {
    let segment = folder.join(FIRST);
    match how % 4 {
        0 => {
            let mut file = header();
            file.extend_from_slice(rest);
            file.resize(file.len() + 512, 0);
            write(&segment, &file);
            opened_twice(folder);
        }
        1 => {
            let mut file = header();
            file.extend(built(rest));
            file.resize(file.len() + 512, 0);
            write(&segment, &file);
            opened_twice(folder);
        }
        2 => {
            let mut file = intact(folder, &segment);
            damage(&mut file, rest);
            write(&segment, &file);
            for (place, payload) in opened_twice(folder).iter().enumerate() {
                assert_eq!(*payload, payload_of(place), "frame {}", place + 1);
            }
        }
        _ => sealed(folder, &segment, rest),
    }
}

/// A damaged segment that was sealed: read at the start, and later when a checkpoint spares that.
fn sealed(folder: &Path, segment: &Path, changes: &[u8]) {
    for (place, (name, bytes)) in sealed_files(folder).iter().enumerate() {
        let mut bytes = bytes.clone();
        if place == 0 {
            damage(&mut bytes, changes);
        }
        write(&folder.join(name), &bytes);
    }
    assert!(segment.exists());
    for (place, payload) in opened_twice(folder).iter().enumerate() {
        assert_eq!(*payload, payload_of(place), "frame {}", place + 1);
    }
    let opened = Journal::open(folder, options(), SEALED_FRAMES, &mut |_, _| Ok(()));
    if let Ok((journal, _)) = opened {
        let reader = journal.reader();
        for place in (0..SEALED_FRAMES).step_by(SEALED_FRAMES as usize / LOOKED_UP) {
            if let Ok(payload) = reader.read(place + 1) {
                assert_eq!(payload, payload_of(place as usize), "frame {}", place + 1);
            }
        }
        for read in reader.iter_from(1).take(100) {
            let Ok((sequence, payload)) = read else {
                break;
            };
            assert_eq!(
                payload,
                payload_of(sequence as usize - 1),
                "frame {sequence}"
            );
        }
        let _ = reader.verify(&mut |_| {});
    }
}

/// A folder in memory where there is one.
fn memory() -> &'static Path {
    let shared = Path::new("/dev/shm");
    if shared.is_dir() {
        shared
    } else {
        Path::new("/tmp")
    }
}

fn write(path: &Path, bytes: &[u8]) {
    if let Err(error) = std::fs::write(path, bytes) {
        panic!("cannot write {}: {error}", path.display());
    }
}

/// Opens and replays; a second time must find the same and cut nothing more.
fn opened_twice(folder: &Path) -> Vec<Vec<u8>> {
    let Some((first, _)) = open(folder) else {
        assert!(open(folder).is_none(), "it opens the second time only");
        return Vec::new();
    };
    let Some((second, recovery)) = open(folder) else {
        panic!("it does not open again");
    };
    assert_eq!(first, second, "other frames the second time");
    assert_eq!(recovery.cut, None, "cut twice");
    second
}

fn open(folder: &Path) -> Option<(Vec<Vec<u8>>, Recovery)> {
    let mut replayed = Vec::new();
    let mut keep = |sequence: u64, payload: &[u8]| {
        replayed.push(payload.to_vec());
        assert_eq!(sequence, replayed.len() as u64, "a gap");
        Ok(())
    };
    let (journal, recovery) = Journal::open(folder, options(), 1, &mut keep).ok()?;
    assert_eq!(recovery.last, replayed.len() as u64);
    let reader = journal.reader();
    let verified = match reader.verify(&mut |_| {}) {
        Ok(verified) => verified,
        Err(error) => panic!("it opens and does not verify: {error}"),
    };
    assert_eq!(verified.frames, recovery.last);
    // All of them were read in order; of a long journal some are looked up.
    let apart = replayed.len() / LOOKED_UP + 1;
    for (sequence, payload) in (1..).zip(&replayed).step_by(apart) {
        match reader.read(sequence) {
            Ok(read) => assert_eq!(read, *payload, "frame {sequence}"),
            Err(error) => panic!("frame {sequence}: {error}"),
        }
    }
    Some((replayed, recovery))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let golden = crate::sources::workspace("crates/store/tests/golden/journal-v1.bin");
    let golden = std::fs::read(golden).unwrap_or_default();
    let mut frames = vec![1u8];
    for length in [1u8, 9, 30] {
        frames.extend_from_slice(&[0, 0, length]);
        frames.extend(std::iter::repeat_n(length, usize::from(length)));
    }
    let mut torn = frames.clone();
    torn.extend_from_slice(&[0x80, 20, 40]);
    torn.extend(std::iter::repeat_n(9, 40));
    let mut raw = vec![0u8];
    raw.extend_from_slice(&golden);
    vec![
        raw,
        frames,
        torn,
        vec![2],
        vec![2, 0, 100, 0, 0, 3],
        vec![2, 1, 200, 4, 20, 0],
        vec![2, 3, 100, 5, 0, 0],
        vec![3],
        vec![3, 0, 100, 0, 0, 3],
        vec![3, 0, 70, 0, 0, 3, 3, 200, 0, 0, 0],
    ]
}
