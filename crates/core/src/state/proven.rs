//! Evidence that is kept with the documents of other nodes: of the version that is held, and of no
//! other.
//!
//! A batch is kept with all its leaves while that takes less room than the ways of those of its
//! documents that are held; from then on the ways are kept, so that what is kept grows with what is
//! held and never with what was once signed beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{State, Turn};
use crate::document::{Document, DocumentKey, Kind};
use crate::event::Attested;
use crate::evidence::{Batch, Proof, Said, Signer, is_lean_with, lean};
use crate::region::RegionCode;

/// From how many signers on those are looked for of whom nothing is held any more.
const SWEPT_AFTER: usize = 64;

/// Proofs by the documents that they are of.
#[derive(Clone, Debug, Default)]
pub(super) struct Proven {
    proofs: BTreeMap<DocumentKey, Kept>,
    /// The documents that are held of every batch that is kept with all its leaves.
    whole: BTreeMap<u64, BTreeSet<DocumentKey>>,
    /// The number of the next of those batches.
    next: u64,
    /// Every signer once: there are few, and each takes as much room as ten documents.
    signers: BTreeSet<Arc<Signer>>,
    /// Who signed for regions whose entries were replaced, and their versions, in the frame that is being applied. The
    /// proof of the new entry stands behind it in the same frame.
    replaced: BTreeMap<RegionCode, (RegionCode, u64)>,
    /// The peer whose word is being applied.
    teller: Option<RegionCode>,
}

/// The proof of a document.
#[derive(Clone, Debug)]
struct Kept {
    version: u64,
    proof: Proof,
    /// The number of its batch, if that is kept with all its leaves.
    whole: Option<u64>,
}

impl Proven {
    /// Another version took the place of the one that was proven.
    pub(super) fn forget(&mut self, key: &DocumentKey) {
        if let Some((signer, version)) = self.remove(key)
            && key.kind == Kind::Region
        {
            self.replaced.insert(key.owner, (signer, version));
        }
    }

    /// Lets go of a proof; whose node had signed which version.
    fn remove(&mut self, key: &DocumentKey) -> Option<(RegionCode, u64)> {
        let gone = self.proofs.remove(key)?;
        if let Some(number) = gone.whole
            && let Some(held) = self.whole.get_mut(&number)
        {
            held.remove(key);
            let held = held.len();
            self.make_lean(number, &gone.proof.batch, held);
        }
        Some((gone.proof.batch.signer.region, gone.version))
    }

    /// A frame begins: what is only known within one is forgotten.
    pub(super) fn frame_begins(&mut self) {
        self.replaced.clear();
        self.teller = None;
    }

    /// What follows is the word of a peer.
    pub(super) fn told_by(&mut self, peer: RegionCode) {
        self.teller = Some(peer);
    }

    /// As it is stored; `None` when there is nothing.
    pub(super) fn said(&self) -> Option<Attested> {
        if self.proofs.is_empty() {
            return None;
        }
        let named = self.proofs.iter();
        Some(Attested {
            documents: named
                .map(|(key, kept)| (key.clone(), kept.version))
                .collect(),
            evidence: Said::of(self.proofs.values().map(|kept| &kept.proof)),
        })
    }

    /// Keeps proofs; the turns are those of entries that another node signed than before.
    fn insert(
        &mut self,
        attested: &Attested,
        frame: u64,
        is_held: impl Fn(&DocumentKey, u64) -> bool,
    ) -> Vec<Turn> {
        let mut turns = Vec::new();
        let proofs = attested.evidence.proofs();
        let named = attested.documents.iter().zip(proofs);
        let mut seen = BTreeSet::new();
        let (named, proofs): (Vec<_>, Vec<_>) = named
            .filter(|((key, version), _)| is_held(key, *version) && seen.insert(key))
            .unzip();
        // The proofs stay until all are kept: an address stands for a batch only so long.
        let proofs = lean(proofs);
        let mut batches: BTreeMap<*const Batch, (Arc<Batch>, Option<u64>)> = BTreeMap::new();
        for ((key, version), proof) in named.into_iter().zip(&proofs) {
            self.remove(key);
            let batch = batches.entry(Arc::as_ptr(&proof.batch));
            let (batch, whole) = batch.or_insert_with(|| {
                let batch = self.with_known_signer(&proof.batch);
                let is_whole = !batch.leaves.is_empty();
                self.next += u64::from(is_whole);
                (batch, is_whole.then_some(self.next))
            });
            let kept = Kept {
                version: *version,
                proof: Proof {
                    batch: Arc::clone(batch),
                    ..proof.clone()
                },
                whole: *whole,
            };
            if let Some(number) = kept.whole {
                self.whole.entry(number).or_default().insert(key.clone());
            }
            let signed = &kept.proof.batch;
            if key.kind == Kind::Region
                && let Some((before, was)) = self.replaced.remove(&key.owner)
                && before != signed.signer.region
            {
                turns.push(Turn {
                    region: key.owner,
                    from: before,
                    to: signed.signer.region,
                    at_micros: signed.at_micros,
                    frame,
                    told_by: self.teller,
                    versions: (was, *version),
                });
            }
            self.proofs.insert(key.clone(), kept);
        }
        turns
    }

    /// Lets go of the leaves of a batch of which too little is held still.
    fn make_lean(&mut self, number: u64, batch: &Batch, held: usize) {
        if !is_lean_with(batch, held) {
            return;
        }
        let keys = self.whole.remove(&number).unwrap_or_default();
        let known = keys.iter().filter_map(|key| self.proofs.get(key));
        let proofs = lean(known.map(|kept| kept.proof.clone()).collect());
        for (key, proof) in keys.iter().zip(proofs) {
            if let Some(kept) = self.proofs.get_mut(key) {
                kept.proof = proof;
                kept.whole = None;
            }
        }
    }

    fn with_known_signer(&mut self, batch: &Arc<Batch>) -> Arc<Batch> {
        if let Some(known) = self.signers.get(&batch.signer) {
            return Arc::new(Batch {
                signer: Arc::clone(known),
                ..Batch::clone(batch)
            });
        }
        if self.signers.len() >= SWEPT_AFTER && self.signers.len().is_power_of_two() {
            self.signers.retain(|known| Arc::strong_count(known) > 1);
        }
        self.signers.insert(Arc::clone(&batch.signer));
        Arc::clone(batch)
    }
}

impl From<Attested> for Proven {
    fn from(stored: Attested) -> Self {
        let mut proven = Self::default();
        proven.insert(&stored, 0, |_, _| true);
        proven
    }
}

impl State {
    pub(super) fn apply_attested(&mut self, attested: &Attested) {
        let documents = &self.documents;
        let turns = self.proven.insert(attested, self.frame, |key, version| {
            let held = documents.get(key);
            held.is_some_and(|held| held.document.version == version)
        });
        for turn in turns {
            self.noted.turn(turn);
        }
    }

    /// The proof of the version of a document that is held, if it came with one.
    pub fn proof(&self, key: &DocumentKey) -> Option<&Proof> {
        self.proven.proofs.get(key).map(|kept| &kept.proof)
    }

    /// The proofs that documents came with, in their order; nothing where no document came with one.
    pub fn proofs_of(&self, documents: &[Arc<Document>]) -> Vec<Option<Proof>> {
        if self.proven.proofs.is_empty() {
            return Vec::new();
        }
        let proofs = documents.iter();
        let proofs = proofs.map(|document| self.proof(&document.key()).cloned());
        proofs.collect()
    }

    /// The region whose node signed for a region when that was last told where it stands.
    pub fn signed_by(&self, region: RegionCode) -> Option<RegionCode> {
        let proof = self.proof(&super::fold::region_key(region))?;
        Some(proof.batch.signer.region)
    }

    /// Documents of regions of other nodes, with their proofs where they came with one. Those of
    /// regions that moved out of this node are left out until their new node has told of them.
    pub fn foreign_documents(&self) -> impl Iterator<Item = (&Document, Option<&Proof>)> {
        let documents = self.documents.iter();
        documents.filter_map(|(key, stored)| {
            let proof = self.proof(key);
            let is_told = proof.is_some() || !self.has_moved_out(key.owner);
            (is_told && !self.hosts(key.owner)).then_some((&*stored.document, proof))
        })
    }
}
