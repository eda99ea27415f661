//! Reports: one figure of one unit for one indicator and period, and the rules it must meet.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::indicator::{Indicator, IndicatorCode, IndicatorKind};
use crate::period::Period;
use crate::privacy::{check_free_text, check_given_id};
use crate::quantity::MAX_FIGURE;
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::RegionCode;

/// The most bytes a client-given id may have.
pub const MAX_ID_LEN: usize = 64;
/// The most characters a note may have.
pub const MAX_NOTE_CHARS: usize = 200;
/// The most rows one push may carry.
pub const MAX_ROWS: usize = 100_000;

/// One figure as it is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The client's id of this version of the figure; empty means "the batch's id and the row".
    /// Sending the same id again changes nothing.
    pub id: String,
    /// The unit that reports, or the bureau itself for what is its own (本级).
    pub source: RegionCode,
    /// What is reported.
    pub indicator: IndicatorCode,
    /// For which period.
    pub period: Period,
    /// The figure, or the part above the line; 分 for money.
    pub numerator: i64,
    /// The part below the line; only for ratio and milestone.
    pub denominator: Option<i64>,
    /// The client's number of this version, from 1; 0 lets the node count. A higher revision
    /// supersedes, a lower one that comes late changes nothing.
    pub revision: u32,
    /// Why the figure was corrected; may be empty.
    pub note: String,
}

/// What became of one pushed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken as the first figure of its cell.
    Accepted {
        /// The revision it has.
        revision: u32,
    },
    /// Taken; it replaces the figure that counted before.
    Superseded {
        /// The revision it has.
        revision: u32,
    },
    /// Known already, by its id or because it says what is said already; nothing changed.
    Duplicate {
        /// The revision that counts.
        revision: u32,
    },
    /// Older than the figure that counts; nothing changed.
    Stale {
        /// The revision that counts.
        revision: u32,
    },
    /// Not taken. In a box, because hardly any of the hundreds of rows of a batch is refused, and
    /// all their outcomes are moved from hand to hand.
    Refused(Box<Refusal>),
}

/// As what a source reports an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// A unit, or a bureau with nothing below it: counts as one that has reported.
    Unit,
    /// A bureau reporting an indicator that bureaus report: counts as one that has reported.
    Bureau,
    /// A bureau adding what is its own (本级) to what its units report: adds to the sums only.
    Own,
}

impl Role {
    /// Whether the report counts among those that are expected.
    pub fn counts(self) -> bool {
        matches!(self, Self::Unit | Self::Bureau)
    }
}

/// An accepted report inside a committed batch; `source` and `indicator` point into the batch's
/// own lists, which keeps a report at some forty bytes in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRow {
    /// Place of the source in [`ReportBatch::sources`].
    pub source: u32,
    /// Place of the indicator in [`ReportBatch::indicators`].
    pub indicator: u32,
    /// For which period.
    pub period: Period,
    /// The figure, or the part above the line.
    pub numerator: i64,
    /// The part below the line; 0 where the indicator has none.
    pub denominator: i64,
    /// The client-given id; empty for "the batch's id and `row`".
    pub id: String,
    /// The row of the push it came in, from 1.
    pub row: u32,
    /// The revision it has.
    pub revision: u32,
    /// As what its source reported.
    pub role: Role,
    /// Whether it came in time.
    pub on_time: bool,
    /// The journal frame of the version it replaces, 0 for none: the history of a cell is a chain.
    pub replaces: u64,
    /// Why the figure was corrected; may be empty.
    pub note: String,
}

/// The accepted reports of one push, as they stand in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportBatch {
    /// The push's id.
    pub id: String,
    /// Who pushed.
    pub by: String,
    /// When the node took it, in microseconds since 1970 UTC.
    pub at_micros: i64,
    /// Sources named by the rows.
    pub sources: Vec<RegionCode>,
    /// Indicators named by the rows.
    pub indicators: Vec<IndicatorCode>,
    /// The reports.
    pub rows: Vec<ReportRow>,
    /// What whoever made the batch knows already of its rows.
    #[serde(skip)]
    pub fingerprints: Fingerprints,
}

/// Fingerprints of the ids of all rows of a batch, in their order, or none at all. They follow from
/// the batch and take longer to work out than anything else that is done with a row, so whoever had
/// to know them hands them on. They are never written, and batches are equal whether they have them
/// or not.
#[derive(Clone, Debug, Default)]
pub struct Fingerprints(Vec<u64>);

impl PartialEq for Fingerprints {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Fingerprints {}

impl Fingerprints {
    /// Those of rows that are pushed, for whoever has the time: a push is decided behind the one
    /// before it.
    pub fn of(push: &str, rows: &[(u32, Report)]) -> Self {
        let each = rows.iter();
        Self(
            each.map(|(row, report)| id_fingerprint(push, *row, &report.id))
                .collect(),
        )
    }

    /// That of the row at a place among so many, if they are known.
    pub(crate) fn get(&self, place: usize, rows: usize) -> Option<u64> {
        let Self(known) = self;
        known.get(place).filter(|_| known.len() == rows).copied()
    }

    /// None yet, with room for so many.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self(Vec::with_capacity(rows))
    }

    /// Adds that of the next row.
    pub(crate) fn push(&mut self, fingerprint: u64) {
        self.0.push(fingerprint);
    }
}

impl ReportBatch {
    /// The fingerprint of the id of a row, which stands at that place.
    pub(crate) fn fingerprint(&self, place: usize, row: &ReportRow) -> u64 {
        let known = self.fingerprints.get(place, self.rows.len());
        known_or_worked_out(known, &self.id, row.row, &row.id)
    }
}

/// A fingerprint that somebody worked out before, or that of the report's id.
pub(crate) fn known_or_worked_out(known: Option<u64>, batch: &str, row: u32, id: &str) -> u64 {
    let Some(known) = known else {
        return id_fingerprint(batch, row, id);
    };
    debug_assert_eq!(known, id_fingerprint(batch, row, id));
    known
}

/// The fingerprint of a report's id: of the id itself, or of the batch's id and the row.
///
/// 64 bits are enough, because it is only ever compared with the few ids of one cell.
pub fn id_fingerprint(batch: &str, row: u32, id: &str) -> u64 {
    let hash = if id.is_empty() {
        named_by_row(batch.as_bytes(), row)
    } else {
        blake3::hash(id.as_bytes())
    };
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_le_bytes(first)
}

/// A report that said what counted already.
///
/// 64 bits are enough for its name: there are a quarter of a million of them at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatedReport {
    /// A hash of its id and its cell.
    pub name: u64,
    /// The fingerprint of the id of the report that counted.
    pub counted: u64,
}

/// What stands for the report of an id in a cell; `id` is its fingerprint.
pub(crate) fn repeated_name(
    id: u64,
    source: RegionCode,
    indicator: IndicatorCode,
    period: Period,
) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&id.to_le_bytes());
    for part in [source.as_str(), indicator.as_str(), &period.to_string()] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

/// The hash of the batch's id, a zero, and the row.
fn named_by_row(batch: &[u8], row: u32) -> blake3::Hash {
    // Hashed in one piece, which is twice as quick as piece by piece; every id that a client may
    // give fits.
    let mut together = [0; MAX_ID_LEN + 5];
    let length = batch.len() + 5;
    let Some(piece) = together.get_mut(..length) else {
        let mut hasher = blake3::Hasher::new();
        hasher.update(batch);
        hasher.update(&[0]);
        hasher.update(&row.to_le_bytes());
        return hasher.finalize();
    };
    piece[..batch.len()].copy_from_slice(batch);
    piece[batch.len() + 1..].copy_from_slice(&row.to_le_bytes());
    blake3::hash(piece)
}

/// Checks a report against its indicator's definition and the calendar.
///
/// # Errors
/// A [`Refusal`] that names the field, its value and what would be accepted.
pub fn check(report: &Report, indicator: &Indicator, today: Date) -> Result<(), Refusal> {
    if indicator.kind == IndicatorKind::RatioOfRatios {
        let parts = indicator.of.iter().flatten();
        let accepted = Accepted::OneOf(parts.map(ToString::to_string).collect());
        return Err(Refusal::new(
            Reason::DerivedIndicator,
            "indicator",
            report.indicator,
            accepted,
        ));
    }
    if report.period.kind() != indicator.period {
        return Err(Refusal::new(
            Reason::WrongPeriodKind,
            "period",
            report.period,
            Accepted::Form(indicator.period.example().to_owned()),
        ));
    }
    if report.period.first_day() > today {
        return Err(Refusal::advise(
            Reason::FuturePeriod,
            "period",
            report.period,
            format!("今天是 {today}"),
            format!("today is {today}"),
        ));
    }
    check_range("numerator", report.numerator)?;
    check_denominator(report, indicator)?;
    check_given_id("id", &report.id, MAX_ID_LEN)?;
    check_free_text("note", &report.note, MAX_NOTE_CHARS)
}

fn check_range(field: &str, value: i64) -> Result<(), Refusal> {
    if (0..=MAX_FIGURE).contains(&value) {
        return Ok(());
    }
    let accepted = Accepted::Range(0, MAX_FIGURE);
    Err(Refusal::new(Reason::OutOfRange, field, value, accepted))
}

fn check_denominator(report: &Report, indicator: &Indicator) -> Result<(), Refusal> {
    let Some(denominator) = report.denominator else {
        if indicator.kind.has_denominator() {
            let definition = indicator.denominator.clone().unwrap_or_default();
            return Err(Refusal::new(
                Reason::DenominatorMissing,
                "denominator",
                "",
                Accepted::Form(definition),
            ));
        }
        return Ok(());
    };
    if !indicator.kind.has_denominator() {
        return Err(Refusal::advise(
            Reason::DenominatorNotAllowed,
            "denominator",
            denominator,
            "请留空",
            "leave it empty",
        ));
    }
    check_range("denominator", denominator)?;
    if indicator.kind == IndicatorKind::Milestone && denominator > 1 {
        let accepted = Accepted::Range(0, 1);
        return Err(Refusal::new(
            Reason::OutOfRange,
            "denominator",
            denominator,
            accepted,
        ));
    }
    if report.numerator > denominator && !indicator.numerator_may_exceed {
        return Err(Refusal::new(
            Reason::NumeratorOverDenominator,
            "numerator",
            report.numerator,
            Accepted::Range(0, denominator),
        ));
    }
    Ok(())
}
