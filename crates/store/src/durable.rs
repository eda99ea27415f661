//! The few file operations whose durability the store relies on, written once.
//!
//! Nothing here interprets bytes; callers decide what an error means.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

#[cfg(test)]
pub(crate) mod fault;

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

/// Writes all of `bytes` at an offset.
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    #[cfg(test)]
    if let Some(room) = fault::room_for(bytes.len()) {
        file.write_all_at(&bytes[..room], offset)?;
        return Err(io::ErrorKind::StorageFull.into());
    }
    file.write_all_at(bytes, offset)
}

/// `fdatasync`: bytes that were written, and the length of the file.
pub(crate) fn sync_data(file: &File) -> io::Result<()> {
    #[cfg(test)]
    fault::sync()?;
    file.sync_data()
}

/// `fsync`.
pub(crate) fn sync_all(file: &File) -> io::Result<()> {
    #[cfg(test)]
    fault::sync()?;
    file.sync_all()
}

/// Writes a new file in sequence, through the same checks as [`write_at`].
#[derive(Debug)]
pub(crate) struct NewFile {
    file: File,
    path: PathBuf,
    length: u64,
}

impl NewFile {
    /// Begins a file, replacing what a crash may have left under its name.
    pub(crate) fn create(path: &Path) -> Result<Self, FileError> {
        let file = File::create(path).context("create", path)?;
        Ok(Self {
            file,
            path: path.to_path_buf(),
            length: 0,
        })
    }

    /// Makes the file durable and gives it its name, durably, in place of what has it.
    pub(crate) fn finish(self, name: &Path) -> Result<u64, FileError> {
        sync_all(&self.file).context("sync", &self.path)?;
        fs::rename(&self.path, name).context("rename into place", name)?;
        sync_parent(name)?;
        Ok(self.length)
    }

    /// Makes the file durable under the name it has.
    pub(crate) fn sync(&self) -> Result<(), FileError> {
        sync_all(&self.file).context("sync", &self.path)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write_at(&self.file, bytes, self.length)?;
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes a file that need not be there.
pub(crate) fn remove_if_there(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.context("remove", path),
    }
}

/// Makes the name of a file durable.
pub(crate) fn sync_parent(path: &Path) -> Result<(), FileError> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent),
        _ => sync_dir(Path::new(".")),
    }
}

/// Makes the names in a directory durable: creations, renames and removals.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), FileError> {
    let handle = File::open(dir).context("open directory", dir)?;
    sync_all(&handle).context("sync directory", dir)
}

/// Creates a directory with its parents and makes its own name durable.
pub(crate) fn create_dir(dir: &Path) -> Result<(), FileError> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(dir).context("create directory", dir)?;
    sync_parent(dir)
}

/// Replaces a small file so that after a power cut either the old or the new content is there.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let temporary = path.with_extension("tmp");
    let mut file = NewFile::create(&temporary)?;
    file.write_all(content).context("write", &temporary)?;
    file.finish(path)?;
    Ok(())
}

/// Bytes that this process may still write on the file system that holds `dir`.
pub(crate) fn free_space(dir: &Path) -> Result<u64, FileError> {
    let stat = rustix::fs::statvfs(dir)
        .map_err(io::Error::from)
        .context("ask for the free space of", dir)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
