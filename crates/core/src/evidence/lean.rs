//! Proofs without what nobody needs any more.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::tree::Tree;
use super::{Batch, Proof};

/// Whether a batch takes less room without its leaves and with the ways of so many documents. One
/// hash less is not worth another form.
pub fn is_lean_with(batch: &Batch, documents: usize) -> bool {
    let height = u32::BITS - batch.size.saturating_sub(1).leading_zeros();
    let ways = documents.saturating_mul(height as usize);
    !batch.leaves.is_empty() && ways + 1 < batch.leaves.len()
}

/// The same proofs, each batch in the smaller of two forms: with all its leaves where most of its
/// documents are here, and otherwise with the way of each.
pub fn lean(mut proofs: Vec<Proof>) -> Vec<Proof> {
    let mut counts: BTreeMap<*const Batch, usize> = BTreeMap::new();
    for proof in &proofs {
        *counts.entry(Arc::as_ptr(&proof.batch)).or_default() += 1;
    }
    let mut lean: BTreeMap<*const Batch, (Arc<Batch>, Tree)> = BTreeMap::new();
    // Kept until all are done: an address stands for a batch only as long as that is there.
    let mut replaced = Vec::new();
    for proof in &mut proofs {
        let batch = Arc::clone(&proof.batch);
        let address = Arc::as_ptr(&batch);
        let count = counts.get(&address).copied().unwrap_or_default();
        if !is_lean_with(&batch, count) {
            continue;
        }
        let (without, tree) = match lean.entry(address) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let Some(tree) = Tree::over(batch.leaves.clone()) else {
                    continue;
                };
                let without = Batch {
                    leaves: Vec::new(),
                    ..Batch::clone(&batch)
                };
                new.insert((Arc::new(without), tree))
            }
        };
        proof.path = tree.path(proof.place);
        proof.batch = Arc::clone(without);
        replaced.push(batch);
    }
    proofs
}
