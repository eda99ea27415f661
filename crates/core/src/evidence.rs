//! Evidence: what a region said can be shown to have been said by it, wherever it has got to.
//!
//! A node signs what leaves it batch by batch: one signature over the root of a tree whose leaves
//! are the hashes of the batch's documents. Each document travels on with its [`Proof`]: the batch,
//! and the way from its leaf to the root. Who may sign for whom is decided here; signatures and
//! certificates are checked by whoever takes the documents in, for these rules know no keys.

mod leaf;
mod lean;
mod roots;
mod said;
mod shown;
mod tree;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::document::{Document, DocumentKey};
use crate::region::{RegionCode, RegionTree};

pub use leaf::{cell_leaf, document_leaf};
pub use lean::{is_lean_with, lean};
pub use roots::Roots;
pub use said::{Said, SaidBatch, SaidPlace};
pub use shown::{Given, Shown, not_shown};
pub use tree::{Digest, MAX_BATCH, Tree};

/// The most certificates that lead from a signer to a root.
pub const MAX_CERTIFICATES: usize = 4;

/// Who signed, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signer {
    /// The region that the first certificate names: whose node signed.
    pub region: RegionCode,
    /// The certificates in DER, from the signer's own to the one that a root has signed.
    pub certificates: Vec<Vec<u8>>,
}

/// One signature, over the documents of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Who signed.
    pub signer: Arc<Signer>,
    /// When, by the signer's clock, in microseconds since 1970.
    pub at_micros: i64,
    /// The signature of the root.
    pub signature: Vec<u8>,
    /// How many documents it covers.
    pub size: u32,
    /// Their leaves, in order; empty where only the ways of single documents are known, and for a
    /// batch of one.
    pub leaves: Vec<Digest>,
}

/// That a document is one of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The batch.
    pub batch: Arc<Batch>,
    /// The document's place in it, from 0.
    pub place: u32,
    /// The hashes beside its way to the root, from below; empty where the batch has all leaves.
    pub path: Vec<Digest>,
}

/// Proofs of versions of documents.
pub type Proofs = BTreeMap<(DocumentKey, u64), Proof>;

impl Proof {
    /// What the signature has to be of, if this document is at that place of the batch; `None` when
    /// it cannot be. [`Roots`] tells it of many documents of a batch.
    pub fn root(&self, document: &Document) -> Option<Digest> {
        Roots::default().root(self, document)
    }
}

/// Whether a node that signs for `signer` may sign for `owner`: for its own region and for what
/// stands below, as far as that has no node of its own (`proven`: who signed for the owner before,
/// `is_move`: the document says that the owner has come to another node since).
pub fn may_sign(
    tree: &RegionTree,
    signer: RegionCode,
    owner: RegionCode,
    proven: Option<RegionCode>,
    is_move: bool,
) -> bool {
    if !tree.is_within(owner, signer) {
        return false;
    }
    // A signer nearer to the owner than the one before is a node that the owner was given.
    is_move || proven.is_none_or(|proven| tree.is_within(signer, proven))
}

#[cfg(test)]
mod tests;
