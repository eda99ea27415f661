//! The inputs that are kept, without those that show nothing new.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use super::engine::Place;
use super::targets::Target;

/// Replaces a target's corpus by the smallest part of it that runs as much code.
///
/// # Errors
/// When a folder cannot be moved or the engine does not merge.
pub(crate) fn merge(place: &Place, target: Target) -> Result<()> {
    let corpus = place.corpus(target.name)?;
    let merged = place.folder(&format!("merged/{}", target.name))?;
    clear(&merged)?;
    std::fs::create_dir_all(&merged)?;
    let mut command = place.engine(target)?;
    command.arg("-merge=1").arg(&merged);
    place.inputs(target, &mut command)?;
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("cannot start the engine")?;
    ensure!(
        status.success(),
        "{}: the corpus is not merged: {status}",
        target.name
    );
    let old = place.folder("replaced")?.join(target.name);
    clear(&old)?;
    std::fs::rename(&corpus, &old)
        .and_then(|()| std::fs::rename(&merged, &corpus))
        .with_context(|| format!("cannot replace {}", corpus.display()))?;
    clear(&old)
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}
