//! The lines of a proof file: one way to write each, and no other that is read.

use liandong_core::evidence::MAX_CERTIFICATES;
use liandong_core::proof::Figure;
use serde::{Deserialize, Serialize};

use crate::fault::BadLine;
use crate::statement::StatementLine;
use crate::text::{code, same};

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

impl SignatureLine {
    /// Whether it names no more certificates than lead to a root, and none twice: each is copied.
    pub(crate) fn check(&self) -> Result<(), BadLine> {
        let numbers = &self.certificates;
        if numbers.len() > MAX_CERTIFICATES {
            return Err(BadLine);
        }
        let mut places = numbers.iter().enumerate();
        match places.any(|(place, number)| numbers[..place].contains(number)) {
            true => Err(BadLine),
            false => Ok(()),
        }
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

/// The figure that three texts name.
pub(crate) fn figure(region: &str, indicator: &str, period: &str) -> Result<Figure, BadLine> {
    Ok(Figure {
        region: code(region)?,
        indicator: same(indicator)?,
        period: same(period)?,
    })
}
