//! The lock that keeps a second process out of a data directory.
//!
//! Two writers in one journal would break its chain; the lock is held by the operating system and
//! goes with the process, so nothing is left to clean up after a crash.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::durable::{Context, FileError};

const LOCK_FILE: &str = "lock";

/// Why a data directory could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another open store holds the directory.
    #[error(
        "data directory {} is in use by {}: stop that node, or give this one a directory of its own",
        dir.display(),
        holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
    )]
    InUse {
        /// The directory asked for.
        dir: PathBuf,
        /// The process id the holder left in the lock file, if readable.
        holder: Option<u32>,
    },
    /// The lock file could not be made or read.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Exclusive use of a data directory until dropped.
#[derive(Debug)]
pub struct DirLock {
    file: File,
}

impl Drop for DirLock {
    fn drop(&mut self) {
        // Closing alone is not enough: a child process that is just being started may still have
        // a copy of the descriptor. An error leaves the release to the end of the process.
        let _ = self.file.unlock();
    }
}

impl DirLock {
    /// Takes a directory that is only read, without writing anything into it; `None` where no
    /// store was ever opened, so that nobody can hold it.
    pub fn look(dir: &Path) -> Result<Option<Self>, LockError> {
        let path = dir.join(LOCK_FILE);
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.context("open", &path)?,
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Err(in_use(dir, &mut file)),
            Err(TryLockError::Error(source)) => Err(failed(path, source)),
        }
    }

    /// Takes the directory or says who has it.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let path = dir.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .context("open", &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(dir, &mut file)),
            Err(TryLockError::Error(source)) => return Err(failed(path, source)),
        }
        file.set_len(0).context("empty", &path)?;
        writeln!(file, "{}", std::process::id()).context("write", &path)?;
        Ok(Self { file })
    }
}

fn in_use(dir: &Path, file: &mut File) -> LockError {
    let mut text = String::new();
    let holder = file
        .read_to_string(&mut text)
        .ok()
        .and_then(|_| text.trim().parse().ok());
    LockError::InUse {
        dir: dir.to_path_buf(),
        holder,
    }
}

fn failed(path: PathBuf, source: io::Error) -> LockError {
    let action = "lock";
    FileError {
        action,
        path,
        source,
    }
    .into()
}
