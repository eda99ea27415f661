//! Segment files: opened, recovered, replayed, read beside the writer and verified.
//!
//! The first byte chooses how the file is made. Raw: the bytes stand behind a valid header.
//! Built: the bytes say which frames to write, right or wrong in their fields, but with checksums
//! that fit, so that what stands behind the checksums is reached. Damaged: a journal as the writer
//! leaves it, with the bytes saying what is flipped or cut; then no payload that comes back may
//! be another than was written, in another place, or behind a gap. Sealed: the same with a segment
//! that was sealed.

use std::path::Path;
use std::sync::OnceLock;

use liandong_store::journal::{Journal, JournalOptions, Recovery};

const SEGMENT_BYTES: u64 = 16 << 10;
const HEADER: usize = 64;

/// The name of the first segment.
const FIRST: &str = "00000001.seg";

/// Payloads of the damaged journal.
const WRITTEN: usize = 6;

pub(crate) fn run(data: &[u8]) {
    let Some((how, rest)) = data.split_first() else {
        return;
    };
    let folder = match tempfile::Builder::new().tempdir_in(memory()) {
        Ok(folder) => folder,
        Err(error) => panic!("no folder: {error}"),
    };
    let segment = folder.path().join(FIRST);
    match how % 4 {
        0 => {
            let mut file = header();
            file.extend_from_slice(rest);
            file.resize(file.len() + 512, 0);
            write(&segment, &file);
            opened_twice(folder.path());
        }
        1 => {
            let mut file = header();
            file.extend(built(rest));
            file.resize(file.len() + 512, 0);
            write(&segment, &file);
            opened_twice(folder.path());
        }
        2 => {
            let mut file = intact(folder.path(), &segment);
            damage(&mut file, rest);
            write(&segment, &file);
            for (place, payload) in opened_twice(folder.path()).iter().enumerate() {
                assert_eq!(*payload, payload_of(place), "frame {}", place + 1);
            }
        }
        _ => sealed(folder.path(), &segment, rest),
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
        for place in 0..SEALED_FRAMES {
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

/// Frames of the journal with a sealed segment.
const SEALED_FRAMES: u64 = 260;

/// Files with their names.
type Files = Vec<(String, Vec<u8>)>;

/// The files of a journal whose first segment is sealed, with their names.
fn sealed_files(folder: &Path) -> &'static [(String, Vec<u8>)] {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let written = write_sealed(folder);
        match written {
            Ok(files) => files,
            Err(error) => panic!("cannot seal: {error}"),
        }
    })
}

fn write_sealed(folder: &Path) -> Result<Files, Box<dyn std::error::Error>> {
    let options = JournalOptions {
        plain_segments: 1,
        ..options()
    };
    let (mut journal, _) = Journal::open(folder, options, 1, &mut |_, _| Ok(()))?;
    for place in 0..SEALED_FRAMES {
        journal.append(&payload_of(place as usize))?;
        journal.sync()?;
    }
    if journal.sealer().run()?.is_none() {
        return Err("nothing was sealed".into());
    }
    drop(journal);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.push((name, std::fs::read(entry.path())?));
    }
    files.retain(|(name, _)| name.ends_with(".seg"));
    files.sort();
    Ok(files)
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

fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: SEGMENT_BYTES,
        free_floor: 0,
        prepare_ahead: false,
        ..JournalOptions::default()
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
    for (sequence, payload) in (1..).zip(&replayed) {
        match reader.read(sequence) {
            Ok(read) => assert_eq!(read, *payload, "frame {sequence}"),
            Err(error) => panic!("frame {sequence}: {error}"),
        }
    }
    Some((replayed, recovery))
}

fn checksum(bytes: &[u8; HEADER], at: usize) -> [u8; 4] {
    let before = crc32c::crc32c(&bytes[..at]);
    crc32c::crc32c_append(before, &bytes[at + 4..]).to_le_bytes()
}

/// The header of segment 1.
fn header() -> Vec<u8> {
    let mut bytes = [0; HEADER];
    bytes[0..8].copy_from_slice(b"LDJOURNL");
    bytes[8..12].copy_from_slice(&1u32.to_le_bytes());
    bytes[16..24].copy_from_slice(&1u64.to_le_bytes());
    bytes[24..32].copy_from_slice(&1u64.to_le_bytes());
    let sum = checksum(&bytes, 12);
    bytes[12..16].copy_from_slice(&sum);
    bytes.to_vec()
}

/// Frames as the bytes say: for each two bytes of what is wrong, one of length, and a payload.
fn built(mut bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut previous = [0u8; 32];
    let mut sequence = 0u64;
    while let Some(([wrong, value, length], rest)) = bytes.split_first_chunk::<3>() {
        let most = usize::from(*length).min(rest.len());
        let (payload, rest) = rest.split_at(most);
        bytes = rest;
        sequence += 1;
        let number = u64::from(*value);
        let fault = |bit: u8| wrong & (1 << bit) != 0;
        let mut frame = [0u8; HEADER];
        frame[0..4].copy_from_slice(b"LDf1");
        let stated = match (fault(0), fault(1)) {
            (true, true) => u32::MAX - u32::from(*value),
            (true, false) => u32::from(*value) << 16,
            _ => payload.len() as u32,
        };
        frame[8..12].copy_from_slice(&stated.to_le_bytes());
        let content = crc32c::crc32c(payload) ^ u32::from(fault(2));
        frame[12..16].copy_from_slice(&content.to_le_bytes());
        let stated = if fault(3) { number } else { sequence };
        frame[16..24].copy_from_slice(&stated.to_le_bytes());
        let durable = if fault(4) { number } else { sequence - 1 };
        frame[24..32].copy_from_slice(&durable.to_le_bytes());
        frame[32..64].copy_from_slice(&previous);
        if fault(5) {
            frame[32] ^= *value;
        }
        let sum = checksum(&frame, 4);
        frame[4..8].copy_from_slice(&sum);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&frame);
        hasher.update(payload);
        previous = *hasher.finalize().as_bytes();
        let begins = file.len();
        file.extend_from_slice(&frame);
        file.extend_from_slice(payload);
        file.push(if fault(6) { *value } else { END });
        if fault(7) {
            // Part of it never reached the disk.
            let from = begins + usize::from(*value) % (file.len() - begins);
            file[from..].fill(0);
        }
    }
    file
}

/// The mark at the end of a frame, as the writer sets it.
const END: u8 = 0x5a;

/// A journal of a few frames, as the writer leaves it.
fn intact(folder: &Path, segment: &Path) -> Vec<u8> {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let opened = Journal::open(folder, options(), 1, &mut |_, _| Ok(()));
        let (mut journal, _) = match opened {
            Ok(opened) => opened,
            Err(error) => panic!("cannot begin: {error}"),
        };
        for place in 0..WRITTEN {
            let appended = journal.append(&payload_of(place));
            // The last frames are written behind the last sync.
            let synced = if place < WRITTEN - 2 {
                journal.sync()
            } else {
                Ok(0)
            };
            if let (Err(error), _) | (_, Err(error)) = (appended, synced) {
                panic!("cannot write: {error}");
            }
        }
        drop(journal);
        match std::fs::read(segment) {
            Ok(file) => file,
            Err(error) => panic!("{error}"),
        }
    });
    file.clone()
}

fn payload_of(place: usize) -> Vec<u8> {
    let length = [1, 40, 200, 700, 3, 90][place % 6];
    (0..length)
        .map(|byte| (byte * 7 + place * 31) as u8 | 1)
        .collect()
}

/// Five bytes each: what is done, where, how much.
fn damage(file: &mut Vec<u8>, bytes: &[u8]) {
    for change in bytes.chunks_exact(5) {
        let at = usize::from(u16::from_le_bytes([change[1], change[2]])) % file.len().max(1);
        let end = (at + usize::from(change[3]) * 4).min(file.len());
        match change[0] % 4 {
            0 => {
                if let Some(byte) = file.get_mut(at) {
                    *byte ^= 1 << (change[4] % 8);
                }
            }
            1 => file[at..end].fill(0),
            2 => file[at..end].fill(change[4]),
            _ => file.truncate(at),
        }
    }
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
