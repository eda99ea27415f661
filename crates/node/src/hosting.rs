//! Which regions a node hosts: its own, those it is told, and what its own tree puts below them.
//!
//! The tree files may change between two starts: a region that is new there is hosted from then on,
//! one that is renamed or stands below another parent takes its figures along. A region that is no
//! longer there stays hosted, and expected to report, as it was: no figure is forgotten because a
//! line is missing from a file. A region that moved out stays out, with all that the files put
//! below it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use liandong_catalog::{CatalogError, builtin, parse_region_csv};
use liandong_core::catalogue::Catalogue;
use liandong_core::region::{Region, RegionCode};
use thiserror::Error;

use crate::config::Config;
use crate::surroundings::Threads;

/// Why the catalogue or the tree cannot be used.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// What ships with the project cannot be read: a fault of the build.
    #[error("the built-in catalogue: {}", list(.0))]
    Builtin(Vec<CatalogError>),
    /// A tree file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A tree file has bad rows.
    #[error("{}: {}", path.display(), list(problems))]
    Tree {
        /// The file.
        path: PathBuf,
        /// Every bad row.
        problems: Vec<CatalogError>,
    },
    /// A region that should be hosted is in no tree.
    #[error(
        "region {0} is neither a GB/T 2260 code nor in a tree file: add it to one under `tree`"
    )]
    UnknownRegion(RegionCode),
}

fn list(problems: &[CatalogError]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| format!("\n  {problem}"))
        .collect();
    lines.concat()
}

/// Loads the catalogue with the bureau's own tree, and the regions to host, parents first.
///
/// # Errors
/// See [`CatalogueError`].
pub(crate) fn load(
    config: &Config,
    threads: Threads,
) -> Result<(Catalogue, Vec<Region>), CatalogueError> {
    let mut catalogue = shipped(threads).map_err(CatalogueError::Builtin)?;
    let mut own_tree = BTreeSet::new();
    for path in &config.tree {
        let bytes = std::fs::read(path).map_err(|source| CatalogueError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let problem = |problems| CatalogueError::Tree {
            path: path.clone(),
            problems,
        };
        let regions = parse_region_csv(&bytes, &catalogue.regions).map_err(problem)?;
        for region in regions {
            own_tree.insert(region.code);
            // The reader has refused loops already.
            let _ = catalogue.regions.insert(region);
        }
    }
    let mut hosted: BTreeSet<RegionCode> = BTreeSet::new();
    let mut to_look_below: Vec<RegionCode> = Vec::new();
    for start in std::iter::once(&config.region).chain(&config.hosts) {
        if catalogue.regions.get(*start).is_none() {
            return Err(CatalogueError::UnknownRegion(*start));
        }
        hosted.insert(*start);
        to_look_below.push(*start);
    }
    while let Some(region) = to_look_below.pop() {
        for child in catalogue.regions.children(region) {
            // A region below that connects has a node of its own, which hosts what is below it.
            let connects = config.children.contains(child);
            if own_tree.contains(child) && !connects && hosted.insert(*child) {
                to_look_below.push(*child);
            }
        }
    }
    let depth = |code: RegionCode| catalogue.regions.ancestors(code).count();
    let mut by_depth: Vec<(usize, RegionCode)> = Vec::with_capacity(hosted.len());
    for code in hosted {
        by_depth.push((depth(code), code));
    }
    by_depth.sort_unstable();
    let regions = by_depth
        .iter()
        .filter_map(|(_, code)| catalogue.regions.get(*code).cloned())
        .collect();
    Ok((catalogue, regions))
}

/// What ships with the project. Nodes that share one thread are many and start often, so for them
/// it is read once and kept.
fn shipped(threads: Threads) -> Result<Catalogue, Vec<CatalogError>> {
    static KEPT: LazyLock<Result<Catalogue, Vec<CatalogError>>> = LazyLock::new(builtin);
    match threads {
        Threads::System => builtin(),
        Threads::Tasks { .. } => KEPT.clone(),
    }
}

#[cfg(test)]
mod tests;
