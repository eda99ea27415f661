//! The seed of the key that a node signs with: 32 bytes that never leave the data directory.
//!
//! The bytes are handed in by the caller; this module makes no randomness, and neither logs nor
//! shows what it holds. A backup does not take the file along: whoever holds a backup must not be
//! able to sign.
//!
//! File `link-key`, readable by its owner alone: `LDSEED1\n`, seed (32 bytes), CRC32C of both
//! (4 bytes, little endian).

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::durable::{Context, FileError, sync_dir};

const FILE: &str = "link-key";
const UNFINISHED: &str = "link-key.new";
const MAGIC: &[u8; 8] = b"LDSEED1\n";
const LENGTH: usize = 44;
const OWNER_ONLY: u32 = 0o600;
const OTHERS: u32 = 0o077;

/// The seed of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeySeed(pub [u8; 32]);

impl fmt::Debug for KeySeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySeed(..)")
    }
}

/// Why a seed cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is there but is not what was written.
    #[error(
        "key file {} is damaged: restore it, or remove it to make a new key, which every peer then has to be told",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read the file.
    #[error("key file {} may be read by others: chmod 600 it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The seed in a data directory; `new` becomes it, durably, where there is none yet.
///
/// # Errors
/// See [`KeyError`].
pub fn key_seed(data: &Path, new: KeySeed) -> Result<KeySeed, KeyError> {
    if let Some(seed) = read(data)? {
        return Ok(seed);
    }
    let unfinished = data.join(UNFINISHED);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => other.context("remove", &unfinished)?,
    }
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(&unfinished);
    let mut file = opened.context("create", &unfinished)?;
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&new.0);
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    file.write_all(&bytes).context("write", &unfinished)?;
    file.sync_all().context("sync", &unfinished)?;
    let path = data.join(FILE);
    fs::rename(&unfinished, &path).context("rename into place", &path)?;
    sync_dir(data)?;
    Ok(new)
}

fn read(data: &Path) -> Result<Option<KeySeed>, KeyError> {
    let path = data.join(FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(source).context("read", &path).map_err(KeyError::File),
    };
    let mode = fs::metadata(&path).context("look at", &path)?;
    if mode.permissions().mode() & OTHERS != 0 {
        return Err(KeyError::Exposed { path });
    }
    decode(&bytes).map(Some).ok_or(KeyError::Damaged { path })
}

fn decode(bytes: &[u8]) -> Option<KeySeed> {
    let bytes: &[u8; LENGTH] = bytes.try_into().ok()?;
    let (body, checksum) = bytes.split_last_chunk::<4>()?;
    if crc32c::crc32c(body) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let seed = body.strip_prefix(MAGIC)?;
    Some(KeySeed(seed.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{FILE, KeyError, KeySeed, key_seed};

    #[test]
    fn a_seed_is_made_once_is_the_owners_alone_and_is_not_taken_when_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (KeySeed([1; 32]), KeySeed([2; 32]));
        assert_eq!(key_seed(dir.path(), first).unwrap(), first);
        assert_eq!(key_seed(dir.path(), second).unwrap(), first);
        let path = dir.path().join(FILE);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let good = fs::read(&path).unwrap();
        for position in 0..good.len() {
            let mut bad = good.clone();
            bad[position] ^= 1;
            fs::write(&path, &bad).unwrap();
            let read = key_seed(dir.path(), second);
            assert!(matches!(read, Err(KeyError::Damaged { .. })), "{position}");
        }
        fs::write(&path, &good).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let read = key_seed(dir.path(), second);
        assert!(matches!(read, Err(KeyError::Exposed { .. })));
    }

    #[test]
    fn a_seed_is_never_shown() {
        assert!(!format!("{:?}", KeySeed([77; 32])).contains("77"));
    }
}
