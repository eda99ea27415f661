//! Documents that a peer gives back to this node as its own: what they came with is checked before
//! the rules say whether it is this node's word.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use liandong_core::document::Document;
use liandong_core::evidence::{Given, Proof, Shown, not_shown};
use liandong_core::refusal::Reason;

use super::checking::Checking;
use super::judged::bad;
use crate::context::Context;

/// What shows whose the documents are that a peer gives back; `proofs` are theirs, in their order.
pub(crate) fn shown(
    context: &Context,
    documents: &[Document],
    proofs: Vec<Option<Proof>>,
) -> Shown {
    let Some(identities) = &context.identities else {
        return Shown::NotAsked;
    };
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
