//! Evidence on a stream: signers are told once, and what comes is what was told.

use std::sync::Arc;

use liandong_core::document::{Body, Document, Roster};
use liandong_core::evidence::{Batch, Proof, Signer, Tree, document_leaf};
use liandong_core::seal::{SEAL_ID, Seal};
use proptest::prelude::{any, prop_assert_eq, proptest};
use prost::Message;

use super::set;
use super::size::unlike_cells;
use crate::link::{StreamReader, StreamWriter, pack, v1};

fn document(version: u64) -> Document {
    Document {
        owner: "371524".parse().expect("a region"),
        id: "371524".to_owned(),
        version,
        body: Body::Roster(Roster::default()),
    }
}

fn signer(number: u8) -> Arc<Signer> {
    Arc::new(Signer {
        region: format!("{}", 371_500 + u32::from(number))
            .parse()
            .expect("a region"),
        certificates: vec![vec![number; 500]],
    })
}

/// Documents of one batch.
fn batch(signer: &Arc<Signer>, versions: std::ops::Range<u64>) -> (Vec<Document>, Vec<Proof>) {
    let documents: Vec<Document> = versions.map(document).collect();
    let proofs = proven(signer, &documents);
    (documents, proofs)
}

/// The proofs of documents that somebody signs as one batch.
fn proven(signer: &Arc<Signer>, documents: &[Document]) -> Vec<Proof> {
    let leaves: Vec<_> = documents.iter().filter_map(document_leaf).collect();
    let batch = Arc::new(Batch {
        signer: Arc::clone(signer),
        at_micros: 1_741_910_400_123_456,
        // Like a signature, nothing that packs.
        signature: [blake3::hash(b"r"), blake3::hash(b"s")]
            .iter()
            .flat_map(|half| *half.as_bytes())
            .chain([0x30, 0x45, 2, 0x21, 0, 2, 0x20])
            .collect(),
        size: u32::try_from(leaves.len()).expect("a few"),
        leaves: if leaves.len() > 1 { leaves } else { Vec::new() },
    });
    let proof = |place| Proof {
        batch: Arc::clone(&batch),
        place,
        path: Vec::new(),
    };
    (0..batch.size).map(proof).collect()
}

fn written(writer: &mut StreamWriter, documents: &[Document], proofs: &[Proof]) -> v1::Changes {
    let mut set = set(documents.to_vec(), Vec::new(), 1);
    set.proofs = proofs.iter().cloned().map(Some).collect();
    writer.changes(0, &set, "")
}

#[test]
fn whoever_signed_is_told_once_and_each_document_keeps_its_proof() {
    let (mut writer, mut reader) = (StreamWriter::new(), StreamReader::new());
    let (one, other) = (signer(1), signer(2));
    for (signer, versions, new) in [(&one, 1..9, 1), (&one, 9..10, 0), (&other, 10..12, 1)] {
        let (documents, proofs) = batch(signer, versions);
        let changes = written(&mut writer, &documents, &proofs);
        let said = changes.evidence.as_ref().expect("evidence");
        assert_eq!(said.new_signers.len(), new);
        let read = reader.changes(changes).expect("a frame");
        assert_eq!(read.documents, documents);
        for (proof, (document, told)) in read.proofs.iter().zip(documents.iter().zip(&proofs)) {
            let proof = proof.as_ref().expect("a proof");
            assert_eq!(proof.root(document), told.root(document));
            assert_eq!(proof.batch.signer, told.batch.signer);
        }
    }
    // A lost frame is noticed: what it told is missing.
    let (documents, proofs) = batch(&other, 12..14);
    let changes = written(&mut writer, &documents, &proofs);
    assert!(StreamReader::new().changes(changes).is_err());
}

#[test]
fn a_batch_of_which_little_is_left_travels_by_ways() {
    let signer = signer(1);
    let (documents, proofs) = batch(&signer, 0..40);
    let changes = written(&mut StreamWriter::new(), &documents[..2], &proofs[..2]);
    let said = changes.evidence.as_ref().expect("evidence");
    assert_eq!(said.batches[0].leaves, []);
    let read = StreamReader::new().changes(changes).expect("a frame");
    let tree: Vec<_> = documents.iter().filter_map(document_leaf).collect();
    let root = Tree::over(tree).expect("a tree").root();
    for (proof, document) in read.proofs.iter().flatten().zip(&documents) {
        assert_eq!(proof.root(document), Some(root));
    }
    assert_eq!(read.proofs.iter().flatten().count(), 2);
}

#[test]
fn what_cannot_be_read_keeps_its_proof_and_the_others_theirs() {
    let signer = signer(1);
    let (documents, proofs) = batch(&signer, 0..3);
    let mut changes = written(&mut StreamWriter::new(), &documents, &proofs);
    changes.documents[1].body = None;
    let read = StreamReader::new().changes(changes).expect("a frame");
    assert_eq!(read.documents, [documents[0].clone(), documents[2].clone()]);
    for (proof, document) in read.proofs.iter().zip(&read.documents) {
        let root = proof.as_ref().and_then(|proof| proof.root(document));
        assert_eq!(root, proofs[0].root(&documents[0]));
    }
    let (_, kept) = read.unreadable[0].content.clone().without_proof();
    let root = kept.and_then(|proof| proof.root(&documents[1]));
    assert_eq!(root, proofs[1].root(&documents[1]));
}

proptest! {
    #[test]
    fn no_bytes_of_evidence_stop_the_documents(bytes in any::<Vec<u8>>(), count in 0u64..4) {
        let documents: Vec<Document> = (0..count).map(document).collect();
        let set = set(documents.clone(), Vec::new(), 1);
        let mut changes = StreamWriter::new().changes(0, &set, "");
        changes.evidence = v1::Evidence::decode(bytes.as_slice()).ok();
        if let Ok(read) = StreamReader::new().changes(changes) {
            prop_assert_eq!(&read.documents, &documents);
            prop_assert_eq!(read.proofs.len(), documents.len());
        }
    }
}

#[test]
fn every_byte_of_evidence_counts() {
    let signer = signer(1);
    let (documents, proofs) = batch(&signer, 0..3);
    let whole = written(&mut StreamWriter::new(), &documents, &proofs);
    let said = whole.evidence.clone().expect("evidence").encode_to_vec();
    let expected = proofs[0].root(&documents[0]);
    let holds = |proof: &Option<Proof>, document: &Document| {
        proof.as_ref().is_some_and(|proof| {
            let batch = &proof.batch;
            proof.root(document) == expected
                && batch.signer == proofs[0].batch.signer
                && batch.at_micros == proofs[0].batch.at_micros
                && batch.signature == proofs[0].batch.signature
        })
    };
    for at in 0..said.len() {
        let mut bytes = said.clone();
        bytes[at] ^= 1;
        let mut changes = whole.clone();
        changes.evidence = v1::Evidence::decode(bytes.as_slice()).ok();
        let Ok(read) = StreamReader::new().changes(changes) else {
            continue;
        };
        let all = read.proofs.iter().zip(&documents);
        let all = all.filter(|(proof, document)| holds(proof, document));
        assert!(all.count() < 3, "byte {at}");
    }
}

/// Bytes of a burst of figures per figure, in hundredths: the packed frame of the figures and the one
/// of their seals, once the stream knows indicators and signers. `apart` says that each region has
/// signed for itself, as where a city passes on what its counties said.
fn with_seals(regions: u64, indicators: u64, apart: bool) -> usize {
    let (mut writer, mut reader) = (StreamWriter::new(), StreamReader::new());
    let signers: Vec<Arc<Signer>> = (0..regions)
        .map(|number| signer(u8::try_from(number).expect("few")))
        .collect();
    let mut size = 0;
    for round in 0..2 {
        let cells = unlike_cells(regions, indicators, round);
        let mut seals = Vec::new();
        for of_region in cells.chunks(usize::try_from(indicators).expect("few")) {
            seals.push(Document {
                owner: of_region[0].region,
                id: SEAL_ID.to_owned(),
                version: (3 << 40) + round,
                body: Body::Seal(Seal::of(of_region.to_vec()).expect("figures")),
            });
        }
        let mut proofs = Vec::new();
        if apart {
            for (seal, signer) in seals.iter().zip(&signers) {
                proofs.extend(proven(signer, std::slice::from_ref(seal)));
            }
        } else {
            proofs = proven(&signers[0], &seals);
        }
        let figures = writer.changes(0, &set(Vec::new(), cells.clone(), 1), "");
        let sealed = written(&mut writer, &seals, &proofs);
        let mut bytes = 0;
        for changes in [figures, sealed] {
            let packed = pack(&changes);
            let frame = v1::frame::Frame::Packed(packed.clone());
            bytes += v1::ExchangeRequest::from(frame).encoded_len();
            let read = reader.packed(packed).expect("frames in order");
            let told = read.proofs.iter().flatten().zip(&read.documents);
            for (proof, document) in told {
                assert!(proof.root(document).is_some());
            }
        }
        size = bytes * 100 / cells.len();
    }
    size
}

#[test]
fn figures_of_a_batch_of_41_and_more_cost_at_most_twelve_bytes_with_their_seals() {
    for (regions, indicators, apart) in [
        (1, 41, true),
        (5, 60, true),
        (5, 60, false),
        (16, 41, true),
        (16, 41, false),
    ] {
        let size = with_seals(regions, indicators, apart);
        let cells = regions * indicators;
        println!(
            "{cells} cells of {regions} regions: {}.{:02} bytes each, sealed and signed",
            size / 100,
            size % 100
        );
        assert!(size <= 1_200, "{cells} cells: {size}");
    }
}
