//! Whether statements that come one after the other make a whole proof.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fault, FaultKind, Figure, Statement};
use crate::identity::{Identity, Role};
use crate::region::RegionCode;
use crate::rollup::Sums;

/// The most statements above another; no real tree is this deep.
pub const DEEPEST: u32 = 32;

/// Takes the statements of a proof, each before those that it leans on.
#[derive(Clone, Debug)]
pub struct Checker {
    figure: Figure,
    /// The region whose node may speak for the region that was asked about.
    speaker: RegionCode,
    /// Whose statements are still to come.
    awaited: BTreeMap<RegionCode, Awaited>,
    seen: BTreeSet<RegionCode>,
}

/// What a statement that is to come has to say.
#[derive(Clone, Debug)]
struct Awaited {
    /// What the statement above says; `None` for the first.
    sums: Option<Sums>,
    /// Who signed the statement above.
    above: Option<Identity>,
    level: u32,
}

/// What one statement adds to the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// How many statements lie above it.
    pub level: u32,
    /// The region.
    pub region: RegionCode,
    /// Its sums.
    pub sums: Sums,
    /// How many reports stand in the statement.
    pub reports: usize,
    /// Whether another region's node speaks for this one, because it hosts it.
    pub is_hosted: bool,
}

impl Checker {
    /// A proof of that figure. Its region is spoken for by its own node, or by the node of
    /// `hosted_by`, which whoever checks has to know to host it.
    pub fn new(figure: Figure, hosted_by: Option<RegionCode>) -> Self {
        let first = Awaited {
            sums: None,
            above: None,
            level: 0,
        };
        Self {
            figure,
            speaker: hosted_by.unwrap_or(figure.region),
            awaited: BTreeMap::from([(figure.region, first)]),
            seen: BTreeSet::new(),
        }
    }

    /// Takes the next statement, whose signer has been proven.
    ///
    /// # Errors
    /// [`Fault`]: the first thing that does not fit.
    pub fn take(&mut self, statement: &Statement, signer: &Identity) -> Result<Row, Fault> {
        let Figure {
            region,
            indicator,
            period,
        } = statement.figure;
        let fault = |kind| Fault::new(region, kind);
        if indicator != self.figure.indicator || period != self.figure.period {
            return Err(fault(FaultKind::OtherFigure));
        }
        let Some(awaited) = self.awaited.remove(&region) else {
            let is_known = self.seen.contains(&region);
            return Err(fault(match is_known {
                true => FaultKind::Twice,
                false => FaultKind::NotNamed,
            }));
        };
        self.check_signer(region, &awaited, signer)?;
        statement.check()?;
        if let Some(above) = awaited.sums.filter(|above| *above != statement.sums) {
            let own = statement.sums;
            return Err(fault(FaultKind::OtherSums { above, own }));
        }
        self.note(region)?;
        for part in &statement.parts {
            if self.awaited.contains_key(&part.region) {
                return Err(Fault::new(part.region, FaultKind::Twice));
            }
            if part.report.is_some() {
                self.note(part.region)?;
                continue;
            }
            if self.seen.contains(&part.region) {
                return Err(Fault::new(part.region, FaultKind::Twice));
            }
            if awaited.level >= DEEPEST {
                return Err(Fault::new(part.region, FaultKind::TooDeep));
            }
            let below = Awaited {
                sums: Some(part.sums),
                above: Some(signer.clone()),
                level: awaited.level + 1,
            };
            self.awaited.insert(part.region, below);
        }
        Ok(Row {
            level: awaited.level,
            region,
            sums: statement.sums,
            reports: statement.reports(),
            is_hosted: signer.region != region,
        })
    }

    /// Notes that the statement of a region is not there, and that it was said to be so.
    ///
    /// # Errors
    /// When no statement above names the region, or its statement is there.
    pub fn do_without(&mut self, region: RegionCode) -> Result<(), Fault> {
        match self.awaited.remove(&region) {
            Some(_) => self.note(region),
            None => Err(Fault::new(region, FaultKind::NotNamed)),
        }
    }

    /// Whether all that the statements lean on has come.
    ///
    /// # Errors
    /// The first region whose statement is missing.
    pub fn finish(self) -> Result<(), Fault> {
        match self.awaited.keys().next() {
            Some(region) => Err(Fault::new(*region, FaultKind::Missing)),
            None => Ok(()),
        }
    }

    fn note(&mut self, region: RegionCode) -> Result<(), Fault> {
        if self.seen.insert(region) {
            return Ok(());
        }
        Err(Fault::new(region, FaultKind::Twice))
    }

    /// A region is spoken for by its own node, or by the node that hosts it: the one that spoke for
    /// the region above. All of them belong to one trust domain.
    fn check_signer(
        &self,
        region: RegionCode,
        awaited: &Awaited,
        signer: &Identity,
    ) -> Result<(), Fault> {
        let refused = |kind| Err(Fault::new(region, kind));
        let is_node = signer.role == Role::Node;
        let Some(above) = &awaited.above else {
            let signer = signer.clone();
            return match (is_node, signer.region == self.speaker) {
                (true, true) => Ok(()),
                (true, false) => refused(FaultKind::Host { signer }),
                (false, _) => refused(FaultKind::Signer { signer }),
            };
        };
        let speaks = signer.region == region || signer.region == above.region;
        if is_node && speaks && signer.domain == above.domain {
            return Ok(());
        }
        refused(FaultKind::Signer {
            signer: signer.clone(),
        })
    }
}
