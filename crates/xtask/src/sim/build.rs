//! Building the simulator, and what makes a process depend on its seed alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// What makes tokio's own choices follow a seed.
const FLAGS: &str = "--cfg tokio_unstable";

/// Where the build is.
#[derive(Clone, Debug)]
pub(super) struct Built {
    /// The simulator.
    pub(super) program: PathBuf,
    /// What is loaded before it: clocks and random bytes that follow the seed.
    pub(super) preload: PathBuf,
}

/// The commands that build it; `cargo` runs in the workspace.
///
/// # Errors
/// When the folder for it cannot be made.
pub(super) fn commands(mut cargo: Command, root: &Path, target: &Path) -> Result<[Command; 2]> {
    let folder = target.join("sim");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    cargo
        .args(["build", "--locked", "--profile", "sim"])
        .args(["-p", "liandong-sim", "--features", "planted"])
        .arg("--target-dir")
        .arg(&folder)
        .env("RUSTFLAGS", FLAGS);
    let mut shim = Command::new("cc");
    shim.args(["-O2", "-shared", "-fPIC", "-o"])
        .arg(folder.join("seeded.so"))
        .arg(root.join("tests/sim/shim/seeded.c"));
    Ok([cargo, shim])
}

impl Built {
    /// What was built in a target folder.
    ///
    /// # Errors
    /// When it was not.
    pub(super) fn in_folder(target: &Path) -> Result<Self> {
        let folder = target.join("sim");
        let built = Self {
            program: folder.join("sim/liandong-sim"),
            preload: folder.join("seeded.so"),
        };
        for path in [&built.program, &built.preload] {
            ensure!(path.is_file(), "{} was not built", path.display());
        }
        Ok(built)
    }
}
