//! Installing what a node is measured against: PostgreSQL from Debian, NATS from PyPI; SQLite is
//! built with the measuring program.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::run::Bench;
use crate::tools;

/// Where Debian puts each version's programs.
const POSTGRES: &str = "/usr/lib/postgresql";
/// The oldest version that is measured.
const OLDEST: u32 = 15;

/// Where the programs are.
pub(super) struct Peers {
    /// The folder of `initdb` and `postgres`.
    pub(super) postgres: PathBuf,
    /// `nats-server`.
    pub(super) nats: PathBuf,
}

/// Installs what is missing.
///
/// # Errors
/// When that does not go well, or is not this user's to do; the message names the packages.
pub(super) fn prepare(bench: &mut Bench<'_>) -> Result<Peers> {
    tools::install_peers(bench)?;
    let python = tools::environment(bench, "peers", "tests/benches/speed/requirements.txt")?;
    Ok(Peers {
        postgres: newest(Path::new(POSTGRES))?,
        nats: python.with_file_name("nats-server"),
    })
}

/// The programs of the newest version that is installed.
fn newest(folder: &Path) -> Result<PathBuf> {
    let mut found: Vec<u32> = Vec::new();
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}: is postgresql installed?", folder.display()))?;
    for entry in entries {
        let name = entry?.file_name();
        let version: Option<u32> = name.to_string_lossy().parse().ok();
        found.extend(version.filter(|version| {
            *version >= OLDEST && folder.join(version.to_string()).join("bin/initdb").exists()
        }));
    }
    let version = found.into_iter().max().with_context(|| {
        format!(
            "{} holds no PostgreSQL {OLDEST} or newer; install one",
            folder.display()
        )
    })?;
    Ok(folder.join(version.to_string()).join("bin"))
}

#[cfg(test)]
mod tests {
    use super::newest;

    #[test]
    fn the_newest_version_that_is_whole_is_taken() {
        let folder = std::env::temp_dir().join(format!("liandong-newest-{}", std::process::id()));
        let make = |version: &str| {
            let bin = folder.join(version).join("bin");
            std::fs::create_dir_all(&bin).expect("a folder");
            bin
        };
        for version in ["9.6", "14", "15", "17"] {
            std::fs::write(make(version).join("initdb"), "").expect("a file");
        }
        make("18");
        assert_eq!(newest(&folder).expect("a version"), folder.join("17/bin"));
        std::fs::remove_dir_all(folder.join("15")).expect("gone");
        std::fs::remove_dir_all(folder.join("17")).expect("gone");
        assert!(newest(&folder).is_err());
        std::fs::remove_dir_all(&folder).expect("gone");
    }
}
