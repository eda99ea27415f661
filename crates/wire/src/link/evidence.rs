//! Evidence as it travels: who signed is told once per stream, a batch once per frame, and with each
//! document only its place, or its way to what was signed.

use std::collections::BTreeMap;
use std::sync::Arc;

use liandong_core::evidence::{Batch, Digest, MAX_BATCH, MAX_CERTIFICATES, Proof, Signer, lean};
use liandong_core::refusal::{Accepted, Reason, Refusal};

use super::v1;
use crate::read;

/// The most signers that one stream may name: more than a province has nodes, several times over.
const MAX_SIGNERS: usize = 4_096;

/// The most bytes of a certificate.
const MAX_CERTIFICATE: usize = 4 << 10;

/// The most bytes of a signature.
const MAX_SIGNATURE: usize = 256;

/// A way through the largest batch has no more steps.
const MAX_PATH: usize = 17;

/// Writes evidence; knows which signers the stream has named.
#[derive(Debug, Default)]
pub(super) struct EvidenceWriter {
    places: BTreeMap<Arc<Signer>, u32>,
}

/// Reads evidence; knows the signers that the stream has named, in order. `None` stands for what is
/// none: its documents are unsigned, the others keep their places.
#[derive(Debug, Default)]
pub(super) struct EvidenceReader {
    signers: Vec<Option<Arc<Signer>>>,
}

impl EvidenceWriter {
    /// Writes the proofs of documents, in their order; `None` when there is none.
    pub(super) fn write(&mut self, proofs: &[Option<Proof>]) -> Option<v1::Evidence> {
        let known: Vec<Proof> = proofs.iter().flatten().cloned().collect();
        if known.is_empty() {
            return None;
        }
        let known_signers = length(self.places.len());
        let mut said = v1::Evidence {
            known_signers,
            ..v1::Evidence::default()
        };
        // The proofs stay until all are written: an address stands for a batch only so long.
        let known = lean(known);
        let mut batches: BTreeMap<*const Batch, u32> = BTreeMap::new();
        let mut next = known.iter();
        for proof in proofs {
            let Some(proof) = proof.as_ref().and_then(|_| next.next()) else {
                said.places.push(v1::Place::default());
                continue;
            };
            let number = batches.get(&Arc::as_ptr(&proof.batch)).copied();
            let batch = number.unwrap_or_else(|| {
                let signer = self.number(&proof.batch.signer, &mut said.new_signers);
                said.batches.push(write_batch(&proof.batch, signer));
                let number = length(said.batches.len());
                batches.insert(Arc::as_ptr(&proof.batch), number);
                number
            });
            said.places.push(v1::Place {
                batch,
                place: proof.place,
                path: proof.path.concat(),
            });
        }
        if is_whole(&said) {
            said.places.clear();
        }
        Some(said)
    }

    fn number(&mut self, signer: &Arc<Signer>, new: &mut Vec<v1::Signer>) -> u32 {
        let next = length(self.places.len());
        *self.places.entry(Arc::clone(signer)).or_insert_with(|| {
            new.push(v1::Signer {
                region: signer.region.to_string(),
                certificates: signer.certificates.clone(),
            });
            next
        })
    }
}

/// Whether the places say what goes without saying: one batch, and all of it in its order.
fn is_whole(said: &v1::Evidence) -> bool {
    let [batch] = said.batches.as_slice() else {
        return false;
    };
    let mut places = (0u32..).zip(&said.places);
    said.places.len() == batch.size.max(1) as usize
        && places.all(|(number, place)| {
            (place.batch, place.place) == (1, number) && place.path.is_empty()
        })
}

fn write_batch(batch: &Batch, signer: u32) -> v1::SignedBatch {
    v1::SignedBatch {
        signer,
        at_micros: batch.at_micros,
        signature: batch.signature.clone(),
        // Most of all batches are one seal.
        size: if batch.size == 1 { 0 } else { batch.size },
        leaves: batch.leaves.concat(),
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl EvidenceReader {
    /// Reads the proofs of so many documents, in their order. What is no proof is none.
    ///
    /// # Errors
    /// A refusal when the stream's list of signers is not where this says it is, or is too long.
    pub(super) fn read(
        &mut self,
        said: Option<v1::Evidence>,
        documents: usize,
    ) -> Result<Vec<Option<Proof>>, Refusal> {
        let Some(said) = said else {
            return Ok(vec![None; documents]);
        };
        let v1::Evidence {
            known_signers,
            new_signers,
            batches,
            places,
        } = said;
        let known = length(self.signers.len());
        if known_signers != known {
            let accepted = Accepted::OneOf(vec![known.to_string()]);
            let field = "evidence.known_signers";
            return Err(Refusal::new(
                Reason::Malformed,
                field,
                known_signers,
                accepted,
            ));
        }
        if self.signers.len() + new_signers.len() > MAX_SIGNERS {
            let accepted = Accepted::Range(0, MAX_SIGNERS as i64);
            let field = "evidence.new_signers";
            let count = self.signers.len() + new_signers.len();
            return Err(Refusal::new(Reason::TooLong, field, count, accepted));
        }
        let new_signers = new_signers.into_iter();
        self.signers
            .extend(new_signers.map(|signer| read_signer(signer).map(Arc::new)));
        let batches = batches.into_iter().map(|batch| self.batch(batch));
        let batches: Vec<Option<Arc<Batch>>> = batches.collect();
        if let ([Some(batch)], []) = (batches.as_slice(), places.as_slice()) {
            let of_all = batch.size as usize == documents;
            let proof = |place| {
                of_all.then(|| Proof {
                    batch: Arc::clone(batch),
                    place,
                    path: Vec::new(),
                })
            };
            return Ok((0u32..).take(documents).map(proof).collect());
        }
        if places.len() != documents {
            return Ok(vec![None; documents]);
        }
        let proofs = places.into_iter().map(|place| {
            let number = place.batch.checked_sub(1)? as usize;
            let batch = batches.get(number)?.clone()?;
            let path = digests(&place.path).filter(|path| path.len() <= MAX_PATH)?;
            let place = place.place;
            Some(Proof { batch, place, path })
        });
        Ok(proofs.collect())
    }

    fn batch(&self, said: v1::SignedBatch) -> Option<Arc<Batch>> {
        let v1::SignedBatch {
            signer,
            at_micros,
            signature,
            size,
            leaves,
        } = said;
        let signer = self.signers.get(signer as usize)?.clone()?;
        let size = size.max(1);
        let leaves = digests(&leaves)?;
        let is_whole = leaves.is_empty() || leaves.len() == size as usize;
        let fits = is_whole && size <= MAX_BATCH && signature.len() <= MAX_SIGNATURE;
        fits.then(|| {
            Arc::new(Batch {
                signer,
                at_micros,
                signature,
                size,
                leaves,
            })
        })
    }
}

fn read_signer(said: v1::Signer) -> Option<Signer> {
    let v1::Signer {
        region,
        certificates,
    } = said;
    let small = certificates.iter().all(|one| one.len() <= MAX_CERTIFICATE);
    let region = read::region("region", &region).ok()?;
    let fits = small && (1..=MAX_CERTIFICATES).contains(&certificates.len());
    fits.then_some(Signer {
        region,
        certificates,
    })
}

fn digests(bytes: &[u8]) -> Option<Vec<Digest>> {
    let (digests, rest) = bytes.as_chunks();
    rest.is_empty().then(|| digests.to_vec())
}
