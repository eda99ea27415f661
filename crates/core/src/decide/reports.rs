//! Taking reports: each row is judged by itself, against the state and the rows before it.

mod judge;
mod named;
mod taken;

use jiff::ToSpan;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Setting;
use crate::command::{Answer, Decision, Push};
use crate::event::Event;
use crate::period::Period;
use crate::refusal::{Accepted, Reason, Refusal};
use crate::report::{
    Fingerprints, MAX_ROWS, Outcome, RepeatedReport, Report, ReportBatch, ReportRow, check,
    known_or_worked_out, repeated_name,
};
use crate::state::State;

use judge::{Counting, Judged, after_texts, judge};
use named::Named;
use taken::{Place, Taken};

/// Judges a push and gathers what is accepted into one event.
pub(super) fn push(state: &State, push: Push, setting: &Setting<'_>) -> Decision {
    if push.rows.len() > MAX_ROWS {
        let refusal = Refusal::new(
            Reason::TooManyRows,
            "reports",
            push.rows.len(),
            Accepted::Range(1, MAX_ROWS as i64),
        );
        return refuse_all(&push, &refusal);
    }
    let Push {
        id,
        by,
        mut rows,
        all_or_nothing,
        fingerprints,
    } = push;
    let pushed = rows.len();
    let mut batch = Batch::new(state, (id, by), pushed, setting);
    let mut outcomes = Vec::with_capacity(pushed);
    for (place, (row, report)) in rows.iter_mut().enumerate() {
        let fingerprint = fingerprints.get(place, pushed);
        let taken = batch.take(*row, report, fingerprint);
        let outcome = taken.unwrap_or_else(Outcome::Refused);
        outcomes.push((*row, outcome));
    }
    let refused = |outcome: &(u32, Outcome)| matches!(outcome.1, Outcome::Refused(_));
    if all_or_nothing && outcomes.iter().any(refused) {
        for (_, outcome) in &mut outcomes {
            if !matches!(outcome, Outcome::Refused(_)) {
                let refusal = Refusal::new(Reason::BatchRefused, "", "", Accepted::Nothing);
                *outcome = Outcome::Refused(refusal.into());
            }
        }
        return Decision {
            events: Vec::new(),
            answer: Answer::Reports(outcomes),
        };
    }
    Decision {
        events: batch.into_events(),
        answer: Answer::Reports(outcomes),
    }
}

fn refuse_all(push: &Push, refusal: &Refusal) -> Decision {
    let outcome = |row: u32| (row, Outcome::Refused(Box::new(refusal.clone())));
    Decision {
        events: Vec::new(),
        answer: Answer::Reports(push.rows.iter().map(|(row, _)| outcome(*row)).collect()),
    }
}

struct Batch<'a> {
    state: &'a State,
    setting: &'a Setting<'a>,
    accepted: ReportBatch,
    named: Named<'a>,
    // The period that was asked for last, and whether it is in time: mostly all rows have the same.
    on_time: Option<(Period, bool)>,
    // Where among what this push has accepted so far stands what counts, per cell.
    taken: Taken,
    // What this push has taken and superseded again: cells with the ids of their reports.
    superseded: FxHashSet<(Place, u64)>,
    // What in this push says what counted already: by cell and id, the id that counted.
    repeated: FxHashMap<(Place, u64), u64>,
    // The same, as it is remembered.
    repeats: Vec<RepeatedReport>,
}

impl<'a> Batch<'a> {
    fn new(
        state: &'a State,
        (id, by): (String, String),
        rows: usize,
        setting: &'a Setting<'a>,
    ) -> Self {
        Self {
            state,
            setting,
            accepted: ReportBatch {
                id,
                by,
                at_micros: setting.now.as_microsecond(),
                sources: Vec::new(),
                indicators: Vec::new(),
                rows: Vec::with_capacity(rows),
                fingerprints: Fingerprints::with_capacity(rows),
            },
            named: Named::new(state, setting),
            on_time: None,
            taken: Taken::nothing(),
            superseded: FxHashSet::default(),
            repeated: FxHashMap::default(),
            repeats: Vec::new(),
        }
    }

    /// Judges a row, and takes its texts where it is accepted. The fingerprint of its id may be known.
    fn take(
        &mut self,
        row: u32,
        report: &mut Report,
        fingerprint: Option<u64>,
    ) -> Result<Outcome, Box<Refusal>> {
        let source = self.named.source(&report.source)?;
        let asked = self.named.indicator(&report.indicator)?;
        let texts = match check(report, asked.indicator, self.setting.today) {
            Err(refusal) if refusal.reason == Reason::PersonalNumber => Err(refusal),
            checked => Ok(checked?),
        };
        let id = known_or_worked_out(fingerprint, &self.accepted.id, row, &report.id);
        let place = Place {
            source: source.place,
            period: report.period,
            indicator: asked.place,
        };
        // As the state knows the cell, unless it is new there.
        let numbers = source.known.zip(asked.known);
        let stored = numbers.and_then(|(source, indicator)| {
            self.state.numbered_report(source, indicator, report.period)
        });
        let earlier = self.accepted_of(place);
        let counting = earlier.or_else(|| stored.as_ref().map(Counting::of));
        let denominator = report.denominator.unwrap_or(0);
        let role = source.standing.role(asked.indicator);
        let revision = match counting {
            None => {
                texts?;
                report.revision.max(1)
            }
            Some(counting) => {
                let was_superseded = || {
                    let here = || {
                        let stored = stored.as_ref();
                        stored.is_some_and(|stored| stored.id == id)
                            || self.superseded.contains(&(place, id))
                    };
                    let before = |(source, indicator)| {
                        let period = report.period;
                        self.state
                            .superseded(source, indicator, period)
                            .contains(&id)
                    };
                    earlier.is_some() && here() || numbers.is_some_and(before)
                };
                let repeated = || {
                    let (source, indicator) = (report.source, report.indicator);
                    let here = self.repeated.get(&(place, id)).copied();
                    here.or_else(|| self.state.repeated(id, source, indicator, report.period))
                };
                let known = (was_superseded, repeated);
                let judged = judge(report, (denominator, role), id, counting, known);
                match after_texts(texts, judged, id == counting.id)? {
                    Judged::Known(outcome) => return Ok(outcome),
                    Judged::Same => {
                        let (source, indicator) = (report.source, report.indicator);
                        self.repeated.insert((place, id), counting.id);
                        self.repeats.push(RepeatedReport {
                            name: repeated_name(id, source, indicator, report.period),
                            counted: counting.id,
                        });
                        let revision = counting.revision;
                        return Ok(Outcome::Duplicate { revision });
                    }
                    Judged::Next(revision) => revision,
                }
            }
        };
        let replaces = counting.map_or(0, |counting| counting.frame);
        if let Some(earlier) = earlier {
            self.superseded.insert((place, earlier.id));
        }
        let on_time = self.is_on_time(report.period);
        self.taken.note(place, self.accepted.rows.len());
        self.accepted.fingerprints.push(id);
        self.accepted.rows.push(ReportRow {
            source: source.place,
            indicator: asked.place,
            period: report.period,
            numerator: report.numerator,
            denominator,
            id: std::mem::take(&mut report.id),
            row,
            revision,
            role,
            on_time,
            replaces,
            note: std::mem::take(&mut report.note),
        });
        Ok(if counting.is_some() {
            Outcome::Superseded { revision }
        } else {
            Outcome::Accepted { revision }
        })
    }

    /// What this push has accepted of a cell so far, as it counts.
    fn accepted_of(&mut self, place: Place) -> Option<Counting> {
        let (at, row) = self.taken.find(place, &self.accepted.rows)?;
        Some(Counting {
            id: self.accepted.fingerprint(at, row),
            revision: row.revision,
            numerator: row.numerator,
            denominator: row.denominator,
            frame: self.setting.frame,
            role: row.role,
        })
    }

    fn is_on_time(&mut self, period: Period) -> bool {
        if let Some((known, on_time)) = self.on_time
            && known == period
        {
            return on_time;
        }
        let grace = i64::from(self.setting.grace_days).days();
        let on_time = self.setting.today <= period.last_day().saturating_add(grace);
        self.on_time = Some((period, on_time));
        on_time
    }

    fn into_events(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        (self.accepted.sources, self.accepted.indicators) = self.named.into_lists();
        if !self.accepted.rows.is_empty() {
            events.push(Event::Reports(self.accepted));
        }
        if !self.repeats.is_empty() {
            events.push(Event::Repeated(self.repeats));
        }
        events
    }
}
