//! The few file operations whose durability the store relies on, written once.
//!
//! Nothing here interprets bytes; callers decide what an error means.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// An operation on a file or directory failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct FileError {
    /// What was tried, as a verb phrase.
    pub action: &'static str,
    /// On which file or directory.
    pub path: PathBuf,
    /// What the system answered.
    #[source]
    pub source: io::Error,
}

impl FileError {
    /// Whether the device or a quota is full.
    pub fn is_full(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    }
}

/// Names the action and the path an [`io::Error`] came from.
pub(crate) trait Context<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, FileError>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, FileError> {
        self.map_err(|source| FileError {
            action,
            path: path.to_path_buf(),
            source,
        })
    }
}

/// Makes the names in a directory durable: creations, renames and removals.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), FileError> {
    let handle = File::open(dir).context("open directory", dir)?;
    handle.sync_all().context("sync directory", dir)
}

/// Creates a directory with its parents and makes its own name durable.
pub(crate) fn create_dir(dir: &Path) -> Result<(), FileError> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(dir).context("create directory", dir)?;
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent),
        _ => Ok(()),
    }
}

/// Replaces a small file so that after a power cut either the old or the new content is there.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary).context("create", &temporary)?;
    file.write_all(content).context("write", &temporary)?;
    file.sync_all().context("sync", &temporary)?;
    fs::rename(&temporary, path).context("rename into place", path)?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent),
        _ => sync_dir(Path::new(".")),
    }
}

/// Bytes that this process may still write on the file system that holds `dir`.
pub(crate) fn free_space(dir: &Path) -> Result<u64, FileError> {
    let stat = rustix::fs::statvfs(dir)
        .map_err(io::Error::from)
        .context("ask for the free space of", dir)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
