//! The audit trail, newest first, a page at a time: read from the journal, as far back as it takes.
//!
//! A page that is not full yet when so much was read ends all the same and says where to go on, so
//! that nobody's question about a rare thing of years ago holds a thread for minutes. Moments are never
//! taken to follow each other: a clock may have been put back, or forwards, for a while. What is passed
//! over was read once, by whoever asked first.

mod entry;

use std::ops::RangeInclusive;
use std::sync::Arc;

use liandong_core::access::Right;
use liandong_core::audit::{Entry, Trail};
use liandong_core::event::Event;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::state::State;
use liandong_store::audit::{STRETCH, Summary, stretch};
use liandong_store::history::HistoryError;
use liandong_wire::admin::v1::{AuditEntry, ListAuditResponse};
use liandong_wire::admin::{AuditFilter, AuditPage, AuditPlace, By};

use super::super::call::{Caller, Who, blocking, internal};
use crate::context::Context;

/// Frames, and bytes of them, that are read for one page at most, but for what was begun.
const MOST_FRAMES: u64 = 8_192;
const MOST_BYTES: usize = 32 << 20;

/// One page of what the caller may read of the trail.
pub(super) async fn list(
    context: &Arc<Context>,
    caller: &Caller,
    page: AuditPage,
) -> Result<ListAuditResponse, Refusal> {
    match page.filter.region {
        Some(region) => {
            context.require(caller, Right::Audit, region)?;
            let catalogue = &context.catalogue;
            let is_known = |state: &State| state.region(catalogue, region).is_some();
            if !context.reader.glance(is_known) {
                let (reason, accepted) = (Reason::UnknownRegion, Accepted::Nothing);
                return Err(Refusal::new(reason, "region", region, accepted));
            }
        }
        None => context.ask_rights(caller, |sight| sight.require_somewhere(Right::Audit))?,
    }
    let walk = Walk {
        context: Arc::clone(context),
        who: context.asking(caller),
        page,
    };
    blocking(context, move || walk.go()).await
}

/// The walk back through the journal, for one page.
struct Walk {
    context: Arc<Context>,
    who: Who,
    page: AuditPage,
}

/// What a piece of the journal gave.
#[derive(Default)]
struct Piece {
    /// Oldest first.
    found: Vec<(AuditPlace, AuditEntry)>,
    bytes: usize,
}

impl Walk {
    fn go(&self) -> Result<ListAuditResponse, Refusal> {
        let AuditPage { filter, size, from } = &self.page;
        let size = usize::from(*size);
        let history = &self.context.history;
        let newest = AuditPlace {
            frame: history.last() + 1,
            entry: 0,
        };
        // What stands before it is still to be looked through.
        let mut place = match from {
            Some(place) => *place,
            None => newest,
        };
        if place.frame > newest.frame {
            return Err(AuditPlace::refused(&place.token(filter)));
        }
        let mut entries = Vec::new();
        let (mut frames, mut bytes, mut width) = (0, 0, 1);
        loop {
            let top = if place.entry > 0 {
                place.frame
            } else {
                place.frame.saturating_sub(1)
            };
            if top == 0 {
                break;
            }
            let since = filter.since.map(|since| since.as_microsecond());
            if since.is_some_and(|since| history.is_all_before(since, top)) {
                break;
            }
            let start = *stretch(top).start();
            let is_passed = |summary| !may_have(filter, &summary);
            if history.summary(top).is_some_and(is_passed) {
                place = AuditPlace {
                    frame: start,
                    entry: 0,
                };
                continue;
            }
            if frames >= MOST_FRAMES || bytes >= MOST_BYTES {
                return Ok(answer(entries, Some(place), filter));
            }
            // The newest frame alone may fill the page; whoever looks further reads more at once.
            let bottom = start.max((top + 1).saturating_sub(width));
            width = (width * 2).min(STRETCH);
            let piece = self.read(bottom..=top, place)?;
            frames += top + 1 - bottom;
            bytes += piece.bytes;
            for (at, entry) in piece.found.into_iter().rev() {
                entries.push(entry);
                if entries.len() == size {
                    return Ok(answer(entries, Some(at), filter));
                }
            }
            place = AuditPlace {
                frame: bottom,
                entry: 0,
            };
        }
        Ok(answer(entries, None, filter))
    }

    /// Looks through these frames, for what stands before `place`.
    fn read(&self, frames: RangeInclusive<u64>, place: AuditPlace) -> Result<Piece, Refusal> {
        let mut piece = Piece::default();
        let read = self.context.history.trails(frames, |frame, audited| {
            piece.bytes += audited.bytes();
            let trail = &audited.trail;
            let before = |entry: u32| frame < place.frame || entry < place.entry;
            let asked: Vec<(u32, &Entry)> = (0..)
                .zip(&trail.entries)
                .filter(|(number, entry)| before(*number) && self.is_asked(trail, entry))
                .collect();
            if !asked.is_empty() {
                let events = audited.events()?;
                piece
                    .found
                    .extend(self.shown(frame, trail, &asked, &events));
            }
            Ok(())
        });
        read.map_err(|error| unreadable(&error))?;
        Ok(piece)
    }

    /// Whether an entry is asked for, as far as that can be said without its events.
    fn is_asked(&self, trail: &Trail, entry: &Entry) -> bool {
        let filter = &self.page.filter;
        let Some(actor) = trail.actors.get(entry.actor as usize) else {
            return false;
        };
        let at = trail.at_micros;
        filter.by.is(actor.role())
            && filter.deed.is_none_or(|deed| deed == entry.deed)
            && filter
                .certificate
                .as_ref()
                .is_none_or(|serial| entry::is_shown(actor, serial))
            && filter
                .since
                .is_none_or(|since| since.as_microsecond() <= at)
            && filter.until.is_none_or(|until| at < until.as_microsecond())
    }

    /// The entries of a frame as far as the caller may see them.
    fn shown(
        &self,
        frame: u64,
        trail: &Trail,
        asked: &[(u32, &Entry)],
        events: &[Event],
    ) -> Vec<(AuditPlace, AuditEntry)> {
        let touched: Vec<_> = asked
            .iter()
            .map(|(number, entry)| (*number, *entry, entry::touched(entry, events)))
            .collect();
        let mut shown = Vec::new();
        self.context.reader.glance(|state| {
            let sight = self.context.sight(state, &self.who);
            for (number, entry, touched) in &touched {
                let region = self.page.filter.region;
                let told = (trail, *entry);
                let told = entry::tell(&self.context, &sight, region, told, touched);
                if let Some(told) = told {
                    let place = AuditPlace {
                        frame,
                        entry: *number,
                    };
                    shown.push((place, AuditEntry { frame, ..told }));
                }
            }
        });
        shown
    }
}

/// Whether a stretch can have anything that is asked for.
fn may_have(filter: &AuditFilter, summary: &Summary) -> bool {
    let Some((first, last)) = summary.times() else {
        return false;
    };
    let is_named = match filter.by {
        By::People => summary.names_people(),
        By::Role(role) => summary.names(Some(role)),
        By::Local => summary.names(None),
    };
    is_named
        && filter
            .since
            .is_none_or(|since| since.as_microsecond() <= last)
        && filter
            .until
            .is_none_or(|until| first < until.as_microsecond())
}

fn unreadable(error: &HistoryError) -> Refusal {
    tracing::error!(%error, "cannot read the audit trail");
    internal("journal")
}

fn answer(
    entries: Vec<AuditEntry>,
    next: Option<AuditPlace>,
    filter: &AuditFilter,
) -> ListAuditResponse {
    ListAuditResponse {
        entries,
        next_page_token: next.map_or_else(String::new, |place| place.token(filter)),
    }
}
