//! A history as it arrives: what of it is taken, and what this node knows better by now.

use std::collections::{BTreeMap, BTreeSet};

use super::Brought;
use crate::decide::Setting;
use crate::decide::standing::{Definitions, Standing};
use crate::document::{Document, DocumentKey};
use crate::event::{Event, Healed};
use crate::indicator::IndicatorCode;
use crate::period::Period;
use crate::region::{Region, RegionCode, RegionTree};
use crate::report::{ReportBatch, Role};
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
    tree: RegionTree,
    /// What is hosted here, with its epochs.
    hosts: BTreeMap<RegionCode, u32>,
    /// The same, up to there in the history.
    hosted: BTreeMap<RegionCode, u32>,
    /// Regions whose entries were taken from the history.
    entered: BTreeSet<RegionCode>,
    /// The newest versions that the history has named so far.
    versions: BTreeMap<DocumentKey, u64>,
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
        Self {
            state,
            region,
            frame: setting.frame,
            came: brought.came,
            left: brought.left,
            tree: state.tree().clone(),
            hosted: hosts.clone(),
            hosts,
            entered: BTreeSet::new(),
            versions: BTreeMap::new(),
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
                    let known = self.state.cell(cell.region, cell.indicator, cell.period);
                    self.is_news |= known.is_none_or(|known| known.version < cell.version);
                }
                self.events.push(Event::Received(received));
            }
            // What the old node could not apply, and what was said to it, is its own business.
            Event::SetAside(_)
            | Event::Released(_)
            | Event::PeerHolds(_)
            | Event::LifeBegan(_)
            | Event::Met(_)
            | Event::Overtaken(_) => {}
            Event::Healed(healed) => self.heal(healed),
            // Reports that were repeated are named so that nobody sees of which region they are; names
            // of others' are of no use here, and do no harm.
            Event::Withdrawn(_)
            | Event::Attested(_)
            | Event::Repeated(_)
            | Event::BureauReports(_) => {
                self.events.push(event);
            }
            // What had left the old node before does not come; that the region itself left is
            // how it comes here.
            Event::MovedOut { region } => {
                if region != self.region && self.came.contains(&region) {
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
        self.is_news |= !batch.rows.is_empty();
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

    /// What a comparison with a node below led to. What the region's own node was found to have is
    /// left out, and so is whatever is hosted here by then: its sums are those of its reports.
    fn heal(&mut self, mut healed: Healed) {
        if healed.from == self.region {
            return;
        }
        let hosted = &self.hosted;
        let is_elsewhere = |owner: RegionCode| !hosted.contains_key(&owner);
        healed.documents.retain(|one| is_elsewhere(one.owner));
        healed.cells.retain(|one| is_elsewhere(one.region));
        healed
            .missing_documents
            .retain(|one| is_elsewhere(one.owner));
        healed.missing_cells.retain(|one| is_elsewhere(one.region));
        healed.found_documents.retain(|one| is_elsewhere(one.owner));
        healed.found_cells.retain(|one| is_elsewhere(one.region));
        for document in &healed.documents {
            self.note(document);
        }
        self.events.push(Event::Healed(healed));
    }
}
