//! Signing: one signature over all documents of a frame that regions hosted here own.

use std::collections::BTreeSet;
use std::sync::Arc;

use liandong_core::document::{Document, Kind};
use liandong_core::evidence::{Batch, MAX_BATCH, Proof, Signer, Tree, document_leaf};
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_identity::{KeyError, Purpose};

use crate::context::Context;
use crate::identity::Identities;

/// Signs those of the documents that are this node's to sign; the others keep what they came with.
/// `proofs` are theirs, in their order, or none at all.
///
/// # Errors
/// When the key cannot sign, or the node is stopping.
pub(crate) async fn prove(
    context: &Context,
    documents: &[Arc<Document>],
    proofs: &mut Vec<Option<Proof>>,
) -> Result<(), Refusal> {
    let Some(identities) = &context.identities else {
        proofs.clear();
        return Ok(());
    };
    if documents.is_empty() {
        return Ok(());
    }
    let owners: BTreeSet<RegionCode> = documents.iter().map(|one| one.owner).collect();
    let hosted = context.reader.read(|state| {
        let hosted = owners.into_iter().filter(|owner| state.hosts(*owner));
        hosted.collect::<BTreeSet<RegionCode>>()
    });
    let hosted = hosted.await?;
    proofs.resize(documents.len(), None);
    let mut own: Vec<(&Document, &mut Option<Proof>)> = Vec::new();
    for (document, proof) in documents.iter().zip(proofs) {
        // A handover is the word of the node that the region left, and goes on as it came.
        let is_handover = document.body.kind() == Kind::Handover;
        if hosted.contains(&document.owner) && !is_handover {
            own.push((document, proof));
        }
    }
    for batch in own.chunks_mut(MAX_BATCH as usize) {
        sign(identities, batch).map_err(|error| cannot_sign(&error))?;
    }
    Ok(())
}

/// What this node says and signs of a region that moves to another node, before it stops hosting it;
/// nothing where it signs nothing.
///
/// # Errors
/// When the key cannot sign, or the node is stopping.
pub(crate) async fn hand_over(
    context: &Context,
    region: RegionCode,
) -> Result<Vec<(Document, Proof)>, Refusal> {
    let Some(identities) = &context.identities else {
        return Ok(Vec::new());
    };
    let here = context.config.region;
    let documents = context.reader.read(|state| state.handovers(here, region));
    let documents = documents.await?;
    let mut proofs = vec![None; documents.len()];
    let mut own: Vec<_> = documents.iter().zip(&mut proofs).collect();
    for batch in own.chunks_mut(MAX_BATCH as usize) {
        sign(identities, batch).map_err(|error| cannot_sign(&error))?;
    }
    let signed = documents.into_iter().zip(proofs);
    let signed = signed.filter_map(|(document, proof)| Some((document, proof?)));
    Ok(signed.collect())
}

fn cannot_sign(error: &KeyError) -> Refusal {
    tracing::error!(%error, "documents cannot be signed");
    let (zh, en) = ("请检查节点的密钥", "look at the node's key");
    Refusal::advise(Reason::Corrupt, "key", "", zh, en)
}

fn sign(
    identities: &Identities,
    documents: &mut [(&Document, &mut Option<Proof>)],
) -> Result<(), KeyError> {
    let leaves = documents.iter().map(|(document, _)| {
        // What has no form in bytes could not have been written to the journal either.
        document_leaf(document).unwrap_or_default()
    });
    let leaves: Vec<_> = leaves.collect();
    let Some(tree) = Tree::over(leaves.clone()) else {
        return Ok(());
    };
    let (chain, given) = identities.attest(Purpose::Documents, &tree.root())?;
    let ders = chain.ders();
    let region = chain.leaf.identity().map(|identity| identity.region);
    let batch = Arc::new(Batch {
        signer: Arc::new(Signer {
            region: region.unwrap_or(identities.region()),
            certificates: ders.iter().map(|der| der.to_vec()).collect(),
        }),
        at_micros: given.at.as_microsecond(),
        signature: given.signature.0,
        size: u32::try_from(leaves.len()).unwrap_or(u32::MAX),
        leaves: if leaves.len() > 1 { leaves } else { Vec::new() },
    });
    for (place, (_, proof)) in (0u32..).zip(documents) {
        **proof = Some(Proof {
            batch: Arc::clone(&batch),
            place,
            path: Vec::new(),
        });
    }
    Ok(())
}
