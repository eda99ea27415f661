//! Writing small files so that a crash leaves the old one or the new one, and keys for their owner
//! alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

const OWNER_ONLY: u32 = 0o600;
const EVERYBODY_READS: u32 = 0o644;
const OTHERS: u32 = 0o077;

/// A file that cannot be read or written.
#[derive(Debug, Error)]
#[error("cannot {what} {}: {source}", path.display())]
pub struct FileError {
    /// What was tried.
    pub what: &'static str,
    /// With which file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// Whether a file is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrecy {
    Public,
    Secret,
}

pub(crate) fn failing(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_path_buf();
    move |source| FileError { what, path, source }
}

/// The file's content; `None` where there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failing("read", path)(error)),
    }
}

/// Whether anybody but the owner may read the file.
pub(crate) fn is_exposed(path: &Path) -> Result<bool, FileError> {
    let metadata = fs::metadata(path).map_err(failing("look at", path))?;
    Ok(metadata.permissions().mode() & OTHERS != 0)
}

/// Puts the content in the place of the file at once.
pub(crate) fn replace(path: &Path, bytes: &[u8], secrecy: Secrecy) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    make_folder(folder)?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let mode = match secrecy {
        Secrecy::Public => EVERYBODY_READS,
        Secrecy::Secret => OWNER_ONLY,
    };
    // What an earlier try left may be readable by others.
    remove(&unfinished)?;
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&unfinished);
    let mut file = made.map_err(failing("make", &unfinished))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(failing("write", &unfinished))?;
    fs::rename(&unfinished, path).map_err(failing("rename", &unfinished))?;
    sync_folder(folder)
}

/// Removes a file, which may be gone already.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failing("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Makes the folder and whatever is missing above it; nobody but the owner looks into it.
fn make_folder(folder: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    made.map_err(failing("make", folder))
}

/// Makes durable what was made or renamed in the folder.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), FileError> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let opened = File::open(folder).and_then(|opened| opened.sync_all());
    opened.map_err(failing("sync", folder))
}
