//! Of evidence as much is kept as documents are held, whatever else was signed beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::document::{Body, Document, Roster};
use crate::event::{Attested, Event, Received};
use crate::evidence::{Batch, Digest, Proof, Said, Signer, Tree, document_leaf};
use crate::state::State;
use crate::testing::code;

/// Rosters of regions with these numbers, in one version.
fn documents(numbers: impl IntoIterator<Item = u64>, version: u64) -> Vec<Document> {
    let document = |number: u64| {
        let id = format!("R{number:05}");
        Document {
            owner: code(&id),
            id,
            version,
            body: Body::Roster(Roster {
                units: BTreeMap::new(),
                bureaus: 1,
                standing_in: 0,
            }),
        }
    };
    numbers.into_iter().map(document).collect()
}

/// The state takes documents that were signed in one batch; gives its root.
fn take(state: &mut State, documents: &[Document]) -> Digest {
    let leaves: Vec<_> = documents.iter().filter_map(document_leaf).collect();
    let root = Tree::over(leaves.clone()).unwrap().root();
    let batch = Arc::new(Batch {
        signer: Arc::new(Signer {
            region: code("371500"),
            certificates: vec![vec![0x30; 500]],
        }),
        at_micros: 1,
        signature: vec![7; 70],
        size: u32::try_from(leaves.len()).unwrap(),
        leaves: if leaves.len() > 1 { leaves } else { Vec::new() },
    });
    let proof = |place| Proof {
        batch: Arc::clone(&batch),
        place,
        path: Vec::new(),
    };
    let proofs: Vec<Proof> = (0..batch.size).map(proof).collect();
    let named = documents.iter().map(|one| (one.key(), one.version));
    let attested = Attested {
        documents: named.collect(),
        evidence: Said::of(&proofs),
    };
    let received = Received {
        from: code("371500"),
        incarnation: 7,
        upto: state.frame() + 1,
        documents: documents.to_vec(),
        cells: Vec::new(),
        quarantined: Vec::new(),
    };
    let frame = state.frame() + 1;
    state.apply(&Event::Received(received), frame);
    state.apply(&Event::Attested(attested), frame);
    root
}

/// How many hashes are kept, and for how many documents.
fn kept(state: &State) -> (usize, usize) {
    let snapshot = state.snapshot();
    let Some(attested) = snapshot.evidence() else {
        return (0, 0);
    };
    let proofs = attested.evidence.proofs();
    let mut batches = BTreeSet::new();
    let mut hashes = 0;
    for proof in &proofs {
        hashes += proof.path.len();
        if batches.insert(Arc::as_ptr(&proof.batch)) {
            hashes += proof.batch.leaves.len();
        }
    }
    (hashes, proofs.len())
}

fn bytes(state: &State) -> Vec<u8> {
    let snapshot = state.snapshot();
    let evidence = postcard::to_stdvec(&snapshot.evidence()).unwrap();
    [postcard::to_stdvec(&snapshot).unwrap(), evidence].concat()
}

#[test]
fn evidence_grows_with_what_is_held_and_not_with_what_was_signed_beside_it() {
    let mut state = State::default();
    let mut roots = BTreeMap::new();
    // Of every batch of a thousand ten documents live on.
    for round in 0..8u64 {
        let first = round * 10;
        let root = take(&mut state, &documents(first..first + 1_000, round + 1));
        for number in first..first + 1_000 {
            roots.insert(number, root);
        }
        // Whoever reads what is stored goes on as if it had taken everything itself.
        let again = State::from_snapshot(state.snapshot());
        assert_eq!(bytes(&again), bytes(&state), "{round}");
        if round % 3 == 1 {
            state = again;
        }
    }
    let (hashes, held) = kept(&state);
    assert_eq!(held, 1_070);
    // The last batch whole, and ten ways of ten hashes of each before it.
    assert!(hashes <= 1_000 + 70 * 10, "{hashes} hashes");
    for document in state.documents(crate::document::Kind::Roster) {
        let number: u64 = document.id[1..].parse().unwrap();
        let proof = state.proof(&document.key()).unwrap();
        assert_eq!(
            proof.root(document),
            roots.get(&number).copied(),
            "{number}"
        );
    }
    // One by one the last batch dies, too.
    for number in 70..1_070 {
        take(&mut state, &documents([number], 100));
        let (hashes, held) = kept(&state);
        assert_eq!(held, 1_070);
        let alive = usize::try_from(1_069 - number).unwrap();
        assert!(
            hashes <= 700 + (alive * 10 + 1).min(1_000),
            "{number}: {hashes}"
        );
    }
    let again = State::from_snapshot(state.snapshot());
    assert_eq!(bytes(&again), bytes(&state));
}

#[test]
fn evidence_that_was_stored_with_dead_leaves_is_read_without_them() {
    let mut state = State::default();
    let all = documents(0..1_000, 1);
    take(&mut state, &all);
    // As it was stored once: all leaves, for a single document.
    let attested = state.snapshot().evidence().cloned().unwrap();
    let proofs = attested.evidence.proofs();
    let wordy = Attested {
        documents: attested.documents[..1].to_vec(),
        evidence: Said::of(&proofs[..1]),
    };
    let snapshot = state.snapshot();
    let noted = snapshot.noted().clone();
    let read =
        State::from_snapshot(snapshot.with_beside(Some(wordy), noted, Vec::new(), BTreeMap::new()));
    assert_eq!(kept(&read), (10, 1));
    let root = proofs[0].root(&all[0]);
    assert_eq!(read.proof(&all[0].key()).unwrap().root(&all[0]), root);
}
