//! Taking reports: each row is judged by itself, against the state and the rows before it.

use std::collections::HashMap;

use jiff::ToSpan;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::{Setting, require_hosted};
use crate::command::{Answer, Decision, Push};
use crate::event::Event;
use crate::indicator::{Indicator, IndicatorCode};
use crate::period::Period;
use crate::planted::{self, Planted};
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::{Level, RegionCode, RegionKind};
use crate::report::{
    MAX_ROWS, Outcome, Report, ReportBatch, ReportRow, Role, check, id_fingerprint,
};
use crate::state::State;

/// The version of a cell's figure that counts, in the state or earlier in this push.
#[derive(Clone, Copy)]
struct Counting {
    id: u64,
    revision: u32,
    numerator: i64,
    denominator: i64,
    frame: u64,
}

/// Judges a push and gathers what is accepted into one event.
pub(super) fn push(state: &State, push: &Push, setting: &Setting<'_>) -> Decision {
    if push.rows.len() > MAX_ROWS {
        let refusal = Refusal::new(
            Reason::TooManyRows,
            "reports",
            push.rows.len(),
            Accepted::Range(1, MAX_ROWS as i64),
        );
        return refuse_all(push, &refusal);
    }
    let mut batch = Batch::new(state, push, setting);
    let mut outcomes = Vec::with_capacity(push.rows.len());
    for (row, report) in &push.rows {
        let outcome = batch.take(*row, report).unwrap_or_else(Outcome::Refused);
        outcomes.push((*row, outcome));
    }
    let refused = |outcome: &(u32, Outcome)| matches!(outcome.1, Outcome::Refused(_));
    if push.all_or_nothing && outcomes.iter().any(refused) {
        for (_, outcome) in &mut outcomes {
            if !matches!(outcome, Outcome::Refused(_)) {
                *outcome = Outcome::Refused(Refusal::new(
                    Reason::BatchRefused,
                    "",
                    "",
                    Accepted::Nothing,
                ));
            }
        }
        return Decision {
            events: Vec::new(),
            answer: Answer::Reports(outcomes),
        };
    }
    Decision {
        events: batch.into_event().into_iter().collect(),
        answer: Answer::Reports(outcomes),
    }
}

fn refuse_all(push: &Push, refusal: &Refusal) -> Decision {
    let outcome = |row: u32| (row, Outcome::Refused(refusal.clone()));
    Decision {
        events: Vec::new(),
        answer: Answer::Reports(push.rows.iter().map(|(row, _)| outcome(*row)).collect()),
    }
}

struct Batch<'a> {
    state: &'a State,
    setting: &'a Setting<'a>,
    accepted: ReportBatch,
    source_places: FxHashMap<RegionCode, u32>,
    indicator_places: FxHashMap<IndicatorCode, (u32, &'a Indicator)>,
    // What this push has accepted so far, per cell.
    counting: FxHashMap<(RegionCode, IndicatorCode, Period), Counting>,
    // What this push has superseded: cells with the ids of their reports.
    superseded: FxHashSet<(RegionCode, IndicatorCode, Period, u64)>,
}

impl<'a> Batch<'a> {
    fn new(state: &'a State, push: &Push, setting: &'a Setting<'a>) -> Self {
        Self {
            state,
            setting,
            accepted: ReportBatch {
                id: push.id.clone(),
                by: push.by.clone(),
                at_micros: setting.now.as_microsecond(),
                sources: Vec::new(),
                indicators: Vec::new(),
                rows: Vec::with_capacity(push.rows.len()),
            },
            source_places: HashMap::with_hasher(FxBuildHasher),
            indicator_places: HashMap::with_hasher(FxBuildHasher),
            counting: HashMap::with_capacity_and_hasher(push.rows.len(), FxBuildHasher),
            superseded: FxHashSet::default(),
        }
    }

    fn take(&mut self, row: u32, report: &Report) -> Result<Outcome, Refusal> {
        let source = self.source(report.source)?;
        let (place, indicator) = self.indicator(report.indicator)?;
        check(report, indicator, self.setting.today)?;
        let id = id_fingerprint(&self.accepted.id, row, &report.id);
        let cell = (report.source, report.indicator, report.period);
        let counting = self
            .counting
            .get(&cell)
            .copied()
            .or_else(|| self.stored(report));
        let denominator = report.denominator.unwrap_or(0);
        let revision = match counting {
            None => report.revision.max(1),
            Some(counting) => match self.judge(report, denominator, id, counting)? {
                Judged::Known(outcome) => return Ok(outcome),
                Judged::Next(revision) => revision,
            },
        };
        let replaces = counting.map_or(0, |counting| counting.frame);
        if let Some(counting) = counting {
            let (source, indicator, period) = cell;
            self.superseded
                .insert((source, indicator, period, counting.id));
        }
        self.accepted.rows.push(ReportRow {
            source,
            indicator: place,
            period: report.period,
            numerator: report.numerator,
            denominator,
            id: report.id.clone(),
            row,
            revision,
            role: self.role(report.source, indicator),
            on_time: self.is_on_time(report.period),
            replaces,
            note: report.note.clone(),
        });
        self.counting.insert(
            cell,
            Counting {
                id,
                revision,
                numerator: report.numerator,
                denominator,
                frame: self.setting.frame,
            },
        );
        Ok(if counting.is_some() {
            Outcome::Superseded { revision }
        } else {
            Outcome::Accepted { revision }
        })
    }

    /// Decides between a retry, a late-comer, a conflict and a correction.
    fn judge(
        &self,
        report: &Report,
        denominator: i64,
        id: u64,
        counting: Counting,
    ) -> Result<Judged, Refusal> {
        let revision = counting.revision;
        let same = report.numerator == counting.numerator && denominator == counting.denominator;
        let knows = !planted::is(Planted::NoDeduplication);
        if knows && id == counting.id {
            if same {
                return Ok(Judged::Known(Outcome::Duplicate { revision }));
            }
            return Err(Refusal::advise(
                Reason::IdReused,
                "id",
                &report.id,
                "更正请换用新的编号",
                "give a correction an id of its own",
            ));
        }
        let (source, indicator, period) = (report.source, report.indicator, report.period);
        let superseded = self.state.was_superseded(source, indicator, period, id)
            || self.superseded.contains(&(source, indicator, period, id));
        if knows && superseded {
            return Ok(Judged::Known(Outcome::Stale { revision }));
        }
        if report.revision == 0 {
            // The same figure again is no correction: a file that is pushed twice changes nothing.
            if same {
                return Ok(Judged::Known(Outcome::Duplicate { revision }));
            }
            return Ok(Judged::Next(revision.saturating_add(1)));
        }
        if report.revision < revision {
            return Ok(Judged::Known(Outcome::Stale { revision }));
        }
        if report.revision == revision {
            if same {
                return Ok(Judged::Known(Outcome::Duplicate { revision }));
            }
            return Err(Refusal::advise(
                Reason::RevisionConflict,
                "revision",
                report.revision,
                format!("更正请用 {} 或更大", revision.saturating_add(1)),
                format!(
                    "number a correction {} or higher",
                    revision.saturating_add(1)
                ),
            ));
        }
        Ok(Judged::Next(report.revision))
    }

    fn stored(&self, report: &Report) -> Option<Counting> {
        let head = self
            .state
            .report(report.source, report.indicator, report.period)?;
        Some(Counting {
            id: head.id,
            revision: head.revision,
            numerator: head.sums.numerator,
            denominator: head.sums.denominator,
            frame: head.frame,
        })
    }

    fn source(&mut self, code: RegionCode) -> Result<u32, Refusal> {
        if let Some(place) = self.source_places.get(&code) {
            return Ok(*place);
        }
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
        let place = u32::try_from(self.accepted.sources.len()).unwrap_or(u32::MAX);
        self.accepted.sources.push(code);
        self.source_places.insert(code, place);
        Ok(place)
    }

    fn indicator(&mut self, code: IndicatorCode) -> Result<(u32, &'a Indicator), Refusal> {
        if let Some(known) = self.indicator_places.get(&code) {
            return Ok(*known);
        }
        let Some(indicator) = self.state.indicator(self.setting.catalogue, code) else {
            return Err(Refusal::advise(
                Reason::UnknownIndicator,
                "indicator",
                code,
                "用 liandong plan show 查看各方案的指标代码",
                "see the codes with liandong plan show",
            ));
        };
        let place = u32::try_from(self.accepted.indicators.len()).unwrap_or(u32::MAX);
        self.accepted.indicators.push(code);
        self.indicator_places.insert(code, (place, indicator));
        Ok((place, indicator))
    }

    fn role(&self, source: RegionCode, indicator: &Indicator) -> Role {
        let tree = self.state.tree();
        if tree.is_leaf(source) {
            // A bureau with nothing below it stands in for its units; a unit that is not asked to
            // report must not make more reports than are expected.
            let kind = tree.get(source).map(|own| own.kind);
            let is_expected = |kind: RegionKind| {
                let reporters = &indicator.reported_by;
                kind == RegionKind::Bureau || reporters.is_empty() || reporters.contains(&kind)
            };
            return if kind.is_none_or(is_expected) {
                Role::Unit
            } else {
                Role::Own
            };
        }
        let county = tree
            .get(source)
            .is_some_and(|own| own.level == Level::County);
        if county && indicator.reported_by.contains(&RegionKind::Bureau) {
            return Role::Bureau;
        }
        Role::Own
    }

    fn is_on_time(&self, period: Period) -> bool {
        let grace = i64::from(self.setting.grace_days).days();
        self.setting.today <= period.last_day().saturating_add(grace)
    }

    fn into_event(self) -> Option<Event> {
        (!self.accepted.rows.is_empty()).then_some(Event::Reports(self.accepted))
    }
}

enum Judged {
    Known(Outcome),
    Next(u32),
}
