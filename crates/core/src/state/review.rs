//! Going through all evidence that is held, and all seals.

use super::{State, Turn};
use crate::document::{Body, Document, DocumentKey, Kind};
use crate::evidence::{Batch, Digest, Roots, may_sign};
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::RegionCode;
use crate::seal::Fit;

/// Tells whether a batch was signed for a root by a certificate that is believed.
pub type Judging<'a> = &'a mut dyn FnMut(&Batch, &Digest) -> Result<(), Refusal>;

/// What going through all evidence found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// Documents of other nodes that came with evidence.
    pub signed: u64,
    /// Documents of other nodes that came with none.
    pub unsigned: Vec<DocumentKey>,
    /// Documents whose evidence does not hold.
    pub bad: Vec<(DocumentKey, Refusal)>,
    /// Seals of regions of other nodes.
    pub seals: u64,
    /// Figures that are newer than their region's seal, and of how many regions.
    pub newer: (u64, u64),
    /// Regions whose figures are not what was sealed.
    pub differing: Vec<(RegionCode, Fit)>,
    /// How often another node signed for a region than before.
    pub turns: u64,
    /// Those of them that the former signer has signed, too.
    pub agreed: Vec<Turn>,
    /// Those of them to be asked about.
    pub to_ask_about: Vec<Turn>,
}

impl State {
    /// Goes through the evidence of all documents of other nodes, and compares the figures that are
    /// held with their seals. `judge` tells whether a batch was signed for that root by a
    /// certificate that is believed; without it only the seals are compared.
    pub fn review(&self, mut judge: Option<Judging<'_>>) -> Reviewed {
        let mut reviewed = Reviewed::default();
        let mut roots = Roots::default();
        for (document, proof) in self.foreign_documents() {
            let Some(proof) = proof else {
                reviewed.unsigned.push(document.key());
                continue;
            };
            reviewed.signed += 1;
            let Some(judge) = judge.as_mut() else {
                continue;
            };
            let signer = proof.batch.signer.region;
            let told = match roots.root(proof, document) {
                Some(_) if !self.could_sign(signer, document) => Err(not_from(signer)),
                Some(root) => judge(&proof.batch, &root),
                None => Err(not_from(signer)),
            };
            if let Err(refusal) = told {
                reviewed.bad.push((document.key(), refusal));
            }
        }
        for (region, fit) in self.seal_fits() {
            reviewed.seals += 1;
            match fit {
                Fit::Fits => {}
                Fit::Newer { cells } => {
                    reviewed.newer.0 += cells;
                    reviewed.newer.1 += 1;
                }
                Fit::Differs { .. } | Fit::Beyond { .. } => reviewed.differing.push((region, fit)),
            }
        }
        reviewed.turns = self.turns().count() as u64;
        let turns = self.turns();
        reviewed.agreed = turns.filter(|turn| self.is_agreed(turn)).cloned().collect();
        reviewed.to_ask_about = self.turns_to_ask_about().cloned().collect();
        reviewed
    }

    /// Whether a node's region could sign for an owner, as far as that is known here: it is the owner,
    /// or stands above it no further than whoever signs for it, or did sign for it before.
    pub fn could_sign(&self, signer: RegionCode, document: &Document) -> bool {
        let owner = document.owner;
        if let Body::Handover(handover) = &document.body {
            let is_above =
                !self.regions.tree.contains(owner) || self.regions.tree.is_within(owner, signer);
            return signer == handover.from && (signer == owner || is_above);
        }
        if signer == owner || !self.regions.tree.contains(owner) {
            return true;
        }
        let mut above: Vec<RegionCode> = vec![owner];
        above.extend(self.regions.tree.ancestors(owner));
        let proven = above.iter().find_map(|region| self.signed_by(*region));
        let signed_before = |region: &RegionCode| self.signed_before(*region, signer);
        may_sign(&self.regions.tree, signer, owner, proven, false)
            || may_sign(&self.regions.tree, signer, owner, None, false)
                && above.iter().any(signed_before)
    }
}

/// That a document is not from the node that is said to have signed it.
pub fn not_from(signer: RegionCode) -> Refusal {
    Refusal::new(Reason::BadSignature, "signature", signer, Accepted::Nothing)
}

impl Reviewed {
    /// The key of the seal of a region.
    pub fn seal_of(region: RegionCode) -> DocumentKey {
        DocumentKey {
            kind: Kind::Seal,
            owner: region,
            id: crate::seal::SEAL_ID.to_owned(),
        }
    }
}
