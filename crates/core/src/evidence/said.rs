//! Proofs as they are written down: signers and batches once each, however many documents name them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Batch, Digest, Proof, Signer};

/// Proofs in the order of the documents that they are of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who signed.
    pub signers: Vec<Arc<Signer>>,
    /// What they signed.
    pub batches: Vec<SaidBatch>,
    /// One for each document.
    pub places: Vec<SaidPlace>,
}

/// A [`Batch`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidBatch {
    signer: u32,
    at_micros: i64,
    signature: Vec<u8>,
    size: u32,
    leaves: Vec<Digest>,
}

/// A [`Proof`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidPlace {
    batch: u32,
    place: u32,
    path: Vec<Digest>,
}

impl Said {
    /// Writes proofs down.
    pub fn of<'a>(proofs: impl IntoIterator<Item = &'a Proof>) -> Self {
        let mut said = Self::default();
        let mut signers: BTreeMap<Arc<Signer>, u32> = BTreeMap::new();
        // The same batch is the same allocation; one that is not is only written twice.
        let mut batches: BTreeMap<*const Batch, u32> = BTreeMap::new();
        for proof in proofs {
            let batch = &proof.batch;
            let number = batches.get(&Arc::as_ptr(batch)).copied();
            let number = number.unwrap_or_else(|| {
                let signer = signers.get(&batch.signer).copied();
                let signer = signer.unwrap_or_else(|| {
                    let signer = number_of(said.signers.len());
                    said.signers.push(Arc::clone(&batch.signer));
                    signers.insert(Arc::clone(&batch.signer), signer);
                    signer
                });
                let number = number_of(said.batches.len());
                batches.insert(Arc::as_ptr(batch), number);
                said.batches.push(SaidBatch {
                    signer,
                    at_micros: batch.at_micros,
                    signature: batch.signature.clone(),
                    size: batch.size,
                    leaves: batch.leaves.clone(),
                });
                number
            });
            said.places.push(SaidPlace {
                batch: number,
                place: proof.place,
                path: proof.path.clone(),
            });
        }
        said
    }

    /// The proofs that were written down; those that name what is not there are left out with all
    /// that follow them.
    pub fn proofs(&self) -> Vec<Proof> {
        let mut batches = Vec::with_capacity(self.batches.len());
        for said in &self.batches {
            let Some(signer) = self.signers.get(said.signer as usize) else {
                break;
            };
            batches.push(Arc::new(Batch {
                signer: Arc::clone(signer),
                at_micros: said.at_micros,
                signature: said.signature.clone(),
                size: said.size,
                leaves: said.leaves.clone(),
            }));
        }
        let proofs = self.places.iter().map_while(|said| {
            Some(Proof {
                batch: Arc::clone(batches.get(said.batch as usize)?),
                place: said.place,
                path: said.path.clone(),
            })
        });
        proofs.collect()
    }

    /// Whether nothing was written down.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

fn number_of(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
