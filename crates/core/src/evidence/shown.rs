//! What is known of documents that a peer gives back to the node that they are said to be of.

use std::collections::BTreeMap;

use super::{Proof, Proofs};
use crate::document::{Body, Document, DocumentKey};
use crate::refusal::{Reason, Refusal};
use crate::region::RegionCode;

/// What shows whose the documents are that a peer gives back.
#[derive(Clone, Debug, Default)]
pub enum Shown {
    /// Nothing is asked for: the node speaks in plain text, or a person said that they are its own.
    #[default]
    NotAsked,
    /// Of each key and version, what it came with and whether that holds.
    Asked(BTreeMap<(DocumentKey, u64), Given>),
    /// The same, and a person answers for what is not named because it came without a signature.
    SignedOrNot(BTreeMap<(DocumentKey, u64), Given>),
}

/// What a document was given back with.
#[derive(Clone, Debug)]
pub struct Given {
    /// The proof, if there was one.
    pub proof: Option<Proof>,
    /// Whether the signature is good and is of the document; who may sign is for the rules to say.
    pub told: Result<(), Refusal>,
}

impl Shown {
    /// The proof that a document is the word of its owner's node, or of `here`; none where none is
    /// asked for.
    ///
    /// A node above that once stood in for the owner does not count: it gives the document back, and
    /// could write whatever it likes under its own name. What it had written before the region
    /// moved came with the region's history.
    ///
    /// # Errors
    /// A refusal says why it is not shown.
    pub fn own(&self, document: &Document, here: RegionCode) -> Result<Option<&Proof>, Refusal> {
        let given = match (self, self.given(document)) {
            (_, Some(given)) => given,
            (Self::NotAsked | Self::SignedOrNot(_), None) => return Ok(None),
            (Self::Asked(_), None) => return Err(not_shown(Reason::NotSigned, document.owner)),
        };
        given.told.clone()?;
        let signer = given.proof.as_ref().map(|proof| proof.batch.signer.region);
        match signer {
            Some(signer) if signer == document.owner || signer == here => Ok(given.proof.as_ref()),
            // That a node lets a region go is that node's word wherever the region is.
            Some(signer) if matches!(&document.body, Body::Handover(handover) if handover.from == signer) => {
                Ok(given.proof.as_ref())
            }
            Some(signer) => Err(not_shown(Reason::BadSignature, signer)),
            None => Err(not_shown(Reason::NotSigned, document.owner)),
        }
    }

    /// The same where somebody answers for what came without a signature. A signature that is not
    /// good stays one.
    #[must_use]
    pub fn with_unsigned(self) -> Self {
        let Self::Asked(mut given) = self else {
            return self;
        };
        given.retain(|_, given| given.proof.is_some());
        Self::SignedOrNot(given)
    }

    /// The good proofs among them.
    pub fn proofs(&self) -> Proofs {
        let (Self::Asked(given) | Self::SignedOrNot(given)) = self else {
            return Proofs::new();
        };
        let good = given.iter().filter(|(_, given)| given.told.is_ok());
        let good = good.filter_map(|(named, given)| Some((named.clone(), given.proof.clone()?)));
        good.collect()
    }

    /// What a document came with, good or not.
    pub fn came_with(&self, document: &Document) -> Option<&Proof> {
        self.given(document)?.proof.as_ref()
    }

    fn given(&self, document: &Document) -> Option<&Given> {
        match self {
            Self::NotAsked => None,
            Self::Asked(given) | Self::SignedOrNot(given) => {
                given.get(&(document.key(), document.version))
            }
        }
    }
}

/// That a document which a peer gives back is not shown to be of this node.
pub fn not_shown(reason: Reason, signer: RegionCode) -> Refusal {
    Refusal::advise(
        reason,
        "signature",
        signer,
        "对端称这是本节点自己的文档，但没有本节点签名可证".to_owned(),
        "the peer gives it back as this node's own, and no signature of this node shows that",
    )
}
