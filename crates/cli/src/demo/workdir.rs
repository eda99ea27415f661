//! The directory that a demonstration lives in, gone when it ends.
//!
//! A demonstration that was killed cannot clean up after itself: the next one does, recognising
//! what is left by a lock that nobody holds any more.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::error::DemoError;

const PREFIX: &str = "liandong-demo-";
const LOCK: &str = "lock";

/// A directory that is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Workdir {
    path: PathBuf,
    // Held as long as the directory is in use.
    _lock: File,
}

impl Workdir {
    /// Removes what killed demonstrations have left under `parent` and makes a new directory.
    pub(super) fn create(parent: &Path) -> Result<Self, DemoError> {
        sweep(parent);
        let path = parent.join(format!("{PREFIX}{}", uuid::Uuid::now_v7().simple()));
        fs::create_dir(&path).map_err(|source| failed("create", &path, source))?;
        let lock_path = path.join(LOCK);
        let made = File::create(&lock_path).and_then(|file| file.lock().map(|()| file));
        match made {
            Ok(lock) => Ok(Self { path, _lock: lock }),
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
}

impl Drop for Workdir {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next demonstration.
        let _ = fs::remove_dir_all(&self.path);
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
            let _ = fs::remove_dir_all(&path);
        }
    }
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
}
