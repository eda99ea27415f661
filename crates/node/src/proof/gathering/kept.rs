//! The statements of one proof that were heard, and how much room they take.

use std::collections::BTreeMap;

use liandong_core::proof::{Figure, SignedStatement};
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_proof::{Believes, Opened, open};

use super::contradictory;
use super::wanted::Wanted;

/// The most bytes of statements, certificates and signatures that one proof holds while it is
/// gathered.
const LARGEST: usize = 64 << 20;

/// A statement that came, and who said it.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) signed: SignedStatement,
    pub(super) opened: Opened,
}

/// What was heard.
#[derive(Debug)]
pub(super) struct Kept {
    figure: Figure,
    heard: BTreeMap<RegionCode, Heard>,
    bytes: usize,
}

impl Kept {
    pub(super) fn new(figure: Figure) -> Self {
        Self {
            figure,
            heard: BTreeMap::new(),
            bytes: 0,
        }
    }

    pub(super) fn get(&self, region: RegionCode) -> Option<&Heard> {
        self.heard.get(&region)
    }

    pub(super) fn remove(&mut self, region: RegionCode) -> Option<Heard> {
        let heard = self.heard.remove(&region)?;
        self.bytes -= weight(&heard.signed);
        Some(heard)
    }

    /// Keeps a statement, if it is what somebody who may speak for the region signed about this
    /// figure, and there is room for it.
    pub(super) fn take(
        &mut self,
        wanted: &Wanted,
        signed: SignedStatement,
        trust: &impl Believes,
        is_above: impl FnOnce(RegionCode) -> bool,
    ) -> Result<(), Refusal> {
        let region = wanted.region;
        let certificates = &signed.certificates;
        let mut places = certificates.iter().enumerate();
        if places.any(|(place, der)| certificates[..place].contains(der)) {
            return Err(contradictory(region, "a certificate comes twice"));
        }
        let opened = open(&signed, trust);
        let opened = opened.map_err(|why| contradictory(region, &why.to_string()))?;
        if !wanted.may_be_said_by(&opened.signer, is_above) {
            let why = format!("{} may not speak for it", opened.signer);
            return Err(contradictory(region, &why));
        }
        let figure = Figure {
            region,
            ..self.figure
        };
        if opened.statement.figure != figure {
            return Err(contradictory(region, "it is of another figure"));
        }
        let checked = opened.statement.check();
        checked.map_err(|fault| contradictory(region, &fault.to_string()))?;
        self.remove(region);
        let bytes = self.bytes + weight(&signed);
        if bytes > LARGEST {
            return Err(Refusal::advise(
                Reason::TooManyRows,
                "region",
                self.figure.region,
                "证明过大，请分别证明下级区域",
                "the proof would be too large: prove the regions below one by one",
            ));
        }
        self.bytes = bytes;
        self.heard.insert(region, Heard { signed, opened });
        Ok(())
    }
}

/// The bytes that a statement brings.
fn weight(signed: &SignedStatement) -> usize {
    let certificates: usize = signed.certificates.iter().map(Vec::len).sum();
    signed.content.len() + certificates + signed.signature.len()
}

#[cfg(test)]
mod tests;
