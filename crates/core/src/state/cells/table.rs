//! Where cells are kept: one sheet for each region and period, so that whatever concerns one region
//! looks at that region's cells alone, and a month's figures of a school stand side by side.
//!
//! A clone shares its regions until either of the two changes one: a checkpoint is a clone, and
//! nothing waits for a million cells to be copied.

use std::sync::Arc;

use super::packed::Packed;
use super::{Cell, CellKey, Kept, ReportHead};
use crate::period::Period;

/// The cells of one region and period, by the numbers of their indicators.
#[derive(Clone, Debug)]
struct Sheet {
    period: Period,
    /// In order; the cell of each stands at the same place.
    indicators: Vec<u32>,
    cells: Vec<Packed>,
}

/// All cells, by the number of their region.
#[derive(Clone, Debug, Default)]
pub(in crate::state) struct CellTable {
    /// The sheets of each region, ordered by period.
    regions: Vec<Arc<Vec<Sheet>>>,
    len: usize,
    reports: usize,
}

impl Sheet {
    fn new(period: Period) -> Self {
        Self {
            period,
            indicators: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// Where an indicator stands, or would stand.
    fn place(&self, indicator: u32) -> Result<usize, usize> {
        // Figures mostly come in the order in which they came first.
        if self.indicators.last().is_none_or(|last| *last < indicator) {
            return Err(self.indicators.len());
        }
        self.indicators.binary_search(&indicator)
    }

    fn packed(&self, indicator: u32) -> Option<&Packed> {
        self.cells.get(self.place(indicator).ok()?)
    }

    /// Makes room by a quarter: the doubling of a vector would leave half of all memory unused. One
    /// that holds more than a few gets room for as many as there are in another period at once.
    fn make_room(&mut self, in_another_period: usize) {
        const LEAST: usize = 4;
        let len = self.cells.len();
        let mut more = LEAST.max(len / 4);
        if len > 0 {
            more = more.max(in_another_period.saturating_sub(len));
        }
        self.indicators.reserve_exact(more);
        self.cells.reserve_exact(more);
    }

    fn is_full(&self) -> bool {
        self.cells.len() == self.cells.capacity()
    }
}

/// How many cells stand in the sheet of the period before this one's or after it, where that is of
/// the same kind: a region mostly reports the same figures every time.
fn beside(sheets: &[Sheet], place: usize) -> usize {
    let kind = sheets[place].period.kind();
    let before = place.checked_sub(1).and_then(|before| sheets.get(before));
    let both = before.into_iter().chain(sheets.get(place + 1));
    let mut same = both.filter(|sheet| sheet.period.kind() == kind);
    same.next().map_or(0, |sheet| sheet.cells.len())
}

impl CellTable {
    /// How many cells there are.
    pub(in crate::state) fn len(&self) -> usize {
        self.len
    }

    /// How many of them have a report of their own.
    pub(in crate::state) fn reports(&self) -> usize {
        self.reports
    }

    fn sheets(&self, region: u32) -> &[Sheet] {
        let sheets = self.regions.get(region as usize);
        sheets.map_or(&[], |sheets| sheets.as_slice())
    }

    fn sheet(&self, region: u32, period: Period) -> Option<&Sheet> {
        let sheets = self.sheets(region);
        let place = sheets.binary_search_by_key(&period, |sheet| sheet.period);
        sheets.get(place.ok()?)
    }

    fn packed(&self, key: &CellKey) -> Option<&Packed> {
        self.sheet(key.region, key.period)?.packed(key.indicator)
    }

    /// The cells of one region and period, by the numbers of their indicators.
    pub(in crate::state) fn of_period(
        &self,
        region: u32,
        period: Period,
    ) -> impl Fn(u32) -> Option<Cell> {
        let sheet = self.sheet(region, period);
        move |indicator| sheet?.packed(indicator).map(Packed::cell)
    }

    pub(in crate::state) fn get(&self, key: &CellKey) -> Option<Cell> {
        self.packed(key).map(Packed::cell)
    }

    /// The report that counts for a cell.
    pub(in crate::state) fn head(&self, key: &CellKey) -> Option<ReportHead> {
        self.packed(key)?.head()
    }

    /// Fingerprints of the ids that the cell's report superseded, newest first.
    pub(in crate::state) fn older(&self, key: &CellKey) -> &[u64] {
        self.packed(key).map_or(&[], Packed::older)
    }

    /// Changes a cell, which is made if it is not there.
    pub(in crate::state) fn change<T>(
        &mut self,
        key: CellKey,
        how: impl FnOnce(&mut Kept) -> T,
    ) -> T {
        let (packed, reports) = self.slot(key);
        change(packed, reports, how)
    }

    /// Makes a cell of its first report, or changes one of which something is known: `None` where it
    /// was made.
    pub(in crate::state) fn begin_or_change<T>(
        &mut self,
        key: CellKey,
        (cell, head): (Cell, ReportHead),
        how: impl FnOnce(&mut Kept) -> T,
    ) -> Option<T> {
        let (packed, reports) = self.slot(key);
        if packed.is_empty()
            && let Some(first) = Packed::first(&cell, &head)
        {
            *packed = first;
            *reports += 1;
            return None;
        }
        Some(change(packed, reports, how))
    }

    /// Where a cell stands, which is made if it is not there; and how many reports there are.
    fn slot(&mut self, key: CellKey) -> (&mut Packed, &mut usize) {
        let region = key.region as usize;
        if self.regions.len() <= region {
            self.regions.resize_with(region + 1, Arc::default);
        }
        let sheets = Arc::make_mut(&mut self.regions[region]);
        let at = match sheets.binary_search_by_key(&key.period, |sheet| sheet.period) {
            Ok(place) => place,
            Err(place) => {
                sheets.insert(place, Sheet::new(key.period));
                place
            }
        };
        let place = match sheets[at].place(key.indicator) {
            Ok(place) => place,
            Err(place) => {
                if sheets[at].is_full() {
                    let in_another_period = beside(sheets, at);
                    sheets[at].make_room(in_another_period);
                }
                let sheet = &mut sheets[at];
                sheet.indicators.insert(place, key.indicator);
                sheet.cells.insert(place, Packed::EMPTY);
                self.len += 1;
                place
            }
        };
        (&mut sheets[at].cells[place], &mut self.reports)
    }

    /// Loses a cell and all that is kept of it: the fold never does.
    #[cfg(test)]
    pub(in crate::state) fn forget(&mut self, key: &CellKey) {
        let mut rest = Self::default();
        for (other, packed) in self.regions().flat_map(|region| self.packed_of(region)) {
            if other != *key {
                rest.change(other, |kept| *kept = packed.clone().unpack());
            }
        }
        *self = rest;
    }

    fn packed_of(&self, region: u32) -> impl Iterator<Item = (CellKey, &Packed)> {
        let sheets = self.sheets(region);
        sheets.iter().flat_map(move |sheet| {
            let cells = sheet.indicators.iter().zip(&sheet.cells);
            cells.map(move |(indicator, packed)| {
                let key = CellKey {
                    region,
                    indicator: *indicator,
                    period: sheet.period,
                };
                (key, packed)
            })
        })
    }

    /// The cells of one region, in no order that anything may depend on.
    pub(in crate::state) fn of(&self, region: u32) -> impl Iterator<Item = (CellKey, Cell)> {
        let cells = self.packed_of(region);
        cells.map(|(key, packed)| (key, packed.cell()))
    }

    /// How many cells a region has.
    pub(in crate::state) fn len_of(&self, region: u32) -> usize {
        let sheets = self.sheets(region).iter();
        sheets.map(|sheet| sheet.cells.len()).sum()
    }

    /// The numbers that regions with cells have.
    pub(in crate::state) fn regions(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.regions.len()).unwrap_or(u32::MAX)
    }

    /// Every cell, in no order that anything may depend on.
    pub(in crate::state) fn iter(&self) -> impl Iterator<Item = (CellKey, Cell)> {
        self.regions().flat_map(|region| self.of(region))
    }

    /// The reports that count for the cells of one region, in no order that anything may depend
    /// on, with the ids that they superseded.
    pub(in crate::state) fn heads_of(
        &self,
        region: u32,
    ) -> impl Iterator<Item = (CellKey, ReportHead, &[u64])> {
        let cells = self.packed_of(region);
        cells.filter_map(|(key, packed)| Some((key, packed.head()?, packed.older())))
    }
}

fn change<T>(packed: &mut Packed, reports: &mut usize, how: impl FnOnce(&mut Kept) -> T) -> T {
    let mut kept = std::mem::replace(packed, Packed::EMPTY).unpack();
    let had_report = kept.head.is_some();
    let answer = how(&mut kept);
    match (had_report, kept.head.is_some()) {
        (false, true) => *reports += 1,
        (true, false) => *reports -= 1,
        _ => {}
    }
    *packed = Packed::new(kept);
    answer
}

#[cfg(test)]
mod tests;
