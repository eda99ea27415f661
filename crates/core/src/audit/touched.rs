//! What one entry of the trail changed, as its events say.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{Document, DocumentKey, Kind};
use crate::event::Event;
use crate::period::Period;
use crate::region::RegionCode;
use crate::report::ReportBatch;

/// How much was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Reports that were accepted.
    pub reports: u64,
    /// The periods that these are for.
    pub periods: BTreeSet<Period>,
    /// Documents that were written or taken.
    pub documents: u64,
    /// The document that it was about, with its version: the first, but what came with a plan steps
    /// back behind it.
    pub about: Option<(DocumentKey, u64)>,
    /// Roll-up cells that were taken or withdrawn.
    pub cells: u64,
}

/// What was changed, and whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// What hosted regions own.
    pub regions: BTreeMap<RegionCode, Tally>,
    /// What is no one region's: what came from another node, and what the node is itself.
    pub node: Tally,
    /// The node that changes came from.
    pub peer: Option<RegionCode>,
    /// The ids of pushes of reports, and who pushed them.
    pub pushes: Vec<(String, String)>,
}

impl Tally {
    fn add_document(&mut self, document: &Document) {
        self.documents += 1;
        let steps_back = |kind| matches!(kind, Kind::Indicator | Kind::Region | Kind::Roster);
        let about = self.about.as_ref();
        if about.is_none_or(|(key, _)| steps_back(key.kind)) {
            self.about = Some((document.key(), document.version));
        }
    }

    fn add(&mut self, other: &Self) {
        self.reports += other.reports;
        self.periods.extend(other.periods.iter().copied());
        self.documents += other.documents;
        self.cells += other.cells;
        if self.about.is_none() {
            self.about.clone_from(&other.about);
        }
    }
}

impl Touched {
    /// What these events changed.
    pub fn of(events: &[Event]) -> Self {
        let mut touched = Self::default();
        for event in events {
            touched.take(event);
        }
        touched
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Hosted { region, .. } => {
                self.regions.entry(region.code).or_default();
            }
            Event::MovedOut { region } => {
                self.regions.entry(*region).or_default();
            }
            Event::Overtaken(overtaken) => {
                self.regions.entry(overtaken.region).or_default();
            }
            Event::Reports(batch) => self.take_reports(batch),
            Event::Put(document) => {
                let tally = self.regions.entry(document.owner).or_default();
                tally.add_document(document);
            }
            Event::Withdrawn(cells) => {
                for cell in cells {
                    self.regions.entry(cell.region).or_default().cells += 1;
                }
            }
            Event::Received(received) => {
                self.peer = Some(received.from);
                self.node.documents += received.documents.len() as u64;
                self.node.cells += received.cells.len() as u64;
            }
            Event::Healed(healed) => {
                self.peer = Some(healed.from);
                self.node.documents += healed.documents.len() as u64;
                self.node.cells += healed.cells.len() as u64;
            }
            Event::SetAside(batch) | Event::SetAsideFairly(batch) => self.peer = Some(batch.from),
            Event::Released(released) => self.peer = Some(released.from),
            Event::PeerHolds(holds) => self.peer = Some(holds.peer),
            Event::Met(met) => self.peer = Some(met.peer),
            Event::Marked(marked) => self.peer = Some(marked.peer),
            Event::Traced(traced) => self.peer = Some(traced.peer),
            Event::Parted(parted) => self.peer = Some(parted.peer),
            // The evidence stands beside the documents that were received.
            Event::LifeBegan(_)
            | Event::Attested(_)
            | Event::Repeated(_)
            | Event::BureauReports(_) => {}
        }
    }

    fn take_reports(&mut self, batch: &ReportBatch) {
        self.pushes.push((batch.id.clone(), batch.by.clone()));
        let mut by_source = vec![Tally::default(); batch.sources.len()];
        // Mostly all rows of a push are for one period.
        let mut last: Option<(u32, Period)> = None;
        for row in &batch.rows {
            let Some(tally) = by_source.get_mut(row.source as usize) else {
                continue;
            };
            tally.reports += 1;
            if last != Some((row.source, row.period)) {
                tally.periods.insert(row.period);
                last = Some((row.source, row.period));
            }
        }
        for (source, tally) in batch.sources.iter().zip(&by_source) {
            self.regions.entry(*source).or_default().add(tally);
        }
    }

    /// Whether it is about the node as a whole rather than about single regions: whoever may ask
    /// about the node's own region is told.
    pub fn is_of_node(&self) -> bool {
        self.peer.is_some() || self.regions.is_empty()
    }

    /// The regions that `is_asked` says yes to, and what was changed there; `None` where there are
    /// none. Not for what [is of the node](Self::is_of_node), which is [`Touched::everything`].
    pub fn of_regions(
        &self,
        mut is_asked: impl FnMut(RegionCode) -> bool,
    ) -> Option<(Vec<RegionCode>, Tally)> {
        let mut regions = Vec::new();
        let mut sum = Tally::default();
        for (region, tally) in &self.regions {
            if is_asked(*region) {
                regions.push(*region);
                sum.add(tally);
            }
        }
        (!regions.is_empty()).then_some((regions, sum))
    }

    /// All that was changed.
    pub fn everything(&self) -> Tally {
        let mut sum = self.node.clone();
        for tally in self.regions.values() {
            sum.add(tally);
        }
        sum
    }
}
