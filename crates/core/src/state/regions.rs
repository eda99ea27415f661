//! What a state knows of regions.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::region::{Region, RegionCode, RegionTree};

/// The regions of a state: who stands below whom, and which of them are hosted.
///
/// A copy costs nothing and stays as it is when the state goes on, so that whoever looks at thousands
/// of regions keeps nobody waiting who writes.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    /// The regions that are documents here: hosted ones and those that children told of.
    pub(super) tree: Arc<RegionTree>,
    /// Hosted regions with their epochs.
    pub(super) hosted: Arc<BTreeMap<RegionCode, u32>>,
}

impl Regions {
    /// The regions known from documents.
    pub fn tree(&self) -> &RegionTree {
        &self.tree
    }

    /// Whether the node hosts the region.
    pub fn hosts(&self, region: RegionCode) -> bool {
        self.hosted.contains_key(&region)
    }

    /// A region, from documents or else from the catalogue.
    pub fn get<'a>(&'a self, catalogue: &'a Catalogue, code: RegionCode) -> Option<&'a Region> {
        self.tree.get(code).or_else(|| catalogue.regions.get(code))
    }

    /// The regions directly below, those of the catalogue and those that only the mesh knows; ordered
    /// by code.
    pub fn children(&self, catalogue: &Catalogue, code: RegionCode) -> Vec<RegionCode> {
        let mut children = self.tree.children(code).to_vec();
        for child in catalogue.regions.children(code) {
            // A region that documents place elsewhere stands where they say.
            if !self.tree.contains(*child) {
                children.push(*child);
            }
        }
        children.sort_unstable();
        children
    }

    /// Regions that stand below nothing that is known, by documents and catalogue; ordered by code.
    pub fn roots(&self, catalogue: &Catalogue) -> Vec<RegionCode> {
        let shipped = catalogue.regions.iter();
        let shipped = shipped.filter(|region| !self.tree.contains(region.code));
        let mut roots = Vec::new();
        // Regions of neighbouring codes mostly stand below the same.
        let mut known = None;
        for region in self.tree.iter().chain(shipped) {
            if let Some(parent) = region.parent {
                if known == Some(parent) {
                    continue;
                }
                if self.get(catalogue, parent).is_some() {
                    known = Some(parent);
                    continue;
                }
            }
            roots.push(region.code);
        }
        roots.sort_unstable();
        roots
    }
}
