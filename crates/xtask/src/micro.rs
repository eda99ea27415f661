//! `cargo xtask bench micro`: the stages of the way of a batch, each by itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Times of all stages, or of those whose names have one of the words in them; and how often each
/// asks for memory, when all of them are asked for.
///
/// # Errors
/// When it does not build, or a stage fails.
pub(crate) fn command(root: &Path, words: &[&str]) -> Result<()> {
    let bench = [
        "bench",
        "--locked",
        "--package",
        "liandong-micro",
        "--bench",
    ];
    let mut times = vec!["stages", "--"];
    times.extend(words);
    cargo(root, &[&bench[..], &times].concat())?;
    if words.is_empty() {
        cargo(root, &[&bench[..], &["allocations"]].concat())?;
    }
    Ok(())
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").map_or(PathBuf::from("cargo"), PathBuf::from);
    let mut command = Command::new(cargo);
    let status = command.current_dir(root).args(arguments).status();
    let status = status.context("cannot start cargo")?;
    ensure!(status.success(), "cargo {}: {status}", arguments.join(" "));
    Ok(())
}
