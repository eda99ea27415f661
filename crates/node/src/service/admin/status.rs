//! What a node is, what it holds, how its links are and how its files are.

mod store;

use std::collections::BTreeMap;

use jiff::Timestamp;
use liandong_core::compare::CellName;
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_wire::admin::{sizes, v1};
use liandong_wire::{incarnation_bytes, timestamp};

use super::super::call::MAX_LISTED;
use crate::context::Context;
use crate::lost;

/// The status of this node, as of what is durable.
pub(super) async fn status(context: &Context) -> Result<v1::GetStatusResponse, Refusal> {
    let store = store::status(context).await?;
    let journal_bytes = store.journal_bytes;
    let certificate = certificate(context);
    context
        .reader
        .read(|state| {
            let here = context.config.region;
            let known = state.region(&context.catalogue, here);
            let name = if context.config.name.is_empty() {
                known.map(|known| known.name.clone()).unwrap_or_default()
            } else {
                context.config.name.clone()
            };
            v1::GetStatusResponse {
                region: here.to_string(),
                name,
                incarnation: incarnation_bytes(context.incarnation),
                hosted: hosted(state),
                journal_frame: state.frame(),
                change: state.last_change(),
                sizes: Some(sizes(&state.sizes(), journal_bytes)),
                links: link_statuses(context, state),
                quarantined: state
                    .set_aside()
                    .iter()
                    .map(v1::QuarantinedChange::from)
                    .collect(),
                started_at: Some(timestamp(context.started_at)),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                workers: workers(context),
                store: Some(store),
                twins: twins(context),
                orphaned: orphaned(state),
                lost: lost(context, state),
                certificate: certificate.clone(),
                signer_changes: signer_changes(state),
                parted: parted(state),
            }
        })
        .await
}

fn certificate(context: &Context) -> Option<v1::CertificateStatus> {
    let standing = context.identities.as_ref()?.standing();
    let leaf = &standing.certificate;
    let identity = leaf.identity().map(ToString::to_string);
    Some(v1::CertificateStatus {
        identity: identity.unwrap_or_default(),
        serial: leaf.serial().to_string(),
        valid_until: Some(timestamp(leaf.not_after())),
        days_left: i32::try_from(standing.days_left).unwrap_or(i32::MAX),
        ends_soon: standing.ends_soon,
        trouble: standing
            .trouble
            .map_or_else(String::new, |refused| refused.to_string()),
    })
}

fn signer_changes(state: &State) -> Vec<v1::SignerChange> {
    let to_ask_about = state.turns_to_ask_about();
    let to_ask_about: BTreeMap<RegionCode, u64> =
        to_ask_about.map(|turn| (turn.region, turn.frame)).collect();
    let turns = state.turns().take(MAX_LISTED).map(|turn| v1::SignerChange {
        region: turn.region.to_string(),
        from: turn.from.to_string(),
        to: turn.to.to_string(),
        signed_at: Timestamp::from_microsecond(turn.at_micros)
            .ok()
            .map(timestamp),
        told_by: turn
            .told_by
            .map_or_else(String::new, |peer| peer.to_string()),
        told_by_former: turn.is_told_by_the_former(),
        agreed: state.is_agreed(turn),
        to_ask_about: to_ask_about.get(&turn.region) == Some(&turn.frame),
    });
    turns.collect()
}

fn hosted(state: &State) -> Vec<v1::HostedRegion> {
    let hosted = state.hosted().map(|(region, epoch)| v1::HostedRegion {
        region: region.to_string(),
        epoch,
    });
    hosted.collect()
}

/// What the state holds and the node that told of it does not have any more.
fn orphaned(state: &State) -> Vec<v1::Orphan> {
    let cells = state.unowned_cells();
    let cells = cells.map(|(name, from)| orphan(from, &name));
    let documents = state.unowned_documents().map(|(key, from)| v1::Orphan {
        peer: from.to_string(),
        kind: key.kind.word().to_owned(),
        region: key.owner.to_string(),
        id: key.id.to_string(),
    });
    cells.chain(documents).take(MAX_LISTED).collect()
}

/// What peers hold and this node does not have any more.
fn lost(context: &Context, state: &State) -> Vec<v1::Orphan> {
    let cells = lost::cells(context, state).into_iter();
    let cells = cells.map(|(peer, name)| orphan(peer, &name));
    cells.collect()
}

fn orphan(peer: RegionCode, cell: &CellName) -> v1::Orphan {
    v1::Orphan {
        peer: peer.to_string(),
        kind: "cell".to_owned(),
        region: cell.region.to_string(),
        id: format!("{} {}", cell.indicator, cell.period),
    }
}

/// Regions that two nodes act for.
fn twins(context: &Context) -> Vec<v1::Twin> {
    let twins = context.links.twins().into_iter().map(|twin| v1::Twin {
        peer: twin.region.to_string(),
        message: twin.message,
        noticed_at: Some(timestamp(twin.noticed_at)),
    });
    twins.collect()
}

/// Peers of whose files nothing is taken.
fn parted(state: &State) -> Vec<v1::PartedPeer> {
    let parted = state.all_parted().map(|parted| v1::PartedPeer {
        peer: parted.peer.to_string(),
        incarnation: incarnation_bytes(parted.incarnation),
        held_upto: parted.held_upto,
    });
    parted.collect()
}

/// The links as this node and the state know them.
fn link_statuses(context: &Context, state: &State) -> Vec<v1::LinkStatus> {
    let mut statuses = Vec::new();
    for link in context.links.list() {
        let quarantined = state.set_aside().iter();
        let quarantined = quarantined.filter(|set_aside| set_aside.from == link.peer);
        statuses.push(v1::LinkStatus {
            peer: link.peer.to_string(),
            relation: v1::Relation::from(link.relation).into(),
            connected: link.connected,
            last_contact: link.last_contact.map(timestamp),
            sent_upto: link.sent,
            acked_upto: link.acknowledged,
            lag: state.last_change().saturating_sub(link.acknowledged),
            received_upto: state
                .watermark(link.peer)
                .map_or(0, |watermark| watermark.upto),
            quarantined: quarantined.count() as u64,
            address: link.address,
            trouble: link.trouble,
            sent_bytes: link.sent_bytes,
            sent_batches: link.sent_batches,
            received_bytes: link.received_bytes,
            received_batches: link.received_batches,
            compared_at: link.compared_at.map(timestamp),
            healed: link.healed,
            healed_at: link.healed_at.map(timestamp),
        });
    }
    statuses
}

fn workers(context: &Context) -> Vec<v1::WorkerStatus> {
    let waiting = context.committer.waiting() as u64;
    let status = if waiting == 0 { "idle" } else { "deciding" };
    let mut workers = vec![v1::WorkerStatus {
        name: "commit".to_owned(),
        status: status.to_owned(),
        queue_length: waiting,
    }];
    for worker in context.workers.list() {
        workers.push(v1::WorkerStatus {
            name: worker.name,
            status: worker.status,
            queue_length: worker.waiting,
        });
    }
    workers
}
