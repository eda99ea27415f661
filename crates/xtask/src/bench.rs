//! `cargo xtask bench`: how fast a node is, against what the machine allows.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Builds the program as it is shipped and measures it; `tests/benches/speed` says what, and by
/// which variables it can be made shorter.
///
/// # Errors
/// When something does not build, or a node does not take what it is given.
pub(crate) fn command(root: &Path) -> Result<()> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let build = ["build", "--release", "--locked", "-p", "liandong"];
    cargo(root, &build, &[])?;
    let measure = [
        "bench",
        "--locked",
        "-p",
        "liandong-tests",
        "--bench",
        "speed",
    ];
    let program = target.join("release/liandong");
    cargo(root, &measure, &[("LIANDONG_BIN", &program)])
}

fn cargo(root: &Path, arguments: &[&str], variables: &[(&str, &Path)]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").map_or(PathBuf::from("cargo"), PathBuf::from);
    let status = Command::new(cargo)
        .current_dir(root)
        .args(arguments)
        .envs(variables.iter().copied())
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "cargo {}: {status}", arguments.join(" "));
    Ok(())
}
