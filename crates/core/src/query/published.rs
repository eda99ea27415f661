//! What is shown to those who may look at published figures alone: counts of few people are hidden,
//! and whatever would give them away.
//!
//! The figures of a region and of those below it are one table in another, and a reader may ask for
//! each of them. So what a table hides stays hidden in the tables above and below: a region whose
//! parts would all give each other away is hidden as a part itself, and one that is hidden as a part
//! hides one of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::rank::rank_by;
use super::{Question, RollupRow, rollup};
use crate::indicator::{Indicator, IndicatorCode, IndicatorKind};
use crate::privacy::suppress;
use crate::refusal::Refusal;
use crate::region::RegionCode;
use crate::rollup::{Completion, Light, Ranked, Sums, Value};

/// What is hidden of the parts that a region's figure is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HiddenParts {
    /// Whether the region's own figure (本级) is.
    pub own: bool,
    /// The regions directly below whose figures are.
    pub rows: Vec<RegionCode>,
    /// Whether the sum is.
    pub total: bool,
}

/// One question as it is answered to those who may not see exact figures.
#[derive(Debug)]
pub struct Published<'q, 'a> {
    question: &'q Question<'a>,
    tables: RefCell<BTreeMap<(RegionCode, IndicatorCode), Rc<Table>>>,
}

/// The parts of one region's figure: `None` is what it reported itself.
#[derive(Clone, Debug)]
struct Table {
    parts: Vec<Part>,
    shows_total: bool,
}

#[derive(Clone, Debug)]
struct Part {
    region: Option<RegionCode>,
    sums: Option<Sums>,
    shown: bool,
}

impl Part {
    fn counts(&self) -> bool {
        self.sums
            .is_some_and(|sums| sums.numerator > 0 || sums.denominator > 0)
    }
}

impl<'q, 'a> Published<'q, 'a> {
    /// That question.
    pub fn new(question: &'q Question<'a>) -> Self {
        Self {
            question,
            tables: RefCell::default(),
        }
    }

    /// [`rollup()`] with what is hidden taken out.
    ///
    /// # Errors
    /// As [`rollup()`].
    pub fn rollup(&self, region: RegionCode) -> Result<Vec<RollupRow<'a>>, Refusal> {
        let mut rows = rollup(self.question, region)?;
        for row in &mut rows {
            if self.shows(region, row.indicator) {
                continue;
            }
            row.hidden = true;
            (row.sums.numerator, row.sums.denominator) = (0, 0);
            row.value = Value {
                numerator: 0,
                denominator: 0,
            };
            row.completion = Completion {
                rate: None,
                met: None,
                light: Light::Grey,
            };
        }
        Ok(rows)
    }

    /// [`rank_children`](super::rank_children) with what is hidden not judged.
    ///
    /// # Errors
    /// As [`rollup()`].
    pub fn rank_children(&self, region: RegionCode) -> Result<Vec<Ranked>, Refusal> {
        rank_by(self.question, region, |child| self.rollup(child))
    }

    /// Whether the figure of a region is shown.
    pub fn shows(&self, region: RegionCode, indicator: &Indicator) -> bool {
        let of = indicator.of.iter().flatten();
        let of = of.filter_map(|code| self.question.indicator(*code).ok());
        let parts: Vec<&Indicator> = of.collect();
        if indicator.kind == IndicatorKind::RatioOfRatios {
            return parts.iter().all(|part| self.shows(region, part));
        }
        !counts_people(indicator) || !self.hidden(region, indicator).total
    }

    /// What is hidden of the parts that the figure of a region is made of.
    pub fn hidden(&self, region: RegionCode, indicator: &Indicator) -> HiddenParts {
        if !counts_people(indicator) {
            return HiddenParts::default();
        }
        let question = self.question;
        let mut path = vec![region];
        for above in question
            .state
            .self_and_above(question.catalogue, region)
            .skip(1)
        {
            if question.require_region(above).is_err() {
                break;
            }
            path.push(above);
        }
        let mut hidden = HiddenParts::default();
        for place in path.into_iter().rev() {
            let is_hidden = hidden.rows.contains(&place);
            hidden = self.decide(place, indicator, is_hidden);
        }
        hidden
    }

    /// The parts of a region that is shown itself, or is not.
    fn decide(&self, region: RegionCode, indicator: &Indicator, is_hidden: bool) -> HiddenParts {
        let table = self.table(region, indicator);
        let mut parts = table.parts.clone();
        let none_hidden = parts.iter().all(|part| part.shown);
        if is_hidden
            && none_hidden
            && let Some(first) = parts.iter_mut().find(|part| part.counts())
        {
            // Or else the sum of the parts would be the figure.
            first.shown = false;
        }
        let hidden = parts.iter().filter(|part| !part.shown);
        HiddenParts {
            own: hidden.clone().any(|part| part.region.is_none()),
            rows: hidden.filter_map(|part| part.region).collect(),
            total: is_hidden || !table.shows_total,
        }
    }

    /// The parts of a region, as they are whatever stands above.
    fn table(&self, region: RegionCode, indicator: &Indicator) -> Rc<Table> {
        let key = (region, indicator.code);
        if let Some(table) = self.tables.borrow().get(&key) {
            return Rc::clone(table);
        }
        let table = Rc::new(self.make_table(region, indicator));
        self.tables.borrow_mut().insert(key, Rc::clone(&table));
        table
    }

    fn make_table(&self, region: RegionCode, indicator: &Indicator) -> Table {
        let question = self.question;
        let period = question.period_of(indicator);
        let cell = |region| question.state.cell(region, indicator.code, period);
        let mut parts = Vec::new();
        for child in question.state.children(question.catalogue, region) {
            parts.push(Part {
                region: Some(child),
                sums: cell(child).map(|cell| cell.sums),
                shown: true,
            });
        }
        let own = question.state.report(region, indicator.code, period);
        parts.push(Part {
            region: None,
            sums: own.map(|head| head.sums),
            shown: true,
        });
        let total = cell(region).map(|cell| cell.sums).unwrap_or_default();
        let mut shows_total = true;
        for aspect in aspects(indicator) {
            let figures: Vec<Option<i64>> = parts
                .iter()
                .map(|part| part.sums.as_ref().map(aspect))
                .collect();
            let shown = suppress(&figures, aspect(&total));
            for (part, shown) in parts.iter_mut().zip(shown.figures) {
                part.shown &= shown;
            }
            shows_total &= shown.total;
        }
        for part in &mut parts {
            if let Some(child) = part.region.filter(|_| part.sums.is_some()) {
                part.shown &= self.table(child, indicator).shows_total;
            }
        }
        // One that is hidden alone is what the others leave of the sum.
        if shows_total && parts.iter().filter(|part| !part.shown).count() == 1 {
            let first = parts.iter().position(|part| !part.shown).unwrap_or(0);
            let around = (first + 1..parts.len()).chain(0..first);
            let mut larger = around.filter(|place| parts[*place].counts());
            match larger.next() {
                Some(place) => parts[place].shown = false,
                None => shows_total = false,
            }
        }
        Table { parts, shows_total }
    }
}

/// What a reader could take from a figure: what is counted, what it is counted out of, and the rest.
fn aspects(indicator: &Indicator) -> &'static [fn(&Sums) -> i64] {
    if indicator.kind.has_denominator() {
        &[
            |sums| sums.numerator,
            |sums| sums.denominator,
            |sums| sums.denominator.saturating_sub(sums.numerator),
        ]
    } else {
        &[|sums| sums.numerator]
    }
}

/// Whether the figure may count people. A share is taken to, unless its definition says that it is of
/// schools, places or offices.
fn counts_people(indicator: &Indicator) -> bool {
    const PEOPLE: [&str; 4] = ["人", "人次", "户", "户次"];
    const NO_PEOPLE: [&str; 12] = [
        "学校",
        "校",
        "幼儿园",
        "园",
        "县",
        "区",
        "市",
        "乡镇",
        "村居",
        "单位",
        "共同体",
        "教学点",
    ];
    match indicator.kind {
        IndicatorKind::Count => PEOPLE.contains(&indicator.unit.as_str()),
        IndicatorKind::Ratio => {
            let counted = indicator.numerator.trim_end_matches('数');
            let counted = match counted.rfind('(') {
                Some(place) if counted.ends_with(')') => &counted[..place],
                _ => counted,
            };
            !NO_PEOPLE.iter().any(|ending| counted.ends_with(ending))
        }
        IndicatorKind::Money | IndicatorKind::Milestone | IndicatorKind::RatioOfRatios => false,
    }
}

#[cfg(test)]
mod tests;
