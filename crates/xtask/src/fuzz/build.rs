//! Building the engine: libFuzzer from its crate, and the compiler's own coverage in what is
//! under test.
//!
//! After each execution the engine looks at every counter of the program, so counters in code
//! that no target is about (the server, the network, the hash functions) cost more than the
//! targets themselves. Only our crates and the parsers that they lean on are counted. The stable
//! cargo has no flags for single crates; it does have a program that is called in the compiler's
//! place, and that is this task itself: see [`compile`].

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// Crates whose code is counted.
const COUNTED: [&str; 19] = [
    "csv",
    "csv_core",
    "encoding_rs",
    "jiff",
    "liandong_catalog",
    "liandong_core",
    "liandong_fuzz",
    "liandong_input",
    "liandong_node",
    "liandong_store",
    "liandong_wire",
    "postcard",
    "prost",
    "serde_json",
    "serde_spanned",
    "toml",
    "toml_datetime",
    "toml_parser",
    "winnow",
];

/// Those of them whose comparisons the engine learns from, since they compare words. What compares
/// lengths and checksums only is slower for it.
const COMPARED: [&str; 3] = ["liandong_catalog", "liandong_core", "liandong_input"];

/// What makes the compiler count which code ran.
const COUNT: [&str; 4] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
];

/// What makes it tell the engine which values are compared.
const COMPARE: &str = "-Cllvm-args=-sanitizer-coverage-trace-compares";

/// Where the engine is built and keeps its inputs.
pub(crate) fn home(target: &Path) -> PathBuf {
    target.join("fuzz")
}

/// The engine of a target. Each has one of its own, with the counters of what it can reach.
pub(crate) fn program(target: &Path, name: &str) -> Result<PathBuf> {
    Ok(home(target).join(triple()?).join("fuzz").join(name))
}

/// The command that builds the engines. The machine's own triple is named, so that build scripts
/// can be told from what they build.
///
/// Cargo does not know which coverage is built in, so what was built with other coverage is
/// removed.
pub(crate) fn command(mut cargo: Command, target: &Path) -> Result<Command> {
    let this = std::env::current_exe().context("this program has no path")?;
    let home = home(target);
    let triple = triple()?;
    let mark = home.join("coverage");
    let coverage = coverage();
    let built = home.join(&triple);
    let is_other = std::fs::read_to_string(&mark).map_or(true, |found| found != coverage);
    if is_other && built.exists() {
        std::fs::remove_dir_all(&built)
            .with_context(|| format!("cannot remove {}", built.display()))?;
    }
    std::fs::create_dir_all(&home)
        .and_then(|()| std::fs::write(&mark, coverage))
        .with_context(|| format!("cannot write {}", mark.display()))?;
    cargo
        .args(["build", "--locked", "--profile", "fuzz"])
        .args(["--package", "liandong-fuzz", "--features", "engine"])
        .args(["--target", &triple])
        .env("CARGO_TARGET_DIR", home)
        .env("RUSTC_WRAPPER", this)
        // The engine counts bits all the time; without this it has no instruction for it.
        .env("CXXFLAGS", "-march=native")
        .env_remove("RUSTFLAGS");
    Ok(cargo)
}

/// What is counted and how, as one text.
fn coverage() -> String {
    let mut words = COUNTED.to_vec();
    words.extend(COUNT);
    words.extend(COMPARED);
    words.push(COMPARE);
    words.join("\n")
}

/// Whether cargo calls this program in the compiler's place.
pub(crate) fn is_for_compiler(arguments: &[OsString]) -> bool {
    let name = arguments
        .first()
        .and_then(|first| Path::new(first).file_stem());
    name == Some(OsStr::new("rustc"))
}

/// Compiles one crate as cargo asks, with coverage where it belongs; whether that went well.
///
/// # Errors
/// When the compiler cannot be started.
pub(crate) fn compile(arguments: &[OsString]) -> Result<bool> {
    let (compiler, rest) = arguments.split_first().context("no compiler")?;
    let status = Command::new(compiler)
        .args(rest)
        .args(flags(rest))
        .status()
        .context("cannot start the compiler")?;
    Ok(status.success())
}

/// The flags for the crate that these arguments compile. Build scripts and what they need are
/// compiled for no named target.
fn flags(arguments: &[OsString]) -> Vec<&'static str> {
    let mut words = arguments.iter().filter_map(|argument| argument.to_str());
    if !words.clone().any(|word| word == "--target") {
        return Vec::new();
    }
    let Some(name) = words
        .find(|word| *word == "--crate-name")
        .and_then(|_| words.next())
    else {
        return Vec::new();
    };
    let mut flags = Vec::new();
    if COUNTED.contains(&name) {
        flags.extend(COUNT);
    }
    if COMPARED.contains(&name) {
        flags.push(COMPARE);
    }
    flags
}

/// The compiler's name for this machine.
fn triple() -> Result<String> {
    let said = Command::new("rustc")
        .arg("-vV")
        .stderr(Stdio::inherit())
        .output();
    let said = said.context("cannot start rustc")?.stdout;
    let said = String::from_utf8_lossy(&said);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host
        .context("rustc does not say what it builds for")?
        .to_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{COMPARE, COUNT, flags, is_for_compiler};

    fn flags_of(words: &str) -> Vec<&'static str> {
        let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        flags(&words)
    }

    #[test]
    fn only_what_is_under_test_is_counted() {
        let ours = flags_of("--crate-name liandong_input --edition=2024 --target x");
        assert_eq!(ours, [COUNT.as_slice(), &[COMPARE]].concat());
        assert_eq!(flags_of("--crate-name prost --target x"), COUNT);
        assert!(flags_of("--crate-name prost_types --target x").is_empty());
        assert!(flags_of("--crate-name liandong_core --edition=2024").is_empty());
    }

    #[test]
    fn only_the_compiler_is_stood_in_for() {
        let words = |text: &str| -> Vec<OsString> { text.split(' ').map(OsString::from).collect() };
        assert!(is_for_compiler(&words("/usr/bin/rustc -vV")));
        assert!(!is_for_compiler(&words("fuzz --total")));
        assert!(!is_for_compiler(&[]));
    }
}
