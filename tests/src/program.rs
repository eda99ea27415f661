//! Where the program that is tested comes from.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context, Result, ensure};

/// Names a program that was built already.
const GIVEN: &str = "LIANDONG_BIN";

/// The program, built once per test process when none was given.
static BUILT: Mutex<Option<PathBuf>> = Mutex::new(None);

/// The path of `liandong`: what `LIANDONG_BIN` names, or else what cargo builds in the profile and
/// target folder of the running test. Cargo holds no lock while tests run.
///
/// # Errors
/// When the program cannot be built.
pub fn liandong() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os(GIVEN) {
        return Ok(PathBuf::from(given));
    }
    let mut built = BUILT
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(path) = &*built {
        return Ok(path.clone());
    }
    let path = build()?;
    *built = Some(path.clone());
    Ok(path)
}

fn build() -> Result<PathBuf> {
    // target/PROFILE/deps/TEST
    let test = std::env::current_exe().context("cannot tell where this test is")?;
    let profile = test
        .ancestors()
        .nth(2)
        .context("this test is in no target folder")?;
    let target = profile
        .parent()
        .context("this test is in no target folder")?;
    let cargo = std::env::var_os("CARGO").map_or(PathBuf::from("cargo"), PathBuf::from);
    let mut command = Command::new(cargo);
    command
        .current_dir(workspace()?)
        .args(["build", "--package", "liandong", "--target-dir"])
        .arg(target);
    if profile.ends_with("release") {
        command.arg("--release");
    }
    let status = command.status().context("cannot start cargo")?;
    ensure!(status.success(), "the program does not build: {status}");
    Ok(profile.join("liandong"))
}

/// The workspace's folder.
///
/// # Errors
/// When this package is not in a workspace.
pub fn workspace() -> Result<&'static Path> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().context("this package is in no workspace")
}
