//! sled, fenced in: the only module that opens it.
//!
//! sled answers damage with errors, panics or missing records, does not make its flushes durable,
//! and puts large values into files it never syncs. So every call goes through [`Engine::run`],
//! which turns a panic into a value; durability is added here ([`Engine::flush`]); and callers
//! carry checksums of their own. Whatever is wrong with it, the directory is set aside and a new
//! one begun: nothing in it is worth more than the time to rebuild it from the journal.

use std::fs::{self, File, TryLockError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::durable::{Context, FileError, remove_if_there, sync_dir};

const DIRECTORY: &str = "sled";
const BROKEN: &str = "sled.broken-";
const CACHE_BYTES: u64 = 16 << 20;
const RELEASE_TRIES: u32 = 1000;
const RELEASE_PAUSE: Duration = Duration::from_millis(5);

/// What sled did wrong.
#[derive(Debug, thiserror::Error)]
pub enum EngineFault {
    /// It reported an error.
    #[error("the embedded database failed: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It panicked.
    #[error("the embedded database panicked")]
    Panicked,
    /// It moved values to files that it does not sync.
    #[error("the embedded database holds values outside its log, in {}", dir.display())]
    Blobs {
        /// The directory that should be empty.
        dir: PathBuf,
    },
    /// Its files could not be synced or looked at.
    #[error(transparent)]
    File(#[from] FileError),
}

/// An open sled database in a data directory.
#[derive(Debug)]
pub(crate) struct Engine {
    dir: PathBuf,
    db: sled::Db,
}

impl Engine {
    /// Opens the database in `dir`, or begins one.
    pub(crate) fn open(dir: &Path) -> Result<Self, EngineFault> {
        let config = sled::Config::new()
            .path(dir)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None);
        await_release(dir)?;
        let db = guard(|| config.open())?;
        let engine = Self {
            dir: dir.to_path_buf(),
            db,
        };
        engine.check_blobs()?;
        Ok(engine)
    }

    /// Works on one tree; an error or a panic of sled becomes an [`EngineFault`].
    pub(crate) fn run<T>(
        &self,
        tree: &str,
        work: impl FnOnce(&sled::Tree) -> sled::Result<T>,
    ) -> Result<T, EngineFault> {
        guard(|| work(&self.db.open_tree(tree)?))
    }

    /// Makes everything written so far durable, which sled's own flush does not.
    pub(crate) fn flush(&self) -> Result<(), EngineFault> {
        guard(|| self.db.flush())?;
        self.check_blobs()?;
        for entry in fs::read_dir(&self.dir).context("list", &self.dir)? {
            let path = entry.context("list", &self.dir)?.path();
            if path.is_file() {
                let synced = File::open(&path).and_then(|file| file.sync_data());
                match synced {
                    // sled replaces its small files while it runs.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    other => other.context("sync", &path)?,
                }
            }
        }
        sync_dir(&self.dir)?;
        Ok(())
    }

    /// Closes the database and waits until its threads have let go of its files.
    pub(crate) fn close(self) -> Result<(), EngineFault> {
        let Self { dir, db } = self;
        guard(|| {
            drop(db);
            Ok(())
        })?;
        Ok(await_release(&dir)?)
    }

    fn check_blobs(&self) -> Result<(), EngineFault> {
        let dir = self.dir.join("blobs");
        let mut entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => {
                return Err(FileError {
                    action: "list",
                    path: dir,
                    source,
                }
                .into());
            }
        };
        if entries.next().is_some() {
            Err(EngineFault::Blobs { dir })
        } else {
            Ok(())
        }
    }
}

/// Waits until the threads of an engine that this process closed have let go of its file.
///
/// Nobody else can have it, because the data directory is locked; but sled takes a lock that is
/// still held for an error, and that would be mistaken for damage.
fn await_release(dir: &Path) -> Result<(), FileError> {
    let path = dir.join("db");
    for _ in 0..RELEASE_TRIES {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => {
                return Err(FileError {
                    action: "open",
                    path,
                    source,
                });
            }
        };
        match file.try_lock() {
            Ok(()) => return file.unlock().context("unlock", &path),
            Err(TryLockError::WouldBlock) => std::thread::sleep(RELEASE_PAUSE),
            Err(TryLockError::Error(source)) => {
                return Err(FileError {
                    action: "lock",
                    path,
                    source,
                });
            }
        }
    }
    Ok(())
}

fn guard<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, EngineFault> {
    // Nothing of ours is changed inside, and sled is not used again after a panic.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(EngineFault::Failed(Box::new(error))),
        Err(_) => Err(EngineFault::Panicked),
    }
}

/// Where the databases of a data directory are.
pub(crate) fn root(data: &Path) -> PathBuf {
    data.join(DIRECTORY)
}

/// Where one of them is.
pub(crate) fn generation(root: &Path, number: u64) -> PathBuf {
    root.join(format!("{number:08}"))
}

/// Removes a database, or whatever is at this path, if anything.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if metadata.is_dir() {
        await_release(path)?;
        fs::remove_dir_all(path).context("remove", path)
    } else {
        remove_if_there(path)
    }
}

/// Moves `<data>/sled` to `<data>/sled.broken-<n>` and removes older ones set aside; `None` if
/// there was nothing to move.
pub(crate) fn set_aside(data: &Path) -> Result<Option<PathBuf>, FileError> {
    let dir = root(data);
    if fs::symlink_metadata(&dir).is_err() {
        return Ok(None);
    }
    let mut highest = 0;
    let mut older = Vec::new();
    for entry in fs::read_dir(data).context("list", data)? {
        let entry = entry.context("list", data)?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(BROKEN));
        if let Some(number) = number.and_then(|digits| digits.parse::<u64>().ok()) {
            highest = highest.max(number);
            older.push(entry.path());
        }
    }
    let target = data.join(format!("{BROKEN}{}", highest + 1));
    fs::rename(&dir, &target).context("set aside", &dir)?;
    for path in older {
        remove(&path)?;
    }
    sync_dir(data)?;
    Ok(Some(target))
}
