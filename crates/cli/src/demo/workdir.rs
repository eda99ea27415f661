//! The directory that a demonstration lives in, gone when it ends.
//!
//! A demonstration that was killed cannot clean up after itself: another one does, recognising
//! what is left by a lock that nobody holds any more. The nodes inherit the lock, so a directory is
//! never pulled away from under one that is still stopping.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::error::DemoError;

const PREFIX: &str = "liandong-demo-";
const LOCK: &str = "lock";

/// A directory that is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Workdir {
    path: PathBuf,
    // Held as long as the directory is in use.
    lock: File,
}

impl Workdir {
    /// Removes what killed demonstrations have left under `parent` and makes a new directory.
    pub(super) fn create(parent: &Path) -> Result<Self, DemoError> {
        sweep(parent);
        let path = parent.join(format!("{PREFIX}{}", uuid::Uuid::now_v7().simple()));
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|source| failed("create", &path, source))?;
        let lock_path = path.join(LOCK);
        let made = File::create(&lock_path).and_then(|file| file.lock().map(|()| file));
        match made {
            Ok(lock) => Ok(Self { path, lock }),
            Err(source) => {
                // Nothing is in it yet, so nothing else can be told about it.
                let _ = fs::remove_dir_all(&path);
                Err(failed("lock", &lock_path, source))
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The lock, to be inherited by a process that works in the directory.
    pub(super) fn lock(&self) -> Result<File, DemoError> {
        let lock = self.lock.try_clone();
        lock.map_err(|source| failed("lock", &self.path, source))
    }
}

impl Drop for Workdir {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next demonstration.
        let _ = remove(&self.path);
        if let Some(parent) = self.path.parent() {
            // Nodes that were still stopping at the beginning have stopped by now.
            sweep(parent);
        }
    }
}

/// Removes directories of demonstrations that run no more. What cannot be removed, such as
/// another user's, stays.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let path = entry.path();
        if !ours || !path.is_dir() {
            continue;
        }
        let Ok(lock) = File::open(path.join(LOCK)) else {
            continue;
        };
        if lock.try_lock().is_ok() {
            let _ = remove(&path);
        }
    }
}

/// Removes a directory, its lock last: what remains of it is still recognised.
fn remove(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else if entry.file_name() != LOCK {
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_dir_all(path)
}

pub(super) fn failed(action: &'static str, path: &Path, source: io::Error) -> DemoError {
    DemoError::File {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::{LOCK, PREFIX, Workdir};

    #[test]
    fn it_goes_with_its_owner() {
        let parent = tempfile::tempdir().unwrap();
        let workdir = Workdir::create(parent.path()).unwrap();
        let path = workdir.path().to_owned();
        fs::write(path.join("anything"), "x").unwrap();
        drop(workdir);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_killed_one_left_is_swept_and_one_in_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join(format!("{PREFIX}left"));
        fs::create_dir(&left).unwrap();
        File::create(left.join(LOCK)).unwrap();
        let stranger = parent.path().join("other");
        fs::create_dir(&stranger).unwrap();
        let running = Workdir::create(parent.path()).unwrap();
        let another = Workdir::create(parent.path()).unwrap();
        assert!(!left.exists());
        assert!(stranger.exists() && running.path().exists() && another.path().exists());
    }

    #[test]
    fn it_stays_while_a_node_holds_on_to_it() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join(format!("{PREFIX}left"));
        fs::create_dir(&left).unwrap();
        let killed = File::create(left.join(LOCK)).unwrap();
        killed.lock().unwrap();
        let inherited = killed.try_clone().unwrap();
        drop(killed);
        let next = Workdir::create(parent.path()).unwrap();
        assert!(left.exists());
        drop(inherited);
        drop(next);
        assert!(!left.exists());
    }
}
