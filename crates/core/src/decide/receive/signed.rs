//! Whose signature counts: that of the region's own node, or of the node that stands in for it.

use std::collections::BTreeMap;

use super::entitled::Peer;
use crate::access::Relation;
use crate::document::{Body, Document, DocumentKey};
use crate::event::{Attested, Event};
use crate::evidence::{Proofs, Said, lean, may_sign};
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::{RegionCode, RegionTree};
use crate::state::State;
use crate::state::fold::{EPOCH_SHIFT, region_key};

/// Who signed for regions whose entries came in the same batch.
pub(in crate::decide) type Signers = BTreeMap<RegionCode, RegionCode>;

impl Peer<'_> {
    /// Whether the node that signed a document may sign for its owner. A document without a proof
    /// passes: whoever asks for one has not let it come so far.
    ///
    /// # Errors
    /// A refusal when it may not.
    pub(in crate::decide) fn check_signer(
        &self,
        tree: &RegionTree,
        document: &Document,
        told: &Signers,
    ) -> Result<(), Refusal> {
        let Some(signer) = self.signer(document) else {
            return Ok(());
        };
        let owner = document.owner;
        let catalogue = &self.setting.catalogue.regions;
        if let Body::Handover(handover) = &document.body {
            // Nobody's word but that of the node which signs no more; that may be gone by now, and
            // who signs since is no matter.
            let is_within = tree.is_within(owner, signer) || catalogue.is_within(owner, signer);
            if signer == handover.from && (signer == owner || is_within) {
                return Ok(());
            }
            return Err(not_by(signer, handover.from));
        }
        if signer == owner {
            return Ok(());
        }
        let proven = self.proven(tree, document, told);
        let is_move = is_move(self.state, document);
        // Where a region stands is what its own entry says.
        let stands = match &document.body {
            Body::Region(region) => region.parent.unwrap_or(owner),
            _ => owner,
        };
        let may = may_sign(tree, signer, stands, proven, is_move)
            || may_sign(catalogue, signer, stands, proven, is_move)
            || self.is_above_both(tree, signer, owner);
        if may {
            return Ok(());
        }
        Err(not_by(signer, proven.unwrap_or(owner)))
    }

    /// Who signed for the owner before: for its own entry, or where that has no proof for the nearest
    /// one above. Whoever stands above a region with a node of its own finds nothing below it to
    /// speak for.
    fn proven(&self, tree: &RegionTree, document: &Document, told: &Signers) -> Option<RegionCode> {
        let signed_by = |region: RegionCode| {
            let told = told.get(&region).copied();
            told.or_else(|| self.state.signed_by(region))
        };
        let owner = document.owner;
        let parent = match &document.body {
            Body::Region(region) => region.parent,
            _ => tree.parent(owner),
        };
        let above = parent.into_iter().flat_map(|parent| {
            let further = tree.ancestors(parent);
            std::iter::once(parent).chain(further)
        });
        std::iter::once(owner).chain(above).find_map(signed_by)
    }

    /// Of what comes from above not every owner's place is known here; its node is the peer's, or
    /// stands above the peer.
    fn is_above_both(&self, tree: &RegionTree, signer: RegionCode, owner: RegionCode) -> bool {
        let catalogue = &self.setting.catalogue.regions;
        let is_known = tree.contains(owner) || catalogue.contains(owner);
        let is_above = tree.is_within(self.from, signer) || catalogue.is_within(self.from, signer);
        self.relation == Relation::Parent && !is_known && is_above
    }

    /// The region whose node signed a document.
    pub(super) fn signer(&self, document: &Document) -> Option<RegionCode> {
        let proof = self.proofs.get(&(document.key(), document.version))?;
        Some(proof.batch.signer.region)
    }

    /// Whether the evidence that a document comes with is news of a version that is held.
    pub(super) fn proves_what_is_held(&self, document: &Document) -> bool {
        let key = document.key();
        let held = self.state.document(&key);
        let is_held = held.is_some_and(|held| *held.document == *document);
        is_held && self.signer(document).is_some() && self.state.proof(&key).is_none()
    }
}

fn not_by(signer: RegionCode, accepted: RegionCode) -> Refusal {
    let accepted = Accepted::OneOf(vec![accepted.to_string()]);
    Refusal::new(Reason::BadSignature, "signer", signer, accepted)
}

/// Whether a document tells that its region has come to another node since it was told of last.
fn is_move(state: &State, document: &Document) -> bool {
    let key = region_key(document.owner);
    let held = state.document(&key);
    document.key() == key
        && held.is_some_and(|held| {
            held.document.version >> EPOCH_SHIFT < document.version >> EPOCH_SHIFT
        })
}

/// The evidence of what was taken.
pub(in crate::decide) fn attested(
    taken: impl Iterator<Item = (DocumentKey, u64)>,
    proofs: &Proofs,
) -> Option<Event> {
    if proofs.is_empty() {
        return None;
    }
    let mut documents = Vec::new();
    let mut kept = Vec::new();
    for named in taken {
        if let Some(proof) = proofs.get(&named) {
            kept.push(proof.clone());
            documents.push(named);
        }
    }
    if kept.is_empty() {
        return None;
    }
    let evidence = Said::of(&lean(kept));
    Some(Event::Attested(Attested {
        documents,
        evidence,
    }))
}
