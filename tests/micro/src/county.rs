//! The figures: a county's schools report a year, correct some of it, and send some of it again.

use anyhow::{Context, Result, ensure};
use liandong_core::catalogue::Catalogue;
use liandong_core::indicator::{IndicatorCode, IndicatorKind};
use liandong_core::period::PeriodKind;
use liandong_core::region::{Level, Region, RegionCode, RegionKind};
use liandong_wire::bytes::encode;
use liandong_wire::progress::v1::{PushReportsRequest, Report, ReportBatch};

/// Reports in one batch.
pub const ROWS: usize = 512;
/// Indicators that every school reports every month.
const INDICATORS: usize = 41;
const MONTHS: usize = 12;
/// One of so many figures is corrected.
const CORRECTED_ONE_OF: usize = 10;
const CODE: &str = "371524";

/// What a batch is, to a node that has the year's figures or gets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Figures that were never reported before.
    New,
    /// Corrections of single figures of many schools.
    Correction,
    /// A batch that was taken before.
    Duplicate,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::New, Self::Correction, Self::Duplicate];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Correction => "correction",
            Self::Duplicate => "duplicate",
        }
    }
}

/// A county with its schools and what they report.
#[derive(Debug)]
pub struct County {
    /// The indicators that ship.
    pub catalogue: Catalogue,
    /// The county's code.
    pub code: RegionCode,
    schools: usize,
    /// Codes, and whether they are shares.
    indicators: Vec<(IndicatorCode, bool)>,
}

impl County {
    /// A county of so many schools.
    ///
    /// # Errors
    /// When the catalogue that ships cannot be read or has too few indicators.
    pub fn new(schools: usize) -> Result<Self> {
        let catalogue = liandong_catalog::builtin()
            .map_err(|errors| anyhow::anyhow!("the catalogue: {errors:?}"))?;
        let mut indicators = Vec::new();
        for (code, indicator) in &catalogue.indicators {
            let reporters = &indicator.reported_by;
            let expected = reporters.is_empty() || reporters.contains(&RegionKind::PrimarySchool);
            let sent = matches!(
                indicator.kind,
                IndicatorKind::Count | IndicatorKind::Ratio | IndicatorKind::Money
            );
            if expected && sent && indicator.period == PeriodKind::Month {
                indicators.push((*code, indicator.kind.has_denominator()));
            }
        }
        ensure!(!indicators.is_empty(), "no indicator is monthly");
        // Where fewer ship than a school reports, a school has more months.
        indicators.truncate(INDICATORS);
        Ok(Self {
            catalogue,
            code: CODE.parse()?,
            schools,
            indicators,
        })
    }

    /// The county and its schools, as its node hosts them.
    ///
    /// # Errors
    /// Never for codes that are as they ought to be.
    pub fn regions(&self) -> Result<Vec<Region>> {
        let county = self.catalogue.regions.get(self.code);
        let mut county = county
            .context("the county is not in the catalogue")?
            .clone();
        county.parent = None;
        let mut regions = vec![county];
        for number in 0..self.schools {
            regions.push(Region {
                code: school(number).parse()?,
                name: format!("第{number}小学"),
                parent: Some(self.code),
                level: Level::Unit,
                kind: RegionKind::PrimarySchool,
            });
        }
        Ok(regions)
    }

    /// Indicators that a school reports every month.
    pub fn indicators(&self) -> usize {
        self.indicators.len()
    }

    /// Figures of a year.
    pub fn figures(&self) -> usize {
        self.schools * self.indicators.len() * MONTHS
    }

    /// Full batches of a year's figures.
    pub fn batches(&self) -> usize {
        self.figures() / ROWS
    }

    /// The bytes of a request. Batches of new figures, and those again, have numbers below
    /// [`Self::batches`]; corrections go on for ever.
    pub fn request(&self, kind: Kind, number: usize) -> Vec<u8> {
        let rows = (number * ROWS..).take(ROWS);
        let (id, rows): (String, Vec<Report>) = match kind {
            Kind::New | Kind::Duplicate => (
                format!("micro-{number}"),
                rows.map(|place| self.report(place, 1)).collect(),
            ),
            Kind::Correction => (
                format!("again-{number}"),
                rows.map(|place| self.corrected(place)).collect(),
            ),
        };
        encode(&PushReportsRequest {
            batch: Some(ReportBatch {
                id,
                by: "东阿县教育局".to_owned(),
                rows,
                ..ReportBatch::default()
            }),
            all_outcomes: false,
        })
    }

    /// The corrections of the year, one after the other, and then those of the corrections. Only
    /// figures of full batches are corrected.
    fn corrected(&self, place: usize) -> Report {
        let corrected = self.batches() * ROWS / CORRECTED_ONE_OF;
        let (round, place) = (place / corrected, place % corrected);
        let revision = u32::try_from(round + 2).unwrap_or(u32::MAX);
        self.report(place * CORRECTED_ONE_OF, revision)
    }

    fn report(&self, place: usize, revision: u32) -> Report {
        let (school_and_month, indicator) =
            (place / self.indicators.len(), place % self.indicators.len());
        let (month, number) = (
            school_and_month / self.schools + 1,
            school_and_month % self.schools,
        );
        let (code, is_share) = self.indicators[indicator];
        let numerator = number * 7 + indicator * 3 + month + revision as usize;
        Report {
            source: school(number),
            indicator: code.to_string(),
            period: format!("2025-{month:02}"),
            numerator: (numerator % 1_000).cast_signed() as i64,
            denominator: is_share.then_some(1_000),
            revision,
            ..Report::default()
        }
    }
}

fn school(number: usize) -> String {
    format!("{CODE}-{number:03}")
}
