//! Comparing what two nodes hold of each other, so that a silent divergence is found and healed.
//!
//! What one node tells another falls into [`Bucket`]s: the documents of one kind and owner, or the
//! roll-up cells of one region. Of each bucket both sides make a [`Tally`]: how many there are, and
//! a sum of their hashes that does not depend on their order. Buckets whose tallies differ are sent
//! whole; the listener takes what it lacks and what differs, for the teller is nearer to the owner,
//! and says what it holds beyond that.
//!
//! Nothing is ever taken away by a comparison: what the listener holds and the teller does not is
//! marked, listed and goes on counting until its owner tells of it again.

mod hash;

pub(crate) use hash::{CellHasher, document_hash};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::access::{Relation, may_give, may_see};
use crate::document::{CellDocument, Document, Kind};
use crate::evidence::Proof;
use crate::indicator::IndicatorCode;
use crate::period::Period;
use crate::region::{Level, RegionCode, RegionTree};

/// How the contents of documents and cells are hashed by this program. Two programs that say
/// different numbers compare keys and versions alone. Raised whenever the stored form of any
/// document changes.
pub const SCHEME: u32 = 1;

/// A part of what one node tells another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// The documents of one kind and owner.
    Documents(Kind, RegionCode),
    /// The roll-up cells of one region.
    Cells(RegionCode),
}

/// What a bucket adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many documents or cells there are.
    pub count: u64,
    /// The sum of their hashes, over 2^128.
    pub sum: u128,
}

impl Tally {
    pub(crate) fn add(&mut self, hash: u128) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(hash);
    }
}

/// The buckets of which two tallies differ, in their order.
pub fn differing(one: &BTreeMap<Bucket, Tally>, other: &BTreeMap<Bucket, Tally>) -> Vec<Bucket> {
    let buckets: BTreeSet<&Bucket> = one.keys().chain(other.keys()).collect();
    let differ = |bucket: &&Bucket| one.get(bucket) != other.get(bucket);
    buckets.into_iter().filter(differ).copied().collect()
}

/// The buckets behind one place in their order, up to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The bucket that the range begins behind; `None` for the first.
    pub after: Option<Bucket>,
    /// The last bucket of the range; `None` for all that follow.
    pub until: Option<Bucket>,
}

impl Range {
    /// Whether a bucket lies in the range.
    pub fn contains(&self, bucket: &Bucket) -> bool {
        self.after.is_none_or(|after| after < *bucket)
            && self.until.is_none_or(|until| *bucket <= until)
    }
}

/// One direction of a link: who tells, and who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// The node that tells.
    pub teller: RegionCode,
    /// The node that listens.
    pub listener: RegionCode,
    /// What the listener is to the teller.
    pub listener_is: Relation,
}

impl Direction {
    /// What the teller is to the listener.
    pub fn teller_is(&self) -> Relation {
        self.listener_is.opposite()
    }

    /// Whether the teller tells the listener of a document.
    pub fn tells(&self, tree: &RegionTree, document: &Document) -> bool {
        may_see(tree, self.teller, self.listener, self.listener_is, document)
    }

    /// Whether the listener believes the teller in a document.
    pub fn believes(&self, tree: &RegionTree, document: &Document) -> bool {
        may_give(tree, self.listener, self.teller, self.teller_is(), document)
    }

    /// Whether the teller tells the listener of a region's cells.
    pub fn tells_cells(&self, tree: &RegionTree, region: RegionCode) -> bool {
        let told = |level: Level| level != Level::Unit;
        self.listener_is == Relation::Parent
            && tree.is_within(region, self.teller)
            && (region == self.teller || tree.get(region).is_some_and(|known| told(known.level)))
    }
}

/// Which end of a direction a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It tells.
    Teller(Direction),
    /// It listens.
    Listener(Direction),
}

impl Side {
    /// The direction.
    pub fn direction(&self) -> &Direction {
        match self {
            Self::Teller(direction) | Self::Listener(direction) => direction,
        }
    }
}

/// Names a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellName {
    /// The region whose cell it is.
    pub region: RegionCode,
    /// The indicator.
    pub indicator: IndicatorCode,
    /// The period.
    pub period: Period,
}

impl CellDocument {
    /// What names the cell.
    pub fn name(&self) -> CellName {
        CellName {
            region: self.region,
            indicator: self.indicator,
            period: self.period,
        }
    }
}

/// What the listener found when it had a bucket whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many documents and cells were taken because they were missing, older or different.
    pub healed: u32,
    /// Documents that the teller does not have, or has in an older version.
    pub documents: Vec<Document>,
    /// What shows whose they are, in their order: a proof where the listener holds one.
    pub proofs: Vec<Option<Proof>>,
    /// Cells that the teller does not have, up to [`Findings::MOST_CELLS`].
    pub cells: Vec<CellName>,
    /// How many cells the teller does not have.
    pub cells_missing: u64,
    /// The highest version of the cells that the teller does not have or has in an older version;
    /// 0 when there is none.
    pub highest: u64,
}

impl Findings {
    /// The most cells that are named; the rest is counted.
    pub const MOST_CELLS: usize = 1_000;

    /// Adds a document that the listener holds, with the proof that it holds of it.
    pub fn hold(&mut self, document: &Document, proof: Option<&Proof>) {
        self.documents.push(document.clone());
        self.proofs.push(proof.cloned());
    }

    /// Whether both sides hold the same now.
    pub fn is_clean(&self) -> bool {
        self.documents.is_empty() && self.cells_missing == 0 && self.highest == 0
    }
}
