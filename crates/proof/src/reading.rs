//! Checking a proof file from its first byte to its last, with nothing but trusted roots.

use std::collections::BTreeSet;
use std::io::{BufRead, Read};

use jiff::Timestamp;
use liandong_core::evidence::MAX_CERTIFICATES;
use liandong_core::proof::{Checker, Fault, Figure, Row, SignedStatement};
use liandong_core::region::RegionCode;
use liandong_identity::{Certificate, Trust};

use crate::fault::{BadLine, NotProven};
use crate::line::{CertificateLine, EndLine, FORMAT, Line, SignatureLine};
use crate::signed::{NotOpened, open};
use crate::text::{code, from_base64, hash, moment};

/// The longest line in bytes: a statement of as many parts as one may have, and room.
const LONGEST_LINE: u64 = 8 << 20;

/// The most certificates that one file brings; more than a country has regions with a node.
const MOST_CERTIFICATES: usize = 100_000;

/// The largest certificate in bytes.
const LARGEST_CERTIFICATE: usize = 16 << 10;

/// What one statement of a proof tells, once its signature has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A statement.
    Statement {
        /// What it adds to the proof.
        row: Row,
        /// The certificate under which it was signed.
        certificate: Box<Certificate>,
        /// When it was signed, by the signer's clock.
        at: Timestamp,
    },
    /// A region whose statement the file says it lacks.
    Missing(RegionCode),
}

/// A proof that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The figure.
    pub figure: Figure,
    /// How many statements it is of.
    pub statements: u64,
    /// Regions whose statements it lacks: it proves the whole figure only where there are none.
    pub missing: Vec<RegionCode>,
}

/// Reads a proof and checks every byte of it, by what is trusted; `hosted_by` names the region
/// whose node speaks for the region that is proven, where that is not its own. `told` hears of each
/// statement once it fits with all before it; what it has heard counts only when this returns well.
///
/// # Errors
/// [`NotProven`]: the first thing that does not fit.
pub fn read(
    from: impl BufRead,
    trust: &Trust,
    hosted_by: Option<RegionCode>,
    told: &mut dyn FnMut(Told),
) -> Result<Proven, NotProven> {
    let mut lines = Lines::new(from);
    let figure = header(&mut lines)?;
    let mut reading = Reading {
        checker: Checker::new(figure, hosted_by),
        trust,
        certificates: Vec::new(),
        used: 0,
        known: BTreeSet::new(),
        statements: 0,
        missing: Vec::new(),
    };
    let end = loop {
        let before = lines.digest.finalize();
        let (bytes, line) = lines.next()?;
        let number = lines.number;
        match line {
            Line::Certificate(line) => reading.certificate(&line, number)?,
            Line::Statement(_) => {
                let (_, Line::Signature(signature)) = lines.next()? else {
                    return Err(lines.bad());
                };
                told(reading.statement(bytes, &signature, lines.number)?);
            }
            Line::Missing(line) => {
                let region = code(&line.region).map_err(|_| lines.bad())?;
                reading.missing(region, number)?;
                told(Told::Missing(region));
            }
            Line::End(end) => {
                if hash(&end.blake3) != Ok(*before.as_bytes()) {
                    return Err(NotProven::Changed);
                }
                break end;
            }
            Line::Proof(_) | Line::Signature(_) => return Err(lines.bad()),
        }
    };
    lines.finish()?;
    reading.finish(&end, figure, lines.number)
}

fn header(lines: &mut Lines<impl BufRead>) -> Result<Figure, NotProven> {
    let first = lines.next().map_err(|fault| match fault {
        NotProven::Unreadable(error) => NotProven::Unreadable(error),
        _ => NotProven::NoProof,
    })?;
    let (_, Line::Proof(header)) = first else {
        return Err(NotProven::NoProof);
    };
    if header.format != FORMAT {
        let found = header.format;
        return Err(NotProven::OtherFormat { found });
    }
    header.figure().map_err(|_| lines.bad())
}

/// A proof that is being read.
struct Reading<'a> {
    checker: Checker,
    trust: &'a Trust,
    certificates: Vec<Vec<u8>>,
    /// How many of them a signature has used.
    used: usize,
    known: BTreeSet<Vec<u8>>,
    statements: u64,
    missing: Vec<RegionCode>,
}

impl Reading<'_> {
    /// Certificates are numbered in the order in which they are used, and none is there for nothing.
    fn certificate(&mut self, line: &CertificateLine, number: u64) -> Result<(), NotProven> {
        let bad = |_| NotProven::Line { line: number };
        let der = from_base64(&line.der).map_err(bad)?;
        let is_next = usize::try_from(line.number) == Ok(self.certificates.len() + 1);
        let unused = self.certificates.len() - self.used;
        let is_bounded = self.certificates.len() < MOST_CERTIFICATES
            && unused < MAX_CERTIFICATES
            && der.len() <= LARGEST_CERTIFICATE;
        if !is_next || !is_bounded || !self.known.insert(der.clone()) {
            return Err(bad(BadLine));
        }
        self.certificates.push(der);
        Ok(())
    }

    fn statement(
        &mut self,
        content: Vec<u8>,
        signature: &SignatureLine,
        number: u64,
    ) -> Result<Told, NotProven> {
        let bad = |_| NotProven::Line { line: number };
        signature.check().map_err(bad)?;
        let mut certificates = Vec::with_capacity(signature.certificates.len());
        for place in &signature.certificates {
            let place = usize::try_from(*place).map_err(|_| bad(BadLine))?;
            let index = place.checked_sub(1);
            let der = index.and_then(|index| self.certificates.get(index));
            certificates.push(der.ok_or_else(|| bad(BadLine))?.clone());
            if place > self.used + 1 {
                return Err(bad(BadLine));
            }
            self.used = self.used.max(place);
        }
        if self.used != self.certificates.len() {
            return Err(bad(BadLine));
        }
        let signed = SignedStatement {
            content,
            certificates,
            at_micros: moment(&signature.at).map_err(bad)?,
            signature: from_base64(&signature.value).map_err(bad)?,
        };
        let opened = open(&signed, self.trust).map_err(|cause| {
            let region = crate::statement_from_line(&signed.content);
            match (cause, region) {
                (NotOpened::Signature(cause), Ok(statement)) => NotProven::Signature {
                    line: number,
                    region: statement.figure.region,
                    cause,
                },
                (NotOpened::Certificate(cause), _) => NotProven::Certificate {
                    line: number,
                    cause,
                },
                (NotOpened::Line(bad), _) | (NotOpened::Signature(_), Err(bad)) => {
                    let BadLine = bad;
                    NotProven::Line { line: number - 1 }
                }
            }
        })?;
        let taken = self.checker.take(&opened.statement, &opened.signer);
        let row = taken.map_err(|fault| at(number - 1, fault))?;
        self.statements += 1;
        Ok(Told::Statement {
            row,
            certificate: Box::new(opened.certificate),
            at: opened.at,
        })
    }

    fn missing(&mut self, region: RegionCode, number: u64) -> Result<(), NotProven> {
        let without = self.checker.do_without(region);
        without.map_err(|fault| at(number, fault))?;
        self.missing.push(region);
        Ok(())
    }

    fn finish(self, end: &EndLine, figure: Figure, number: u64) -> Result<Proven, NotProven> {
        let counts = (self.statements, self.missing.len() as u64);
        if (end.statements, end.missing) != counts || self.used != self.certificates.len() {
            return Err(NotProven::Line { line: number });
        }
        self.checker.finish().map_err(|fault| at(number, fault))?;
        Ok(Proven {
            figure,
            statements: self.statements,
            missing: self.missing,
        })
    }
}

fn at(line: u64, fault: Fault) -> NotProven {
    let fault = Box::new(fault);
    NotProven::Fault { line, fault }
}

/// Lines with the digest of those before.
struct Lines<R> {
    from: R,
    digest: blake3::Hasher,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn new(from: R) -> Self {
        Self {
            from,
            digest: blake3::Hasher::new(),
            number: 0,
        }
    }

    /// The next line without its line feed, and what it says.
    fn next(&mut self) -> Result<(Vec<u8>, Line), NotProven> {
        let mut bytes = Vec::new();
        let mut bounded = Read::take(&mut self.from, LONGEST_LINE);
        bounded.read_until(b'\n', &mut bytes)?;
        let before = self.number;
        self.number += 1;
        self.digest.update(&bytes);
        if bytes.pop() != Some(b'\n') {
            return Err(NotProven::Short { line: before });
        }
        let line = Line::read(&bytes).map_err(|_| self.bad())?;
        Ok((bytes, line))
    }

    fn bad(&self) -> NotProven {
        NotProven::Line { line: self.number }
    }

    fn finish(&mut self) -> Result<(), NotProven> {
        if self.from.fill_buf()?.is_empty() {
            Ok(())
        } else {
            Err(NotProven::Trailing)
        }
    }
}

#[cfg(test)]
mod tests;
