//! Steps of a comparison keep what they say on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use liandong_core::compare::{Bucket, CellName, Findings, Range, Tally};
use liandong_core::document::{Body, CellDocument, Document, Kind, Roster};
use liandong_core::evidence::{Batch, Proof, Signer, document_leaf};
use liandong_core::rollup::Sums;
use liandong_core::state::ChangeSet;

use super::{CompareResult, Digest, Step, bucket_content, findings, number, read_step};
use crate::link::v1;
use crate::link::v1::comparison::Step as Wire;

fn cells() -> Vec<CellDocument> {
    (1..=40u32)
        .map(|month| CellDocument {
            region: "371524".parse().unwrap(),
            indicator: "compulsory-dropouts".parse().unwrap(),
            period: format!("{}-{:02}", 2020 + month / 12, month % 12 + 1)
                .parse()
                .unwrap(),
            sums: Sums {
                numerator: i64::from(month),
                denominator: 0,
                reported: 3,
                on_time: 2,
            },
            version: (1 << 40) + u64::from(month),
        })
        .collect()
}

#[test]
fn every_kind_has_the_number_of_its_field() {
    for kind in Kind::ALL {
        let bucket = Bucket::Documents(kind, "371524".parse().unwrap());
        let sent = v1::Bucket::from(bucket);
        assert_eq!(Bucket::try_from(sent).unwrap(), bucket);
    }
    // Region is field 4 of `Document`, and they follow each other.
    let numbers: Vec<u32> = Kind::ALL.into_iter().map(number).collect();
    assert_eq!(numbers, (4..=17).collect::<Vec<u32>>());
}

#[test]
fn a_digest_is_read_as_it_was_written() {
    let region = "371524".parse().unwrap();
    let bucket = Bucket::Cells(region);
    let tally = Tally {
        count: 40,
        sum: u128::MAX - 5,
    };
    let digest = Digest {
        upto: 77,
        contents: true,
        range: Range {
            after: Some(Bucket::Documents(Kind::Plan, region)),
            until: None,
        },
        tallies: BTreeMap::from([(bucket, tally)]),
    };
    let sent = Wire::Digest(v1::Digest::from(&digest));
    assert_eq!(read_step(Some(sent)), Ok(Step::Digest(digest)));
}

#[test]
fn a_bucket_of_a_kind_of_tomorrow_is_passed_over_and_a_short_sum_refused() {
    let tomorrow = v1::Tally {
        bucket: Some(v1::Bucket {
            kind: 99,
            region: "371524".to_owned(),
        }),
        count: 1,
        sum: vec![0; 16],
    };
    let digest = |tally: v1::Tally| {
        let tallies = vec![tally];
        Wire::Digest(v1::Digest {
            tallies,
            ..v1::Digest::default()
        })
    };
    match read_step(Some(digest(tomorrow.clone()))) {
        Ok(Step::Digest(digest)) => assert_eq!(digest.tallies, BTreeMap::new()),
        other => panic!("{other:?}"),
    }
    let short = v1::Tally {
        sum: vec![0; 15],
        ..tomorrow
    };
    assert!(read_step(Some(digest(short))).is_err());
}

#[test]
fn content_and_findings_are_read_as_they_were_written() {
    let bucket = Bucket::Cells("371524".parse().unwrap());
    let part = ChangeSet {
        documents: Vec::new(),
        cells: cells(),
        proofs: Vec::new(),
        upto: 9,
    };
    let sent = Wire::Content(bucket_content(9, bucket, &part, true));
    match read_step(Some(sent)) {
        Ok(Step::Content {
            upto: 9,
            bucket: read,
            part: held,
            last: true,
        }) => {
            assert_eq!(read, bucket);
            assert_eq!(held.cells.len(), part.cells.len());
            assert!(part.cells.iter().all(|cell| held.cells.contains(cell)));
        }
        other => panic!("{other:?}"),
    }
    let name: CellName = cells()[0].name();
    let found = Findings {
        healed: 4,
        documents: Vec::new(),
        proofs: Vec::new(),
        cells: vec![name],
        cells_missing: 12,
        highest: 1 << 41,
    };
    let sent = Wire::Findings(findings(true, &found));
    let read = read_step(Some(sent));
    let expected = Step::Findings {
        moved_on: true,
        findings: found,
    };
    assert_eq!(read, Ok(expected));
    let result = CompareResult {
        complete: true,
        compared: 70,
        differing: vec![bucket],
        healed: 4,
        cells: vec![name],
        cells_missing: 1,
    };
    let sent = Wire::Result(v1::CompareResult::from(&result));
    assert_eq!(read_step(Some(sent)), Ok(Step::Result(result)));
    assert_eq!(read_step(None), Ok(Step::Unknown));
}

#[test]
fn findings_bring_what_shows_whose_the_documents_are() {
    let document = Document {
        owner: "371524".parse().expect("a region"),
        id: "371524".to_owned(),
        version: 3,
        body: Body::Roster(Roster::default()),
    };
    let leaf = document_leaf(&document).expect("a leaf");
    let proof = Proof {
        batch: Arc::new(Batch {
            signer: Arc::new(Signer {
                region: document.owner,
                certificates: vec![vec![1, 2, 3]],
            }),
            at_micros: 5,
            signature: vec![7; 70],
            size: 2,
            leaves: Vec::new(),
        }),
        place: 1,
        path: vec![leaf],
    };
    let mut found = Findings::default();
    found.hold(&document, None);
    found.hold(&document, None);
    found.hold(&document, Some(&proof));
    let mut sent = findings(false, &found);
    assert_eq!(
        read_step(Some(Wire::Findings(sent.clone()))),
        Ok(Step::Findings {
            moved_on: false,
            findings: found.clone(),
        })
    );
    // What cannot be read takes nobody else's proof along.
    sent.documents[0] = v1::Document::default();
    let Ok(Step::Findings { findings: read, .. }) = read_step(Some(Wire::Findings(sent.clone())))
    else {
        panic!("no findings")
    };
    assert_eq!(read.proofs, [None, Some(proof)]);
    // A peer of yesterday says nothing of signatures.
    sent.evidence = None;
    let Ok(Step::Findings { findings: read, .. }) = read_step(Some(Wire::Findings(sent))) else {
        panic!("no findings")
    };
    assert_eq!((read.documents.len(), read.proofs), (2, vec![None, None]));
}
