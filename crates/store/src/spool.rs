//! A file that is written once and read once, in the data directory: for what has to be checked to
//! its end before any of it may be used. It has no name, so nothing stays of it, whatever happens.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::durable::{Context, FileError, free_space};

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A file without a name.
#[derive(Debug)]
pub struct Spool {
    file: File,
    data: PathBuf,
    free_floor: u64,
    since_looked: u64,
}

/// Why bytes cannot be spooled.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// There is too little room.
    #[error("{free} bytes are free, {floor} have to stay free")]
    NoSpace {
        /// Bytes free.
        free: u64,
        /// Bytes that have to stay free.
        floor: u64,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// How often the room is looked at.
const LOOK_EVERY: u64 = 4 << 20;

impl Spool {
    /// An empty spool; writing stops while fewer bytes than `free_floor` are free.
    ///
    /// # Errors
    /// See [`SpoolError`].
    pub fn create(data: &Path, free_floor: u64) -> Result<Self, SpoolError> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = data.join(format!("spool-{}-{number}", std::process::id()));
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path);
        let file = opened.context("create", &path)?;
        fs::remove_file(&path).context("remove", &path)?;
        Ok(Self {
            file,
            data: data.to_path_buf(),
            free_floor,
            since_looked: LOOK_EVERY,
        })
    }

    /// Writes some more.
    ///
    /// # Errors
    /// See [`SpoolError`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        self.since_looked += bytes.len() as u64;
        if self.since_looked >= LOOK_EVERY {
            self.since_looked = 0;
            let (free, floor) = (free_space(&self.data)?, self.free_floor);
            if free < floor {
                return Err(SpoolError::NoSpace { free, floor });
            }
        }
        self.file.write_all(bytes).context("write", &self.data)?;
        Ok(())
    }

    /// Goes back to the start, for reading.
    ///
    /// # Errors
    /// See [`SpoolError`].
    pub fn rewind(&mut self) -> Result<(), SpoolError> {
        self.file
            .seek(SeekFrom::Start(0))
            .context("read", &self.data)?;
        Ok(())
    }

    /// The next bytes, at most so many; none at the end.
    ///
    /// # Errors
    /// See [`SpoolError`].
    pub fn read(&mut self, most: usize) -> Result<Vec<u8>, SpoolError> {
        let mut bytes = vec![0; most];
        let read = self.file.read(&mut bytes).context("read", &self.data)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{Spool, SpoolError};

    #[test]
    fn what_was_written_is_read_and_nothing_stays() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::create(dir.path(), 0).unwrap();
        spool.write(b"one ").unwrap();
        spool.write(b"two").unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        spool.rewind().unwrap();
        let mut read = Vec::new();
        loop {
            let bytes = spool.read(3).unwrap();
            if bytes.is_empty() {
                break;
            }
            read.extend(bytes);
        }
        assert_eq!(read, b"one two");
    }

    #[test]
    fn the_floor_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::create(dir.path(), u64::MAX).unwrap();
        let refused = spool.write(b"x");
        assert!(matches!(refused, Err(SpoolError::NoSpace { .. })));
    }
}
