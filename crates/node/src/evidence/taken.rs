//! Checking: who signed a document is told before anything of it is believed.

use std::collections::BTreeMap;
use std::sync::Arc;

use liandong_core::document::Document;
use liandong_core::event::Unapplied;
use liandong_core::evidence::{Proof, Proofs};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;

use super::checking::Checking;
use super::judged::bad;
use crate::context::Context;
use crate::identity::Identities;
use crate::service::blocking;

/// Documents of which it is known who signed them.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// The documents.
    pub(crate) documents: Vec<Document>,
    /// Who signed each.
    pub(crate) proofs: Proofs,
    /// The others, to be set aside.
    pub(crate) refused: Vec<Unapplied>,
}

/// Checks who signed documents that a peer told of, where that holds nobody up. Whether the signer
/// may sign for the owner is for the rules to say.
///
/// # Errors
/// `Corrupt` when the check itself failed, which is a fault of this program.
pub(crate) async fn check(
    context: &Context,
    peer: RegionCode,
    documents: Vec<Document>,
    proofs: Vec<Option<Proof>>,
) -> Result<Checked, Refusal> {
    let identities = context.identities.as_ref();
    let Some(identities) = identities.filter(|_| !documents.is_empty()) else {
        return Ok(Checked {
            documents,
            ..Checked::default()
        });
    };
    let identities = Arc::clone(identities);
    blocking(context, move || {
        Ok(check_all(&identities, peer, documents, proofs))
    })
    .await
}

fn check_all(
    identities: &Identities,
    peer: RegionCode,
    documents: Vec<Document>,
    proofs: Vec<Option<Proof>>,
) -> Checked {
    let mut checked = Checked::default();
    let mut checking = Checking::by(identities);
    let mut proofs = proofs.into_iter();
    let mut places = BTreeMap::new();
    for document in documents {
        let proof = proofs.next().flatten();
        let told = match &proof {
            Some(proof) => checking.check(&document, proof),
            None => Err(not_signed(&document)),
        };
        match (told, proof) {
            (Ok(()), Some(proof)) => {
                let named = (document.key(), document.version);
                let place = *places
                    .entry(named.clone())
                    .or_insert(checked.documents.len());
                // What is told twice is held once. One version with two contents would have one pass
                // by the other's proof.
                match checked.documents.get(place) {
                    Some(before) if *before == document => {}
                    Some(_) => {
                        let why = "another document of that key and version came with it";
                        let refusal = bad(proof.batch.signer.region, why);
                        let refused = document.set_aside(&refusal, Some(&proof));
                        checked.refused.push(refused);
                    }
                    None => {
                        checked.proofs.insert(named, proof);
                        checked.documents.push(document);
                    }
                }
            }
            (Err(refusal), proof) => {
                let refused = document.set_aside(&refusal, proof.as_ref());
                checked.refused.push(refused);
            }
            (Ok(()), None) => checked.documents.push(document),
        }
    }
    if let Some(first) = checked.refused.first() {
        let (what, why) = (&first.what.what, &first.what.message);
        let count = checked.refused.len();
        tracing::warn!(%peer, count, what, why, "documents without a good signature");
    }
    checked
}

fn not_signed(document: &Document) -> Refusal {
    let accepted = Accepted::OneOf(vec![document.owner.to_string()]);
    Refusal::new(Reason::NotSigned, "signature", document.owner, accepted)
}
