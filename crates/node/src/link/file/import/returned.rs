//! What a file says of this node's earlier lives: it is acted on as on what a comparison found, and
//! this data is noticed to be an earlier copy of itself.

use jiff::Timestamp;
use liandong_core::command::{Answer, Command, Reconciling};
use liandong_core::compare::{Bucket, CellName, Findings};
use liandong_core::refusal::Refusal;
use liandong_core::state::State;
use liandong_wire::link::file::FileHeader;

use super::Head;
use crate::commit::Origin;
use crate::context::Context;
use crate::evidence::shown;
use crate::link::session::FARTHEST_BEHIND;

#[cfg(test)]
mod tests;

/// Stands for a life of this node that is not the one it is in; no life has it.
const SOME_EARLIER_LIFE: u128 = 0;

/// How far ahead of this node's clock a life of its data can have begun, in milliseconds: 400 days. What
/// stands beyond was not drawn by a clock, and this node would have to go on above it.
const FARTHEST_LIFE: u128 = 400 * 24 * 60 * 60 * 1_000;

/// An incarnation begins with the time in milliseconds when it began, above this many bits.
const TIME_SHIFT: u32 = 80;

/// What came of what a file says of this node's earlier lives.
#[derive(Clone, Debug, Default)]
pub(super) struct Returned {
    /// Documents that were taken back.
    pub(super) taken_back: u64,
    /// Whether anything is told again, above what the exporter holds.
    pub(super) told_again: bool,
    /// Whether the data turned out to be an earlier copy of itself.
    pub(super) copy: bool,
    /// Cells that the exporter holds; this node may have them.
    cells: Vec<CellName>,
}

impl Returned {
    /// Takes in whether the exporter holds what an earlier life of this node told it. Goes on under
    /// another incarnation where it holds what this data was never told to write: whatever of that
    /// was told has to be told again.
    ///
    /// # Errors
    /// When the node stops.
    pub(super) async fn meet(
        context: &Context,
        header: &FileHeader,
        origin: &Origin,
    ) -> Result<Self, Refusal> {
        let mut returned = Self::default();
        let now = context.surroundings.moment().now;
        let read = |state: &State| {
            let own = state.incarnation(context.incarnation);
            (heard_beyond(state, own, header, now), state.last_change())
        };
        let (beyond, last) = context.reader.read(read).await?;
        if let Some(above) = beyond {
            let held = header.holds.map(|(_, upto)| upto);
            tracing::warn!(
                peer = %header.exporter,
                held,
                last,
                "the data is an earlier copy of itself, and goes on under another incarnation",
            );
            let incarnation = context.surroundings.id().as_u128();
            submit(context, Command::Split { incarnation, above }, origin).await?;
            returned.copy = true;
            returned.told_again = true;
        }
        let knows = if header.earlier_life {
            Some(SOME_EARLIER_LIFE)
        } else {
            header.holds.map(|(incarnation, _)| incarnation)
        };
        // A file from before the exporter had heard of this node says nothing: another may come.
        if knows.is_some() {
            let peer = header.exporter;
            submit(context, Command::Meet { peer, knows }, origin).await?;
        }
        Ok(returned)
    }

    /// Acts on what the exporter holds of a bucket.
    ///
    /// # Errors
    /// When the node stops.
    pub(super) async fn take(
        &mut self,
        context: &Context,
        head: &Head,
        (bucket, mut findings): (Bucket, Findings),
        origin: &Origin,
    ) -> Result<(), Refusal> {
        let room = Findings::MOST_CELLS.saturating_sub(self.cells.len());
        self.cells.extend(findings.cells.iter().take(room));
        let proofs = std::mem::take(&mut findings.proofs);
        let shown = shown(context, &findings.documents, proofs).await?;
        let reconcile = Command::Reconcile(Reconciling {
            peer: head.header.exporter,
            relation: head.relation,
            bucket,
            findings,
            shown,
        });
        if let Answer::Reconciled {
            taken_back,
            told_again,
        } = submit(context, reconcile, origin).await?
        {
            self.taken_back += taken_back.len() as u64;
            self.told_again |= told_again;
        }
        Ok(())
    }

    /// All that the exporter holds of earlier lives was looked at, if this file says it.
    ///
    /// # Errors
    /// When the node stops.
    pub(super) async fn settle(
        &self,
        context: &Context,
        header: &FileHeader,
        is_told: bool,
        origin: &Origin,
    ) -> Result<(), Refusal> {
        let read = |state: &State| state.incarnation(context.incarnation);
        let own = context.reader.read(read).await?;
        let of_this_life = header.holds.is_some_and(|(of, _)| of == own);
        if of_this_life && is_told == header.earlier_life {
            let peer = header.exporter;
            context.links.only_there(peer, self.cells.clone());
            submit(context, Command::Settle { peer }, origin).await?;
        }
        Ok(())
    }
}

/// Whether the exporter has heard of this node what its data, in the incarnation `own`, does not have:
/// changes beyond its last, a mark that it never wrote, another history, or a later life. Then it is the incarnation
/// above which this one has to stand.
fn heard_beyond(state: &State, own: u128, header: &FileHeader, now: Timestamp) -> Option<u128> {
    let (peer, last) = (header.exporter, state.last_change());
    let marked = header.mark.map(|(of, _)| of);
    let heard = header.holds.map(|(of, _)| of).max(marked).unwrap_or(0);
    if heard > own {
        let now = u128::try_from(now.as_millisecond()).unwrap_or(0);
        return (heard >> TIME_SHIFT <= now + FARTHEST_LIFE).then_some(heard);
    }
    let holds = header.holds.filter(|(of, _)| *of == own);
    let is_ahead = holds.is_some_and(|(_, upto)| upto > last && upto - last < FARTHEST_BEHIND);
    // Change numbers may have outgrown what the exporter holds.
    let marked = header.mark.filter(|(of, _)| *of == own);
    let is_parted = marked.is_some_and(|(_, mark)| state.lacks_mark(peer, mark));
    // Marks that show it are not kept for ever.
    let is_parted = is_parted || header.parted == Some(own);
    (is_ahead || is_parted).then_some(own)
}

async fn submit(context: &Context, command: Command, origin: &Origin) -> Result<Answer, Refusal> {
    let submitted = context.committer.submit_waiting(command, origin.clone());
    submitted.await
}
