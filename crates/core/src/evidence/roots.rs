//! The roots of batches, each added up once however many of its documents are looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tree::{Digest, Tree, root_above};
use super::{Batch, Proof, document_leaf};
use crate::document::Document;

/// Roots of batches whose leaves are all known.
#[derive(Debug, Default)]
pub struct Roots {
    /// By address, which stands for the batch as long as that is kept here.
    known: BTreeMap<*const Batch, (Arc<Batch>, Option<Digest>)>,
}

impl Roots {
    /// What the signature of a proof's batch has to be of, if this document is at its place there;
    /// `None` when it cannot be.
    pub fn root(&mut self, proof: &Proof, document: &Document) -> Option<Digest> {
        let leaf = document_leaf(document)?;
        let Proof { batch, place, path } = proof;
        if batch.leaves.is_empty() {
            return root_above(&leaf, *place, batch.size, path);
        }
        let is_there = batch.leaves.get(*place as usize) == Some(&leaf);
        let is_whole = path.is_empty() && batch.leaves.len() == batch.size as usize;
        if !is_there || !is_whole {
            return None;
        }
        let known = self.known.entry(Arc::as_ptr(batch)).or_insert_with(|| {
            let tree = Tree::over(batch.leaves.clone());
            (Arc::clone(batch), tree.map(|tree| tree.root()))
        });
        known.1
    }
}
