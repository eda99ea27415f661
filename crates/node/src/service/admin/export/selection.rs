//! What of the journal belongs to a region that moves.

use std::collections::BTreeSet;

use liandong_core::catalogue::Catalogue;
use liandong_core::document::{Body, Document, DocumentKey, Kind};
use liandong_core::event::{Attested, Event, Received};
use liandong_core::evidence::Said;
use liandong_core::plan::PlanStatus;
use liandong_core::region::RegionCode;
use liandong_core::report::{Fingerprints, RepeatedReport, ReportBatch};
use liandong_core::state::State;

/// No real tree is this deep; two that are glued together could have a loop.
const MAX_DEPTH: usize = 32;

/// A region with all below it, and those above it, whose plans and tasks it works by.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    region: RegionCode,
    within: BTreeSet<RegionCode>,
    above: BTreeSet<RegionCode>,
    /// Versions of documents of other nodes that came so far.
    came: BTreeSet<(DocumentKey, u64)>,
    /// Reports of the region that said what counted already, as far as they are remembered.
    repeated: Vec<RepeatedReport>,
}

impl Selection {
    pub(super) fn of(state: &State, catalogue: &Catalogue, region: RegionCode) -> Self {
        let mut above = BTreeSet::new();
        let mut next = state.parent(catalogue, region);
        while let Some(parent) = next.filter(|_| above.len() < MAX_DEPTH) {
            above.insert(parent);
            next = state.parent(catalogue, parent);
        }
        let within = state.tree().subtree(region).into_iter().collect();
        Self {
            region,
            repeated: state.repeated_in(&within),
            within,
            above,
            came: BTreeSet::new(),
        }
    }

    /// The part of an event that belongs to the region.
    pub(super) fn part_of(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Hosted { region, epoch } => self
                .within
                .contains(&region.code)
                .then_some(Event::Hosted { region, epoch }),
            Event::MovedOut { region } => self
                .within
                .contains(&region)
                .then_some(Event::MovedOut { region }),
            Event::Reports(batch) => self.reports(batch).map(Event::Reports),
            Event::Put(document) => {
                if document.body.kind() == Kind::Handover {
                    // Written here, and kept with its signature: nobody can sign it again.
                    self.came.insert((document.key(), document.version));
                }
                self.document(document)
            }
            Event::Received(received) => {
                let received = self.received(received)?;
                let named = received.documents.iter();
                self.came
                    .extend(named.map(|document| (document.key(), document.version)));
                Some(Event::Received(received))
            }
            // What the region's own node was found to have is no more the region's history than
            // what it said: see `received`.
            Event::Healed(healed) => {
                let from_below = healed.from != self.region && self.within.contains(&healed.from);
                from_below.then_some(Event::Healed(healed))
            }
            Event::Withdrawn(mut cells) => {
                cells.retain(|cell| self.within.contains(&cell.region));
                (!cells.is_empty()).then_some(Event::Withdrawn(cells))
            }
            Event::Attested(attested) => self.attested(&attested).map(Event::Attested),
            Event::SetAside(_)
            | Event::SetAsideFairly(_)
            | Event::Released(_)
            | Event::PeerHolds(_)
            | Event::LifeBegan(_)
            | Event::Met(_)
            | Event::Marked(_)
            | Event::Traced(_)
            | Event::Parted(_)
            | Event::Overtaken(_) => None,
            Event::BureauReports(reports) => self
                .within
                .contains(&reports.region)
                .then_some(Event::BureauReports(reports)),
            // See `rest`: the journal has them of all regions, and does not say whose they are.
            Event::Repeated(_) => None,
        }
    }

    /// What stands behind the whole history.
    pub(super) fn rest(&mut self) -> Option<Event> {
        let repeated = std::mem::take(&mut self.repeated);
        (!repeated.is_empty()).then_some(Event::Repeated(repeated))
    }

    /// The evidence of documents that come with it.
    fn attested(&self, attested: &Attested) -> Option<Attested> {
        let proofs = attested.evidence.proofs();
        let named = attested.documents.iter().zip(&proofs);
        let belong = named.filter(|(named, _)| self.came.contains(named));
        let (documents, proofs): (Vec<_>, Vec<_>) = belong.unzip();
        (!documents.is_empty()).then(|| Attested {
            documents: documents.into_iter().cloned().collect(),
            evidence: Said::of(proofs),
        })
    }

    /// The rows whose sources belong to the region, with lists of their own.
    fn reports(&self, batch: ReportBatch) -> Option<ReportBatch> {
        let belongs = |source: &RegionCode| self.within.contains(source);
        if batch.sources.iter().all(belongs) {
            return Some(batch);
        }
        let mut part = ReportBatch {
            sources: Vec::new(),
            indicators: Vec::new(),
            rows: Vec::new(),
            fingerprints: Fingerprints::default(),
            ..batch
        };
        for mut row in batch.rows {
            let source = batch.sources.get(row.source as usize);
            let indicator = batch.indicators.get(row.indicator as usize);
            let (Some(source), Some(indicator)) = (source, indicator) else {
                continue;
            };
            if belongs(source) {
                row.source = place(&mut part.sources, *source);
                row.indicator = place(&mut part.indicators, *indicator);
                part.rows.push(row);
            }
        }
        (!part.rows.is_empty()).then_some(part)
    }

    /// A document of the region; or one of a region above or of a partner that is meant for it,
    /// which the new node has from another node.
    fn document(&self, document: Box<Document>) -> Option<Event> {
        if self.within.contains(&document.owner) {
            return Some(Event::Put(document));
        }
        if !self.is_meant_for(&document) {
            return None;
        }
        Some(Event::Received(Received {
            from: document.owner,
            incarnation: 0,
            upto: 0,
            documents: vec![*document],
            cells: Vec::new(),
            quarantined: Vec::new(),
        }))
    }

    /// What came from other nodes. How far the changes of a node below have been taken is kept;
    /// any other node is asked anew from the start, because not all that it sent goes along.
    fn received(&self, mut received: Received) -> Option<Received> {
        if received.from == self.region {
            // Said by the region's own node: after it moved out, or before it moved in with a
            // history that says the same.
            return None;
        }
        let from_below = self.within.contains(&received.from);
        received.documents.retain(|document| {
            self.within.contains(&document.owner) || self.is_meant_for(document)
        });
        received
            .cells
            .retain(|cell| self.within.contains(&cell.region));
        if !from_below {
            received.incarnation = 0;
            received.upto = 0;
            received.quarantined.clear();
        }
        let empty = received.documents.is_empty() && received.cells.is_empty();
        (from_below || !empty).then_some(received)
    }

    fn is_meant_for(&self, document: &Document) -> bool {
        let within = |region: &RegionCode| self.within.contains(region);
        match &document.body {
            Body::Plan(plan) => {
                plan.status != PlanStatus::Draft && self.above.contains(&document.owner)
            }
            Body::Indicator(_) => self.above.contains(&document.owner),
            Body::Task(task) => within(&task.assignee),
            Body::Pairing(side) => within(&side.partner),
            Body::AidProject(project) => within(&project.donor) || within(&project.recipient),
            Body::AidConsent(consent) => within(&consent.proposer),
            // The id begins with the partner that the entry is shared with.
            Body::AidEntry(_) => {
                let partner = document.id.split('/').next().unwrap_or_default();
                partner.parse().is_ok_and(|partner| within(&partner))
            }
            Body::Region(_)
            | Body::Roster(_)
            | Body::Comment(_)
            | Body::TaskProgress(_)
            | Body::AidSummary(_)
            | Body::Seal(_)
            | Body::Handover(_) => false,
        }
    }
}

/// The place of an item in a list that grows by it where it is new.
fn place<T: Copy + PartialEq>(list: &mut Vec<T>, item: T) -> u32 {
    let known = list.iter().position(|other| *other == item);
    let place = known.unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    });
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
