//! The listener's side of comparisons: what the peer tells is compared with what is held of it, and
//! buckets that differ are taken as the peer has them.

mod gathered;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use liandong_core::access::Relation;
use liandong_core::audit::Actor;
use liandong_core::command::{Answer, Command, Healing, Incoming as Taken};
use liandong_core::compare::{Bucket, CellName, Direction, Findings, Range, Side, differing};
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_wire::link::v1::comparison::Step as Sent;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::{Comparison, Verdict};
use liandong_wire::link::{Digest, ReadChanges, findings};

use self::gathered::{Gathered, Room};
use crate::commit::Origin;
use crate::context::Context;
use crate::evidence::check;

/// Cells that are added up while the state is held.
const STEP_CELLS: usize = 50_000;

/// The listener's side of comparisons on one stream.
#[derive(Debug)]
pub(super) struct Listening {
    peer: RegionCode,
    relation: Relation,
    incarnation: u128,
    actor: Arc<Actor>,
    gathered: Option<Gathered>,
    /// Buckets of which the peer was told on this stream what only this node holds.
    named: BTreeSet<Bucket>,
}

impl Listening {
    pub(super) fn new(
        peer: RegionCode,
        relation: Relation,
        incarnation: u128,
        actor: Arc<Actor>,
    ) -> Self {
        Self {
            peer,
            relation,
            incarnation,
            actor,
            gathered: None,
            named: BTreeSet::new(),
        }
    }

    /// Compares a digest with what is held; `taken` is the last of the peer's change numbers that
    /// was taken on this stream.
    pub(super) async fn digest(
        &self,
        context: &Context,
        id: u64,
        digest: Digest,
        taken: u64,
    ) -> Result<Said, String> {
        let verdict = if taken > digest.upto {
            Verdict {
                moved_on: true,
                ..Verdict::default()
            }
        } else {
            let differing = self.differing(context, &digest).await?;
            let unowned = self.unowned(context, digest.range, &differing).await?;
            let named = unowned.iter().take(Findings::MOST_CELLS);
            Verdict {
                moved_on: false,
                unowned: named.map(Into::into).collect(),
                unowned_count: unowned.len() as u64,
                differing: differing.into_iter().map(Into::into).collect(),
            }
        };
        Ok(said(id, Sent::Verdict(verdict)))
    }

    async fn differing(&self, context: &Context, digest: &Digest) -> Result<Vec<Bucket>, String> {
        let direction = Direction {
            teller: self.peer,
            listener: context.config.region,
            listener_is: self.relation.opposite(),
        };
        let side = Side::Listener(direction);
        let mut held = BTreeMap::new();
        let mut range = digest.range;
        loop {
            let contents = digest.contents;
            let tally = |state: &State| state.tally(side, range, contents, STEP_CELLS);
            let tallied = context.reader.read(tally).await;
            let tallied = tallied.map_err(|refusal| refusal.to_string())?;
            held.extend(tallied.buckets);
            let Some(until) = tallied.until.filter(|until| range.until != Some(*until)) else {
                break;
            };
            range = Range {
                after: Some(until),
                ..range
            };
        }
        let beside = |state: &State| {
            let overtaken = state.overtaken_buckets(&direction, digest.range);
            let unowned = state.unowned_buckets(&direction, digest.range);
            (overtaken, unowned)
        };
        let beside = context.reader.read(beside).await;
        let (overtaken, unowned) = beside.map_err(|refusal| refusal.to_string())?;
        let mut buckets = differing(&digest.tallies, &held);
        buckets.extend(overtaken);
        // What was found on an earlier stream may have been lost with it.
        buckets.extend(unowned.difference(&self.named));
        buckets.sort_unstable();
        buckets.dedup();
        Ok(buckets)
    }

    /// Cells that the peer told of and does not have any more, but for those of the buckets that are
    /// about to be looked at.
    async fn unowned(
        &self,
        context: &Context,
        range: Range,
        but_for: &[Bucket],
    ) -> Result<Vec<CellName>, String> {
        let unowned = context.reader.read(|state| {
            let cells = state.unowned_cells();
            let of_peer = cells.filter(|(name, from)| {
                let bucket = Bucket::Cells(name.region);
                *from == self.peer && range.contains(&bucket) && !but_for.contains(&bucket)
            });
            of_peer.map(|(name, _)| name).collect()
        });
        unowned.await.map_err(|refusal| refusal.to_string())
    }

    /// Takes a part of a bucket; with the last, the bucket is healed and the findings go back.
    pub(super) async fn content(
        &mut self,
        context: &Context,
        (id, bucket, last): (u64, Bucket, bool),
        part: ReadChanges,
        is_current: bool,
    ) -> Result<Option<Said>, String> {
        let begun = self.gathered.take();
        let mut gathered = begun
            .filter(|begun| begun.id == id && begun.bucket == bucket)
            .unwrap_or_else(|| Gathered::begin(id, bucket));
        gathered
            .add(part, Room::OF_A_BUCKET)
            .map_err(|full| full.to_string())?;
        if !last {
            self.gathered = Some(gathered);
            return Ok(None);
        }
        let found = self.heal(context, gathered, is_current).await?;
        if found.healed > 0 {
            tracing::warn!(
                peer = %self.peer,
                ?bucket,
                healed = found.healed,
                "what was held of the peer was not what it had told",
            );
            context.links.healed(self.peer, u64::from(found.healed));
        }
        if !found.documents.is_empty() || found.cells_missing > 0 {
            self.named.insert(bucket);
        }
        let sent = findings(!is_current, &found);
        Ok(Some(said(id, Sent::Findings(sent))))
    }

    async fn heal(
        &self,
        context: &Context,
        gathered: Gathered,
        is_current: bool,
    ) -> Result<Findings, String> {
        let submit = |command| async {
            let origin = Origin::of(Arc::clone(&self.actor));
            let submitted = context.committer.submit_waiting(command, origin);
            submitted.await.map_err(|refusal| refusal.to_string())
        };
        let checking = check(context, self.peer, gathered.documents, gathered.proofs);
        let checked = checking.await.map_err(|refusal| refusal.to_string())?;
        // Of what is not believed nobody can say that the teller lacks it.
        let is_current = is_current && checked.refused.is_empty();
        let mut unreadable = gathered.unreadable;
        unreadable.extend(checked.refused);
        let received = Command::ReceiveApart(Taken {
            from: self.peer,
            relation: self.relation,
            incarnation: self.incarnation,
            upto: 0,
            documents: checked.documents.clone(),
            cells: Vec::new(),
            unreadable,
            proofs: checked.proofs.clone(),
        });
        let applied = match submit(received).await? {
            Answer::Received { applied, .. } => applied,
            _ => 0,
        };
        let healed = submit(Command::Heal(Healing {
            from: self.peer,
            relation: self.relation,
            bucket: gathered.bucket,
            documents: checked.documents,
            cells: gathered.cells,
            proofs: checked.proofs,
            is_current,
        }));
        let Answer::Healed(mut found) = healed.await? else {
            return Err("a bucket could not be healed".to_owned());
        };
        found.healed = found.healed.saturating_add(applied);
        Ok(found)
    }
}

fn said(id: u64, step: Sent) -> Said {
    Said::Comparison(Comparison {
        id,
        step: Some(step),
    })
}
