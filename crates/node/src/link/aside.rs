//! Trying again what was set aside: a newer program may read what an earlier one could not, and
//! what was refused yesterday may be in place today.

use std::collections::{BTreeMap, BTreeSet};

use liandong_core::access::Relation;
use liandong_core::command::{Answer, Command, Incoming, Returned};
use liandong_core::document::Document;
use liandong_core::event::Content;
use liandong_core::evidence::{Proof, Proofs};
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_wire::link::read_kept;

use crate::commit::Origin;
use crate::context::Context;
use crate::evidence::{check, shown};
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
    /// How many lines of figures that went back were taken off the list.
    pub(crate) seen: u64,
}

/// Tries again what was set aside of one peer, or of all. With `unsigned` somebody answers for it that
/// documents of this node's own that peers gave back without a signature are what it had written; with
/// `seen`, that the figures that went back were seen to: they are done with. Otherwise those stay.
///
/// # Errors
/// When the node is stopping or short of disk space.
pub(crate) async fn retry(
    context: &Context,
    only: Option<RegionCode>,
    (unsigned, seen): (bool, bool),
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
            if entry.subject.is_lost_figure() {
                if seen {
                    retried.seen += 1;
                    reread.push(entry.subject);
                }
                continue;
            }
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
        let (own, documents, proofs) = part_own(context, documents, proofs).await?;
        retried.applied += own
            .take_back(context, (from, relation), unsigned, origin)
            .await?;
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
        warn_unlisted(from, &answer);
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

/// Documents of hosted regions that a peer gave back, and what they came with.
#[derive(Default)]
struct Own {
    documents: Vec<Document>,
    proofs: Vec<Option<Proof>>,
}

/// Parts this node's own documents from those of others.
async fn part_own(
    context: &Context,
    documents: Vec<Document>,
    proofs: Vec<Option<Proof>>,
) -> Result<(Own, Vec<Document>, Vec<Option<Proof>>), Refusal> {
    let owners: BTreeSet<RegionCode> = documents.iter().map(|one| one.owner).collect();
    let hosted = context.reader.read(|state| {
        let hosted = owners.into_iter().filter(|owner| state.hosts(*owner));
        hosted.collect::<BTreeSet<RegionCode>>()
    });
    let hosted = hosted.await?;
    let mut own = Own::default();
    let (mut others, mut others_proofs) = (Vec::new(), Vec::new());
    for (document, proof) in documents.into_iter().zip(proofs) {
        if hosted.contains(&document.owner) {
            own.documents.push(document);
            own.proofs.push(proof);
        } else {
            others.push(document);
            others_proofs.push(proof);
        }
    }
    Ok((own, others, others_proofs))
}

impl Own {
    /// Takes them back as far as that can be now; how many.
    async fn take_back(
        self,
        context: &Context,
        (peer, relation): (RegionCode, Relation),
        unsigned: bool,
        origin: &Origin,
    ) -> Result<u64, Refusal> {
        let Self { documents, proofs } = self;
        if documents.is_empty() {
            return Ok(0);
        }
        let mut shown = shown(context, &documents, proofs).await?;
        if unsigned {
            shown = shown.with_unsigned();
        }
        let command = Command::TakeBack(Returned {
            peer,
            relation,
            documents,
            shown,
        });
        let submitted = context.committer.submit_waiting(command, origin.clone());
        let taken = match submitted.await? {
            Answer::Reconciled { taken_back, .. } => taken_back,
            _ => Vec::new(),
        };
        for key in &taken {
            let (kind, owner, id) = (key.kind.word(), key.owner, &key.id);
            tracing::warn!(%peer, kind, %owner, id, unsigned, "taken back from the peer");
        }
        Ok(taken.len() as u64)
    }
}

/// Tries again what was set aside before the node was started: the program may be a newer one.
pub(crate) async fn retry_at_start(context: &Context) {
    match retry(context, None, (false, false), &Origin::of_node()).await {
        Ok(Retried { tried: 0, .. }) => {}
        Ok(retried) => {
            let Retried {
                tried,
                applied,
                remaining,
                ..
            } = retried;
            tracing::info!(tried, applied, remaining, "tried again what was set aside");
        }
        Err(refusal) => tracing::warn!(%refusal, "cannot try again what was set aside"),
    }
}

/// Tells of figures that went back beyond what is listed: the list has their number alone.
pub(crate) fn warn_unlisted(peer: RegionCode, answer: &Answer) {
    if let Answer::Received { unlisted, .. } = answer
        && *unlisted > 0
    {
        metrics::counter!("liandong_figures_unlisted_total").increment(u64::from(*unlisted));
        tracing::warn!(
            %peer,
            unlisted,
            "figures went back that find no room in the list; they are only counted there"
        );
    }
}
