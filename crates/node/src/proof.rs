//! Proofs of figures: what this node says of the regions that it hosts, and what the nodes below say
//! of theirs, gathered over the links.
//!
//! A statement is signed by the node that says it and handed on as it came. Nothing here is ever
//! signed for another node.

mod gathering;
mod local;

pub(crate) use gathering::{Gathered, gather_in_time};

use liandong_core::identity::Identity;
use liandong_core::proof::SignedStatement;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_identity::{Attestation, Certificate, NotAttested, Purpose};
use liandong_proof::Believes;
use liandong_wire::link::{LinkAnswer, LinkQuestion, UNKNOWN_QUERY};
use liandong_wire::refusal::RemoteRefusal;
use liandong_wire::rollup::ProveQuestion;
use rustls::pki_types::CertificateDer;

use crate::context::Context;
use crate::drill::{handed_on, next_hop, other_answer};
use crate::identity::TrustedNow;

impl Believes for TrustedNow {
    fn attested(
        &self,
        leaf: &Certificate,
        above: &[CertificateDer<'_>],
        digest: &[u8; 32],
        attestation: &Attestation,
    ) -> Result<Identity, NotAttested> {
        Self::attested(self, leaf, above, Purpose::Figure, digest, attestation)
    }
}

/// What the region's own node says of a cell: this one when it hosts the region, or else the one
/// that the link towards it leads to.
///
/// # Errors
/// [`Reason::Unreachable`] while the region's node is offline; whatever it refuses.
pub(crate) async fn statement(
    context: &Context,
    asked: &ProveQuestion,
) -> Result<SignedStatement, Refusal> {
    let here = context.config.region;
    let (region, towards) = (asked.figure.region, asked.towards);
    let next = context
        .reader
        .read(|state| {
            if region == here || state.hosts(region) {
                return None;
            }
            // What lies below a node of another node is not always known here.
            next_hop(state, here, region).or_else(|| next_hop(state, here, towards))
        })
        .await?;
    let Some(child) = next else {
        return local::statement(context, asked.figure).await;
    };
    match context.links.ask(child, LinkQuestion::Prove(*asked)).await {
        Ok(LinkAnswer::Statement(statement)) => Ok(statement),
        Ok(LinkAnswer::Drill(_)) => Err(other_answer(child)),
        Err(refused) if is_too_old(&refused) => Err(too_old(child)),
        Err(refused) => Err(handed_on(refused)),
    }
}

/// Whether the node does not know what it was asked.
fn is_too_old(refused: &RemoteRefusal) -> bool {
    refused.reason == Some(Reason::Missing) && refused.field == UNKNOWN_QUERY
}

fn too_old(child: RegionCode) -> Refusal {
    let (zh, en) = (
        "该节点的程序版本不支持证明，请升级",
        "the program of that node proves nothing: upgrade it",
    );
    Refusal::advise(Reason::NotAllowedNow, "region", child, zh, en)
}
