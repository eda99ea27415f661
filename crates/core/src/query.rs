//! Questions that are answered from the state alone: roll-up tables, drill-down, completeness and
//! rankings. Pure, so that services, pages and the command line show the same figures.

mod comparison;
mod completeness;
mod drill;
mod published;
mod rank;
mod rollup;

pub use comparison::{Compared, ComparedCell, Comparing, Comparison};
pub use completeness::{CompletenessRow, completeness};
pub use drill::{Drill, DrillRow, drill};
pub use published::{HiddenParts, Published};
pub use rank::rank_children;
pub use rollup::{RollupRow, rollup};

use jiff::civil::Date;

use crate::catalogue::Catalogue;
use crate::document::{Body, Kind};
use crate::indicator::{Indicator, IndicatorCode, IndicatorKind};
use crate::period::Period;
use crate::plan::PlanText;
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::RegionCode;
use crate::rollup::{LightPolicy, Sums};
use crate::state::State;

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One indicator.
    Indicator(IndicatorCode),
    /// Every target of a plan.
    Plan {
        /// The region that issued it; `None` looks for the code at any issuer and in the catalogue.
        issuer: Option<RegionCode>,
        /// Its code.
        code: String,
    },
}

/// A question with all it depends on.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What is known.
    pub state: &'a State,
    /// The catalogue the node was started with.
    pub catalogue: &'a Catalogue,
    /// About what.
    pub scope: &'a Scope,
    /// As of the end of which period. An indicator of another rhythm answers with its own last
    /// period that ends no later.
    pub period: Period,
    /// When lights turn.
    pub policy: LightPolicy,
}

impl<'a> Question<'a> {
    /// Refuses a region that is known nowhere, and one whose figures never come here: an empty
    /// table would look as if nothing had been reported.
    fn require_region(&self, region: RegionCode) -> Result<(), Refusal> {
        if self.state.region(self.catalogue, region).is_none() {
            let accepted = Accepted::Nothing;
            return Err(Refusal::new(
                Reason::UnknownRegion,
                "region",
                region,
                accepted,
            ));
        }
        let comes_here = |code| self.state.hosts(code) || self.state.has_moved_out(code);
        if self
            .state
            .self_and_above(self.catalogue, region)
            .any(comes_here)
        {
            return Ok(());
        }
        Err(Refusal::advise(
            Reason::ForeignRegion,
            "region",
            region,
            "请向该区域自己的节点或其上级查询",
            "ask that region's own node or one above it",
        ))
    }

    fn indicator(&self, code: IndicatorCode) -> Result<&'a Indicator, Refusal> {
        self.state.indicator(self.catalogue, code).ok_or_else(|| {
            let accepted = Accepted::Nothing;
            Refusal::new(Reason::UnknownIndicator, "indicator", code, accepted)
        })
    }

    fn plan(&self, issuer: Option<RegionCode>, code: &str) -> Result<&'a PlanText, Refusal> {
        let of_issuer = issuer.and_then(|issuer| self.state.plan(issuer, code));
        if let Some(plan) = of_issuer {
            return Ok(&plan.text);
        }
        let plans = || self.state.documents(Kind::Plan);
        if issuer.is_none() {
            for document in plans() {
                if let Body::Plan(plan) = &document.body
                    && plan.text.code == code
                {
                    return Ok(&plan.text);
                }
            }
        }
        // What ships with the project can be asked about before anybody has issued it.
        let shipped = self.catalogue.plans.get(code);
        if let Some(text) = shipped.filter(|text| issuer.is_none() || text.issuer == issuer) {
            return Ok(text);
        }
        let known = plans().map(|document| format!("{} ({})", document.id, document.owner));
        let accepted = Accepted::OneOf(known.collect());
        Err(Refusal::new(Reason::UnknownPlan, "plan", code, accepted))
    }

    /// The indicator's own last period that ends no later than the period asked for.
    fn period_of(&self, indicator: &Indicator) -> Period {
        if indicator.period == self.period.kind() {
            return self.period;
        }
        let at_the_end = Period::containing(indicator.period, self.day());
        let ended = at_the_end.filter(|period| period.last_day() <= self.day());
        ended
            .or_else(|| at_the_end.and_then(Period::previous))
            .unwrap_or(self.period)
    }

    /// The day as of which is judged.
    fn day(&self) -> Date {
        self.period.last_day()
    }

    fn sums(&self, region: RegionCode, indicator: &Indicator) -> Sums {
        self.state
            .cell(region, indicator.code, self.period_of(indicator))
            .map(|cell| cell.sums)
            .unwrap_or_default()
    }

    fn expected(&self, region: RegionCode, indicator: &Indicator) -> u32 {
        self.state.roster(region).expected(&indicator.reported_by)
    }

    /// The one indicator of the scope whose cells are asked for themselves.
    fn reported_indicator(&self) -> Result<&'a Indicator, Refusal> {
        let indicators = self.reported_indicators()?;
        let [indicator] = indicators.as_slice() else {
            let codes = indicators.iter().map(|known| known.code.to_string());
            return Err(Refusal::new(
                Reason::DerivedIndicator,
                "indicator",
                "",
                Accepted::OneOf(codes.collect()),
            ));
        };
        if self.period.kind() != indicator.period {
            // A table may answer with the indicator's own period; one cell is of one period.
            let accepted = Accepted::Form(indicator.period.example().to_owned());
            return Err(Refusal::new(
                Reason::WrongPeriodKind,
                "period",
                self.period,
                accepted,
            ));
        }
        Ok(indicator)
    }

    /// The indicators of the scope that are reported, each once, in the plan's order.
    fn reported_indicators(&self) -> Result<Vec<&'a Indicator>, Refusal> {
        let mut found: Vec<&Indicator> = Vec::new();
        let mut add = |indicator: &'a Indicator| {
            if !found.iter().any(|known| known.code == indicator.code) {
                found.push(indicator);
            }
        };
        let mut codes = Vec::new();
        match self.scope {
            Scope::Indicator(code) => codes.push(*code),
            Scope::Plan { issuer, code } => {
                let plan = self.plan(*issuer, code)?;
                codes.extend(plan.targets().map(|(_, target)| target.indicator));
            }
        }
        for code in codes {
            let indicator = self.indicator(code)?;
            if indicator.kind == IndicatorKind::RatioOfRatios {
                for part in indicator.of.iter().flatten() {
                    add(self.indicator(*part)?);
                }
            } else {
                add(indicator);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
