//! Who may be a peer of this node, and what it is to it.

use liandong_core::access::Relation;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;

use crate::context::Context;

/// What a region that dials is to this node: a partner that is configured, or a region directly
/// below one that is hosted here.
///
/// # Errors
/// A refusal of a region that is neither; it names `field`.
pub(crate) async fn admit(
    context: &Context,
    field: &str,
    peer: RegionCode,
) -> Result<Relation, Refusal> {
    let config = &context.config;
    if config.partners.iter().any(|partner| partner.region == peer) {
        return Ok(Relation::Partner);
    }
    if config.children.contains(&peer) {
        return Ok(Relation::Child);
    }
    let catalogue = &context.catalogue;
    let (is_child, children) = context
        .reader
        .read(|state| {
            let parent = state.parent(catalogue, peer);
            let is_child = parent.is_some_and(|parent| state.hosts(parent)) && !state.hosts(peer);
            let children = state.children(catalogue, config.region);
            (is_child, children)
        })
        .await?;
    if is_child && config.children.is_empty() {
        return Ok(Relation::Child);
    }
    let accepted = children.iter().map(ToString::to_string).collect();
    Err(Refusal::new(
        Reason::NotEntitled,
        field,
        peer,
        Accepted::OneOf(accepted),
    ))
}

/// What a region is to this node, whichever side would dial.
///
/// # Errors
/// A refusal of a region that is no peer; it names `field`.
pub(crate) async fn relation(
    context: &Context,
    field: &str,
    peer: RegionCode,
) -> Result<Relation, Refusal> {
    let parent = context.config.parent.as_ref();
    if parent.is_some_and(|parent| parent.region == peer) {
        return Ok(Relation::Parent);
    }
    let admitted = admit(context, field, peer).await;
    admitted.map_err(|mut refusal| {
        if let Accepted::OneOf(accepted) = &mut refusal.accepted {
            let partners = context.config.partners.iter();
            let others = parent.into_iter().chain(partners);
            accepted.splice(0..0, others.map(|peer| peer.region.to_string()));
        }
        refusal
    })
}
