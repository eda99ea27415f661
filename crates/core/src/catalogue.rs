//! The catalogue a node starts with: the national regions, the indicators and the plans that ship
//! as data files, and whatever a bureau adds. Handed in by the node; never part of the journal.

use std::collections::BTreeMap;

use crate::indicator::{Indicator, IndicatorCode};
use crate::plan::PlanText;
use crate::region::{RegionCode, RegionTree};

/// What is known without anybody having said it in the mesh.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// GB/T 2260 and a bureau's own tree.
    pub regions: RegionTree,
    /// Indicators by code.
    pub indicators: BTreeMap<IndicatorCode, Indicator>,
    /// Plans by code.
    pub plans: BTreeMap<String, PlanText>,
    /// Region codes that are no longer in use, with the code that their last holder has today.
    pub successors: BTreeMap<RegionCode, RegionCode>,
}
