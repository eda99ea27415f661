//! The work: a province's schools report a year, with corrections and repetitions, and one node
//! (or whoever stands beside it) takes all of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use liandong_client::wire::progress::v1::{PushReportsRequest, Report};
use liandong_core::region::Level;
use liandong_load::{Load, LoadPlan, Sum, unit_code};
use liandong_tests::settings::Settings;

/// Shandong: 16 cities, 136 counties.
pub(crate) const PROVINCE: &str = "370000";
/// Set to let the node speak in plain text, to see what TLS and rights cost.
const PLAIN: &str = "LIANDONG_BENCH_PLAIN";

/// City, indicator, period.
pub(crate) type Cell = (String, String, String);

/// Sums of whole cities: what everybody has to end with.
pub(crate) type Rollup = BTreeMap<Cell, Sum>;

/// The province and what is reported in it.
pub(crate) struct Province {
    /// The codes of its cities, in order.
    pub(crate) cities: Vec<String>,
    /// The codes of its counties; those that follow each other are of different cities as far as it
    /// goes, so that batches under way at the same time seldom meet in one city's sums.
    pub(crate) counties: Vec<String>,
    /// Schools of each county.
    pub(crate) schools: usize,
    /// What is pushed.
    pub(crate) load: Load,
    /// Codes of the indicators.
    pub(crate) indicators: Vec<String>,
    /// What it all comes to.
    pub(crate) rollup: Rollup,
}

impl Province {
    /// About `reports` figures, at least one school in each county; corrections and repetitions
    /// come on top.
    pub(crate) fn new(reports: usize) -> Result<Self> {
        let regions = liandong_catalog::national_regions()
            .map_err(|errors| anyhow::anyhow!("the regions: {errors:?}"))?;
        let province = PROVINCE.parse()?;
        let mut cities = Vec::new();
        // By the place of a county in its city, then by city.
        let mut counties: BTreeMap<(usize, String), String> = BTreeMap::new();
        let mut within: HashMap<String, usize> = HashMap::new();
        for region in regions.iter() {
            if !regions.is_within(region.code, province) {
                continue;
            }
            let code = region.code.to_string();
            match region.level {
                Level::Prefecture => cities.push(code),
                Level::County => {
                    let city = city_of(&code)?.to_owned();
                    let place = within.entry(city.clone()).or_default();
                    counties.insert((*place, city), code);
                    *place += 1;
                }
                _ => {}
            }
        }
        cities.sort();
        ensure!(cities.len() == 16, "{} cities", cities.len());
        let counties: Vec<String> = counties.into_values().collect();
        let mut plan = LoadPlan::of_units(Vec::new())?;
        let schools = reports.div_ceil(counties.len() * plan.indicators.len() * plan.months);
        let schools = schools.max(1);
        for county in &counties {
            plan.units
                .extend((1..=schools).map(|number| unit_code(county, number)));
        }
        let indicators = plan.indicators.iter().map(|one| one.code.to_string());
        let indicators = indicators.collect();
        let load = plan.make()?;
        let rollup = rollup_of(&load.requests)?;
        Ok(Self {
            cities,
            counties,
            schools,
            load,
            indicators,
            rollup,
        })
    }

    /// The node that takes it, for the whole province: with certificates, as it is shipped, unless
    /// plain text is asked for.
    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new(PROVINCE);
        for region in self.cities.iter().chain(&self.counties) {
            settings = settings.host(region);
        }
        for county in &self.counties {
            settings = settings.schools(county, self.schools);
        }
        match std::env::var_os(PLAIN) {
            Some(value) if !value.is_empty() => settings.plain(),
            _ => settings,
        }
    }

    /// The first `most` batches once more, every figure corrected.
    pub(crate) fn corrected(&self, most: usize, revision: u32) -> Vec<Arc<PushReportsRequest>> {
        corrected(&self.load.requests, most, revision)
    }
}

/// The first `most` batches once more, every figure of a first report corrected.
pub(crate) fn corrected(
    requests: &[Arc<PushReportsRequest>],
    most: usize,
    revision: u32,
) -> Vec<Arc<PushReportsRequest>> {
    let mut corrected = Vec::new();
    for request in requests.iter().take(most) {
        let mut request = PushReportsRequest::clone(request);
        let Some(batch) = &mut request.batch else {
            continue;
        };
        // A figure that the load itself corrects stands there twice; one number is for one version.
        batch.rows.retain(|row| row.revision == 1);
        if batch.rows.is_empty() {
            continue;
        }
        batch.id = format!("{}-{revision}", batch.id);
        for row in &mut batch.rows {
            row.revision = revision;
            row.numerator = (row.numerator + i64::from(revision)) % 1_000;
        }
        corrected.push(Arc::new(request));
    }
    corrected
}

/// The city of a unit or county: Shandong has no county without one.
pub(crate) fn city_of(code: &str) -> Result<&'static str> {
    const CITIES: [&str; 17] = [
        "370100", "370200", "370300", "370400", "370500", "370600", "370700", "370800", "370900",
        "371000", "371100", "371200", "371300", "371400", "371500", "371600", "371700",
    ];
    let found = CITIES.iter().find(|city| code.get(..4) == city.get(..4));
    found
        .copied()
        .with_context(|| format!("{code} is in no city"))
}

/// Figures by unit, indicator and period, of which the highest revision counts, once; and the sums
/// of cities over them. Whoever keeps a roll-up outside a database does it by this.
#[derive(Default)]
pub(crate) struct Ledger {
    figures: HashMap<(String, String, String), (u32, i64, i64)>,
    sums: Rollup,
}

impl Ledger {
    pub(crate) fn take(&mut self, row: &Report) -> Result<()> {
        let city = city_of(&row.source)?;
        let denominator = row.denominator.unwrap_or(0);
        let key = (
            row.source.clone(),
            row.indicator.clone(),
            row.period.clone(),
        );
        let held = self.figures.get(&key).copied();
        if held.is_some_and(|(revision, ..)| revision >= row.revision) {
            return Ok(());
        }
        let cell = (city.to_owned(), row.indicator.clone(), row.period.clone());
        let sum = self.sums.entry(cell).or_default();
        let (_, before, below) = held.unwrap_or_default();
        sum.numerator += row.numerator - before;
        sum.denominator += denominator - below;
        sum.reported += u64::from(held.is_none());
        self.figures
            .insert(key, (row.revision, row.numerator, denominator));
        Ok(())
    }

    pub(crate) fn sums(&self) -> &Rollup {
        &self.sums
    }
}

fn rollup_of(requests: &[Arc<PushReportsRequest>]) -> Result<Rollup> {
    let mut ledger = Ledger::default();
    for row in requests.iter().filter_map(|one| one.batch.as_ref()) {
        for row in &row.rows {
            ledger.take(row)?;
        }
    }
    Ok(ledger.sums)
}

/// Whether somebody ended with what was reported, cell by cell.
pub(crate) fn ensure_same(who: &str, expected: &Rollup, found: &Rollup) -> Result<()> {
    for (cell, sum) in expected {
        let held = found.get(cell);
        ensure!(
            held == Some(sum),
            "{who} holds {held:?} for {cell:?}; reported was {sum:?}"
        );
    }
    ensure!(
        found.len() == expected.len(),
        "{who} holds {} cells; reported were {}",
        found.len(),
        expected.len()
    );
    Ok(())
}
