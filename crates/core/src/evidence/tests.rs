//! Proofs hold for what was signed and for nothing else, whatever byte of them is another.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::tree::root_above;
use super::{Batch, Proof, Said, Signer, Tree, document_leaf, lean, may_sign};
use crate::document::{Body, Document, Roster};
use crate::region::RegionTree;
use crate::testing::{bureau, code};

fn document(number: u64) -> Document {
    Document {
        owner: code("371524"),
        id: "371524".to_owned(),
        version: number,
        body: Body::Roster(Roster {
            units: BTreeMap::new(),
            bureaus: 1,
            standing_in: 0,
        }),
    }
}

fn batch(count: u64) -> (Vec<Document>, Tree, Arc<Batch>) {
    let documents: Vec<Document> = (0..count).map(document).collect();
    let leaves: Vec<_> = documents.iter().filter_map(document_leaf).collect();
    let tree = Tree::over(leaves.clone()).unwrap();
    let batch = Batch {
        signer: Arc::new(Signer {
            region: code("371524"),
            certificates: vec![vec![1, 2, 3]],
        }),
        at_micros: 5,
        signature: vec![7; 70],
        size: count as u32,
        leaves: if count > 1 { leaves } else { Vec::new() },
    };
    (documents, tree, Arc::new(batch))
}

/// RFC 9162, section 2.1.1, word for word.
fn by_the_book(leaves: &[[u8; 32]]) -> [u8; 32] {
    if let [single] = leaves {
        return *single;
    }
    let left = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(left);
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[1]);
    hasher.update(&by_the_book(left));
    hasher.update(&by_the_book(right));
    *hasher.finalize().as_bytes()
}

#[test]
fn the_tree_has_the_shape_of_the_standard_and_every_leaf_a_way() {
    for count in 1..70 {
        let (documents, tree, batch) = batch(count);
        let leaves: Vec<_> = documents.iter().filter_map(document_leaf).collect();
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"liandong signed batch 1\n");
        hasher.update(&(count as u32).to_le_bytes());
        hasher.update(&by_the_book(&leaves));
        assert_eq!(tree.root(), *hasher.finalize().as_bytes(), "{count}");
        for (place, document) in (0u32..).zip(&documents) {
            let whole = Proof {
                batch: Arc::clone(&batch),
                place,
                path: Vec::new(),
            };
            assert_eq!(whole.root(document), Some(tree.root()), "{count} {place}");
            let [lean] = lean(vec![whole]).try_into().unwrap();
            assert!(lean.batch.leaves.is_empty() || count <= 3);
            assert_eq!(lean.root(document), Some(tree.root()), "{count} {place}");
            assert_ne!(
                lean.root(&document_of_another_version(document)),
                Some(tree.root())
            );
        }
    }
}

fn document_of_another_version(document: &Document) -> Document {
    let version = document.version + 1_000;
    Document {
        version,
        ..document.clone()
    }
}

proptest! {
    #[test]
    fn a_way_holds_at_its_place_in_its_size_alone(
        count in 1u64..40,
        place in any::<u32>(),
        flipped in any::<usize>(),
        other_place in 0u32..64,
        other_size in 1u32..64,
    ) {
        let (documents, tree, _) = batch(count);
        let place = place % count as u32;
        let leaf = document_leaf(&documents[place as usize]).unwrap();
        let path = tree.path(place);
        let root = Some(tree.root());
        prop_assert_eq!(root_above(&leaf, place, count as u32, &path), root);
        if (other_place, other_size) != (place, count as u32) {
            prop_assert!(root_above(&leaf, other_place, other_size, &path) != root);
        }
        let mut bytes: Vec<[u8; 32]> = path.clone();
        bytes.push(leaf);
        let at = flipped % (bytes.len() * 32);
        bytes[at / 32][at % 32] ^= 1;
        let leaf = bytes.pop().unwrap();
        prop_assert!(root_above(&leaf, place, count as u32, &bytes) != root);
        prop_assert!(root_above(&leaf, place, count as u32, &path[..path.len().saturating_sub(1)]) != root);
    }

    #[test]
    fn what_is_written_down_reads_as_it_was(
        counts in proptest::collection::vec(1u64..9, 1..5),
        chosen in any::<u64>(),
    ) {
        let mut proofs = Vec::new();
        for count in counts {
            let (_, _, batch) = batch(count);
            for place in (0..count as u32).filter(|place| chosen >> place & 1 == 1) {
                proofs.push(Proof { batch: Arc::clone(&batch), place, path: Vec::new() });
            }
        }
        let proofs = lean(proofs);
        let said = Said::of(&proofs);
        let bytes = postcard::to_stdvec(&said).unwrap();
        let read: Said = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &said);
        prop_assert_eq!(&read.proofs(), &proofs);
        // Whoever reads it and writes it again writes the same.
        prop_assert_eq!(Said::of(&read.proofs()), said);
    }
}

#[test]
fn every_byte_of_a_proof_counts() {
    let (documents, tree, batch) = batch(5);
    let proof = lean(vec![Proof {
        batch,
        place: 3,
        path: Vec::new(),
    }]);
    let whole = postcard::to_stdvec(&Said::of(&proof)).unwrap();
    let expected = (proof[0].batch.signer.clone(), proof[0].batch.at_micros);
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            let Ok(said) = postcard::from_bytes::<Said>(&bytes) else {
                continue;
            };
            let holds = said.proofs().first().is_some_and(|read| {
                read.root(&documents[3]) == Some(tree.root())
                    && (read.batch.signer.clone(), read.batch.at_micros) == expected
                    && read.batch.signature == proof[0].batch.signature
            });
            assert!(!holds, "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn a_node_signs_for_its_region_and_for_what_has_no_node_of_its_own() {
    let mut tree = RegionTree::new();
    for (name, parent) in [
        ("371500", "370000"),
        ("371524", "371500"),
        ("371502", "371500"),
    ] {
        tree.insert(bureau(name, Some(parent))).unwrap();
    }
    let (city, county) = (code("371500"), code("371524"));
    assert!(may_sign(&tree, city, city, None, false));
    assert!(may_sign(&tree, city, county, None, false));
    assert!(may_sign(&tree, city, county, Some(city), false));
    assert!(may_sign(&tree, county, county, Some(city), false));
    // Not for a neighbour, not for what stands above, and not for one that has its own node.
    assert!(!may_sign(&tree, code("371502"), county, None, false));
    assert!(!may_sign(&tree, county, city, None, true));
    assert!(!may_sign(&tree, city, county, Some(county), false));
    assert!(may_sign(&tree, city, county, Some(county), true));
}
