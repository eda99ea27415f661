//! A city that signs for a county with a node of its own is not believed, whichever way it comes.

use std::sync::Arc;

use crate::access::Relation;
use crate::command::{Answer, Command, Healing, Incoming};
use crate::compare::Bucket;
use crate::document::{Body, Document, Kind, Roster};
use crate::evidence::{Batch, Proof, Proofs, Signer};
use crate::region::RegionKind;
use crate::testing::{Node, bureau, code};

const CITY: &str = "371500";
const COUNTY: &str = "371502";

/// Documents as the nodes of these regions have signed them; signatures are no matter of the rules.
fn signed(told: &[(&str, Document)]) -> (Vec<Document>, Proofs) {
    let mut proofs = Proofs::new();
    for (signer, document) in told {
        let signer = Arc::new(Signer {
            region: code(signer),
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
        proofs.insert((document.key(), document.version), proof);
    }
    let documents = told.iter().map(|(_, document)| document.clone()).collect();
    (documents, proofs)
}

fn region(name: &str, parent: &str) -> Document {
    Document {
        owner: code(name),
        id: name.to_owned(),
        version: 1,
        body: Body::Region(bureau(name, Some(parent))),
    }
}

fn roster(schools: u32) -> Document {
    let units = [(RegionKind::PrimarySchool, schools)];
    Document {
        owner: code(COUNTY),
        id: COUNTY.to_owned(),
        version: 3,
        body: Body::Roster(Roster {
            units: units.into_iter().collect(),
            ..Roster::default()
        }),
    }
}

/// How many of these documents the province took from the city.
fn tell(province: &mut Node, told: &[(&str, Document)]) -> u32 {
    let (documents, proofs) = signed(told);
    let incoming = Incoming {
        from: code(CITY),
        relation: Relation::Child,
        incarnation: 7,
        upto: 1 + province.journal.len() as u64,
        documents,
        cells: Vec::new(),
        unreadable: Vec::new(),
        proofs,
    };
    match province.run(Command::Receive(incoming)).unwrap() {
        Answer::Received { applied, .. } => applied,
        other => panic!("{other:?}"),
    }
}

/// A province that was told of a city, and by the county's own word of the county and its roster.
fn province() -> Node {
    let mut province = Node::new(&[bureau("370000", None)]);
    let told = [
        (CITY, region(CITY, "370000")),
        (COUNTY, region(COUNTY, CITY)),
        (COUNTY, roster(3)),
    ];
    assert_eq!(tell(&mut province, &told), 3);
    province
}

/// The county's roster as the province has it after the city compared with it.
fn heal(province: &mut Node, signer: &str, document: Document) -> Body {
    let key = document.key();
    let (documents, proofs) = signed(&[(signer, document)]);
    let healing = Healing {
        from: code(CITY),
        relation: Relation::Child,
        bucket: Bucket::Documents(Kind::Roster, code(COUNTY)),
        documents,
        cells: Vec::new(),
        proofs,
        is_current: true,
    };
    province.run(Command::Heal(healing)).unwrap();
    let held = province.state.document(&key).unwrap();
    held.document.body.clone()
}

#[test]
fn a_comparison_replaces_nothing_with_what_another_signed() {
    let mut province = province();
    assert_eq!(heal(&mut province, CITY, roster(900)), roster(3).body);
    // That it is not what the county has told does not mean that the city lacks it.
    assert_eq!(province.state.unowned_documents().count(), 0);
    assert_eq!(heal(&mut province, COUNTY, roster(4)), roster(4).body);
}

#[test]
fn nobody_above_a_county_finds_new_regions_below_it() {
    let mut province = province();
    let town = "371502001";
    assert_eq!(tell(&mut province, &[(CITY, region(town, COUNTY))]), 0);
    assert_eq!(tell(&mut province, &[(COUNTY, region(town, COUNTY))]), 1);
    let below = "371502001001";
    assert_eq!(tell(&mut province, &[(CITY, region(below, town))]), 0);
    // What a city hosts itself is its own to tell of.
    let own = "371501";
    assert_eq!(tell(&mut province, &[(CITY, region(own, CITY))]), 1);
    let below = "371501001";
    assert_eq!(tell(&mut province, &[(CITY, region(below, own))]), 1);
}
