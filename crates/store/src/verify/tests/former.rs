//! A seal that a newer one took the place of counts still: with the last it says whether a figure was
//! ever given. One that its region's node never signed is found in the journal.

use std::sync::Arc;

use liandong_core::document::{Body, CellDocument, Document};
use liandong_core::event::{Attested, Event, Received};
use liandong_core::evidence::{Batch, Digest, Proof, Said, Signer, Tree, document_leaf};
use liandong_core::refusal::Refusal;
use liandong_core::region::{Level, Region, RegionCode, RegionKind};
use liandong_core::rollup::Sums;
use liandong_core::seal::{SEAL_ID, Seal};
use liandong_core::state::not_from;

use super::{commit_events, open, run_judged};
use crate::verify::{Fault, Judge, Report};

const CITY: &str = "371500";
const COUNTY: &str = "371524";
const NEIGHBOUR: &str = "371525";

/// Whose signatures are good; a test's is of the root and of whoever signs.
#[derive(Debug)]
struct ByHash;

fn signature(signer: RegionCode, root: &Digest) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(signer.to_string().as_bytes()).update(root);
    hasher.finalize().as_bytes().to_vec()
}

impl Judge for ByHash {
    fn judge(&self, batch: &Batch, root: &Digest) -> Result<(), Refusal> {
        let signer = batch.signer.region;
        if batch.signature == signature(signer, root) {
            return Ok(());
        }
        Err(not_from(signer))
    }
}

fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

fn region(name: &str, parent: &str, level: Level) -> Document {
    Document {
        owner: code(name),
        id: name.to_owned(),
        version: 1,
        body: Body::Region(Region {
            code: code(name),
            name: name.to_owned(),
            parent: Some(code(parent)),
            level,
            kind: RegionKind::Bureau,
        }),
    }
}

fn figure(version: u64) -> CellDocument {
    CellDocument {
        region: code(COUNTY),
        indicator: "compulsory-dropouts".parse().unwrap(),
        period: "2025-03".parse().unwrap(),
        sums: Sums {
            numerator: 7,
            reported: 1,
            on_time: 1,
            ..Sums::default()
        },
        version,
    }
}

/// What the county's node says of its figure.
fn seal(version: u64) -> Document {
    Document {
        owner: code(COUNTY),
        id: SEAL_ID.to_owned(),
        version,
        body: Body::Seal(Seal::of(vec![figure(version)]).unwrap()),
    }
}

/// One document, a seal with the figure that it is of, as the city handed it on: signed by that
/// region, or altered after it was.
fn said(document: Document, signer: &str, altered: bool) -> [Event; 2] {
    let mut signed = document.clone();
    signed.version += u64::from(altered);
    let tree = Tree::over(vec![document_leaf(&signed).unwrap()]);
    let root = tree.unwrap().root();
    let batch = Batch {
        signer: Arc::new(Signer {
            region: code(signer),
            certificates: vec![vec![0x30]],
        }),
        at_micros: 1,
        signature: signature(code(signer), &root),
        size: 1,
        leaves: Vec::new(),
    };
    let proof = Proof {
        batch: Arc::new(batch),
        place: 0,
        path: Vec::new(),
    };
    let is_seal = matches!(document.body, Body::Seal(_));
    let cells = is_seal.then(|| figure(document.version));
    let attested = Attested {
        documents: vec![(document.key(), document.version)],
        evidence: Said::of(&[proof]),
    };
    let received = Received {
        from: code(CITY),
        incarnation: 7,
        upto: 1,
        documents: vec![document],
        cells: cells.into_iter().collect(),
        quarantined: Vec::new(),
    };
    [Event::Received(received), Event::Attested(attested)]
}

/// What is found in a journal with three seals in the frames 4 to 6, the one with the version `forged`
/// by that signer or altered.
fn found(signer: &str, altered: bool, forged: u64) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut opened = open(&data);
    for (name, parent, level) in [
        (CITY, "370000", Level::Prefecture),
        (COUNTY, CITY, Level::County),
        (NEIGHBOUR, CITY, Level::County),
    ] {
        commit_events(&mut opened, &said(region(name, parent, level), name, false));
    }
    for version in 1..=3 {
        let is_forged = version == forged;
        let by = if is_forged { signer } else { COUNTY };
        commit_events(&mut opened, &said(seal(version), by, altered && is_forged));
    }
    drop(opened);
    run_judged(&data, Some(Arc::new(ByHash))).unwrap()
}

fn names_frame(report: &Report, frame: u64) {
    let [
        Fault::Evidence {
            sequence,
            document,
            count: 1,
            ..
        },
    ] = &report.faults[..]
    else {
        panic!("{:?}", report.faults);
    };
    assert_eq!(*sequence, frame, "{document}");
    assert!(document.contains(COUNTY), "{document}");
}

#[test]
fn seals_that_were_signed_by_their_node_fit() {
    let report = found(COUNTY, false, 0);
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    // Three entries and the last two seals.
    assert_eq!(report.evidence, 5);
}

#[test]
fn a_former_seal_that_was_altered_is_found() {
    names_frame(&found(COUNTY, true, 2), 5);
    names_frame(&found(COUNTY, true, 3), 6);
}

#[test]
fn a_former_seal_that_a_neighbour_signed_is_found() {
    names_frame(&found(NEIGHBOUR, false, 2), 5);
    names_frame(&found(NEIGHBOUR, false, 3), 6);
}

/// Nothing leans on those before: the documentation of the check says so.
#[test]
fn an_earlier_seal_is_looked_at_no_more() {
    let report = found(COUNTY, true, 1);
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}
