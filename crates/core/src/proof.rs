//! Proofs: what a figure is made of, told by the node of each region, down to the reports.
//!
//! A [`Statement`] is what a region's own node says of one cell: its sums, what the region reported
//! itself, and the cells of the regions directly below. A proof is a statement of the region that
//! was asked about and one of every region that another statement leans on; a region below that
//! only reported needs none, for its report stands with its sums. Here stands what such statements
//! have to satisfy, given who signed each; how they are signed and written is no business of these
//! rules.
//!
//! A proof holds no free text: no notes, no names, no ids that clients gave.

mod checker;
mod fault;

pub use checker::{Checker, DEEPEST, Row};
pub use fault::{Fault, FaultKind};

use crate::indicator::IndicatorCode;
use crate::period::Period;
use crate::quantity::MAX_FIGURE;
use crate::region::RegionCode;
use crate::report::Role;
use crate::rollup::Sums;

/// The most regions and reports that one statement lists: no region has so many directly below it.
pub const MAX_PARTS: usize = 10_000;

/// Names the cell that is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    /// The region.
    pub region: RegionCode,
    /// The indicator, which is reported and not computed from others.
    pub indicator: IndicatorCode,
    /// The period.
    pub period: Period,
}

/// A place in the journal of a node. The hash names the frame and all that went before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalPlace {
    /// The number of the frame, from 1.
    pub frame: u64,
    /// BLAKE3 of the frame.
    pub hash: [u8; 32],
}

/// A report that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenReport {
    /// The figure, or the part above the line; 分 for money.
    pub numerator: i64,
    /// The part below the line; 0 where the indicator has none.
    pub denominator: i64,
    /// The revision it has.
    pub revision: u32,
    /// As what it counts.
    pub role: Role,
    /// Whether it counts as one that came in time.
    pub on_time: bool,
    /// When the node took it, in microseconds since 1970 UTC.
    pub received_micros: i64,
    /// Where it stands in the journal of the node that took it.
    pub place: JournalPlace,
}

/// The cell of a region directly below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The region.
    pub region: RegionCode,
    /// Its sums.
    pub sums: Sums,
    /// Its report, where the cell is made of nothing else and the same node took it; where there is
    /// none the region has a statement of its own.
    pub report: Option<ProvenReport>,
}

/// What a node says of one cell of a region that it hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The cell.
    pub figure: Figure,
    /// Its sums.
    pub sums: Sums,
    /// The last frame of the node's journal when it said so.
    pub place: JournalPlace,
    /// What the region reported itself (本级).
    pub own: Option<ProvenReport>,
    /// The regions directly below whose cells hold anything, ordered by code.
    pub parts: Vec<Part>,
}

/// A statement as it travels: the bytes that were signed, and what shows who signed them. Nobody
/// between the node that signed and whoever checks reads the bytes for more than to check them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedStatement {
    /// The bytes of the statement, as they stand in a proof file.
    pub content: Vec<u8>,
    /// The certificates in DER, the signer's first, the root left out.
    pub certificates: Vec<Vec<u8>>,
    /// When it was signed by the signer's clock, in microseconds since 1970 UTC.
    pub at_micros: i64,
    /// The signature in DER.
    pub signature: Vec<u8>,
}

impl ProvenReport {
    /// What the report adds to its cell.
    pub fn sums(&self) -> Sums {
        Sums {
            numerator: self.numerator,
            denominator: self.denominator,
            reported: u32::from(self.role.counts()),
            on_time: u32::from(self.role.counts() && self.on_time),
        }
    }

    fn check(&self, upto: &JournalPlace) -> Result<(), FaultKind> {
        let range = 0..=MAX_FIGURE;
        if !range.contains(&self.numerator)
            || !range.contains(&self.denominator)
            || self.revision == 0
            || self.on_time && !self.role.counts()
        {
            return Err(FaultKind::Report);
        }
        let is_within = (1..=upto.frame).contains(&self.place.frame);
        if !is_within || self.place.frame == upto.frame && self.place.hash != upto.hash {
            return Err(FaultKind::Journal);
        }
        Ok(())
    }
}

impl Part {
    fn check(&self, upto: &JournalPlace) -> Result<(), FaultKind> {
        if !self.sums.is_plausible() || self.sums == Sums::default() {
            return Err(FaultKind::Sums);
        }
        let Some(report) = &self.report else {
            return Ok(());
        };
        report.check(upto)?;
        if report.sums() != self.sums {
            return Err(FaultKind::ReportSums);
        }
        Ok(())
    }
}

impl Statement {
    /// What the parts add up to, exactly.
    pub fn recount(&self) -> Sums {
        let mut sums = self
            .own
            .as_ref()
            .map_or_else(Sums::default, |own| own.sums());
        for part in &self.parts {
            sums.add(&part.sums.since(&Sums::default()));
        }
        sums
    }

    /// How many reports stand in it.
    pub fn reports(&self) -> usize {
        let below = self.parts.iter().filter(|part| part.report.is_some());
        usize::from(self.own.is_some()) + below.count()
    }

    /// Whether the statement fits by itself.
    ///
    /// # Errors
    /// [`Fault`]: the first thing that does not.
    pub fn check(&self) -> Result<(), Fault> {
        let here = |kind| Fault::new(self.figure.region, kind);
        if !self.sums.is_plausible() || self.parts.len() > MAX_PARTS {
            return Err(here(FaultKind::Sums));
        }
        if let Some(own) = &self.own {
            own.check(&self.place).map_err(here)?;
        }
        let mut before = None;
        for part in &self.parts {
            let fault = |kind| Fault::new(part.region, kind);
            if part.region == self.figure.region || before.is_some_and(|one| one >= part.region) {
                return Err(fault(FaultKind::Twice));
            }
            before = Some(part.region);
            part.check(&self.place).map_err(fault)?;
        }
        let recounted = self.recount();
        if recounted != self.sums {
            return Err(here(FaultKind::DoesNotAddUp {
                said: self.sums,
                recounted,
            }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
