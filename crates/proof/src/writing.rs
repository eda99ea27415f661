//! Writing a proof file, statement by statement.

use std::collections::BTreeMap;
use std::io::{self, Write};

use liandong_core::proof::{Figure, SignedStatement};
use liandong_core::region::RegionCode;

use crate::fault::BadLine;
use crate::line::{CertificateLine, EndLine, Header, Line, MissingLine, SignatureLine};
use crate::text::{base64, moment_text};

/// Writes one proof file.
#[derive(Debug)]
pub struct ProofWriter<W> {
    out: W,
    digest: blake3::Hasher,
    certificates: BTreeMap<Vec<u8>, u32>,
    written: Written,
}

/// What a proof file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// How many statements.
    pub statements: u64,
    /// How many regions it says are missing.
    pub missing: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl<W: Write> ProofWriter<W> {
    /// Begins the proof of a figure.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(out: W, figure: &Figure) -> io::Result<Self> {
        let mut writer = Self {
            out,
            digest: blake3::Hasher::new(),
            certificates: BTreeMap::new(),
            written: Written::default(),
        };
        writer.line(&Line::Proof(Header::of(figure)))?;
        Ok(writer)
    }

    /// Adds a statement, behind the one that names its region.
    ///
    /// # Errors
    /// When it cannot be written, or what was signed is no single line.
    pub fn statement(&mut self, signed: &SignedStatement) -> io::Result<()> {
        if signed.content.contains(&b'\n') {
            return Err(unwritable(BadLine));
        }
        let mut certificates = Vec::with_capacity(signed.certificates.len());
        for der in &signed.certificates {
            certificates.push(self.certificate(der)?);
        }
        self.put(&signed.content)?;
        self.line(&Line::Signature(SignatureLine {
            certificates,
            at: moment_text(signed.at_micros).map_err(unwritable)?,
            value: base64(&signed.signature),
        }))?;
        self.written.statements += 1;
        Ok(())
    }

    /// Says of a region that a statement names that its own could not be had.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn missing(&mut self, region: RegionCode) -> io::Result<()> {
        self.written.missing += 1;
        let region = region.to_string();
        self.line(&Line::Missing(MissingLine { region }))
    }

    /// Ends the file; it is flushed, and not forced to the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self) -> io::Result<(W, Written)> {
        let end = EndLine {
            statements: self.written.statements,
            missing: self.written.missing,
            blake3: self.digest.finalize().to_hex().to_string(),
        };
        self.line(&Line::End(end))?;
        self.out.flush()?;
        Ok((self.out, self.written))
    }

    /// The number of a certificate, which is written when it is new.
    fn certificate(&mut self, der: &[u8]) -> io::Result<u32> {
        if let Some(number) = self.certificates.get(der) {
            return Ok(*number);
        }
        let number = u32::try_from(self.certificates.len() + 1).unwrap_or(u32::MAX);
        let line = CertificateLine {
            number,
            der: base64(der),
        };
        self.line(&Line::Certificate(line))?;
        self.certificates.insert(der.to_vec(), number);
        Ok(number)
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        let bytes = line.write().map_err(unwritable)?;
        self.put(&bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in [bytes, b"\n"] {
            self.out.write_all(piece)?;
            self.digest.update(piece);
            self.written.bytes += piece.len() as u64;
        }
        Ok(())
    }
}

fn unwritable(bad: BadLine) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, bad)
}
