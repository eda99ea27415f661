//! Steps of a comparison as they travel.

use std::collections::BTreeMap;

use liandong_core::compare::{Bucket, CellName, Findings, Range, Tally};
use liandong_core::document::Kind;
use liandong_core::period::Period;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::state::ChangeSet;

use super::evidence::{EvidenceReader, EvidenceWriter};
use super::{ReadChanges, StreamReader, StreamWriter, pack, v1};
use crate::read;

/// One step of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The teller: what it tells adds up to this.
    Digest(Digest),
    /// The listener: in these buckets it holds something else.
    Verdict {
        /// It has taken changes that the digest does not cover.
        moved_on: bool,
        /// The buckets that differ.
        differing: Vec<Bucket>,
        /// Cells of the others that the teller does not have any more, as earlier comparisons
        /// found; not all of them when there are many.
        unowned: Vec<CellName>,
        /// How many they are.
        unowned_count: u64,
    },
    /// The teller: a part of all that is in such a bucket.
    Content {
        /// The teller's change number at which the bucket was read.
        upto: u64,
        /// The bucket.
        bucket: Bucket,
        /// The part.
        part: ReadChanges,
        /// Whether it is the last.
        last: bool,
    },
    /// The listener: what it found in the bucket.
    Findings {
        /// It has taken changes that the content does not cover.
        moved_on: bool,
        /// What it found.
        findings: Findings,
    },
    /// The other side is asked to compare now what it tells.
    Compare,
    /// How the comparison that was asked for went.
    Result(CompareResult),
    /// A step that this version does not know; to be passed over.
    Unknown,
}

/// What a teller tells of a range of buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The teller's change number at which it was added up.
    pub upto: u64,
    /// Whether contents are hashed, or keys and versions alone.
    pub contents: bool,
    /// The range.
    pub range: Range,
    /// The buckets that hold anything.
    pub tallies: BTreeMap<Bucket, Tally>,
}

/// How a comparison went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompareResult {
    /// Whether it came to its end.
    pub complete: bool,
    /// How many documents and cells the teller tells.
    pub compared: u64,
    /// The buckets that differed.
    pub differing: Vec<Bucket>,
    /// How many documents and cells were healed at the listener.
    pub healed: u64,
    /// Cells that the listener holds and the teller does not; not all of them when there are many.
    pub cells: Vec<CellName>,
    /// How many they are.
    pub cells_missing: u64,
}

/// A part of a bucket's content, packed.
pub fn bucket_content(
    upto: u64,
    bucket: Bucket,
    part: &ChangeSet,
    last: bool,
) -> v1::BucketContent {
    v1::BucketContent {
        upto,
        bucket: Some(bucket.into()),
        part: Some(pack(&StreamWriter::new().changes(0, part, ""))),
        last,
    }
}

/// What a listener found, to be sent.
pub fn findings(moved_on: bool, findings: &Findings) -> v1::Findings {
    v1::Findings {
        moved_on,
        healed: findings.healed,
        documents: findings.documents.iter().map(v1::Document::from).collect(),
        cells: findings.cells.iter().map(v1::CellName::from).collect(),
        cells_missing: findings.cells_missing,
        highest: findings.highest,
        evidence: EvidenceWriter::default().write(&findings.proofs),
    }
}

/// What the sender of a link file holds of a bucket of an earlier life of the receiver; `at` is the
/// change number that the file has come to.
pub(super) fn found(at: u64, bucket: Bucket, held: &Findings) -> v1::Changes {
    v1::Changes {
        after: at,
        upto: at,
        found: Some(v1::Found {
            bucket: Some(bucket.into()),
            findings: Some(findings(false, held)),
        }),
        ..v1::Changes::default()
    }
}

/// Reads it; a bucket of a kind of tomorrow is none of this program's.
///
/// # Errors
/// A refusal when it is not what it may be.
pub(super) fn read_found(
    found: Option<v1::Found>,
) -> Result<Option<Box<(Bucket, Findings)>>, Refusal> {
    let Some(v1::Found { bucket, findings }) = found else {
        return Ok(None);
    };
    let bucket = bucket.ok_or_else(|| read::missing("found.bucket"))?;
    let findings = findings.ok_or_else(|| read::missing("found.findings"))?;
    let Ok(bucket) = Bucket::try_from(bucket) else {
        return Ok(None);
    };
    Ok(Some(Box::new((bucket, findings.try_into()?))))
}

/// Reads one step.
///
/// # Errors
/// A refusal when the peer does not keep to the protocol.
pub(super) fn read_step(step: Option<v1::comparison::Step>) -> Result<Step, Refusal> {
    use v1::comparison::Step as Wire;
    let Some(step) = step else {
        return Ok(Step::Unknown);
    };
    Ok(match step {
        Wire::Digest(digest) => Step::Digest(digest.try_into()?),
        Wire::Verdict(v1::Verdict {
            moved_on,
            differing,
            unowned,
            unowned_count,
        }) => Step::Verdict {
            moved_on,
            differing: buckets(differing),
            unowned: cell_names(unowned),
            unowned_count,
        },
        Wire::Content(v1::BucketContent {
            upto,
            bucket,
            part,
            last,
        }) => Step::Content {
            upto,
            bucket: required("content.bucket", bucket)?,
            part: match part {
                Some(part) => StreamReader::new().packed(part)?,
                None => return Err(read::missing("content.part")),
            },
            last,
        },
        Wire::Findings(found) => Step::Findings {
            moved_on: found.moved_on,
            findings: found.try_into()?,
        },
        Wire::Compare(v1::CompareRequest {}) => Step::Compare,
        Wire::Result(result) => Step::Result(result.into()),
    })
}

impl From<Bucket> for v1::Bucket {
    fn from(bucket: Bucket) -> Self {
        let (kind, region) = match bucket {
            Bucket::Documents(kind, owner) => (number(kind), owner),
            Bucket::Cells(region) => (0, region),
        };
        Self {
            kind,
            region: region.to_string(),
        }
    }
}

/// The number of the field of `Document` that carries documents of a kind.
fn number(kind: Kind) -> u32 {
    match kind {
        Kind::Region => 4,
        Kind::Roster => 5,
        Kind::Indicator => 6,
        Kind::Plan => 7,
        Kind::Comment => 8,
        Kind::Task => 9,
        Kind::TaskProgress => 10,
        Kind::Pairing => 11,
        Kind::AidProject => 12,
        Kind::AidConsent => 13,
        Kind::AidEntry => 14,
        Kind::AidSummary => 15,
        Kind::Seal => 16,
        Kind::Handover => 17,
    }
}

impl TryFrom<v1::Bucket> for Bucket {
    type Error = Refusal;

    fn try_from(bucket: v1::Bucket) -> Result<Self, Refusal> {
        let v1::Bucket { kind, region } = bucket;
        let region = read::region("bucket.region", &region)?;
        if kind == 0 {
            return Ok(Self::Cells(region));
        }
        let known = Kind::ALL.into_iter().find(|known| number(*known) == kind);
        match known {
            Some(kind) => Ok(Self::Documents(kind, region)),
            None => Err(Refusal::new(
                Reason::Malformed,
                "bucket.kind",
                kind,
                Accepted::Range(0, 16),
            )),
        }
    }
}

/// Buckets of kinds that this program does not know are none of its business.
fn buckets(buckets: Vec<v1::Bucket>) -> Vec<Bucket> {
    let read = buckets.into_iter().map(Bucket::try_from);
    read.filter_map(Result::ok).collect()
}

fn required(field: &str, bucket: Option<v1::Bucket>) -> Result<Bucket, Refusal> {
    bucket.ok_or_else(|| read::missing(field))?.try_into()
}

fn optional(bucket: Option<v1::Bucket>) -> Result<Option<Bucket>, Refusal> {
    bucket.map(Bucket::try_from).transpose()
}

impl From<&Digest> for v1::Digest {
    fn from(digest: &Digest) -> Self {
        let tallies = digest.tallies.iter();
        Self {
            upto: digest.upto,
            contents: digest.contents,
            after: digest.range.after.map(v1::Bucket::from),
            until: digest.range.until.map(v1::Bucket::from),
            tallies: tallies
                .map(|(bucket, tally)| v1::Tally {
                    bucket: Some((*bucket).into()),
                    count: tally.count,
                    sum: tally.sum.to_be_bytes().to_vec(),
                })
                .collect(),
        }
    }
}

impl TryFrom<v1::Digest> for Digest {
    type Error = Refusal;

    fn try_from(digest: v1::Digest) -> Result<Self, Refusal> {
        let v1::Digest {
            upto,
            contents,
            after,
            until,
            tallies,
        } = digest;
        let mut read = BTreeMap::new();
        for v1::Tally { bucket, count, sum } in tallies {
            let sum: [u8; 16] = sum.as_slice().try_into().map_err(|_| {
                let accepted = Accepted::Form("16 bytes".to_owned());
                Refusal::new(Reason::Malformed, "tally.sum", sum.len(), accepted)
            })?;
            let sum = u128::from_be_bytes(sum);
            // A kind of tomorrow is not held here and cannot be compared.
            if let Some(Ok(bucket)) = bucket.map(Bucket::try_from) {
                read.insert(bucket, Tally { count, sum });
            }
        }
        Ok(Self {
            upto,
            contents,
            range: Range {
                after: optional(after)?,
                until: optional(until)?,
            },
            tallies: read,
        })
    }
}

impl TryFrom<v1::Findings> for Findings {
    type Error = Refusal;

    fn try_from(findings: v1::Findings) -> Result<Self, Refusal> {
        let count = findings.documents.len();
        let proofs = EvidenceReader::default().read(findings.evidence, count)?;
        let mut found = Self {
            healed: findings.healed,
            cells: cell_names(findings.cells),
            cells_missing: findings.cells_missing,
            highest: findings.highest,
            ..Self::default()
        };
        for (document, proof) in findings.documents.into_iter().zip(proofs) {
            // What cannot be read here cannot be taken back either.
            if let Ok(document) = document.try_into() {
                found.documents.push(document);
                found.proofs.push(proof);
            }
        }
        Ok(found)
    }
}

impl From<&CellName> for v1::CellName {
    fn from(name: &CellName) -> Self {
        Self {
            region: name.region.to_string(),
            indicator: name.indicator.to_string(),
            period: name.period.to_packed(),
        }
    }
}

fn cell_names(names: Vec<v1::CellName>) -> Vec<CellName> {
    let mut read = Vec::new();
    for name in names.into_iter().take(Findings::MOST_CELLS) {
        let v1::CellName {
            region,
            indicator,
            period,
        } = name;
        let region = read::region("region", &region);
        let indicator = read::indicator("indicator", &indicator);
        let period = Period::from_packed(period);
        if let (Ok(region), Ok(indicator), Some(period)) = (region, indicator, period) {
            read.push(CellName {
                region,
                indicator,
                period,
            });
        }
    }
    read
}

impl From<&CompareResult> for v1::CompareResult {
    fn from(result: &CompareResult) -> Self {
        let differing = result.differing.iter();
        Self {
            complete: result.complete,
            compared: result.compared,
            differing: differing.map(|bucket| (*bucket).into()).collect(),
            healed: result.healed,
            cells: result.cells.iter().map(v1::CellName::from).collect(),
            cells_missing: result.cells_missing,
        }
    }
}

impl From<v1::CompareResult> for CompareResult {
    fn from(result: v1::CompareResult) -> Self {
        Self {
            complete: result.complete,
            compared: result.compared,
            differing: buckets(result.differing),
            healed: result.healed,
            cells: cell_names(result.cells),
            cells_missing: result.cells_missing,
        }
    }
}

#[cfg(test)]
mod tests;
