//! A watermark only rises: what was taken from a peer once is never asked for again, unless the
//! peer's data went back.

use std::collections::BTreeMap;

use liandong_wire::admin::v1::GetStatusResponse;

use crate::shared::Shared;

/// How far a node was with a peer, and how often that went down.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    upto: u64,
    falls: u32,
}

/// The watermarks of every node, by the node's region, its incarnation, and the peer.
#[derive(Debug, Default)]
pub(super) struct Watermarks {
    marks: BTreeMap<(String, Vec<u8>, String), Mark>,
}

impl Watermarks {
    /// Compares a status with those before.
    pub(super) fn look(&mut self, shared: &Shared, status: &GetStatusResponse) {
        for link in &status.links {
            let key = (
                status.region.clone(),
                status.incarnation.clone(),
                link.peer.clone(),
            );
            let mark = self.marks.entry(key).or_default();
            if link.received_upto < mark.upto {
                mark.falls += 1;
                // With a twin the marks of two peers take turns under one name.
                let two = shared.ledger.borrow().had_twin.contains(link.peer.as_str());
                if mark.falls > shared.lives_of(&link.peer) && !two {
                    let (node, peer) = (&status.region, &link.peer);
                    let (before, now) = (mark.upto, link.received_upto);
                    shared.broke(format!(
                        "watermark: {node} had {peer} up to {before}, now to {now}"
                    ));
                }
            }
            mark.upto = link.received_upto;
        }
    }
}
