//! The line of a statement, whose bytes are what is signed.

use liandong_core::proof::{JournalPlace, Part, ProvenReport, Statement};
use liandong_core::report;
use liandong_core::rollup;
use serde::{Deserialize, Serialize};

use crate::fault::BadLine;
use crate::line::{Line, figure};
use crate::text::{code, hash, moment, moment_text};

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

#[cfg(test)]
mod tests;
