//! Where a running node listens, for programs that started it with a port of the system's choice.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::durable::{Context, FileError};

const FILE: &str = "address";
const UNFINISHED: &str = "address.new";

/// An announced address; the file goes when this is dropped.
#[derive(Debug)]
pub struct Announcement {
    path: PathBuf,
}

/// Writes the address to `<data>/address`; a reader sees all of it or no file.
///
/// # Errors
/// When the file cannot be written.
pub fn announce(data: &Path, address: SocketAddr) -> Result<Announcement, FileError> {
    let unfinished = data.join(UNFINISHED);
    let path = data.join(FILE);
    fs::write(&unfinished, format!("{address}\n")).context("write", &unfinished)?;
    fs::rename(&unfinished, &path).context("rename", &unfinished)?;
    Ok(Announcement { path })
}

/// Where the node that holds `data` says that it listens; `None` where it does not.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn announced(data: &Path) -> Result<Option<SocketAddr>, FileError> {
    let path = data.join(FILE);
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => Ok(read.context("read", &path)?.trim().parse().ok()),
    }
}

/// Removes what a node that was killed has left.
///
/// # Errors
/// When the file is there and cannot be removed.
pub fn withdraw(data: &Path) -> Result<(), FileError> {
    let path = data.join(FILE);
    match fs::remove_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.context("remove", &path),
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // A file that stays is overwritten at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::{announce, announced, withdraw};

    #[test]
    fn the_address_is_there_while_it_is_announced() {
        let dir = tempfile::tempdir().unwrap();
        let address = "127.0.0.1:7410".parse().unwrap();
        let announcement = announce(dir.path(), address).unwrap();
        let text = std::fs::read_to_string(dir.path().join("address")).unwrap();
        assert_eq!(text, "127.0.0.1:7410\n");
        assert_eq!(announced(dir.path()).unwrap(), Some(address));
        drop(announcement);
        assert!(!dir.path().join("address").exists());
        withdraw(dir.path()).unwrap();
        assert_eq!(announced(dir.path()).unwrap(), None);
    }
}
