//! Where cells are kept: one table for each region, so that whatever concerns one region looks at
//! that region's cells alone.

use rustc_hash::FxHashMap;

use super::{Cell, CellKey};
use crate::period::Period;

/// A cell's place within its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    indicator: u32,
    period: Period,
}

/// All cells, by the number of their region.
#[derive(Clone, Debug, Default)]
pub(in crate::state) struct CellTable {
    regions: Vec<FxHashMap<Place, Cell>>,
    len: usize,
}

impl CellTable {
    /// How many cells there are.
    pub(in crate::state) fn len(&self) -> usize {
        self.len
    }

    pub(in crate::state) fn get(&self, key: &CellKey) -> Option<&Cell> {
        let region = self.regions.get(key.region as usize)?;
        region.get(&place(key))
    }

    /// The cell, which is made if it is not there.
    pub(in crate::state) fn get_or_new(&mut self, key: CellKey) -> &mut Cell {
        let region = key.region as usize;
        if self.regions.len() <= region {
            self.regions.resize_with(region + 1, FxHashMap::default);
        }
        let len = &mut self.len;
        self.regions[region].entry(place(&key)).or_insert_with(|| {
            *len += 1;
            Cell::default()
        })
    }

    /// The cells of one region, in no order.
    pub(in crate::state) fn of(&self, region: u32) -> impl Iterator<Item = (CellKey, &Cell)> {
        let cells = self.regions.get(region as usize);
        cells.into_iter().flatten().map(move |(place, cell)| {
            let key = CellKey {
                region,
                indicator: place.indicator,
                period: place.period,
            };
            (key, cell)
        })
    }

    /// How many cells a region has.
    pub(in crate::state) fn len_of(&self, region: u32) -> usize {
        let cells = self.regions.get(region as usize);
        cells.map_or(0, FxHashMap::len)
    }

    /// Every cell, in no order.
    pub(in crate::state) fn iter(&self) -> impl Iterator<Item = (CellKey, &Cell)> {
        let regions = 0..u32::try_from(self.regions.len()).unwrap_or(u32::MAX);
        regions.flat_map(|region| self.of(region))
    }
}

impl FromIterator<(CellKey, Cell)> for CellTable {
    fn from_iter<T: IntoIterator<Item = (CellKey, Cell)>>(cells: T) -> Self {
        let mut table = Self::default();
        for (key, cell) in cells {
            *table.get_or_new(key) = cell;
        }
        table
    }
}

fn place(key: &CellKey) -> Place {
    Place {
        indicator: key.indicator,
        period: key.period,
    }
}
