//! A history as it arrives: what of it is taken, and what this node knows better by now.

use std::collections::{BTreeMap, BTreeSet};

use super::Brought;
use crate::compare::CellName;
use crate::decide::Setting;
use crate::decide::standing::{Definitions, Standing};
use crate::document::{CellDocument, Document, DocumentKey};
use crate::event::{Event, Healed};
use crate::indicator::IndicatorCode;
use crate::period::Period;
use crate::region::{Region, RegionCode, RegionTree};
use crate::report::{ReportBatch, ReportRow, Role};
use crate::state::State;

/// A source's own figure; what a row names that its batch does not list is nobody's.
type Figure = (Option<RegionCode>, Option<IndicatorCode>, Period);

/// A history on its way into this node's journal, and what the journal says up to there.
pub(super) struct Arriving<'a> {
    state: &'a State,
    region: RegionCode,
    frame: u64,
    came: BTreeSet<RegionCode>,
    left: BTreeSet<RegionCode>,
    /// Regions that have nodes of their own by now which told of themselves here: what the old node
    /// knew from the time before is older than what is held.
    told: BTreeSet<RegionCode>,
    tree: RegionTree,
    /// What is hosted here, with its epochs.
    hosts: BTreeMap<RegionCode, u32>,
    /// The same, up to there in the history.
    hosted: BTreeMap<RegionCode, u32>,
    /// Regions whose entries were taken from the history.
    entered: BTreeSet<RegionCode>,
    /// The newest versions that the history has named so far.
    versions: BTreeMap<DocumentKey, u64>,
    cell_versions: BTreeMap<CellName, u64>,
    /// The figures that the history has reported so far.
    seen: BTreeSet<Figure>,
    /// What is asked of whom, as far as the history has said so far.
    definitions: Definitions<'a>,
    events: Vec<Event>,
    /// Whether the history says anything that is not here.
    is_news: bool,
}

impl<'a> Arriving<'a> {
    /// Before the first event.
    pub(super) fn new(
        state: &'a State,
        region: RegionCode,
        brought: Brought,
        setting: &'a Setting<'a>,
    ) -> Self {
        let hosts: BTreeMap<RegionCode, u32> = state.hosted().collect();
        let told = brought.told_to(state);
        Self {
            state,
            region,
            frame: setting.frame,
            came: brought.came,
            left: brought.left,
            told,
            tree: state.tree().clone(),
            hosted: hosts.clone(),
            hosts,
            entered: BTreeSet::new(),
            versions: BTreeMap::new(),
            cell_versions: BTreeMap::new(),
            seen: BTreeSet::new(),
            definitions: Definitions::new(state, setting),
            events: Vec::new(),
            is_news: false,
        }
    }

    /// What is taken of it; `None` where it says nothing that is not here.
    pub(super) fn news(self) -> Option<Vec<Event>> {
        self.is_news.then_some(self.events)
    }

    /// Takes the next event of the history.
    pub(super) fn take(&mut self, event: Event) {
        self.definitions.note(&event);
        match event {
            Event::Hosted { region, epoch } => self.host(region, epoch),
            Event::Reports(batch) => self.report(batch),
            Event::Put(document) => self.put(document),
            Event::Received(received) => {
                for document in &received.documents {
                    self.note(document);
                }
                for cell in &received.cells {
                    self.note_cell(cell);
                }
                self.events.push(Event::Received(received));
            }
            // What the old node could not apply, and what was said to it, is its own business.
            Event::SetAside(_)
            | Event::SetAsideFairly(_)
            | Event::Released(_)
            | Event::PeerHolds(_)
            | Event::LifeBegan(_)
            | Event::Met(_)
            | Event::Marked(_)
            | Event::Traced(_)
            | Event::Parted(_)
            | Event::Overtaken(_) => {}
            Event::Healed(healed) => self.heal(healed),
            // Reports that were repeated are named so that nobody sees of which region they are; names
            // of others' are of no use here, and do no harm.
            Event::Withdrawn(mut cells) => {
                cells.retain(|cell| !self.told.contains(&cell.region));
                self.events.push(Event::Withdrawn(cells));
            }
            Event::Attested(_) | Event::Repeated(_) | Event::BureauReports(_) => {
                self.events.push(event);
            }
            // What had left the old node before does not come; that the region itself left is
            // how it comes here.
            Event::MovedOut { region } => {
                let comes = self.came.contains(&region) && !self.told.contains(&region);
                if region != self.region && comes {
                    for below in self.tree.subtree(region) {
                        self.hosted.remove(&below);
                    }
                    self.events.push(event);
                }
            }
        }
    }

    /// A region's entry, unless this node has hosted it since in an epoch that stands as high:
    /// what it says of the region is newer, and an epoch never falls.
    fn host(&mut self, region: Region, epoch: u32) {
        let code = region.code;
        if self.told.contains(&code) {
            return;
        }
        let has_left = self.left.contains(&code);
        // A region that has a node of its own by now was raised by that node.
        let epoch = epoch.saturating_add(u32::from(!has_left));
        let is_known = |hosted: Option<&u32>| hosted.is_some_and(|known| *known >= epoch);
        if !has_left && !self.entered.contains(&code) && is_known(self.hosted.get(&code)) {
            return;
        }
        let went = has_left && self.state.has_moved_out(code);
        self.is_news |= !went && !is_known(self.hosts.get(&code));
        // An entry that closes a circle is passed over by the fold as well.
        let _ = self.tree.insert(region.clone());
        self.entered.insert(code);
        self.hosted.insert(code, epoch);
        self.events.push(Event::Hosted { region, epoch });
    }

    fn report(&mut self, mut batch: ReportBatch) {
        let told = |row: &ReportRow| {
            let source = batch.sources.get(row.source as usize);
            source.is_some_and(|source| self.told.contains(source))
        };
        batch.rows.retain(|row| !told(row));
        if batch.rows.is_empty() {
            return;
        }
        for row in &mut batch.rows {
            let source = batch.sources.get(row.source as usize).copied();
            let indicator = batch.indicators.get(row.indicator as usize).copied();
            // Frames of the old journal mean nothing here; all of this stands in one frame.
            let first = self.seen.insert((source, indicator, row.period));
            row.replaces = if first { 0 } else { self.frame };
            // A bureau without units at the old node, which has some in this node's tree.
            let above_units = source.filter(|source| !self.tree.is_leaf(*source));
            if let Some(source) = above_units.filter(|_| row.role == Role::Unit) {
                let asked = indicator.and_then(|code| self.definitions.get(code));
                let standing = Standing::of(&self.tree, source);
                row.role = asked.map_or(Role::Own, |asked| standing.role(asked));
            }
        }
        self.is_news = true;
        self.events.push(Event::Reports(batch));
    }

    /// A document, where it is newer than what is here: what was written here since stays.
    fn put(&mut self, document: Box<Document>) {
        // Derived again from what is hosted.
        if State::is_derived(document.body.kind()) {
            return;
        }
        if self.note(&document) {
            self.events.push(Event::Put(document));
        }
    }

    /// Notes a version that the history names; whether it is newer than all before and than what
    /// is here.
    fn note(&mut self, document: &Document) -> bool {
        let key = document.key();
        let held = self.state.document(&key);
        let is_news = held.is_none_or(|held| held.document.version < document.version);
        let named = self.versions.entry(key).or_default();
        let is_newer = *named < document.version;
        *named = document.version.max(*named);
        self.is_news |= is_news;
        is_news && is_newer
    }

    /// Notes the version of a cell that the history names; whether it is newer than what is here
    /// and no older than all before.
    fn note_cell(&mut self, cell: &CellDocument) -> bool {
        let held = self.state.cell(cell.region, cell.indicator, cell.period);
        let is_news = held.is_none_or(|held| held.version < cell.version);
        let named = self.cell_versions.entry(cell.name()).or_default();
        let is_last = *named <= cell.version;
        *named = cell.version.max(*named);
        self.is_news |= is_news;
        is_news && is_last
    }

    /// What a comparison with a node below led to. What the region's own node was found to have is
    /// left out, and so is whatever is hosted here by then: its sums are those of its reports. So is
    /// what this node was told since: a comparison is believed whatever is held, but that of another
    /// node knows nothing of it.
    fn heal(&mut self, mut healed: Healed) {
        if healed.from == self.region {
            return;
        }
        let hosted = &self.hosted;
        let is_elsewhere = |owner: RegionCode| !hosted.contains_key(&owner);
        let state = self.state;
        let is_held = |key: &DocumentKey| state.document(key).is_some();
        let is_held_cell = |name: &CellName| {
            state
                .cell(name.region, name.indicator, name.period)
                .is_some()
        };
        healed.documents.retain(|one| is_elsewhere(one.owner));
        healed.cells.retain(|one| is_elsewhere(one.region));
        healed
            .missing_documents
            .retain(|one| is_elsewhere(one.owner) && !is_held(one));
        healed
            .missing_cells
            .retain(|one| is_elsewhere(one.region) && !is_held_cell(one));
        healed.found_documents.retain(|one| is_elsewhere(one.owner));
        healed.found_cells.retain(|one| is_elsewhere(one.region));
        healed.documents.retain(|document| self.is_last(document));
        healed.cells.retain(|cell| self.note_cell(cell));
        self.events.push(Event::Healed(healed));
    }

    /// Whether a document of a comparison is newer than what is here, and no older than what the
    /// history said before: there it may be of the same version.
    fn is_last(&mut self, document: &Document) -> bool {
        let key = document.key();
        let held = self.state.document(&key);
        let is_news = held.is_none_or(|held| held.document.version < document.version);
        let named = self.versions.get(&key).copied().unwrap_or_default();
        self.note(document);
        is_news && named <= document.version
    }
}
