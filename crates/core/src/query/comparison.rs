//! Regions side by side: one region and those directly below it, by many indicators of one period.
//!
//! What a drill-down says indicator by indicator, read at one moment and walked region by region:
//! hundreds of cells are asked for at once, so of exact figures nothing is looked up per cell but
//! the cell.

use super::{HiddenParts, Published, Question, Scope};
use crate::catalogue::Catalogue;
use crate::indicator::{Indicator, IndicatorCode};
use crate::period::Period;
use crate::refusal::Refusal;
use crate::region::RegionCode;
use crate::rollup::{LightPolicy, Sums};
use crate::state::State;

/// A region and those directly below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// The region itself, with everything below it.
    pub total: Compared<'a>,
    /// The regions directly below, ordered by code.
    pub rows: Vec<Compared<'a>>,
}

/// One region of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared<'a> {
    /// The region.
    pub region: RegionCode,
    /// Its name, as far as it is known.
    pub name: &'a str,
    /// Whether it has ever joined the mesh.
    pub joined: bool,
    /// Its cells in the order of the indicators.
    pub cells: Vec<ComparedCell>,
}

/// One cell of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComparedCell {
    /// Its sums.
    pub sums: Sums,
    /// How many units are expected to report.
    pub expected: u32,
    /// Whether it is taken out of what is published.
    pub hidden: bool,
}

/// What a comparison is read from, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Comparing<'a> {
    /// What is known.
    pub state: &'a State,
    /// The catalogue the node was started with.
    pub catalogue: &'a Catalogue,
    /// The period of every cell.
    pub period: Period,
    /// When lights turn.
    pub policy: LightPolicy,
    /// Whether whoever asks may see exact figures; otherwise what is not published is hidden.
    pub exact: bool,
}

impl<'a> Comparing<'a> {
    /// Compares `region` and those directly below it by these indicators.
    ///
    /// # Errors
    /// Unknown region, or one whose figures never come here; and, with the place of the indicator in
    /// the field, one that is unknown, is computed from others, or has another rhythm than the period.
    pub fn compare(
        &self,
        region: RegionCode,
        indicators: &[IndicatorCode],
    ) -> Result<Comparison<'a>, Refusal> {
        let scopes: Vec<Scope> = indicators.iter().copied().map(Scope::Indicator).collect();
        let mut columns = Vec::with_capacity(scopes.len());
        for (place, scope) in scopes.iter().enumerate() {
            let question = self.question(scope);
            question.require_region(region)?;
            let indicator = question.reported_indicator();
            let indicator = indicator.map_err(|refusal| in_place(place, refusal))?;
            columns.push(Column {
                indicator,
                number: self.state.indicator_number(indicator.code),
                hidden: if self.exact {
                    HiddenParts::default()
                } else {
                    Published::new(&question).hidden(region, indicator)
                },
            });
        }
        let row = |code: RegionCode| {
            let known = self.state.region(self.catalogue, code);
            let roster = self.state.roster(code);
            let sums = self.state.numbered_sums(code, self.period);
            let cells = columns.iter().map(|column| ComparedCell {
                sums: sums(column.number),
                expected: roster.expected(&column.indicator.reported_by),
                hidden: if code == region {
                    column.hidden.total
                } else {
                    column.hidden.rows.contains(&code)
                },
            });
            Compared {
                region: code,
                name: known.map_or("", |known| known.name.as_str()),
                joined: self.state.tree().contains(code),
                cells: cells.collect(),
            }
        };
        let below = self.state.children(self.catalogue, region);
        Ok(Comparison {
            total: row(region),
            rows: below.into_iter().map(row).collect(),
        })
    }

    fn question<'b>(&self, scope: &'b Scope) -> Question<'b>
    where
        'a: 'b,
    {
        Question {
            state: self.state,
            catalogue: self.catalogue,
            scope,
            period: self.period,
            policy: self.policy,
        }
    }
}

/// An indicator and where it is hidden.
struct Column<'a> {
    indicator: &'a Indicator,
    /// Its number in the state; `None` where it was never reported.
    number: Option<u32>,
    hidden: HiddenParts,
}

/// A refusal of one of many indicators names it by its place.
fn in_place(place: usize, refusal: Refusal) -> Refusal {
    if refusal.field == "indicator" {
        return Refusal {
            field: format!("indicators[{place}]"),
            ..refusal
        };
    }
    refusal
}

#[cfg(test)]
mod tests;
