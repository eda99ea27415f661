//! The lines of a proof file: one way to write each, and no other that is read.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::proof::{Figure, JournalPlace, Part, ProvenReport, Statement};
use liandong_core::region::RegionCode;
use liandong_core::report;
use liandong_core::rollup;
use serde::{Deserialize, Serialize};

use crate::fault::BadLine;

/// The format that this program reads and writes.
pub(crate) const FORMAT: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Line {
    Proof(Header),
    Certificate(CertificateLine),
    Statement(StatementLine),
    Signature(SignatureLine),
    Missing(MissingLine),
    End(EndLine),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) format: u32,
    pub(crate) region: String,
    pub(crate) indicator: String,
    pub(crate) period: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateLine {
    pub(crate) number: u32,
    pub(crate) der: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatementLine {
    region: String,
    indicator: String,
    period: String,
    sums: Sums,
    journal: Place,
    own: Option<Report>,
    parts: Vec<PartLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sums {
    numerator: i64,
    denominator: i64,
    reported: u32,
    on_time: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    frame: u64,
    hash: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    numerator: i64,
    denominator: i64,
    revision: u32,
    role: Role,
    on_time: bool,
    received: String,
    journal: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Unit,
    Bureau,
    Own,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartLine {
    region: String,
    sums: Sums,
    report: Option<Report>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignatureLine {
    pub(crate) certificates: Vec<u32>,
    pub(crate) at: String,
    pub(crate) value: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MissingLine {
    pub(crate) region: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndLine {
    pub(crate) statements: u64,
    pub(crate) missing: u64,
    pub(crate) blake3: String,
}

impl Line {
    /// The bytes of the line, without its line feed.
    pub(crate) fn write(&self) -> Result<Vec<u8>, BadLine> {
        serde_json::to_vec(self).map_err(|_| BadLine)
    }

    /// Reads a line that is written as this program would write it.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, BadLine> {
        let line: Self = serde_json::from_slice(bytes).map_err(|_| BadLine)?;
        if line.write()? != bytes {
            return Err(BadLine);
        }
        Ok(line)
    }
}

/// The bytes of a statement: what is signed, and what stands on its line.
///
/// # Errors
/// [`BadLine`] for a moment that no calendar has.
pub fn statement_line(statement: &Statement) -> Result<Vec<u8>, BadLine> {
    let mut parts = Vec::with_capacity(statement.parts.len());
    for part in &statement.parts {
        parts.push(PartLine {
            region: part.region.to_string(),
            sums: (&part.sums).into(),
            report: part.report.as_ref().map(Report::of).transpose()?,
        });
    }
    let line = StatementLine {
        region: statement.figure.region.to_string(),
        indicator: statement.figure.indicator.to_string(),
        period: statement.figure.period.to_string(),
        sums: (&statement.sums).into(),
        journal: Place::of(&statement.place),
        own: statement.own.as_ref().map(Report::of).transpose()?,
        parts,
    };
    Line::Statement(line).write()
}

/// Reads the bytes of a statement.
///
/// # Errors
/// [`BadLine`] when they are not exactly those that [`statement_line`] makes of a statement.
pub fn statement_from_line(bytes: &[u8]) -> Result<Statement, BadLine> {
    match Line::read(bytes)? {
        Line::Statement(line) => line.read(),
        _ => Err(BadLine),
    }
}

impl StatementLine {
    pub(crate) fn read(&self) -> Result<Statement, BadLine> {
        let mut parts = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            parts.push(Part {
                region: code(&part.region)?,
                sums: (&part.sums).into(),
                report: part.report.as_ref().map(Report::read).transpose()?,
            });
        }
        Ok(Statement {
            figure: figure(&self.region, &self.indicator, &self.period)?,
            sums: (&self.sums).into(),
            place: self.journal.read()?,
            own: self.own.as_ref().map(Report::read).transpose()?,
            parts,
        })
    }
}

impl Header {
    pub(crate) fn of(figure: &Figure) -> Self {
        Self {
            format: FORMAT,
            region: figure.region.to_string(),
            indicator: figure.indicator.to_string(),
            period: figure.period.to_string(),
        }
    }

    pub(crate) fn figure(&self) -> Result<Figure, BadLine> {
        figure(&self.region, &self.indicator, &self.period)
    }
}

impl Report {
    fn of(report: &ProvenReport) -> Result<Self, BadLine> {
        Ok(Self {
            numerator: report.numerator,
            denominator: report.denominator,
            revision: report.revision,
            role: match report.role {
                report::Role::Unit => Role::Unit,
                report::Role::Bureau => Role::Bureau,
                report::Role::Own => Role::Own,
            },
            on_time: report.on_time,
            received: moment_text(report.received_micros)?,
            journal: Place::of(&report.place),
        })
    }

    fn read(&self) -> Result<ProvenReport, BadLine> {
        Ok(ProvenReport {
            numerator: self.numerator,
            denominator: self.denominator,
            revision: self.revision,
            role: match self.role {
                Role::Unit => report::Role::Unit,
                Role::Bureau => report::Role::Bureau,
                Role::Own => report::Role::Own,
            },
            on_time: self.on_time,
            received_micros: moment(&self.received)?,
            place: self.journal.read()?,
        })
    }
}

impl Place {
    fn of(place: &JournalPlace) -> Self {
        Self {
            frame: place.frame,
            hash: blake3::Hash::from_bytes(place.hash).to_hex().to_string(),
        }
    }

    fn read(&self) -> Result<JournalPlace, BadLine> {
        let hash = hash(&self.hash)?;
        Ok(JournalPlace {
            frame: self.frame,
            hash,
        })
    }
}

impl From<&rollup::Sums> for Sums {
    fn from(sums: &rollup::Sums) -> Self {
        let rollup::Sums {
            numerator,
            denominator,
            reported,
            on_time,
        } = *sums;
        Self {
            numerator,
            denominator,
            reported,
            on_time,
        }
    }
}

impl From<&Sums> for rollup::Sums {
    fn from(sums: &Sums) -> Self {
        let Sums {
            numerator,
            denominator,
            reported,
            on_time,
        } = *sums;
        Self {
            numerator,
            denominator,
            reported,
            on_time,
        }
    }
}

fn figure(region: &str, indicator: &str, period: &str) -> Result<Figure, BadLine> {
    Ok(Figure {
        region: code(region)?,
        indicator: same::<IndicatorCode>(indicator)?,
        period: same::<Period>(period)?,
    })
}

/// A region's code.
pub(crate) fn code(text: &str) -> Result<RegionCode, BadLine> {
    text.parse().map_err(|_| BadLine)
}

/// Reads a text that is written as it would be written again.
fn same<T: FromStr + ToString>(text: &str) -> Result<T, BadLine> {
    let read: T = text.parse().map_err(|_| BadLine)?;
    if read.to_string() == text {
        Ok(read)
    } else {
        Err(BadLine)
    }
}

/// 32 bytes in lower-case hexadecimal digits.
pub(crate) fn hash(text: &str) -> Result<[u8; 32], BadLine> {
    let read = blake3::Hash::from_hex(text).map_err(|_| BadLine)?;
    if read.to_hex().as_str() == text {
        Ok(*read.as_bytes())
    } else {
        Err(BadLine)
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The engine takes no other writing of the same bytes.
pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, BadLine> {
    STANDARD.decode(text).map_err(|_| BadLine)
}

pub(crate) fn moment_text(micros: i64) -> Result<String, BadLine> {
    let at = Timestamp::from_microsecond(micros).map_err(|_| BadLine)?;
    Ok(at.to_string())
}

/// A moment in microseconds since 1970.
pub(crate) fn moment(text: &str) -> Result<i64, BadLine> {
    let at: Timestamp = same(text)?;
    let micros = at.as_microsecond();
    if moment_text(micros)? == text {
        Ok(micros)
    } else {
        Err(BadLine)
    }
}

#[cfg(test)]
mod tests;
