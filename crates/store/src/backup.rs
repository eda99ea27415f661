//! Backup: a copy of the journal, up to a durable frame, checked as it will be read.
//!
//! The copy is a data directory without an identity. Whoever opens it begins a new incarnation, so
//! that peers notice; checkpoints are not copied, because they follow from the journal. The node
//! may go on writing meanwhile.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::durable::{Context, FileError, create_dir, sync_dir};
use crate::journal::{Journal, JournalError, JournalOptions, JournalReader, Sequence};

/// A backup that was made and read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backup {
    /// The last frame in it.
    pub last: Sequence,
    /// Size of the copied files in bytes.
    pub bytes: u64,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target has something in it already.
    #[error("{} is not empty: name a new directory for the backup", dir.display())]
    NotEmpty {
        /// The target.
        dir: PathBuf,
    },
    /// There is nothing to copy yet.
    #[error("the journal is empty")]
    Empty,
    /// The copy does not hold what it should.
    #[error("the copy ends at frame {found}, expected {expected}")]
    Incomplete {
        /// Last frame of the copy.
        found: Sequence,
        /// Last frame that was to be copied.
        expected: Sequence,
    },
    /// The journal, or its copy, is damaged or cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Copies the durable frames to `target`, a new or empty directory, and verifies the copy.
pub fn backup(reader: &JournalReader, target: &Path) -> Result<Backup, BackupError> {
    create_dir(target)?;
    if fs::read_dir(target)
        .context("list", target)?
        .next()
        .is_some()
    {
        return Err(BackupError::NotEmpty {
            dir: target.to_path_buf(),
        });
    }
    let last = reader.last();
    if last == 0 {
        return Err(BackupError::Empty);
    }
    let journal = target.join("journal");
    create_dir(&journal)?;
    let mut bytes = 0;
    for (source, length) in reader.files_up_to(last)? {
        let Some(name) = source.file_name() else {
            continue;
        };
        bytes += copy(&source, &journal.join(name), length)?;
    }
    sync_dir(&journal)?;
    let options = JournalOptions {
        free_floor: 0,
        ..JournalOptions::default()
    };
    let (copied, _) = Journal::open(&journal, options, 1, &mut |_, _| Ok(()))?;
    let found = copied.last();
    if found == last {
        Ok(Backup { last, bytes })
    } else {
        Err(BackupError::Incomplete {
            found,
            expected: last,
        })
    }
}

fn copy(source: &Path, target: &Path, length: u64) -> Result<u64, FileError> {
    let mut from = File::open(source).context("open", source)?.take(length);
    let mut to = File::create_new(target).context("create", target)?;
    let bytes = io::copy(&mut from, &mut to).context("copy to", target)?;
    to.sync_all().context("sync", target)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{BackupError, backup};
    use crate::journal::{Journal, JournalOptions};

    #[test]
    fn a_copy_holds_what_was_durable_and_can_be_gone_on_with() {
        let dir = tempfile::tempdir().unwrap();
        let options = JournalOptions {
            segment_bytes: 4096,
            free_floor: 0,
            ..JournalOptions::default()
        };
        let source = dir.path().join("source");
        let (mut journal, _) =
            Journal::open(&source, options.clone(), 1, &mut |_, _| Ok(())).unwrap();
        let target = dir.path().join("backup");
        assert!(matches!(
            backup(&journal.reader(), &target),
            Err(BackupError::Empty)
        ));
        for number in 1..=50_u8 {
            journal.append(&[number; 300]).unwrap();
        }
        journal.sync().unwrap();
        let hash = journal.hash();
        journal.append(b"not durable").unwrap();
        let made = backup(&journal.reader(), &target).unwrap();
        assert_eq!(made.last, 50);
        assert!(matches!(
            backup(&journal.reader(), &target),
            Err(BackupError::NotEmpty { dir }) if dir == target
        ));
        let (mut copied, recovery) =
            Journal::open(&target.join("journal"), options, 1, &mut |_, _| Ok(())).unwrap();
        assert_eq!(
            (recovery.last, recovery.cut, copied.hash()),
            (50, None, hash)
        );
        assert_eq!(copied.append(b"goes on").unwrap(), 51);

        fs::write(source.join("00000001.seg"), b"damaged").unwrap();
        let other = dir.path().join("other");
        assert!(matches!(
            backup(&journal.reader(), &other),
            Err(BackupError::Journal(_))
        ));
    }
}
