//! One entry of the trail, as a caller is shown it: only what was done to regions whose trail they
//! may read.

use jiff::Timestamp;
use liandong_core::access::Right;
use liandong_core::audit::{Actor, Entry, Touched, Trail};
use liandong_core::event::Event;
use liandong_core::period::Period;
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_wire::admin::v1::AuditEntry;
use liandong_wire::timestamp;

use super::super::super::call::Sight;
use crate::context::Context;

/// The word for reports, where documents have their kind.
const REPORT: &str = "report";

/// What an entry's events touched; an entry that points beyond its frame points to none.
pub(super) fn touched(entry: &Entry, events: &[Event]) -> Touched {
    let first = entry.first as usize;
    let behind = first.saturating_add(entry.events as usize);
    Touched::of(events.get(first..behind).unwrap_or_default())
}

/// Whether the actor showed the certificate of that serial number.
pub(super) fn is_shown(actor: &Actor, asked: &[u8]) -> bool {
    matches!(actor, Actor::Shown { serial, .. } if serial == asked)
}

/// What the caller is told of an entry; `None` where nothing of it is in that region, or theirs to
/// read.
pub(super) fn tell(
    context: &Context,
    sight: &Sight<'_>,
    below: Option<RegionCode>,
    (trail, entry): (&Trail, &Entry),
    touched: &Touched,
) -> Option<AuditEntry> {
    let (catalogue, state) = (&context.catalogue, sight.state());
    let is_shown = |region: RegionCode| {
        below.is_none_or(|top| state.is_within(catalogue, region, top))
            && sight.may(Right::Audit, region)
    };
    let (regions, tally) = if touched.is_of_node() {
        let here = context.config.region;
        is_shown(here).then(|| (vec![here], touched.everything()))?
    } else {
        touched.of_regions(is_shown)?
    };
    let author = entry.author.as_ref();
    let push = touched.pushes.first();
    let mut told = AuditEntry {
        at: Timestamp::from_microsecond(trail.at_micros)
            .ok()
            .map(timestamp),
        action: entry.deed.word().to_owned(),
        region: nearest_above(context, state, &regions)?.to_string(),
        regions: u32::try_from(regions.len()).unwrap_or(u32::MAX),
        by: author
            .map(|author| &author.name)
            .or(push.map(|(_, by)| by))
            .cloned()
            .unwrap_or_default(),
        why: author.map(|author| author.why.clone()).unwrap_or_default(),
        reports: tally.reports,
        periods: tally.periods.iter().map(Period::to_string).collect(),
        documents: tally.documents,
        cells: tally.cells,
        peer: touched
            .peer
            .map(|peer| peer.to_string())
            .unwrap_or_default(),
        ..AuditEntry::of(trail.actors.get(entry.actor as usize)?)
    };
    if let Some((key, version)) = tally.about {
        told.kind = key.kind.word().to_owned();
        told.owner = key.owner.to_string();
        told.id = key.id;
        told.version = version;
    } else if let Some((id, _)) = push {
        told.kind = REPORT.to_owned();
        told.id.clone_from(id);
    }
    Some(told)
}

/// The nearest region that is all of these or above them; the first where there is none.
fn nearest_above(context: &Context, state: &State, regions: &[RegionCode]) -> Option<RegionCode> {
    let catalogue = &context.catalogue;
    let first = regions.first()?;
    let mut nearest = *first;
    for region in regions {
        // No real tree is this deep.
        for _ in 0..32 {
            if state.is_within(catalogue, *region, nearest) {
                break;
            }
            let Some(above) = state.parent(catalogue, nearest) else {
                return Some(*first);
            };
            nearest = above;
        }
    }
    Some(nearest)
}
