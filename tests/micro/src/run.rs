//! Batches of one kind, one after the other, for as long as somebody measures.

use anyhow::Result;
use liandong_core::report::Outcome;

use crate::county::{County, Kind};
use crate::path::Path;
use crate::stage::Meter;

/// A node that gets batches of one kind.
#[derive(Debug)]
pub struct Run<'a> {
    county: &'a County,
    kind: Kind,
    with_journal: bool,
    path: Path<'a>,
    next: usize,
}

impl<'a> Run<'a> {
    /// A node that is ready for the kind: with a year's figures, unless they are what it gets.
    ///
    /// # Errors
    /// When a stage fails.
    pub fn new(county: &'a County, kind: Kind, with_journal: bool) -> Result<Self> {
        let mut path = Path::new(county, with_journal)?;
        if kind != Kind::New {
            for number in 0..county.batches() {
                path.push(county.request(Kind::New, number), &mut ())?;
            }
        }
        Ok(Self {
            county,
            kind,
            with_journal,
            path,
            next: 0,
        })
    }

    /// Takes the next batch through all stages; what became of its rows. Behind the last new figure
    /// of the year a node without figures takes over.
    ///
    /// # Errors
    /// When a stage fails.
    pub fn step(&mut self, meter: &mut impl Meter) -> Result<Vec<(u32, Outcome)>> {
        let is_over = self.next >= self.county.batches();
        if is_over && self.kind != Kind::Correction {
            self.next = 0;
            if self.kind == Kind::New {
                self.path = Path::new(self.county, self.with_journal)?;
            }
        }
        let request = self.county.request(self.kind, self.next);
        self.next += 1;
        self.path.push(request, meter)
    }

    /// The node.
    pub fn path(&self) -> &Path<'a> {
        &self.path
    }
}
