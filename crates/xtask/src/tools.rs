//! What the steps need besides Rust: Debian packages for the machine, everything else in a folder
//! of its own under `target/tools`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::{Bench, Show};

/// A Debian package and how to tell that what it brings is there.
struct Wanted {
    package: &'static str,
    probe: &'static [&'static str],
}

const WANTED: [Wanted; 9] = [
    Wanted {
        package: "gcc",
        probe: &["cc", "--version"],
    },
    Wanted {
        package: "python3-venv",
        probe: &["python3", "-c", "import venv, ensurepip"],
    },
    Wanted {
        package: "nodejs",
        probe: &["node", "--version"],
    },
    Wanted {
        package: "npm",
        probe: &["npm", "--version"],
    },
    Wanted {
        package: "strace",
        probe: &["strace", "--version"],
    },
    Wanted {
        package: "e2fsprogs",
        probe: &[
            "sh",
            "-c",
            "PATH=$PATH:/usr/sbin:/sbin; command -v mkfs.ext4",
        ],
    },
    Wanted {
        package: "iproute2",
        probe: &[
            "sh",
            "-c",
            "PATH=$PATH:/usr/sbin:/sbin; command -v ip && command -v tc",
        ],
    },
    Wanted {
        package: "nftables",
        probe: &["sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; command -v nft"],
    },
    Wanted {
        package: "mount",
        probe: &[
            "sh",
            "-c",
            "PATH=$PATH:/usr/sbin:/sbin; command -v mount && command -v losetup",
        ],
    },
];

/// What `cargo xtask profile` needs, and no test.
const PERF: Wanted = Wanted {
    package: "linux-perf",
    probe: &["perf", "--version"],
};

/// What a node is measured against, and what builds it.
const PEERS: [Wanted; 3] = [
    Wanted {
        package: "gcc",
        probe: &["cc", "--version"],
    },
    Wanted {
        package: "python3-venv",
        probe: &["python3", "-c", "import venv, ensurepip"],
    },
    Wanted {
        package: "postgresql",
        probe: &["sh", "-c", "ls /usr/lib/postgresql/*/bin/initdb"],
    },
];

/// Installs the Debian packages that the tests need and that are missing.
pub(crate) fn install(bench: &mut Bench<'_>) -> Result<()> {
    install_missing(bench, &WANTED)
}

/// Installs the Debian packages of what a node is measured against.
pub(crate) fn install_peers(bench: &mut Bench<'_>) -> Result<()> {
    install_missing(bench, &PEERS)
}

/// Installs perf if it is missing.
pub(crate) fn install_perf(bench: &mut Bench<'_>) -> Result<()> {
    install_missing(bench, &[PERF])
}

fn install_missing(bench: &mut Bench<'_>, wanted: &[Wanted]) -> Result<()> {
    let mut missing = Vec::new();
    for wanted in wanted {
        if !answers(wanted.probe) {
            missing.push(wanted.package);
        }
    }
    if missing.is_empty() {
        return bench.say("every Debian package is here");
    }
    let list = missing.join(" ");
    let Some(prefix) = as_root() else {
        bail!(
            "missing Debian packages, and this is neither root nor sudo without a password; \
               install them and run again: {list}"
        );
    };
    bench.say(&format!("installing Debian packages: {list}"))?;
    let apt = |bench: &Bench<'_>, arguments: &[&str]| {
        let mut words: Vec<&str> = prefix.to_vec();
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        let mut command = bench.command(words[0]);
        command.args(&words[1..]).args(arguments);
        command
    };
    let mut update = apt(bench, &["update"]);
    bench.run(&mut update, Show::Nothing)?;
    let mut install = apt(bench, &["install", "--yes", "--no-install-recommends"]);
    install.args(&missing);
    bench.run(&mut install, Show::Nothing)
}

fn answers(words: &[&str]) -> bool {
    let Some((program, arguments)) = words.split_first() else {
        return false;
    };
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// The words in front of a command that make it run as root; `None` when nothing does.
fn as_root() -> Option<&'static [&'static str]> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    answers(&["sudo", "-n", "true"]).then_some(&["sudo", "-n"])
}

/// The Python of the environment with everything in `tests/foreign/requirements.txt`, which is
/// made when it is missing or out of date.
pub(crate) fn python(bench: &mut Bench<'_>) -> Result<PathBuf> {
    environment(bench, "python", "tests/foreign/requirements.txt")
}

/// The Python of an environment of that name under `target/tools` with everything in a list of
/// requirements, likewise; programs that came with them stand beside it.
pub(crate) fn environment(
    bench: &mut Bench<'_>,
    name: &str,
    requirements: &str,
) -> Result<PathBuf> {
    let home = bench.target.join("tools").join(name);
    let python = home.join("bin/python");
    let requirements = bench.root.join(requirements);
    let wanted = read(&requirements)?;
    if is_current(&home, &wanted) {
        return Ok(python);
    }
    bench.say(&format!(
        "making a Python environment under target/tools/{name}"
    ))?;
    clear(&home)?;
    let mut make = bench.command("python3");
    make.args(["-m", "venv"]).arg(&home);
    bench.run(&mut make, Show::Nothing)?;
    let mut install = bench.command(&python);
    install
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(["--only-binary", ":all:", "--requirement"])
        .arg(&requirements);
    bench.run(&mut install, Show::Nothing)?;
    mark(&home, &wanted)?;
    Ok(python)
}

/// The folder with the packages of `tests/foreign/package-lock.json` installed, and the programs
/// of `tests/foreign` beside them.
pub(crate) fn node_project(bench: &mut Bench<'_>) -> Result<PathBuf> {
    let source = bench.root.join("tests/foreign");
    let home = bench.target.join("tools/node");
    let wanted = read(&source.join("package-lock.json"))?;
    if !is_current(&home, &wanted) {
        bench.say("installing the Node client's packages under target/tools/node")?;
        clear(&home)?;
        std::fs::create_dir_all(&home)
            .with_context(|| format!("cannot make {}", home.display()))?;
        copy(&source, &home, "package.json")?;
        copy(&source, &home, "package-lock.json")?;
        let mut install = bench.command("npm");
        install
            .current_dir(&home)
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
        bench.run(&mut install, Show::Nothing)?;
        mark(&home, &wanted)?;
    }
    copy(&source, &home, "client.mjs")?;
    Ok(home)
}

fn copy(from: &Path, to: &Path, name: &str) -> Result<()> {
    let copied = std::fs::copy(from.join(name), to.join(name));
    copied.with_context(|| format!("cannot copy {name} to {}", to.display()))?;
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Removes what an earlier, interrupted or outdated installation left.
fn clear(home: &Path) -> Result<()> {
    if home.exists() {
        std::fs::remove_dir_all(home)
            .with_context(|| format!("cannot remove {}", home.display()))?;
    }
    Ok(())
}

fn is_current(home: &Path, wanted: &str) -> bool {
    std::fs::read_to_string(home.join("installed")).is_ok_and(|installed| installed == wanted)
}

/// Written last, so that an interrupted installation is made again.
fn mark(home: &Path, wanted: &str) -> Result<()> {
    let path = home.join("installed");
    std::fs::write(&path, wanted).with_context(|| format!("cannot write {}", path.display()))
}
