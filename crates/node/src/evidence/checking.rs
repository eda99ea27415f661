//! Whether signatures that documents came with are good, and are of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use liandong_core::document::Document;
use liandong_core::evidence::{Batch, Digest, Proof, Roots};
use liandong_core::refusal::Refusal;
use liandong_identity::Purpose;

use super::judged::{bad, judged};
use crate::identity::Identities;

/// How many roots of one batch are tried: documents of one have one root, and those that were
/// altered each another.
const MOST_ROOTS: usize = 16;

/// A root, and whether it was signed.
type Tried = (Digest, Result<(), Refusal>);

/// Checks signatures, each batch's once however many of its documents are looked at.
pub(super) struct Checking<'a> {
    identities: &'a Identities,
    roots: Roots,
    /// What became of the roots that a batch was said to have; by address, which stands for the
    /// batch as long as that is kept here.
    tried: BTreeMap<*const Batch, (Arc<Batch>, Vec<Tried>)>,
}

impl<'a> Checking<'a> {
    /// Checks by whom a node trusts.
    pub(super) fn by(identities: &'a Identities) -> Self {
        Self {
            identities,
            roots: Roots::default(),
            tried: BTreeMap::new(),
        }
    }

    /// Whether the signature is good, and is of the document.
    ///
    /// # Errors
    /// A refusal says why not.
    pub(super) fn check(&mut self, document: &Document, proof: &Proof) -> Result<(), Refusal> {
        let batch = &proof.batch;
        let root = self.roots.root(proof, document);
        let root = root.ok_or_else(|| {
            bad(
                batch.signer.region,
                "the document is none of what was signed",
            )
        })?;
        let tried = self.tried.entry(Arc::as_ptr(batch));
        let (_, tried) = tried.or_insert_with(|| (Arc::clone(batch), Vec::new()));
        if let Some((_, told)) = tried.iter().find(|(known, _)| *known == root) {
            return told.clone();
        }
        if tried.len() >= MOST_ROOTS {
            return Err(bad(
                batch.signer.region,
                "the document is none of what was signed",
            ));
        }
        let told = judged(&**batch, |leaf, above, attestation| {
            let purpose = Purpose::Documents;
            let identities = self.identities;
            identities.attested(leaf, above, purpose, &root, attestation)
        });
        tried.push((root, told.clone()));
        told
    }
}
