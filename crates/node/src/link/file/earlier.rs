//! What this node holds of a peer's earlier lives and the peer has not told since. A node that is restored
//! from one backup twice numbers as it numbered before, so what it tells is taken for no news; a file
//! of this node's tells it what it has to tell above.

use liandong_core::access::Relation;
use liandong_core::compare::{Bucket, Direction, Findings};
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::state::State;

use crate::context::Context;

/// Documents in one section.
const SECTION_DOCUMENTS: usize = 256;

/// The buckets of which anything is held.
pub(super) struct Earlier {
    direction: Direction,
    pub(super) buckets: Vec<Bucket>,
}

impl Earlier {
    /// What is held of a peer's earlier lives; `relation` is what the peer is to this node.
    ///
    /// # Errors
    /// When the node is stopping.
    pub(super) async fn of(
        context: &Context,
        peer: RegionCode,
        relation: Relation,
    ) -> Result<Self, Refusal> {
        let direction = Direction {
            teller: peer,
            listener: context.config.region,
            listener_is: relation.opposite(),
        };
        let read = |state: &State| state.earlier_buckets(&direction);
        let buckets = context.reader.read(read).await?;
        Ok(Self { direction, buckets })
    }

    /// Whether nothing is held of them.
    pub(super) fn is_nothing(&self) -> bool {
        self.buckets.is_empty()
    }

    /// What is held of a bucket, in parts for one section each.
    ///
    /// # Errors
    /// When the node is stopping.
    pub(super) async fn held(
        &self,
        context: &Context,
        bucket: Bucket,
    ) -> Result<Vec<Findings>, Refusal> {
        let read = |state: &State| state.held_of_earlier(&self.direction, bucket);
        let mut found = context.reader.read(read).await?;
        let mut parts = Vec::new();
        while found.documents.len() > SECTION_DOCUMENTS {
            let documents = found.documents.split_off(SECTION_DOCUMENTS);
            let proofs = found.proofs.split_off(SECTION_DOCUMENTS);
            parts.push(Findings {
                documents: std::mem::replace(&mut found.documents, documents),
                proofs: std::mem::replace(&mut found.proofs, proofs),
                ..Findings::default()
            });
        }
        if !found.is_clean() {
            parts.push(found);
        }
        Ok(parts)
    }
}
