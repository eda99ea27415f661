//! Trying again what was set aside: a newer program may read what an earlier one could not, and
//! what was refused yesterday may be in place today.

use std::collections::BTreeMap;

use liandong_core::command::{Answer, Command, Incoming};
use liandong_core::event::Content;
use liandong_core::evidence::Proofs;
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_wire::link::read_kept;

use crate::commit::Origin;
use crate::context::Context;
use crate::evidence::check;
use crate::link::admission::relation;

/// What became of what was tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retried {
    /// How many changes could be tried.
    pub(crate) tried: u64,
    /// How many were applied.
    pub(crate) applied: u64,
    /// How many are listed still.
    pub(crate) remaining: u64,
}

/// Tries again what was set aside of one peer, or of all.
///
/// # Errors
/// When the node is stopping or short of disk space.
pub(crate) async fn retry(
    context: &Context,
    only: Option<RegionCode>,
    origin: &Origin,
) -> Result<Retried, Refusal> {
    let is_asked = |from: RegionCode| only.is_none_or(|only| only == from);
    let listed = context
        .reader
        .read(|state| state.set_aside().to_vec())
        .await?;
    let mut by_peer: BTreeMap<RegionCode, Vec<_>> = BTreeMap::new();
    for entry in listed.into_iter().filter(|entry| is_asked(entry.from)) {
        by_peer.entry(entry.from).or_default().push(entry);
    }
    let mut retried = Retried::default();
    for (from, entries) in by_peer {
        // A region that is no peer any more gives nothing.
        let Ok(relation) = relation(context, "peer", from).await else {
            continue;
        };
        let mut incoming = Incoming {
            from,
            relation,
            incarnation: 0,
            upto: 0,
            documents: Vec::new(),
            cells: Vec::new(),
            unreadable: Vec::new(),
            proofs: Proofs::new(),
        };
        let mut documents = Vec::new();
        let mut proofs = Vec::new();
        let mut reread = Vec::new();
        for entry in entries {
            let (content, proof) = entry.content.without_proof();
            match content {
                Content::Nothing | Content::Attested(_) => continue,
                Content::Bytes(bytes) => match read_kept(&bytes) {
                    Ok(document) => {
                        documents.push(document);
                        proofs.push(proof);
                        reread.push(entry.subject);
                    }
                    Err(mut unapplied) => {
                        let content = std::mem::take(&mut unapplied.content);
                        unapplied.content = content.with_proof(proof.as_ref());
                        incoming.unreadable.push(*unapplied);
                    }
                },
                Content::Document(document) => {
                    documents.push(*document);
                    proofs.push(proof);
                }
                Content::Cell(cell) => incoming.cells.push(cell),
            }
            retried.tried += 1;
        }
        let checked = check(context, from, documents, proofs).await?;
        incoming.documents = checked.documents;
        incoming.proofs = checked.proofs;
        incoming.unreadable.extend(checked.refused);
        let command = Command::RetrySetAside {
            changes: incoming,
            reread,
        };
        let answer = context
            .committer
            .submit_waiting(command, origin.clone())
            .await?;
        if let Answer::Received { applied, .. } = answer {
            retried.applied += u64::from(applied);
        }
    }
    let remaining = |state: &State| {
        let listed = state.set_aside().iter();
        listed.filter(|entry| is_asked(entry.from)).count()
    };
    retried.remaining = context.reader.read(remaining).await? as u64;
    metrics::counter!("liandong_set_aside_retried_total").increment(retried.tried);
    metrics::counter!("liandong_set_aside_applied_total").increment(retried.applied);
    Ok(retried)
}

/// Tries again what was set aside before the node was started: the program may be a newer one.
pub(crate) async fn retry_at_start(context: &Context) {
    match retry(context, None, &Origin::of_node()).await {
        Ok(Retried { tried: 0, .. }) => {}
        Ok(retried) => {
            let Retried {
                tried,
                applied,
                remaining,
            } = retried;
            tracing::info!(tried, applied, remaining, "tried again what was set aside");
        }
        Err(refusal) => tracing::warn!(%refusal, "cannot try again what was set aside"),
    }
}
