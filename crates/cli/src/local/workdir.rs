//! The directory that nodes of this machine live in, gone when whoever started them ends.
//!
//! A program that was killed cannot clean up after itself: another run of it does, recognising
//! what is left by a lock that nobody holds any more. The nodes inherit the lock, so a directory is
//! never pulled away from under one that is still stopping.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::error::LocalError;

const LOCK: &str = "lock";

/// What the directory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Demo,
    Bench,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Demo => "liandong-demo-",
            Self::Bench => "liandong-bench-",
        }
    }
}

/// A directory that is removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Workdir {
    kind: Kind,
    path: PathBuf,
    // Held as long as the directory is in use.
    lock: File,
}

impl Workdir {
    /// Removes what killed runs have left under `parent` and makes a new directory.
    pub(crate) fn create(parent: &Path, kind: Kind) -> Result<Self, LocalError> {
        sweep(parent, kind);
        let name = format!("{}{}", kind.prefix(), uuid::Uuid::now_v7().simple());
        let path = parent.join(name);
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|source| failed("create", &path, source))?;
        let lock_path = path.join(LOCK);
        let made = File::create(&lock_path).and_then(|file| file.lock().map(|()| file));
        match made {
            Ok(lock) => Ok(Self { kind, path, lock }),
            Err(source) => {
                // Nothing is in it yet, so nothing else can be told about it.
                let _ = fs::remove_dir_all(&path);
                Err(failed("lock", &lock_path, source))
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The lock, to be inherited by a process that works in the directory.
    pub(crate) fn lock(&self) -> Result<File, LocalError> {
        let lock = self.lock.try_clone();
        lock.map_err(|source| failed("lock", &self.path, source))
    }
}

impl Drop for Workdir {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next run.
        let _ = remove(&self.path);
        if let Some(parent) = self.path.parent() {
            // Nodes that were still stopping at the beginning have stopped by now.
            sweep(parent, self.kind);
        }
    }
}

/// Removes directories of runs that are over. What cannot be removed, such as
/// another user's, stays.
fn sweep(parent: &Path, kind: Kind) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let ours = entry
            .file_name()
            .to_string_lossy()
            .starts_with(kind.prefix());
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

pub(super) fn failed(action: &'static str, path: &Path, source: io::Error) -> LocalError {
    LocalError::File {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::{Kind, LOCK, Workdir};

    #[test]
    fn it_goes_with_its_owner() {
        let parent = tempfile::tempdir().unwrap();
        let workdir = Workdir::create(parent.path(), Kind::Demo).unwrap();
        let path = workdir.path().to_owned();
        fs::write(path.join("anything"), "x").unwrap();
        drop(workdir);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_killed_one_left_is_swept_and_one_in_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join(format!("{}left", Kind::Demo.prefix()));
        fs::create_dir(&left).unwrap();
        File::create(left.join(LOCK)).unwrap();
        let stranger = parent.path().join("other");
        fs::create_dir(&stranger).unwrap();
        let running = Workdir::create(parent.path(), Kind::Demo).unwrap();
        let another = Workdir::create(parent.path(), Kind::Demo).unwrap();
        assert!(!left.exists());
        assert!(stranger.exists() && running.path().exists() && another.path().exists());
    }

    #[test]
    fn it_stays_while_a_node_holds_on_to_it() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join(format!("{}left", Kind::Demo.prefix()));
        fs::create_dir(&left).unwrap();
        let killed = File::create(left.join(LOCK)).unwrap();
        killed.lock().unwrap();
        let inherited = killed.try_clone().unwrap();
        drop(killed);
        let next = Workdir::create(parent.path(), Kind::Demo).unwrap();
        assert!(left.exists());
        drop(inherited);
        drop(next);
        assert!(!left.exists());
    }
}
