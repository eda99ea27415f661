//! What is shown to those who may look at published figures alone: counts of few people are hidden,
//! and whatever would give them away.
//!
//! The figures of a region and of those below it are one table in another, and a reader may ask for
//! each of them. So what a table hides stays hidden in the tables above and below: a region whose
//! parts would all give each other away is hidden as a part itself, and one that is hidden as a part
//! hides one of its own.
//!
//! That holds for the tables of one node. The node of a region below knows nothing of its neighbours
//! there, so it publishes to its own people and never to viewers of those above it: see
//! [`allows`](crate::access::allows).

mod people;
mod table;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use self::people::counts_people;
use super::rank::rank_by;
use super::{Question, RollupRow, rollup};
use crate::indicator::{Indicator, IndicatorCode};
use crate::refusal::Refusal;
use crate::region::RegionCode;
use crate::rollup::{Completion, Light, Ranked, Value};

/// What is hidden of the parts that a region's figure is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HiddenParts {
    /// Whether the region's own figure (本级) is.
    pub own: bool,
    /// The regions directly below whose figures are.
    pub rows: BTreeSet<RegionCode>,
    /// Whether the sum is.
    pub total: bool,
}

/// One question as it is answered to those who may not see exact figures.
#[derive(Debug)]
pub struct Published<'q, 'a> {
    question: &'q Question<'a>,
    decided: RefCell<BTreeMap<(RegionCode, IndicatorCode), Rc<HiddenParts>>>,
    /// Whether the parts of a region leave its sum shown.
    totals: RefCell<BTreeMap<(RegionCode, IndicatorCode), bool>>,
}

impl<'q, 'a> Published<'q, 'a> {
    /// That question.
    pub fn new(question: &'q Question<'a>) -> Self {
        Self {
            question,
            decided: RefCell::default(),
            totals: RefCell::default(),
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

    /// Whether the figure of a region is shown; one that is computed from others, when all of those
    /// are. What is computed from computed ones never is: no such definition is taken, and one that
    /// came by nevertheless could lead back to itself.
    pub fn shows(&self, region: RegionCode, indicator: &Indicator) -> bool {
        for part in indicator.of.iter().flatten() {
            // One that is known nowhere has no figures.
            let Ok(part) = self.question.indicator(*part) else {
                continue;
            };
            if part.is_derived() || self.hides(region, part) {
                return false;
            }
        }
        !self.hides(region, indicator)
    }

    fn hides(&self, region: RegionCode, indicator: &Indicator) -> bool {
        counts_people(indicator) && self.parts_hidden(region, indicator).total
    }

    /// What is hidden of the parts that the figure of a region is made of.
    pub fn hidden(&self, region: RegionCode, indicator: &Indicator) -> HiddenParts {
        if !counts_people(indicator) {
            return HiddenParts::default();
        }
        HiddenParts::clone(&self.parts_hidden(region, indicator))
    }

    /// Decided from the highest region down, each once.
    fn parts_hidden(&self, region: RegionCode, indicator: &Indicator) -> Rc<HiddenParts> {
        let question = self.question;
        let mut hidden = Rc::default();
        let mut path = Vec::new();
        for place in question.state.self_and_above(question.catalogue, region) {
            if place != region && question.require_region(place).is_err() {
                break;
            }
            if let Some(known) = self.decided.borrow().get(&(place, indicator.code)) {
                hidden = Rc::clone(known);
                break;
            }
            path.push(place);
        }
        for place in path.into_iter().rev() {
            let is_hidden = hidden.rows.contains(&place);
            hidden = Rc::new(self.decide(place, indicator, is_hidden));
            let key = (place, indicator.code);
            self.decided.borrow_mut().insert(key, Rc::clone(&hidden));
        }
        hidden
    }
}

#[cfg(test)]
mod tests;
