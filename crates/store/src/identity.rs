//! The incarnation of a store: sixteen random bytes that say which life of the data this is.
//!
//! A restored backup gets new ones, so that peers notice and resynchronise. The bytes are handed
//! in by the caller; this module makes no randomness.
//!
//! File `identity`: `LDIDENT1`, incarnation (16 bytes), CRC32C of both (4 bytes, little endian).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::durable::{FileError, remove_if_there, replace_file};

const FILE: &str = "identity";
const NAME: &[u8; 7] = b"LDIDENT";
const VERSION: u8 = b'1';
const LENGTH: usize = 28;

/// Sixteen bytes that differ between any two lives of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Incarnation(pub [u8; 16]);

/// Why the identity could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file is there but is not what was written.
    #[error(
        "identity file {} is damaged: remove it to start a new incarnation, peers will resynchronise",
        path.display()
    )]
    Damaged {
        /// The damaged file.
        path: PathBuf,
    },
    /// Written by a newer program.
    #[error(
        "identity file {} has format version {found}, this program reads version {supported}",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Version found.
        found: char,
        /// Version this program reads.
        supported: char,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The incarnation of the store in `data`, which another process may have open; `None` where no
/// store was completed yet.
///
/// # Errors
/// When the file is damaged or cannot be read.
pub fn incarnation(data: &Path) -> Result<Option<Incarnation>, IdentityError> {
    read(data)
}

/// Reads the incarnation of the store in `dir`; `None` where no store was completed yet.
pub(crate) fn read(dir: &Path) -> Result<Option<Incarnation>, IdentityError> {
    let path = dir.join(FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(FileError {
                action: "read",
                path,
                source,
            }
            .into());
        }
    };
    match decode(&bytes) {
        Some((VERSION, incarnation)) => Ok(Some(incarnation)),
        Some((found, _)) => Err(IdentityError::Version {
            path,
            found: char::from(found),
            supported: char::from(VERSION),
        }),
        None => Err(IdentityError::Damaged { path }),
    }
}

/// Writes the incarnation durably; the old one stays until the new one is complete.
pub(crate) fn write(dir: &Path, incarnation: Incarnation) -> Result<(), IdentityError> {
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend_from_slice(NAME);
    bytes.push(VERSION);
    bytes.extend_from_slice(&incarnation.0);
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    replace_file(&dir.join(FILE), &bytes)?;
    Ok(())
}

/// The version and, if it is of this one, the incarnation.
fn decode(bytes: &[u8]) -> Option<(u8, Incarnation)> {
    let bytes: &[u8; LENGTH] = bytes.try_into().ok()?;
    let (body, checksum) = bytes.split_last_chunk::<4>()?;
    if crc32c::crc32c(body) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let (version, incarnation) = body.strip_prefix(NAME)?.split_first()?;
    Some((*version, Incarnation(incarnation.try_into().ok()?)))
}

/// Removes what a crash may have left of an unfinished write.
pub(crate) fn clean(dir: &Path) -> Result<(), FileError> {
    remove_if_there(&dir.join(FILE).with_extension("tmp"))
}

#[cfg(test)]
mod tests {
    use super::{FILE, IdentityError, Incarnation, read, write};

    #[test]
    fn survives_rewriting_and_notices_every_flipped_bit() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), None);
        write(dir.path(), Incarnation([1; 16])).unwrap();
        write(dir.path(), Incarnation([7; 16])).unwrap();
        assert_eq!(read(dir.path()).unwrap(), Some(Incarnation([7; 16])));
        let path = dir.path().join(FILE);
        let good = std::fs::read(&path).unwrap();
        for position in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[position] ^= 1 << bit;
                std::fs::write(&path, &bad).unwrap();
                assert!(matches!(
                    read(dir.path()),
                    Err(IdentityError::Damaged { .. })
                ));
            }
        }
    }
}
