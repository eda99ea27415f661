//! What is held of a peer's earlier lives and was not told since. Where no stream compares what both
//! sides hold, as on links by file, this is what the peer has to be told of: it begins anew with an
//! older backup, numbers as it numbered before, and what it tells is taken for older than what is held.

use super::State;
use crate::compare::{Bucket, Direction, Findings, Range, Side};
use crate::document::Kind;

impl State {
    /// The buckets of which this node, listening, holds anything that the teller told in an earlier
    /// life and has not told since, or that a peer of this node holds of its earlier lives.
    pub fn earlier_buckets(&self, direction: &Direction) -> Vec<Bucket> {
        let range = Range::default();
        let mut buckets = self.unowned_buckets(direction, range);
        buckets.extend(self.overtaken_buckets(direction, range));
        if let Some(earlier) = self.earlier_lives.get(&direction.teller) {
            let side = Side::Listener(*direction);
            for (key, stored) in &self.documents {
                let bucket = Bucket::Documents(key.kind, key.owner);
                if stored.change <= *earlier
                    && !buckets.contains(&bucket)
                    && self.holds_document(side, &stored.document)
                {
                    buckets.insert(bucket);
                }
            }
            for (region, number) in self.regions_told_of(direction) {
                let mut cells = self.cells.cells.of(number);
                let is_earlier = cells.any(|(_, cell)| cell.change > 0 && cell.change <= *earlier);
                if is_earlier && self.holds_cells(side, region) {
                    buckets.insert(Bucket::Cells(region));
                }
            }
        }
        buckets.into_iter().collect()
    }

    /// What of a bucket this node, listening, holds of an earlier life of the teller: documents, the
    /// highest version of the cells, and the names of some. The teller may have the same.
    pub fn held_of_earlier(&self, direction: &Direction, bucket: Bucket) -> Findings {
        let mut findings = Findings::default();
        let earlier = self.earlier_lives.get(&direction.teller);
        let earlier = earlier.copied().unwrap_or_default();
        match bucket {
            Bucket::Documents(kind, owner) => {
                for document in self.documents_of(kind, owner) {
                    let key = document.key();
                    let change = self.document(&key).map_or(0, |held| held.change);
                    let is_earlier = change <= earlier || self.is_unowned(&key);
                    if is_earlier && self.is_told(direction, document) {
                        findings.hold(document, self.proof(&key));
                    }
                }
                if kind == Kind::Roster {
                    findings.highest = self.overtaken(owner).unwrap_or_default();
                }
            }
            Bucket::Cells(region) => {
                if !self.holds_cells(Side::Listener(*direction), region) {
                    return findings;
                }
                for cell in self.cells_held(region) {
                    let name = cell.name();
                    let held = self.cell(cell.region, cell.indicator, cell.period);
                    let change = held.map_or(0, |held| held.change);
                    if change > earlier && !self.is_unowned_cell(&name) {
                        continue;
                    }
                    findings.highest = findings.highest.max(cell.version);
                    findings.cells_missing += 1;
                    if findings.cells.len() < Findings::MOST_CELLS {
                        findings.cells.push(name);
                    }
                }
                findings.cells.sort_unstable();
            }
        }
        findings
    }
}
