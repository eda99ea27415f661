//! The house as it is drawn: which crate may depend on which, where `sled` and `prost` may be
//! named, and what the pure crates must never touch.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use liandong_tests::program::workspace;

/// Every arrow that is drawn. The program leans on the node and the client; that it names types of
/// the core, codes of the catalogue and messages of the wire is allowed with them.
const DRAWN: [(&str, &[&str]); 11] = [
    ("liandong-core", &[]),
    ("liandong-catalog", &["liandong-core"]),
    ("liandong-identity", &["liandong-core"]),
    ("liandong-proof", &["liandong-core", "liandong-identity"]),
    ("liandong-wire", &["liandong-core"]),
    ("liandong-store", &["liandong-core"]),
    ("liandong-console", &["liandong-core"]),
    (
        "liandong-node",
        &[
            "liandong-catalog",
            "liandong-console",
            "liandong-core",
            "liandong-identity",
            "liandong-proof",
            "liandong-store",
            "liandong-wire",
        ],
    ),
    (
        "liandong-client",
        &[
            "liandong-core",
            "liandong-identity",
            "liandong-proof",
            "liandong-wire",
        ],
    ),
    (
        "liandong-load",
        &["liandong-catalog", "liandong-client", "liandong-core"],
    ),
    (
        "liandong",
        &[
            "liandong-catalog",
            "liandong-client",
            "liandong-core",
            "liandong-identity",
            "liandong-load",
            "liandong-node",
            "liandong-proof",
            "liandong-wire",
        ],
    ),
];

/// Packages that may lean on any of ours, and on which nothing may lean. The fences hold for them,
/// too.
const FREE: [&str; 5] = [
    "liandong-fuzz",
    "liandong-micro",
    "liandong-sim",
    "liandong-tests",
    "xtask",
];

/// Who alone may depend on what comes from outside.
const FENCES: [(&str, &str); 8] = [
    ("rcgen", "liandong-identity"),
    ("rustls-webpki", "liandong-identity"),
    ("x509-parser", "liandong-identity"),
    ("sled", "liandong-store"),
    ("prost", "liandong-wire"),
    ("prost-types", "liandong-wire"),
    ("protox", "liandong-wire"),
    ("tonic-prost-build", "liandong-wire"),
];

/// What would bring a clock, a network, chance or files into a pure crate.
const IMPURE_CRATES: [&str; 9] = [
    "tokio",
    "tonic",
    "rand",
    "getrandom",
    "uuid",
    "fastrand",
    "rustix",
    "libc",
    "reqwest",
];

/// Words that read a clock, open files or sockets, start threads or draw lots.
const IMPURE_WORDS: [&str; 15] = [
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "tokio::",
    "rand::",
    "RandomState",
    "thread_rng",
    "getrandom",
];

/// The crates whose rules must give the same answer everywhere and every time.
const PURE: [&str; 2] = ["core", "catalog"];

struct Package {
    folder: PathBuf,
    /// What it depends on, build dependencies included.
    dependencies: BTreeSet<String>,
    /// What only its own tests depend on.
    test_dependencies: BTreeSet<String>,
}

/// The folders of the workspace's members, as its manifest lists them.
fn members(root: &Path) -> Result<Vec<PathBuf>> {
    let toml: toml::Table = std::fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let members = toml.get("workspace").and_then(|found| found.get("members"));
    let members = members.and_then(toml::Value::as_array);
    let members = members.context("the workspace lists no members")?;
    let mut folders = Vec::new();
    for member in members {
        let member = member.as_str().context("a member that is no text")?;
        let Some(parent) = member.strip_suffix("/*") else {
            folders.push(root.join(member));
            continue;
        };
        for entry in std::fs::read_dir(root.join(parent))? {
            folders.push(entry?.path());
        }
    }
    Ok(folders)
}

fn packages() -> Result<BTreeMap<String, Package>> {
    let root = workspace()?;
    let mut packages = BTreeMap::new();
    for folder in members(root)? {
        let manifest = folder.join("Cargo.toml");
        if !manifest.exists() {
            continue;
        }
        let text = std::fs::read_to_string(&manifest)?;
        let toml: toml::Table = text.parse()?;
        let name = toml.get("package").and_then(|package| package.get("name"));
        let name = name.and_then(toml::Value::as_str);
        let name = name.with_context(|| format!("{} names no package", manifest.display()))?;
        let package = Package {
            dependencies: depends(&toml, &["dependencies", "build-dependencies"]),
            test_dependencies: depends(&toml, &["dev-dependencies"]),
            folder,
        };
        packages.insert(name.to_owned(), package);
    }
    Ok(packages)
}

/// The names under the given tables, also where they stand under a `target`.
fn depends(toml: &toml::Table, tables: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let targets = toml.get("target").and_then(toml::Value::as_table);
    let of_targets = targets.into_iter().flat_map(toml::Table::values);
    for part in std::iter::once(toml).chain(of_targets.filter_map(toml::Value::as_table)) {
        for table in tables {
            let Some(dependencies) = part.get(*table).and_then(toml::Value::as_table) else {
                continue;
            };
            for (name, how) in dependencies {
                // A dependency may go by another name than the package it stands for.
                let package = how.get("package").and_then(toml::Value::as_str);
                found.insert(package.unwrap_or(name).to_owned());
            }
        }
    }
    found
}

#[test]
fn every_arrow_between_our_crates_is_drawn() -> Result<()> {
    let drawn: BTreeMap<&str, &[&str]> = DRAWN.into_iter().collect();
    let packages = packages()?;
    for name in drawn.keys().chain(&FREE) {
        ensure!(
            packages.contains_key(*name),
            "{name} is drawn and does not exist"
        );
    }
    for (name, package) in &packages {
        let is_free = FREE.contains(&name.as_str());
        for dependency in package.dependencies.union(&package.test_dependencies) {
            let leans = FREE.contains(&dependency.as_str());
            // The simulator and the targets of fuzzing are tests; they need nothing of each other.
            ensure!(
                !leans,
                "{name} leans on {dependency}, which is no part of the product"
            );
        }
        if is_free {
            continue;
        }
        let allowed = drawn.get(name.as_str());
        let allowed = allowed.with_context(|| format!("{name} is not in the drawing"))?;
        for dependency in package.dependencies.union(&package.test_dependencies) {
            let ours = packages.contains_key(dependency);
            let shown = allowed.contains(&dependency.as_str());
            ensure!(
                !ours || shown,
                "no arrow from {name} to {dependency} is drawn"
            );
        }
    }
    Ok(())
}

#[test]
fn what_is_fenced_stays_behind_its_fence() -> Result<()> {
    let packages = packages()?;
    for (fenced, keeper) in FENCES {
        for (name, package) in &packages {
            let uses =
                package.dependencies.contains(fenced) || package.test_dependencies.contains(fenced);
            ensure!(
                !uses || name == keeper,
                "{name} depends on {fenced}: only {keeper} may"
            );
        }
        let keeps = packages
            .get(keeper)
            .is_some_and(|keeper| keeper.dependencies.contains(fenced));
        ensure!(
            keeps,
            "{keeper} does not use {fenced} any more: mend this test"
        );
    }
    Ok(())
}

#[test]
fn pure_crates_know_no_clock_network_chance_or_files() -> Result<()> {
    let packages = packages()?;
    for pure in PURE {
        let name = format!("liandong-{pure}");
        let package = packages
            .get(&name)
            .with_context(|| format!("no package {name}"))?;
        for dependency in &package.dependencies {
            let impure = IMPURE_CRATES.contains(&dependency.as_str());
            ensure!(!impure, "{name} depends on {dependency}");
        }
        let mut files = 0;
        for path in sources(&package.folder.join("src"))? {
            files += 1;
            let text = std::fs::read_to_string(&path)?;
            for (number, line) in (1..).zip(text.lines()) {
                let code = line.split("//").next().unwrap_or_default();
                for word in IMPURE_WORDS {
                    let place = format!("{}:{number}", path.display());
                    ensure!(!code.contains(word), "{place}: {word} in a pure crate");
                }
            }
        }
        ensure!(files > 5, "only {files} sources of {name} were looked at");
    }
    Ok(())
}

#[test]
fn no_package_takes_the_sources_of_another() -> Result<()> {
    let mut files = 0;
    for (name, package) in packages()? {
        let home = package.folder.canonicalize()?;
        for path in every_source(&home)? {
            files += 1;
            let text = std::fs::read_to_string(&path)?;
            for line in text.lines().map(str::trim_start) {
                let taken = ["#[path = \"", "include!(\""]
                    .iter()
                    .find_map(|begin| line.strip_prefix(begin));
                let Some((taken, _)) = taken.and_then(|rest| rest.split_once('"')) else {
                    continue;
                };
                let folder = path.parent().context("a source without a folder")?;
                let taken = folder.join(taken);
                let found = taken
                    .canonicalize()
                    .with_context(|| format!("{}: {line}", path.display()))?;
                ensure!(
                    found.starts_with(&home),
                    "{name} takes {} in {}: no arrow shows it",
                    found.display(),
                    path.display()
                );
            }
        }
    }
    ensure!(files > 100, "only {files} sources were looked at");
    Ok(())
}

#[test]
fn nothing_of_ours_is_unsafe() -> Result<()> {
    let root = workspace()?;
    let toml: toml::Table = std::fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let table = |toml: &toml::Table, path: &[&str]| -> Option<toml::Value> {
        let (last, folders) = path.split_last()?;
        let mut at = toml;
        for folder in folders {
            at = at.get(*folder)?.as_table()?;
        }
        at.get(*last).cloned()
    };
    let forbidden = table(&toml, &["workspace", "lints", "rust", "unsafe_code"]);
    let forbids = forbidden.as_ref().and_then(toml::Value::as_str) == Some("forbid");
    ensure!(forbids, "the workspace does not forbid unsafe code");
    let mut files = 0;
    for (name, package) in packages()? {
        let text = std::fs::read_to_string(package.folder.join("Cargo.toml"))?;
        let inherits = table(&text.parse()?, &["lints", "workspace"]);
        let inherits = inherits.and_then(|value| value.as_bool()) == Some(true);
        ensure!(inherits, "{name} does not take the workspace's lints");
        // What forbids cannot be lifted; a word that would try, or a keyword in code that is not
        // compiled here, is found by reading.
        for path in every_source(&package.folder)? {
            files += 1;
            let text = std::fs::read_to_string(&path)?;
            for (number, line) in (1..).zip(text.lines()) {
                let code = line.split("//").next().unwrap_or_default();
                let is_unsafe = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
                    .iter()
                    .any(|word| code.contains(word) && !code.contains(&format!("\"{word}")));
                ensure!(!is_unsafe, "{}:{number}: {line}", path.display());
            }
        }
    }
    ensure!(files > 300, "only {files} sources were looked at");
    Ok(())
}

#[test]
fn no_unordered_map_is_walked_in_the_core() -> Result<()> {
    let core = workspace()?.join("crates/core/clippy.toml");
    let text = std::fs::read_to_string(&core)?;
    let toml: toml::Table = text.parse()?;
    let banned = |key: &str| -> Vec<String> {
        let list = toml.get(key).and_then(toml::Value::as_array);
        let paths = list.into_iter().flatten();
        paths
            .filter_map(|entry| entry.get("path").and_then(toml::Value::as_str))
            .map(str::to_owned)
            .collect()
    };
    let methods = banned("disallowed-methods");
    for method in ["iter", "keys", "values", "drain", "retain"] {
        let path = format!("std::collections::HashMap::{method}");
        ensure!(
            methods.contains(&path),
            "{} does not ban {path}",
            core.display()
        );
    }
    for clock in [
        "std::time::Instant::now",
        "std::time::SystemTime::now",
        "jiff::Timestamp::now",
    ] {
        ensure!(
            methods.iter().any(|path| path == clock),
            "{clock} is not banned"
        );
    }
    Ok(())
}

/// Every Rust source of a package, without those of packages inside it.
fn every_source(home: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![home.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                if !path.join("Cargo.toml").exists() {
                    waiting.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// Every Rust source below a folder that is no test.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if path.is_dir() {
                // Tests and what only they are built with may read files.
                if name != "tests" && name != "testing" {
                    waiting.push(path);
                }
            } else if name.ends_with(".rs") && name != "tests.rs" && name != "testing.rs" {
                found.push(path);
            }
        }
    }
    Ok(found)
}
