//! A snapshot of the state, for checkpoints: everything the fold would have rebuilt.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cells::{Cell, CellKey, Cells, Listed, Numbered, StoredHead, table_of};
use super::changes::Changes;
use super::proven::Proven;
use super::repeated::Repeated;
use super::{Life, Lineages, Noted, Regions, SetAside, State, Stored, Watermark};
use crate::document::{Body, DocumentKey};
use crate::event::{Attested, PeerHolds};
use crate::indicator::IndicatorCode;
use crate::region::{RegionCode, RegionTree};
use crate::report::RepeatedReport;

/// The state in a form that is stored; the fields are nobody's business but the store's codec.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    frame: u64,
    change: u64,
    hosted: BTreeMap<RegionCode, u32>,
    moved: BTreeMap<RegionCode, u64>,
    documents: Vec<Stored>,
    document_changes: Changes<DocumentKey>,
    regions: Numbered<RegionCode>,
    indicators: Numbered<IndicatorCode>,
    cells: Listed<Cell>,
    reports: Listed<StoredHead>,
    cell_changes: Changes<CellKey>,
    watermarks: BTreeMap<RegionCode, Watermark>,
    set_aside: Vec<SetAside>,
    peer_holds: BTreeMap<RegionCode, PeerHolds>,
    life: Option<Life>,
    met: BTreeMap<RegionCode, bool>,
    overtaken: BTreeMap<RegionCode, u64>,
    // Lists, for a map whose keys are no texts has no form in some codecs.
    // Those of hosted regions were taken back; such are never unowned.
    unowned_documents: Vec<(DocumentKey, RegionCode)>,
    unowned_cells: Vec<(CellKey, RegionCode)>,
    // Stored behind the rest, by those who have any.
    #[serde(skip)]
    evidence: Option<Attested>,
    #[serde(skip)]
    noted: Noted,
    #[serde(skip)]
    repeated: Vec<RepeatedReport>,
    #[serde(skip)]
    earlier_lives: BTreeMap<RegionCode, u64>,
    #[serde(skip)]
    lineages: Lineages,
}

impl Snapshot {
    /// The journal frame the snapshot stands at.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// The evidence of documents of other nodes, if there is any: it is not stored with the rest.
    pub fn evidence(&self) -> Option<&Attested> {
        self.evidence.as_ref()
    }

    /// What was noted of signers and seals: it is not stored with the rest.
    pub fn noted(&self) -> &Noted {
        &self.noted
    }

    /// Reports that said again what counted already: they are not stored with the rest.
    pub fn repeated(&self) -> &[RepeatedReport] {
        &self.repeated
    }

    /// Up to which change what is held of a peer is of an earlier life of it: it is not stored with the
    /// rest.
    pub fn earlier_lives(&self) -> &BTreeMap<RegionCode, u64> {
        &self.earlier_lives
    }

    /// What was told by files, and in which history: it is not stored with the rest.
    pub fn lineages(&self) -> &Lineages {
        &self.lineages
    }

    /// The same with what was stored beside it.
    #[must_use]
    pub fn with_beside(
        self,
        evidence: Option<Attested>,
        noted: Noted,
        repeated: Vec<RepeatedReport>,
        earlier_lives: BTreeMap<RegionCode, u64>,
    ) -> Self {
        Self {
            evidence,
            noted,
            repeated,
            earlier_lives,
            ..self
        }
    }

    /// The same with what is known of the histories that were told by files.
    #[must_use]
    pub fn with_lineages(self, lineages: Lineages) -> Self {
        Self { lineages, ..self }
    }

    /// Whether every cell is of a region and an indicator that it lists. Tables are as long as the
    /// largest number in them, so one that is not would cost any amount of memory.
    pub fn is_whole(&self) -> bool {
        let is_listed = |key: &CellKey| {
            let region = self.regions.item(key.region);
            region.is_some() && self.indicators.item(key.indicator).is_some()
        };
        let mut unowned = self.unowned_cells.iter().map(|(key, _)| key);
        let mut changes = self.cell_changes.after(0).map(|(_, key)| key);
        self.cells.names_only(is_listed)
            && self.reports.names_only(is_listed)
            && unowned.all(is_listed)
            && changes.all(is_listed)
    }
}

impl State {
    /// The state as it is stored.
    pub fn snapshot(&self) -> Snapshot {
        // Both lists are written of one table, which shares its cells with the state.
        let table = Arc::new(self.cells.cells.clone());
        Snapshot {
            frame: self.frame,
            change: self.change,
            hosted: BTreeMap::clone(&self.regions.hosted),
            moved: self.moved.clone(),
            documents: self.documents.values().cloned().collect(),
            document_changes: self.document_changes.clone(),
            regions: self.cells.regions.clone(),
            indicators: self.cells.indicators.clone(),
            cells: Listed::Table(Arc::clone(&table)),
            reports: Listed::Table(table),
            cell_changes: self.cells.changes.clone(),
            watermarks: self.watermarks.clone(),
            set_aside: self.set_aside.clone(),
            peer_holds: self.peer_holds.clone(),
            life: self.life,
            met: self.met.clone(),
            overtaken: self.overtaken.clone(),
            unowned_documents: self.unowned_and_taken_back(),
            unowned_cells: self.unowned_cells.clone().into_iter().collect(),
            evidence: self.proven.said(),
            repeated: self.repeated.listed(),
            noted: self.noted.clone(),
            earlier_lives: self.earlier_lives.clone(),
            lineages: self.lineages.clone(),
        }
    }

    fn unowned_and_taken_back(&self) -> Vec<(DocumentKey, RegionCode)> {
        let lists = self.unowned_documents.iter().chain(&self.taken_back);
        lists.map(|(key, peer)| (key.clone(), *peer)).collect()
    }

    /// The state that a snapshot was taken of.
    pub fn from_snapshot(snapshot: Snapshot) -> Self {
        let mut tree = RegionTree::new();
        let mut documents = BTreeMap::new();
        for stored in snapshot.documents {
            if let Body::Region(region) = &stored.document.body {
                // The same insertions succeeded when the documents came.
                let _ = tree.insert(region.clone());
            }
            documents.insert(stored.document.key(), stored);
        }
        let listed = snapshot.unowned_documents.into_iter();
        let (taken_back, unowned_documents) =
            listed.partition(|(key, _)| snapshot.hosted.contains_key(&key.owner));
        let mut state = Self {
            frame: snapshot.frame,
            change: snapshot.change,
            regions: Regions {
                tree: Arc::new(tree),
                hosted: Arc::new(snapshot.hosted),
            },
            moved: snapshot.moved,
            documents,
            document_changes: snapshot.document_changes,
            rosters: super::rosters::Rosters::default(),
            cells: Cells {
                regions: snapshot.regions,
                indicators: snapshot.indicators,
                cells: table_of(snapshot.cells, snapshot.reports),
                changes: snapshot.cell_changes,
            },
            watermarks: snapshot.watermarks,
            set_aside: snapshot.set_aside,
            peer_holds: snapshot.peer_holds,
            life: snapshot.life,
            met: snapshot.met,
            overtaken: snapshot.overtaken,
            unowned_documents,
            taken_back,
            earlier_lives: snapshot.earlier_lives,
            lineages: snapshot.lineages,
            unowned_cells: snapshot.unowned_cells.into_iter().collect(),
            proven: snapshot.evidence.map(Proven::from).unwrap_or_default(),
            repeated: Repeated::from(&*snapshot.repeated),
            noted: snapshot.noted,
        };
        state.add_up_rosters();
        state
    }
}
