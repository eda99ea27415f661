//! Links by file, between networks that are physically apart.
//!
//! The same changes as on a stream, signed, and with what the exporter holds of the recipient: so an
//! acknowledgement travels back with the next file of the other side.
//!
//! What holds throughout:
//! - nothing of a file is applied before all of it was checked: who wrote it for whom, that nothing
//!   was changed, that nothing is missing;
//! - a file may be taken any number of times and in any order: versions decide what is news, and
//!   the watermark moves only across what has been taken without a gap;
//! - what is held of an earlier life of the recipient, and was not told since, goes back with the next
//!   file: the recipient acts on it as on what a comparison found, for no other comparison is made;
//! - neither side ever holds more of a file in memory than one section.

mod earlier;
mod export;
mod import;
mod shown;

use liandong_core::access::Relation;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;

use crate::context::Context;
use crate::link::admission::relation;
use crate::signing::{OwnSigner, PublicKey};

pub(crate) use export::{Export, Piece, Summary, export};
pub(crate) use import::{Import, Outcome};

/// A peer, as far as files are concerned.
#[derive(Clone, Debug)]
pub(crate) struct FilePeer {
    pub(crate) region: RegionCode,
    pub(crate) relation: Relation,
    pub(crate) key: Option<PublicKey>,
    /// The last of this node's change numbers that the peer said it holds.
    pub(crate) holds: u64,
    /// The last of the peer's change numbers that this node holds.
    pub(crate) held: u64,
}

/// The node's key.
///
/// # Errors
/// When it cannot be read or made.
pub(crate) fn own_signer(context: &Context) -> Result<OwnSigner<'_>, Refusal> {
    let random = context.surroundings.random.as_ref();
    let loaded = context.own_key.load(&context.config.data, random);
    loaded.map_err(|error| no_key(&error))
}

fn no_key(error: &dyn std::error::Error) -> Refusal {
    tracing::error!(%error, "cannot have the node's key");
    Refusal::advise(
        Reason::Corrupt,
        "link-key",
        "",
        format!("请检查数据目录中的密钥文件：{error}"),
        format!("look at the key file in the data directory: {error}"),
    )
}

/// Every peer that is configured, has a key, or is linked; ordered by region.
///
/// # Errors
/// When the node is stopping.
pub(crate) async fn peers(context: &Context) -> Result<(Vec<FilePeer>, u64), Refusal> {
    let config = &context.config;
    let mut regions: Vec<RegionCode> = config.link_keys.keys().copied().collect();
    regions.extend(config.parent.iter().map(|peer| peer.region));
    regions.extend(config.partners.iter().map(|peer| peer.region));
    regions.extend(context.links.list().iter().map(|link| link.peer));
    regions.sort();
    regions.dedup();
    let mut peers = Vec::with_capacity(regions.len());
    for region in regions {
        let Ok(relation) = relation(context, "peer", region).await else {
            continue;
        };
        let holds = held_by(context, region).await?;
        let mark = context.reader.read(|state| state.watermark(region)).await?;
        peers.push(FilePeer {
            region,
            relation,
            key: config.link_keys.get(&region).copied(),
            holds,
            held: mark.map_or(0, |mark| mark.upto),
        });
    }
    let change = context.reader.read(|state| state.last_change()).await?;
    Ok((peers, change))
}

/// The last of this node's change numbers that a peer holds, as far as it has said: over a stream
/// of this process, or else in a file.
async fn held_by(context: &Context, peer: RegionCode) -> Result<u64, Refusal> {
    let noted = context
        .reader
        .read(|state| {
            let incarnation = state.incarnation(context.incarnation);
            let holds = state.peer_holds(peer);
            let holds = holds.filter(|holds| holds.incarnation == incarnation);
            let last = state.last_change();
            holds.map_or(0, |holds| holds.upto).min(last)
        })
        .await?;
    Ok(context.links.told(peer).unwrap_or(noted))
}
