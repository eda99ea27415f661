//! A copy of the database to look into, because opening it changes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::checkpoint::{self, Checkpoint, LossReason};
use crate::durable::{Context, FileError};
use crate::engine::{self, EngineFault};

/// Loads the checkpoint from a copy of its database.
pub(super) fn load_copy(
    data: &Path,
    scratch: Option<&Path>,
) -> Result<Option<Checkpoint>, LossReason> {
    static COPIES: AtomicU64 = AtomicU64::new(0);
    let root = engine::root(data);
    if !root.is_dir() {
        return Ok(None);
    }
    let scratch = scratch.map_or_else(std::env::temp_dir, Path::to_path_buf);
    let (process, copies) = (std::process::id(), COPIES.fetch_add(1, Ordering::Relaxed));
    let copy = Scratch {
        dir: scratch.join(format!("liandong-verify-{process}-{copies}")),
    };
    let target = copy.dir.join("sled");
    copy_tree(&root, &target).map_err(EngineFault::from)?;
    checkpoint::load_from(&target)
}

/// A directory that goes when it is no longer needed.
struct Scratch {
    dir: PathBuf,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is in a directory for temporary files.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::create_dir_all(to).context("create directory", to)?;
    for entry in fs::read_dir(from).context("list", from)? {
        let entry = entry.context("list", from)?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_tree(&path, &target)?;
        } else {
            fs::copy(&path, &target).context("copy", &path)?;
        }
    }
    Ok(())
}
