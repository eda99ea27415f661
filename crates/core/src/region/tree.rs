//! A tree of regions of any depth.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Region, RegionCode};

/// Regions and who stands under whom.
///
/// A region may be inserted before its parent is known; it then counts as a root until the parent
/// arrives. Nothing is ever its own ancestor.
#[derive(Clone, Debug, Default)]
pub struct RegionTree {
    regions: BTreeMap<RegionCode, Region>,
    children: BTreeMap<RegionCode, Vec<RegionCode>>,
    changes: u64,
}

/// A region that cannot stand where it says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TreeError {
    /// The parent chain of the region would lead back to itself.
    #[error("region {code} cannot be under {parent}: {parent} is under {code}")]
    Cycle {
        /// The region that was inserted.
        code: RegionCode,
        /// The parent it names.
        parent: RegionCode,
    },
}

impl RegionTree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a region, or replaces what was known of it.
    ///
    /// # Errors
    /// [`TreeError::Cycle`] when the region would become its own ancestor; nothing changes then.
    pub fn insert(&mut self, region: Region) -> Result<(), TreeError> {
        self.check(&region)?;
        let old_parent = self.regions.get(&region.code).and_then(|old| old.parent);
        if old_parent != region.parent
            && let Some(siblings) = old_parent.and_then(|parent| self.children.get_mut(&parent))
        {
            siblings.retain(|code| *code != region.code);
        }
        if let Some(parent) = region.parent {
            let siblings = self.children.entry(parent).or_default();
            if let Err(place) = siblings.binary_search(&region.code) {
                siblings.insert(place, region.code);
            }
        }
        self.regions.insert(region.code, region);
        self.changes += 1;
        Ok(())
    }

    /// Whether [`RegionTree::insert`] would take the region.
    ///
    /// # Errors
    /// [`TreeError::Cycle`] when the region would become its own ancestor.
    pub fn check(&self, region: &Region) -> Result<(), TreeError> {
        match region.parent {
            Some(parent) if self.is_within(parent, region.code) => Err(TreeError::Cycle {
                code: region.code,
                parent,
            }),
            _ => Ok(()),
        }
    }

    /// How often this tree was changed since it was made. Of one tree that is the same number, who
    /// stands under whom is the same.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The region of that code.
    pub fn get(&self, code: RegionCode) -> Option<&Region> {
        self.regions.get(&code)
    }

    /// Whether the code is known.
    pub fn contains(&self, code: RegionCode) -> bool {
        self.regions.contains_key(&code)
    }

    /// The region directly above.
    pub fn parent(&self, code: RegionCode) -> Option<RegionCode> {
        self.regions.get(&code).and_then(|region| region.parent)
    }

    /// The regions directly below, ordered by code.
    pub fn children(&self, code: RegionCode) -> &[RegionCode] {
        self.children.get(&code).map_or(&[], Vec::as_slice)
    }

    /// Whether anything stands below the region.
    pub fn is_leaf(&self, code: RegionCode) -> bool {
        self.children(code).is_empty()
    }

    /// The regions above, nearest first; includes a top whose own entry is not known.
    pub fn ancestors(&self, code: RegionCode) -> impl Iterator<Item = RegionCode> + '_ {
        std::iter::successors(self.parent(code), |above| self.parent(*above))
    }

    /// Whether `code` is `top` or stands anywhere below it.
    pub fn is_within(&self, code: RegionCode, top: RegionCode) -> bool {
        code == top || self.ancestors(code).any(|above| above == top)
    }

    /// `top` and all below it, parents before children.
    pub fn subtree(&self, top: RegionCode) -> Vec<RegionCode> {
        let mut found = vec![top];
        let mut next = 0;
        while next < found.len() {
            let code = found[next];
            found.extend_from_slice(self.children(code));
            next += 1;
        }
        found
    }

    /// All regions, ordered by code.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.regions.values()
    }

    /// How many regions there are.
    pub fn len(&self) -> usize {
        self.regions.len()
    }

    /// Whether there is no region.
    pub fn is_empty(&self) -> bool {
        self.regions.is_empty()
    }
}
