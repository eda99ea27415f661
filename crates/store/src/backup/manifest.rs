//! What a backup holds, written down in a text that can be read without this program.
//!
//! ```text
//! liandong-backup 1
//! made 1741910400000000
//! incarnation 0190c1d2e3f4a5b6c7d8e9f0a1b2c3d4
//! segment 1 1 512 67108800 <chain> <digest>
//! segment 2 513 700 40960 <chain> <digest>
//! digest <BLAKE3 of everything above>
//! ```
//!
//! `made` is in microseconds since 1970, as the caller said. A segment has its number, its first
//! and last frame, the size of its file in bytes, the hash of its last frame, which names the whole
//! history up to it, and the BLAKE3 of its file, `segments/<number>-<last frame>.seg`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::durable::{Context, FileError, replace_file};
use crate::identity::Incarnation;
use crate::journal::{FrameHash, Sequence};

/// Name of the manifest in a backup directory.
pub(crate) const FILE: &str = "manifest";
/// Name of the directory of its segments.
pub(crate) const SEGMENTS: &str = "segments";
const TITLE: &str = "liandong-backup ";
const VERSION: u32 = 1;

/// One segment file of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedSegment {
    /// Number of the segment in the journal.
    pub number: u64,
    /// Its first frame.
    pub first: Sequence,
    /// Its last frame in the backup.
    pub last: Sequence,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Hash of its last frame: names the whole history up to it.
    pub chain: FrameHash,
    /// BLAKE3 of the file.
    pub digest: [u8; 32],
}

impl BackedSegment {
    pub(crate) fn path(&self, backup: &Path) -> PathBuf {
        let name = format!("{:08}-{}.seg", self.number, self.last);
        backup.join(SEGMENTS).join(name)
    }
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// When it was made, in microseconds since 1970, by the clock of whoever made it.
    pub made_micros: i64,
    /// The life of the data that it was made from.
    pub incarnation: Incarnation,
    /// The segments in order; there is at least one.
    pub segments: Vec<BackedSegment>,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is none.
    #[error("{} is not a backup: it has no manifest", dir.display())]
    Missing {
        /// The directory.
        dir: PathBuf,
    },
    /// It is not what was written.
    #[error("the manifest {} is damaged at line {line}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// Written by a newer program.
    #[error("the backup has format version {found}, this program reads up to {supported}")]
    Version {
        /// Version found.
        found: u32,
        /// The highest version this program reads.
        supported: u32,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Manifest {
    /// The last frame of the backup.
    pub fn last(&self) -> Sequence {
        self.segments.last().map_or(0, |segment| segment.last)
    }

    /// Hash of the last frame.
    pub fn chain(&self) -> FrameHash {
        self.segments
            .last()
            .map_or([0; 32], |segment| segment.chain)
    }

    /// Size of all its segment files in bytes.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Reads the manifest of a backup.
    pub fn read(backup: &Path) -> Result<Self, ManifestError> {
        let path = backup.join(FILE);
        if !path.exists() {
            let dir = backup.to_path_buf();
            return Err(ManifestError::Missing { dir });
        }
        let bytes = fs::read(&path).context("read", &path)?;
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(ManifestError::Damaged { path, line: 1 });
        };
        decode(&text, &path)
    }

    pub(crate) fn write(&self, backup: &Path) -> Result<(), FileError> {
        replace_file(&backup.join(FILE), self.encode().as_bytes())
    }

    pub(crate) fn encode(&self) -> String {
        let mut text = format!("{TITLE}{VERSION}\nmade {}\n", self.made_micros);
        let incarnation = u128::from_be_bytes(self.incarnation.0);
        // Writing to a text cannot fail.
        let _ = writeln!(text, "incarnation {incarnation:032x}");
        for segment in &self.segments {
            let _ = writeln!(
                text,
                "segment {} {} {} {} {} {}",
                segment.number,
                segment.first,
                segment.last,
                segment.bytes,
                blake3::Hash::from_bytes(segment.chain),
                blake3::Hash::from_bytes(segment.digest),
            );
        }
        let digest = blake3::hash(text.as_bytes());
        let _ = writeln!(text, "digest {digest}");
        text
    }
}

fn decode(text: &str, path: &Path) -> Result<Manifest, ManifestError> {
    let damaged = |line| ManifestError::Damaged {
        path: path.to_path_buf(),
        line,
    };
    let lines: Vec<&str> = text.lines().collect();
    let found = lines.first().and_then(|line| line.strip_prefix(TITLE));
    let found: u32 = found
        .and_then(|version| version.parse().ok())
        .ok_or_else(|| damaged(1))?;
    if found > VERSION {
        let supported = VERSION;
        return Err(ManifestError::Version { found, supported });
    }
    let mut manifest = Manifest {
        made_micros: 0,
        incarnation: Incarnation([0; 16]),
        segments: Vec::new(),
    };
    for (number, line) in (1..).zip(&lines) {
        let words: Vec<&str> = line.split(' ').collect();
        let read = match (number, words.as_slice()) {
            (1, _) => Some(()),
            (2, ["made", micros]) => micros.parse().ok().map(|micros| {
                manifest.made_micros = micros;
            }),
            (3, ["incarnation", hex]) => u128::from_str_radix(hex, 16).ok().map(|number| {
                manifest.incarnation = Incarnation(number.to_be_bytes());
            }),
            (4.., ["segment", fields @ ..]) => segment(fields).map(|segment| {
                manifest.segments.push(segment);
            }),
            (5.., ["digest", _]) if number == lines.len() => Some(()),
            _ => None,
        };
        read.ok_or_else(|| damaged(number))?;
    }
    // One way to write a manifest: whatever is not exactly that was changed.
    if manifest.segments.is_empty() || manifest.encode() != text {
        return Err(damaged(lines.len()));
    }
    let mut next = 1;
    for (number, segment) in (1..).zip(&manifest.segments) {
        if segment.number != number || segment.first != next || segment.last < segment.first {
            return Err(damaged(3 + segment.number as usize));
        }
        next = segment.last + 1;
    }
    Ok(manifest)
}

fn segment(fields: &[&str]) -> Option<BackedSegment> {
    let [number, first, last, bytes, chain, digest] = fields else {
        return None;
    };
    Some(BackedSegment {
        number: number.parse().ok()?,
        first: first.parse().ok()?,
        last: last.parse().ok()?,
        bytes: bytes.parse().ok()?,
        chain: *blake3::Hash::from_hex(chain).ok()?.as_bytes(),
        digest: *blake3::Hash::from_hex(digest).ok()?.as_bytes(),
    })
}
