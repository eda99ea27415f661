//! What targets begin with: data that ships with the project, and a small county.

use std::path::Path;
use std::sync::OnceLock;

use liandong_catalog::{PlanFile, builtin, parse_plan_file};
use liandong_core::catalogue::Catalogue;
use liandong_core::region::{Level, Region, RegionCode, RegionKind};

/// The catalogue that ships with the project.
pub(crate) fn catalogue() -> &'static Catalogue {
    static BUILT: OnceLock<Catalogue> = OnceLock::new();
    BUILT.get_or_init(|| match builtin() {
        Ok(catalogue) => catalogue,
        Err(errors) => panic!("{errors:?}"),
    })
}

/// Plan files that ship with the project; the first is the smallest.
pub(crate) fn plan_files() -> Vec<String> {
    let mut files = texts("crates/catalog/data/plans", "toml");
    files.sort_by_key(String::len);
    files
}

/// The smallest plan that ships with the project.
pub(crate) fn plan() -> PlanFile {
    let files = plan_files();
    let text = files.first().map_or("", String::as_str);
    match parse_plan_file(text) {
        Ok(plan) => plan,
        Err(errors) => panic!("{errors:?}"),
    }
}

/// The files of a folder of the workspace, by the end of their names, in the order of the names.
pub(crate) fn texts(folder: &str, extension: &str) -> Vec<String> {
    let folder = workspace(folder);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        paths.push(entry.path());
    }
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        match std::fs::read_to_string(&path) {
            Ok(text) => found.push(text),
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
    assert!(!found.is_empty(), "no {extension} in {}", folder.display());
    found
}

/// A path of the workspace.
pub(crate) fn workspace(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// A region's code.
pub(crate) fn code(text: &str) -> RegionCode {
    match text.parse() {
        Ok(code) => code,
        Err(error) => panic!("{text}: {error}"),
    }
}

/// A county with two schools.
pub(crate) fn county() -> Vec<Region> {
    let region = |text: &str, parent: &str, level, kind| Region {
        code: code(text),
        name: format!("单位 {text}"),
        parent: (!parent.is_empty()).then(|| code(parent)),
        level,
        kind,
    };
    vec![
        region("371524", "371500", Level::County, RegionKind::Bureau),
        region(
            "371524-001",
            "371524",
            Level::Unit,
            RegionKind::PrimarySchool,
        ),
        region(
            "371524-002",
            "371524",
            Level::Unit,
            RegionKind::PrimarySchool,
        ),
    ]
}
