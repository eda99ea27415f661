//! Documents that a peer gives back to this node as its own: what they came with is checked before
//! the rules say whether it is this node's word.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use liandong_core::document::Document;
use liandong_core::evidence::{Given, Proof, Shown, not_shown};
use liandong_core::refusal::{Reason, Refusal};

use super::checking::Checking;
use super::judged::bad;
use crate::context::Context;
use crate::identity::Identities;
use crate::service::blocking;

/// What shows whose the documents are that a peer gives back; `proofs` are theirs, in their order.
///
/// # Errors
/// `Corrupt` when the check itself failed, which is a fault of this program.
pub(crate) async fn shown(
    context: &Context,
    documents: &[Document],
    proofs: Vec<Option<Proof>>,
) -> Result<Shown, Refusal> {
    let Some(identities) = context.identities.as_ref().map(Arc::clone) else {
        return Ok(Shown::NotAsked);
    };
    let documents = documents.to_vec();
    // Signatures would hold up what else runs here.
    blocking(context, move || {
        Ok(shown_to(&identities, &documents, proofs))
    })
    .await
}

fn shown_to(identities: &Identities, documents: &[Document], proofs: Vec<Option<Proof>>) -> Shown {
    let mut checking = Checking::by(identities);
    let mut given: BTreeMap<_, Given> = BTreeMap::new();
    let mut first: BTreeMap<_, &Document> = BTreeMap::new();
    let proofs = proofs.into_iter().chain(std::iter::repeat(None));
    for (document, proof) in documents.iter().zip(proofs) {
        let named = (document.key(), document.version);
        match first.entry(named.clone()) {
            Entry::Occupied(before) if *before.get() == document => continue,
            Entry::Occupied(_) => {
                // One would pass by the other's proof.
                let why = "another document of that key and version came with it";
                let told = Err(bad(document.owner, why));
                given.insert(named, Given { proof: None, told });
                continue;
            }
            Entry::Vacant(new) => new.insert(document),
        };
        let told = match &proof {
            Some(proof) => checking.check(document, proof),
            None => Err(not_shown(Reason::NotSigned, document.owner)),
        };
        given.insert(named, Given { proof, told });
    }
    Shown::Asked(given)
}
