//! What the rows of a push name: each source and each indicator is looked up once.

use rustc_hash::FxHashMap;

use crate::decide::standing::Standing;
use crate::decide::{Setting, require_hosted};
use crate::indicator::{Indicator, IndicatorCode};
use crate::refusal::{Reason, Refusal};
use crate::region::RegionCode;
use crate::state::State;

/// A source of this push, looked up once.
#[derive(Clone, Copy)]
pub(super) struct Source {
    /// Its place among the sources of the push.
    pub(super) place: u32,
    /// Its number in the state, if it has ever reported.
    pub(super) known: Option<u32>,
    pub(super) standing: Standing,
}

/// An indicator of this push, looked up once.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Its place among the indicators of the push.
    pub(super) place: u32,
    /// Its number in the state, if it was ever reported.
    pub(super) known: Option<u32>,
    pub(super) indicator: &'a Indicator,
}

/// Sources and indicators of a push, in the order in which its rows name them first.
pub(super) struct Named<'a> {
    state: &'a State,
    setting: &'a Setting<'a>,
    sources: Vec<RegionCode>,
    by_source: FxHashMap<RegionCode, Source>,
    // The source that was asked for last: the rows of a source stand together as a rule.
    last_source: Option<(RegionCode, Source)>,
    indicators: Vec<IndicatorCode>,
    asked: Vec<Asked<'a>>,
    by_indicator: FxHashMap<IndicatorCode, u32>,
    // Behind the one that was asked for last: units mostly report the same figures in one order.
    next_indicator: u32,
}

impl<'a> Named<'a> {
    pub(super) fn new(state: &'a State, setting: &'a Setting<'a>) -> Self {
        Self {
            state,
            setting,
            sources: Vec::new(),
            by_source: FxHashMap::default(),
            last_source: None,
            indicators: Vec::new(),
            asked: Vec::new(),
            by_indicator: FxHashMap::default(),
            next_indicator: 0,
        }
    }

    /// Those that were found, each at its place.
    pub(super) fn into_lists(self) -> (Vec<RegionCode>, Vec<IndicatorCode>) {
        (self.sources, self.indicators)
    }

    /// The source of a row.
    pub(super) fn source(&mut self, code: &RegionCode) -> Result<Source, Refusal> {
        if let Some((last, source)) = &self.last_source
            && last == code
        {
            return Ok(*source);
        }
        let source = match self.by_source.get(code) {
            Some(known) => *known,
            None => self.new_source(*code)?,
        };
        self.last_source = Some((*code, source));
        Ok(source)
    }

    fn new_source(&mut self, code: RegionCode) -> Result<Source, Refusal> {
        let catalogue = self.setting.catalogue;
        if self.state.region(catalogue, code).is_none() {
            if let Some(now) = catalogue.successors.get(&code) {
                return Err(Refusal::advise(
                    Reason::UnknownRegion,
                    "source",
                    code,
                    format!("该代码已停用，现为 {now}"),
                    format!("that code is no longer in use: it is {now} today"),
                ));
            }
            return Err(Refusal::advise(
                Reason::UnknownRegion,
                "source",
                code,
                "请核对代码，或先把该单位加入本节点的区划树",
                "check the code, or add the unit to this node's tree first",
            ));
        }
        require_hosted(self.state, "source", code)?;
        let place = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.sources.push(code);
        let source = Source {
            place,
            known: self.state.source_number(code),
            standing: Standing::of(self.state.tree(), code),
        };
        self.by_source.insert(code, source);
        Ok(source)
    }

    /// The indicator of a row.
    pub(super) fn indicator(&mut self, code: &IndicatorCode) -> Result<Asked<'a>, Refusal> {
        let expected = self.indicators.get(self.next_indicator as usize);
        let place = if expected == Some(code) {
            self.next_indicator
        } else {
            match self.by_indicator.get(code) {
                Some(known) => *known,
                None => self.new_indicator(*code)?,
            }
        };
        self.next_indicator = place.saturating_add(1);
        Ok(self.asked[place as usize])
    }

    fn new_indicator(&mut self, code: IndicatorCode) -> Result<u32, Refusal> {
        let Some(indicator) = self.state.indicator(self.setting.catalogue, code) else {
            return Err(Refusal::advise(
                Reason::UnknownIndicator,
                "indicator",
                code,
                "用 liandong plan show 查看各方案的指标代码",
                "see the codes with liandong plan show",
            ));
        };
        let place = u32::try_from(self.indicators.len()).unwrap_or(u32::MAX);
        self.indicators.push(code);
        self.asked.push(Asked {
            place,
            known: self.state.indicator_number(code),
            indicator,
        });
        self.by_indicator.insert(code, place);
        Ok(place)
    }
}
