//! Reading the state. Readers get values, never the maps themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cells::{CellKey, ReportHead};
use super::{Regions, SetAside, State, Stored, Watermark};
use crate::catalogue::Catalogue;
use crate::document::{Body, Document, DocumentKey, Kind, Roster};
use crate::event::PeerHolds;
use crate::indicator::{Indicator, IndicatorCode};
use crate::period::Period;
use crate::plan::Plan;
use crate::region::{Region, RegionCode, RegionTree};
use crate::rollup::Sums;

/// A cell as a reader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellView {
    /// The sums.
    pub sums: Sums,
    /// The owner's version.
    pub version: u64,
    /// This node's change number of its last change.
    pub change: u64,
}

impl State {
    /// The last journal frame that was applied.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// The number of the last change.
    pub fn last_change(&self) -> u64 {
        self.change
    }

    /// What is known of regions, to look at for as long as one likes.
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    /// The regions known from documents.
    pub fn tree(&self) -> &RegionTree {
        self.regions.tree()
    }

    /// Whether this node hosts the region.
    pub fn hosts(&self, region: RegionCode) -> bool {
        self.regions.hosts(region)
    }

    /// Hosted regions with their epochs, ordered by code.
    pub fn hosted(&self) -> impl Iterator<Item = (RegionCode, u32)> + '_ {
        self.regions
            .hosted
            .iter()
            .map(|(region, epoch)| (*region, *epoch))
    }

    /// The epoch of a hosted region.
    pub fn epoch(&self, region: RegionCode) -> Option<u32> {
        self.regions.hosted.get(&region).copied()
    }

    /// Whether the region was hosted here and moved out.
    pub fn has_moved_out(&self, region: RegionCode) -> bool {
        self.moved.contains_key(&region)
    }

    /// Regions that were hosted here and moved out, and whose own nodes have not told of themselves.
    pub fn left_unheard(&self) -> impl Iterator<Item = RegionCode> {
        let moved = self.moved.keys().copied();
        moved.filter(|region| !self.watermarks.contains_key(region))
    }

    /// A region, from documents or else from the catalogue.
    pub fn region<'a>(&'a self, catalogue: &'a Catalogue, code: RegionCode) -> Option<&'a Region> {
        self.regions.get(catalogue, code)
    }

    /// The region directly above, from documents or else from the catalogue.
    pub fn parent(&self, catalogue: &Catalogue, code: RegionCode) -> Option<RegionCode> {
        self.region(catalogue, code)
            .and_then(|region| region.parent)
    }

    /// The regions directly below, those of the catalogue and those that only the mesh knows.
    pub fn children(&self, catalogue: &Catalogue, code: RegionCode) -> Vec<RegionCode> {
        self.regions.children(catalogue, code)
    }

    /// The region and those above it, nearest first, by documents and catalogue.
    pub fn self_and_above<'a>(
        &'a self,
        catalogue: &'a Catalogue,
        code: RegionCode,
    ) -> impl Iterator<Item = RegionCode> + 'a {
        // No real tree is this deep; two trees glued together could form a loop that neither has.
        const DEEPEST: usize = 32;
        std::iter::successors(Some(code), |region| self.parent(catalogue, *region)).take(DEEPEST)
    }

    /// Whether `code` is `top` or stands below it, by documents and catalogue.
    pub fn is_within(&self, catalogue: &Catalogue, code: RegionCode, top: RegionCode) -> bool {
        self.self_and_above(catalogue, code)
            .any(|region| region == top)
    }

    /// A document.
    pub fn document(&self, key: &DocumentKey) -> Option<&Stored> {
        self.documents.get(key)
    }

    /// Documents of a kind, ordered by owner and id.
    pub fn documents(&self, kind: Kind) -> impl Iterator<Item = &Arc<Document>> {
        let lowest = DocumentKey {
            kind,
            owner: RegionCode::LOWEST,
            id: String::new(),
        };
        self.documents
            .range(lowest..)
            .take_while(move |(key, _)| key.kind == kind)
            .map(|(_, stored)| &stored.document)
    }

    /// An indicator, from the catalogue or else from documents.
    pub fn indicator<'a>(
        &'a self,
        catalogue: &'a Catalogue,
        code: IndicatorCode,
    ) -> Option<&'a Indicator> {
        if let Some(indicator) = catalogue.indicators.get(&code) {
            return Some(indicator);
        }
        let mut from_below = None;
        for document in self.documents(Kind::Indicator) {
            let Body::Indicator(indicator) = &document.body else {
                continue;
            };
            if indicator.code != code {
                continue;
            }
            // A node below never redefines what is defined here or above.
            if self.hosts(document.owner) || !self.regions.tree.contains(document.owner) {
                return Some(indicator);
            }
            from_below = from_below.or(Some(indicator));
        }
        from_below
    }

    /// A plan by its issuer and code.
    pub fn plan(&self, issuer: RegionCode, code: &str) -> Option<&Plan> {
        let key = DocumentKey {
            kind: Kind::Plan,
            owner: issuer,
            id: code.to_owned(),
        };
        match &self.documents.get(&key)?.document.body {
            Body::Plan(plan) => Some(plan),
            _ => None,
        }
    }

    /// How many units report beneath a region; empty when it has not joined.
    pub fn roster(&self, region: RegionCode) -> &Roster {
        static NOBODY: Roster = Roster {
            units: BTreeMap::new(),
            bureaus: 0,
            standing_in: 0,
        };
        let stored = self.documents.get(&super::fold::roster_key(region));
        match stored.map(|stored| &stored.document.body) {
            Some(Body::Roster(roster)) => roster,
            _ => &NOBODY,
        }
    }

    /// A cell; `None` when nothing was ever reported into it.
    pub fn cell(
        &self,
        region: RegionCode,
        indicator: IndicatorCode,
        period: Period,
    ) -> Option<CellView> {
        let key = self.cells.key(region, indicator, period)?;
        self.cells.cells.get(&key).map(|cell| CellView {
            sums: cell.sums,
            version: cell.version,
            change: cell.change,
        })
    }

    /// The sums of one region and period by the number of an indicator, as
    /// [`State::indicator_number`] gave it; nothing where nothing was ever reported.
    pub(crate) fn numbered_sums(
        &self,
        region: RegionCode,
        period: Period,
    ) -> impl Fn(Option<u32>) -> Sums {
        let region = self.cells.regions.find(region);
        let cells = region.map(|region| self.cells.cells.of_period(region, period));
        move |indicator| {
            let cell = cells.as_ref().zip(indicator);
            let cell = cell.and_then(|(cells, indicator)| cells(indicator));
            cell.map(|cell| cell.sums).unwrap_or_default()
        }
    }

    /// The report that counts for a source's own figure.
    pub fn report(
        &self,
        source: RegionCode,
        indicator: IndicatorCode,
        period: Period,
    ) -> Option<ReportHead> {
        let key = self.cells.key(source, indicator, period)?;
        self.cells.cells.head(&key)
    }

    /// The number of a source, for [`State::numbered_report`]; `None` before its first report.
    pub(crate) fn source_number(&self, source: RegionCode) -> Option<u32> {
        self.cells.regions.find(source)
    }

    /// The number of an indicator, for [`State::numbered_report`]; `None` before its first report.
    pub(crate) fn indicator_number(&self, indicator: IndicatorCode) -> Option<u32> {
        self.cells.indicators.find(indicator)
    }

    /// [`State::report`] for many rows of a few sources and indicators, whose codes are looked up
    /// once.
    pub(crate) fn numbered_report(
        &self,
        source: u32,
        indicator: u32,
        period: Period,
    ) -> Option<ReportHead> {
        let key = CellKey {
            region: source,
            indicator,
            period,
        };
        self.cells.cells.head(&key)
    }

    /// Fingerprints of the ids of the reports that counted for a source's own figure before, by the
    /// numbers of [`State::numbered_report`]; ids of long ago are forgotten.
    pub(crate) fn superseded(&self, source: u32, indicator: u32, period: Period) -> &[u64] {
        let key = CellKey {
            region: source,
            indicator,
            period,
        };
        self.cells.cells.older(&key)
    }

    /// A kind's documents of one owner, ordered by id.
    pub fn documents_of(
        &self,
        kind: Kind,
        owner: RegionCode,
    ) -> impl Iterator<Item = &Arc<Document>> {
        let lowest = DocumentKey {
            kind,
            owner,
            id: String::new(),
        };
        self.documents
            .range(lowest..)
            .take_while(move |(key, _)| key.kind == kind && key.owner == owner)
            .map(|(_, stored)| &stored.document)
    }

    /// How many cells, reports and documents there are, and how many changes the indexes list.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            cells: self.cells.cells.len(),
            reports: self.cells.cells.reports(),
            documents: self.documents.len(),
            listed_changes: self.cells.changes.live() + self.document_changes.live(),
        }
    }

    /// Where a peer's changes have been taken up to.
    pub fn watermark(&self, peer: RegionCode) -> Option<Watermark> {
        self.watermarks.get(&peer).copied()
    }

    /// What a peer holds of this node's changes, where it said so by other means than a stream.
    pub fn peer_holds(&self, peer: RegionCode) -> Option<&PeerHolds> {
        self.peer_holds.get(&peer)
    }

    /// Changes from peers that were set aside, oldest first.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }
}

/// Sizes of a state, for metrics and `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Roll-up cells, units' cells included.
    pub cells: usize,
    /// Reports that count.
    pub reports: usize,
    /// Documents.
    pub documents: usize,
    /// Entries of the change indexes that are live.
    pub listed_changes: usize,
}
