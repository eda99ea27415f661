//! What a node says of the regions that it lets go, and what its word is good for.

use std::sync::Arc;

use super::{HANDOVER_ID, Handover, handover_key};
use crate::command::Command;
use crate::document::{Body, Document};
use crate::evidence::{Batch, Proof, Signer};
use crate::refusal::Reason;
use crate::region::{Level, Region};
use crate::state::fold::EPOCH_SHIFT;
use crate::testing::{Node, bureau, code, school};

const CITY: &str = "371500";
const COUNTY: &str = "371502";
const TOWN: &str = "371502001";

/// A city that hosts a county with its town and two schools, and the county beside it.
fn city() -> Node {
    let town = Region {
        level: Level::Township,
        ..bureau(TOWN, Some(COUNTY))
    };
    Node::new(&[
        bureau(CITY, None),
        bureau(COUNTY, Some(CITY)),
        town,
        school("s1", COUNTY),
        school("s2", TOWN),
        bureau("371503", Some(CITY)),
        school("s3", "371503"),
    ])
}

/// Documents as the node of that region has signed them; signatures are no matter of the rules.
fn signed(documents: Vec<Document>, by: &str) -> Vec<(Document, Proof)> {
    let signer = Arc::new(Signer {
        region: code(by),
        certificates: Vec::new(),
    });
    let batch = Arc::new(Batch {
        signer,
        at_micros: 1,
        signature: Vec::new(),
        size: 1,
        leaves: Vec::new(),
    });
    let proof = Proof {
        batch,
        place: 0,
        path: Vec::new(),
    };
    let documents = documents.into_iter();
    documents
        .map(|document| (document, proof.clone()))
        .collect()
}

#[test]
fn a_node_lets_go_a_region_and_all_below_it_but_for_units_and_nothing_else() {
    let city = city();
    let mut told = city.state.handovers(code(CITY), code(COUNTY));
    told.sort_by_key(|document| document.owner);
    let owners: Vec<_> = told.iter().map(|document| document.owner).collect();
    assert_eq!(owners, [code(COUNTY), code(TOWN)]);
    for document in &told {
        assert_eq!(document.id, HANDOVER_ID);
        let Body::Handover(handover) = &document.body else {
            panic!("{document:?}");
        };
        // It was the first node of these regions.
        let expected = Handover {
            from: code(CITY),
            since: 1 << EPOCH_SHIFT,
        };
        assert_eq!(*handover, expected);
    }
    // A unit that moves by itself is told of.
    let told = city.state.handovers(code(CITY), code("s1"));
    let owners: Vec<_> = told.iter().map(|document| document.owner).collect();
    assert_eq!(owners, [code("s1")]);
    assert_eq!(city.state.handovers(code(CITY), code("500243")), []);
}

#[test]
fn a_word_is_of_its_signer_and_of_one_move() {
    let handover = Handover {
        from: code(COUNTY),
        since: 2 << EPOCH_SHIFT,
    };
    let (before, since) = ((2 << EPOCH_SHIFT) - 1, 2 << EPOCH_SHIFT);
    assert!(handover.agrees(code(COUNTY), before, since));
    assert!(handover.agrees(code(COUNTY), 1, since + 1));
    assert!(!handover.agrees(code(CITY), before, since));
    // What another signed earlier than the word says was signed without it.
    assert!(!handover.agrees(code(COUNTY), 1, before));
    // The node went on signing.
    assert!(!handover.agrees(code(COUNTY), since, since + 1));
}

#[test]
fn a_region_moves_out_with_the_word_for_what_it_is_at_that_moment() {
    let mut city = city();
    let region = code(COUNTY);
    let told = signed(city.state.handovers(code(CITY), region), CITY);
    // A town was taken in while they were signed.
    let other = Region {
        level: Level::Township,
        ..bureau("371502002", Some(COUNTY))
    };
    city.host(&[other]).expect("another town");
    let before = city.journal.len();
    let refused = city.run(Command::MoveOut {
        region,
        handovers: told,
    });
    let refused = refused.expect_err("the words are too few");
    assert_eq!(refused.reason, Reason::Overloaded);
    assert_eq!(city.journal.len(), before, "nothing is written");
    assert!(city.state.hosts(region));

    let handovers = signed(city.state.handovers(code(CITY), region), CITY);
    assert_eq!(handovers.len(), 3);
    city.run(Command::MoveOut { region, handovers })
        .expect("moved");
    assert!(!city.state.hosts(region));
    for gone in [COUNTY, TOWN, "371502002"] {
        let (handover, is_signed) = city.state.handover(code(gone)).expect(gone);
        assert_eq!((handover.from, is_signed), (code(CITY), true), "{gone}");
    }
    assert!(city.state.document(&handover_key(code("s1"))).is_none());
}
