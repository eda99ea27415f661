//! Handovers: that the node which signed for a region agrees to another's doing so.
//!
//! Who signs for a region is seen from its entry. When the region moves to another node, the next
//! entry has another signature, and by itself that could be the word of whoever wants the region. So
//! the node that lets it go says so, in a document of the region that it signs like any other, and
//! the node that takes the region over hands it on as it came: the former signer is gone by then.
//!
//! Whoever holds the region's documents can check it: the nodes above, and `verify` of their data. Proof
//! files ([`proof`](crate::proof)) hold figures alone and no handover. Where another node speaks for a
//! region, whoever has only the file cannot tell whether the former signer agreed, nor that there was one.

use serde::{Deserialize, Serialize};

use crate::document::{Body, Document, DocumentKey, Kind};
use crate::region::{Level, RegionCode};
use crate::state::State;
use crate::state::fold::EPOCH_SHIFT;

/// The id of the document by which a region was last handed over.
pub const HANDOVER_ID: &str = "handover";

/// That a node signs for a region no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// The region whose node has signed so far, and signs this.
    pub from: RegionCode,
    /// The region's entry has this version or a higher one where another node has signed it; every
    /// entry of `from` has a lower one.
    pub since: u64,
}

impl Handover {
    /// Whether this is the word of that node on an entry with the version `was`, its own, being
    /// followed by one with the version `is`, another's. A node that signed again later has taken its
    /// word back: an entry of its own as high as `since` shows that.
    pub fn agrees(&self, from: RegionCode, was: u64, is: u64) -> bool {
        self.from == from && was < self.since && self.since <= is
    }
}

/// The key of the document by which a region was last handed over.
pub fn handover_key(region: RegionCode) -> DocumentKey {
    DocumentKey {
        kind: Kind::Handover,
        owner: region,
        id: HANDOVER_ID.to_owned(),
    }
}

impl State {
    /// What the node of `here` says of a region that is hosted here and of all below it, if it is to
    /// sign for them no more. Of units nobody but the node that they report to is told.
    pub fn handovers(&self, here: RegionCode, region: RegionCode) -> Vec<Document> {
        let mut handovers = Vec::new();
        for (code, epoch) in self.hosted() {
            let known = self.tree().get(code);
            let is_unit = known.is_some_and(|known| known.level == Level::Unit);
            if !self.tree().is_within(code, region) || is_unit && code != region {
                continue;
            }
            let key = handover_key(code);
            handovers.push(Document {
                owner: code,
                version: self.next_version(&key),
                id: key.id,
                body: Body::Handover(Handover {
                    from: here,
                    // Whoever takes it over raises the epoch by one.
                    since: u64::from(epoch) << EPOCH_SHIFT,
                }),
            });
        }
        handovers
    }

    /// How a region was last handed over, by whom, and whether that node has signed it.
    pub fn handover(&self, region: RegionCode) -> Option<(&Handover, bool)> {
        let key = handover_key(region);
        let Body::Handover(handover) = &self.document(&key)?.document.body else {
            return None;
        };
        let signer = self.proof(&key).map(|proof| proof.batch.signer.region);
        Some((handover, signer == Some(handover.from)))
    }
}

#[cfg(test)]
mod tests;
