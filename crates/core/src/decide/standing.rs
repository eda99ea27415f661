//! As what a source reports: by where it stands in the tree, and what is asked of whom.

use std::collections::{BTreeMap, BTreeSet};

use super::Setting;
use crate::document::{Body, Document};
use crate::event::{BureauReports, Event};
use crate::indicator::{Indicator, IndicatorCode};
use crate::region::{Level, Region, RegionCode, RegionKind, RegionTree};
use crate::report::{ReportBatch, Role};
use crate::state::State;

/// As what a source stands in the tree, as far as its reports' roles go by it.
#[derive(Clone, Copy)]
pub(super) enum Standing {
    /// Nothing stands below it. Its kind, if it is known here.
    Leaf(Option<RegionKind>),
    /// A county's bureau.
    County,
    /// Anything else.
    Above,
}

impl Standing {
    pub(super) fn of(tree: &RegionTree, source: RegionCode) -> Self {
        let region = tree.get(source);
        if tree.is_leaf(source) {
            return Self::Leaf(region.map(|own| own.kind));
        }
        if region.is_some_and(|own| own.level == Level::County) {
            Self::County
        } else {
            Self::Above
        }
    }

    pub(super) fn role(self, indicator: &Indicator) -> Role {
        let reporters = &indicator.reported_by;
        // A bureau with nothing below it stands in for its units; a unit that is not asked to
        // report must not make more reports than are expected.
        let is_expected = |kind: RegionKind| {
            kind == RegionKind::Bureau || reporters.is_empty() || reporters.contains(&kind)
        };
        match self {
            Self::Leaf(kind) if kind.is_none_or(is_expected) => Role::Unit,
            Self::County if reporters.contains(&RegionKind::Bureau) => Role::Bureau,
            Self::Leaf(_) | Self::County | Self::Above => Role::Own,
        }
    }
}

/// Indicators as they are known here and in events that are about to be applied.
pub(super) struct Definitions<'a> {
    state: &'a State,
    setting: &'a Setting<'a>,
    brought: BTreeMap<IndicatorCode, Indicator>,
}

impl<'a> Definitions<'a> {
    pub(super) fn new(state: &'a State, setting: &'a Setting<'a>) -> Self {
        Self {
            state,
            setting,
            brought: BTreeMap::new(),
        }
    }

    /// Notes what an event defines.
    pub(super) fn note(&mut self, event: &Event) {
        for document in documents_of(event) {
            if let Body::Indicator(indicator) = &document.body {
                self.brought.insert(indicator.code, indicator.clone());
            }
        }
    }

    pub(super) fn get(&self, code: IndicatorCode) -> Option<&Indicator> {
        let known = self.state.indicator(self.setting.catalogue, code);
        known.or_else(|| self.brought.get(&code))
    }
}

fn documents_of(event: &Event) -> &[Document] {
    match event {
        Event::Put(document) => std::slice::from_ref(document.as_ref()),
        Event::Received(received) => &received.documents,
        Event::Healed(healed) => &healed.documents,
        _ => &[],
    }
}

/// The regions whose entries an event brings.
fn entries_of(event: &Event) -> impl Iterator<Item = &Region> {
    let hosted = match event {
        Event::Hosted { region, .. } => Some(region),
        _ => None,
    };
    let told = documents_of(event)
        .iter()
        .filter_map(|document| match &document.body {
            Body::Region(region) => Some(region),
            _ => None,
        });
    hosted.into_iter().chain(told)
}

/// Says of bureaus that are about to get their first region below them which of their reports count
/// none the less: those of indicators that bureaus report. The fold does not know who reports what.
pub(super) fn keep_counting(
    state: &State,
    events: Vec<Event>,
    setting: &Setting<'_>,
) -> Vec<Event> {
    if !events
        .iter()
        .any(|event| entries_of(event).next().is_some())
    {
        return events;
    }
    let mut bureaus = Bureaus {
        state,
        definitions: Definitions::new(state, setting),
        levels: BTreeMap::new(),
        hosted: BTreeSet::new(),
        joined: BTreeSet::new(),
        reported: BTreeMap::new(),
    };
    let mut kept = Vec::with_capacity(events.len());
    for event in events {
        kept.extend(bureaus.before(&event));
        bureaus.note(&event);
        kept.push(event);
    }
    kept
}

/// Bureaus, and what they reported while nothing stood below them.
struct Bureaus<'a> {
    state: &'a State,
    definitions: Definitions<'a>,
    /// Levels that the events have told of so far.
    levels: BTreeMap<RegionCode, Level>,
    /// Regions that the events have hosted so far.
    hosted: BTreeSet<RegionCode>,
    /// Regions that got one below them in these events.
    joined: BTreeSet<RegionCode>,
    /// What regions have reported in these events since.
    reported: BTreeMap<RegionCode, BTreeSet<IndicatorCode>>,
}

impl Bureaus<'_> {
    /// What has to be said before an event.
    fn before(&mut self, event: &Event) -> Vec<Event> {
        let mut said = Vec::new();
        for entry in entries_of(event) {
            let Some(parent) = entry.parent.filter(|parent| self.is_county(*parent)) else {
                continue;
            };
            if !self.state.hosts(parent) && !self.hosted.contains(&parent) {
                continue;
            }
            let mut reported = self.reported.remove(&parent).unwrap_or_default();
            if self.joined.insert(parent) && self.state.tree().is_leaf(parent) {
                reported.extend(self.state.reported_as_unit(parent));
            }
            let by_bureaus = |code: &IndicatorCode| {
                let indicator = self.definitions.get(*code);
                indicator.is_some_and(|known| known.reported_by.contains(&RegionKind::Bureau))
            };
            let indicators: Vec<IndicatorCode> = reported.into_iter().filter(by_bureaus).collect();
            if !indicators.is_empty() {
                said.push(Event::BureauReports(BureauReports {
                    region: parent,
                    indicators,
                }));
            }
        }
        said
    }

    fn note(&mut self, event: &Event) {
        self.definitions.note(event);
        for entry in entries_of(event) {
            self.levels.insert(entry.code, entry.level);
        }
        match event {
            Event::Hosted { region, .. } => {
                self.hosted.insert(region.code);
            }
            Event::Reports(batch) => self.note_reports(batch),
            _ => {}
        }
    }

    fn note_reports(&mut self, batch: &ReportBatch) {
        let is_county = |source: &RegionCode| self.is_county(*source);
        let counties: Vec<bool> = batch.sources.iter().map(is_county).collect();
        if !counties.contains(&true) {
            return;
        }
        for row in batch.rows.iter().filter(|row| row.role == Role::Unit) {
            let (source, indicator) = (row.source as usize, row.indicator as usize);
            if let (Some(source), Some(true), Some(indicator)) = (
                batch.sources.get(source),
                counties.get(source),
                batch.indicators.get(indicator),
            ) {
                let reported = self.reported.entry(*source).or_default();
                reported.insert(*indicator);
            }
        }
    }

    fn is_county(&self, code: RegionCode) -> bool {
        let known = self.state.tree().get(code).map(|known| known.level);
        let brought = self.levels.get(&code).copied();
        brought.or(known) == Some(Level::County)
    }
}
