//! Seals: a region's word on all its figures at once.
//!
//! Figures change by the thousand, and none of them is signed by itself. A region's node says every
//! so often what all of them add up to; that is a document, travels like one and is signed like one.
//! Whoever holds the figures can tell whether they are those.

use serde::{Deserialize, Serialize};

use crate::document::CellDocument;
use crate::evidence::{Digest, Tree, cell_leaf};

/// The id of the document that a region's figures are sealed by.
pub const SEAL_ID: &str = "figures";

/// What a region's figures are at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The highest version of them: one with a higher version is newer than the seal.
    pub upto: u64,
    /// How many they are.
    pub cells: u64,
    /// The root of the tree over all of them, by period and indicator.
    pub root: Digest,
}

/// How figures stand to their seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// They are what was sealed.
    Fits,
    /// Some are newer than the seal; of the others nothing can be said until the next.
    Newer {
        /// How many.
        cells: u64,
    },
    /// One has a version that the region's node, which has sealed its figures since, never gave.
    Beyond {
        /// The version.
        version: u64,
    },
    /// They are not what was sealed.
    Differs {
        /// How many there are.
        held: u64,
        /// How many were sealed.
        sealed: u64,
    },
}

impl Seal {
    /// The seal of a region's figures, in whatever order they come; `None` when there are none.
    pub fn of(mut cells: Vec<CellDocument>) -> Option<Self> {
        cells.sort_unstable_by_key(|cell| (cell.period, cell.indicator));
        let upto = cells.iter().map(|cell| cell.version).max()?;
        let leaves: Vec<Digest> = cells.iter().map(cell_leaf).collect();
        Some(Self {
            upto,
            cells: cells.len() as u64,
            root: Tree::over(leaves)?.root(),
        })
    }

    /// How figures of the region that are held somewhere stand to the seal.
    pub fn fit(&self, cells: Vec<CellDocument>) -> Fit {
        let (held, sealed) = (cells.len() as u64, self.cells);
        let newer = cells.iter().filter(|cell| cell.version > self.upto);
        let newer = newer.count() as u64;
        // Nothing is ever taken away, so there are as many as were sealed, whatever changed since.
        if held < sealed || held - newer > sealed {
            return Fit::Differs { held, sealed };
        }
        if newer > 0 {
            return Fit::Newer { cells: newer };
        }
        if Self::of(cells).as_ref() == Some(self) {
            return Fit::Fits;
        }
        Fit::Differs { held, sealed }
    }
}
