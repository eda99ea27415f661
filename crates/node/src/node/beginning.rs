//! What a node does before it takes requests: it hosts its regions, says what stands open, makes its
//! key and begins its links.

use std::sync::Arc;

use liandong_core::access::{Relation, to_sign_again};
use liandong_core::command::Command;
use liandong_core::refusal::Refusal;
use liandong_core::region::Region;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::commit::Origin;
use crate::context::Context;
use crate::link::{self, dial};

/// Hosts what the configuration names; regions that moved out since stay out, with what stands
/// below them.
pub(super) async fn host(context: &Context, regions: Vec<Region>) -> Result<(), Refusal> {
    let tree = &context.catalogue.regions;
    let regions = context
        .reader
        .read(|state| {
            let mut staying = regions;
            staying.retain(|region| {
                let mut line = std::iter::once(region.code).chain(tree.ancestors(region.code));
                !line.any(|code| state.has_moved_out(code))
            });
            staying
        })
        .await?;
    let command = Command::Host {
        regions,
        configured: true,
    };
    context.committer.submit(command, Origin::of_node()).await?;
    Ok(())
}

/// Says which pairings are not in force until one side has signed once more: those that earlier programs
/// began again with one signature seem to be, in everything that was said of them before.
pub(super) async fn tell_of_pairings(context: &Context) -> Result<(), Refusal> {
    for (side, partner) in context.reader.read(to_sign_again).await? {
        tracing::warn!(
            %side,
            %partner,
            "a pairing is not in force: this side signed before the pairing was last ended; run \
             `liandong aid sign PARTNER` at its node"
        );
    }
    Ok(())
}

/// Makes the node's key at its first start, so that it can be told to peers before it is needed.
pub(super) fn make_key(context: &Context) {
    if let Err(refusal) = link::file::own_signer(context) {
        // Only links by file need it, and say so.
        tracing::warn!(%refusal, "the node has no key");
    }
}

pub(super) fn start_links(
    context: &Arc<Context>,
    workers: &mut JoinSet<()>,
    stopping: &watch::Receiver<bool>,
) {
    let parent = context
        .config
        .parent
        .iter()
        .map(|peer| (peer, Relation::Parent));
    let partners = context
        .config
        .partners
        .iter()
        .map(|peer| (peer, Relation::Partner));
    for (peer, relation) in parent.chain(partners) {
        match &peer.address {
            Some(address) => {
                let dialling = dial(
                    Arc::clone(context),
                    peer.region,
                    relation,
                    address.clone(),
                    stopping.clone(),
                );
                workers.spawn(dialling);
            }
            None => context.links.expect(peer.region, relation, ""),
        }
    }
}
