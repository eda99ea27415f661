//! What the pages ask for.

use jiff::civil::Date;
use liandong_core::language::Language;
use liandong_core::period::Period;
use liandong_core::query::{CompletenessRow, RollupRow, Scope};
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::rollup::Ranked;

/// A plan that can be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanEntry {
    /// The region that issued it.
    pub issuer: RegionCode,
    /// Its code.
    pub code: String,
    /// Its title.
    pub title: String,
}

/// Read-only questions about one moment of a node's state.
pub trait Query {
    /// The node's own region.
    fn home(&self) -> RegionCode;

    /// Today.
    fn today(&self) -> Date;

    /// A region's name, if it is known.
    fn region_name(&self, region: RegionCode) -> Option<String>;

    /// The plans in force or in consultation here.
    fn plans(&self) -> Vec<PlanEntry>;

    /// A region's roll-up table.
    ///
    /// # Errors
    /// Unknown region, plan or indicator.
    fn rollup<'q>(
        &'q self,
        region: RegionCode,
        scope: &'q Scope,
        period: Period,
    ) -> Result<Vec<RollupRow<'q>>, Refusal>;

    /// Completeness of a region and of those directly below it.
    ///
    /// # Errors
    /// Unknown region, plan or indicator.
    fn completeness(
        &self,
        region: RegionCode,
        scope: &Scope,
        period: Period,
    ) -> Result<Vec<CompletenessRow>, Refusal>;

    /// The regions directly below, best first.
    ///
    /// # Errors
    /// Unknown region, plan or indicator.
    fn ranking(
        &self,
        region: RegionCode,
        scope: &Scope,
        period: Period,
    ) -> Result<Vec<Ranked>, Refusal>;

    /// A row's value for a person, without its unit; empty when nothing was reported.
    fn value_text(&self, row: &RollupRow<'_>, language: Language) -> String;
}
