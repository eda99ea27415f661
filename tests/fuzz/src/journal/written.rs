//! Journals as the writer leaves them.

use std::path::Path;
use std::sync::OnceLock;

use liandong_store::journal::{Journal, JournalOptions};

const SEGMENT_BYTES: u64 = 16 << 10;

/// Payloads of the journal that is not sealed.
const WRITTEN: usize = 6;

/// Frames of the journal with a sealed segment.
pub(super) const SEALED_FRAMES: u64 = 260;

/// Files with their names.
type Files = Vec<(String, Vec<u8>)>;

/// The files of a journal whose first segment is sealed, with their names.
pub(super) fn sealed_files(folder: &Path) -> &'static [(String, Vec<u8>)] {
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

pub(super) fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: SEGMENT_BYTES,
        free_floor: 0,
        prepare_ahead: false,
        ..JournalOptions::default()
    }
}

/// A journal of a few frames, as the writer leaves it.
pub(super) fn intact(folder: &Path, segment: &Path) -> Vec<u8> {
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

pub(super) fn payload_of(place: usize) -> Vec<u8> {
    let length = [1, 40, 200, 700, 3, 90][place % 6];
    (0..length)
        .map(|byte| (byte * 7 + place * 31) as u8 | 1)
        .collect()
}
