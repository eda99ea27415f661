//! Applying a file of which all was checked: its sections are read once more from the spool.

use std::sync::Arc;

use liandong_core::access::Relation;
use liandong_core::command::{Answer, Command, Incoming};
use liandong_core::event::{PeerHolds, Traced};
use liandong_core::lineage::Lineage;
use liandong_core::refusal::Refusal;
use liandong_core::state::State;
use liandong_store::Spool;
use liandong_wire::link::file::{FileEnd, FileHeader, FileReader, FileSection};
use liandong_wire::link::{ReadChanges, StreamReader};

use super::place::Place;
use super::returned::Returned;
use super::{Whole, bad, spool_failed};
use crate::commit::Origin;
use crate::context::Context;
use crate::evidence::check;
use crate::link::file::earlier::Earlier;
use crate::link::warn_unlisted;

/// Bytes read from the spool at a time.
const CHUNK: usize = 256 << 10;

/// What became of a file.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// Who wrote it, and where it begins.
    pub(crate) header: FileHeader,
    /// What it holds.
    pub(crate) end: FileEnd,
    /// How much of it was news.
    pub(crate) applied: u64,
    /// How much was set aside.
    pub(crate) set_aside: u64,
    /// The last of the exporter's change numbers held now, with nothing missing before it.
    pub(crate) held: u64,
    /// Whether a file in between is missing.
    pub(crate) gap: bool,
    /// Whether it comes from an earlier life of the exporter.
    pub(crate) earlier_life: bool,
    /// The last of this node's change numbers that the exporter says it holds.
    pub(crate) acknowledged: u64,
    /// Whether this node holds what the exporter told in an earlier life and has not told since.
    pub(crate) answer_wanted: bool,
    /// Documents of this node's that came back with it.
    pub(crate) taken_back: u64,
    /// Whether this node tells again what the exporter holds in a version of an earlier life.
    pub(crate) told_again: bool,
    /// Whether it shows that this node's data is an earlier copy of itself.
    pub(crate) copy: bool,
    /// Whether it does not go on from what was taken of the exporter, and nothing of it was taken.
    pub(crate) forked: bool,
}

/// Applies a file that was checked. One that parts from the history of those that were taken is not
/// applied: its change numbers stand for others than those that are held.
///
/// # Errors
/// When the node stops, or the spool cannot be read: the file can be imported again.
pub(super) async fn apply(
    context: &Arc<Context>,
    spool: Spool,
    Whole { head, end, lineage }: Whole,
    origin: Origin,
) -> Result<Outcome, Refusal> {
    let (header, relation) = (head.header.clone(), head.relation);
    let peer = header.exporter;
    context.links.expect(peer, relation, "");
    let read = |state: &State| Place::of(state, &header);
    let place = context.reader.read(read).await?;
    let mut returned = Returned::meet(context, &header, &origin).await?;
    let mut is_told = false;
    let mut outcome = Outcome {
        header,
        end,
        applied: 0,
        set_aside: 0,
        held: 0,
        gap: place == Place::Gap,
        earlier_life: place == Place::Earlier,
        acknowledged: 0,
        answer_wanted: false,
        taken_back: 0,
        told_again: false,
        copy: returned.copy,
        forked: !goes_on(context, &head.header, lineage.told_upto(end.upto), &origin).await?,
    };
    if outcome.forked {
        let mark = context.reader.read(|state| state.watermark(peer)).await?;
        outcome.held = mark.map_or(0, |mark| mark.upto);
        context.links.heard(peer);
        let held = outcome.held;
        tracing::warn!(%peer, upto = end.upto, held, "a file does not go on from what is held");
        return Ok(outcome);
    }
    let mut again = Again::new(spool)?;
    while let Some(mut changes) = again.next().await? {
        if let Some(found) = changes.found.take() {
            is_told = true;
            returned.take(context, &head, *found, &origin).await?;
            continue;
        }
        take(context, relation, place, changes, &mut outcome, &origin).await?;
    }
    if place == Place::Follows {
        // What the recipient may not see ends the file without a section of its own.
        let rest = ReadChanges {
            after: end.upto,
            upto: end.upto,
            documents: Vec::new(),
            proofs: Vec::new(),
            cells: Vec::new(),
            unreadable: Vec::new(),
            bytes: 0,
            trace_parent: String::new(),
            found: None,
        };
        take(context, relation, place, rest, &mut outcome, &origin).await?;
    }
    if place != Place::Earlier {
        outcome.acknowledged = acknowledge(context, &outcome.header, &origin).await?;
    }
    returned
        .settle(context, &outcome.header, is_told, &origin)
        .await?;
    outcome.taken_back = returned.taken_back;
    outcome.told_again = returned.told_again;
    let earlier = Earlier::of(context, peer, relation).await?;
    outcome.answer_wanted = !earlier.is_nothing();
    let mark = context.reader.read(|state| state.watermark(peer)).await?;
    outcome.held = mark.map_or(0, |mark| mark.upto);
    context.links.heard(peer);
    let Outcome {
        applied, set_aside, ..
    } = outcome;
    let gap = outcome.gap;
    tracing::info!(%peer, upto = end.upto, applied, set_aside, gap, "imported a file of a peer");
    Ok(outcome)
}

/// Whether a file goes on from those that were taken of its exporter. Its marks are noted then.
async fn goes_on(
    context: &Context,
    header: &FileHeader,
    lineage: Lineage,
    origin: &Origin,
) -> Result<bool, Refusal> {
    let command = Command::Trace(Traced {
        peer: header.exporter,
        incarnation: header.incarnation,
        lineage,
    });
    let submitted = context.committer.submit_waiting(command, origin.clone());
    Ok(submitted.await? == Answer::Traced { goes_on: true })
}

async fn take(
    context: &Context,
    relation: Relation,
    place: Place,
    changes: ReadChanges,
    outcome: &mut Outcome,
    origin: &Origin,
) -> Result<(), Refusal> {
    let peer = outcome.header.exporter;
    let checked = check(context, peer, changes.documents, changes.proofs).await?;
    let mut unreadable = changes.unreadable;
    unreadable.extend(checked.refused);
    let incoming = Incoming {
        from: peer,
        relation,
        incarnation: outcome.header.incarnation,
        upto: changes.upto,
        documents: checked.documents,
        cells: changes.cells,
        unreadable,
        proofs: checked.proofs,
    };
    let command = match place {
        Place::Follows => Command::Receive(incoming),
        Place::Gap | Place::Earlier => Command::ReceiveApart(incoming),
    };
    let taken = context
        .committer
        .submit_waiting(command, origin.clone())
        .await?;
    warn_unlisted(peer, &taken);
    if let Answer::Received {
        applied,
        quarantined,
        ..
    } = taken
    {
        outcome.applied += u64::from(applied);
        outcome.set_aside += u64::from(quarantined);
    }
    Ok(())
}

/// Notes what the exporter holds of this node's changes; returns it. What it holds of another life
/// of this node, or beyond what this one has, says nothing.
async fn acknowledge(
    context: &Context,
    header: &FileHeader,
    origin: &Origin,
) -> Result<u64, Refusal> {
    let peer = header.exporter;
    let read = |state: &State| {
        let own = state.incarnation(context.incarnation);
        (own, state.last_change())
    };
    let (incarnation, last) = context.reader.read(read).await?;
    let upto = match header.holds {
        Some((of, upto)) if of == incarnation && upto <= last => upto,
        _ => 0,
    };
    let command = Command::NotePeerHolds(PeerHolds {
        peer,
        peer_incarnation: header.incarnation,
        incarnation,
        upto,
    });
    context
        .committer
        .submit_waiting(command, origin.clone())
        .await?;
    let noted = context
        .reader
        .read(|state| state.peer_holds(peer).map_or(0, |holds| holds.upto))
        .await?;
    context.links.holds(peer, noted);
    Ok(noted)
}

/// The sections of a file that was checked, read once more.
struct Again {
    spool: Spool,
    file: FileReader,
    changes: StreamReader,
}

impl Again {
    fn new(mut spool: Spool) -> Result<Self, Refusal> {
        spool.rewind().map_err(|error| spool_failed(&error))?;
        Ok(Self {
            spool,
            file: FileReader::default(),
            changes: StreamReader::new(),
        })
    }

    async fn next(&mut self) -> Result<Option<ReadChanges>, Refusal> {
        loop {
            match self.file.next_section().map_err(|fault| bad(&fault))? {
                Some(FileSection::Changes(packed)) => return self.changes.packed(packed).map(Some),
                Some(FileSection::Header(_) | FileSection::End(..)) => {}
                None => {
                    let bytes = self.spool.read(CHUNK);
                    let bytes = bytes.map_err(|error| spool_failed(&error))?;
                    if bytes.is_empty() {
                        return Ok(None);
                    }
                    self.file.feed(&bytes);
                }
            }
        }
    }
}
