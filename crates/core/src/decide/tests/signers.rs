//! A city that signs for a county with a node of its own is not believed, whichever way it comes.

use std::sync::Arc;

use crate::access::Relation;
use crate::command::{Answer, Command, Healing, Incoming};
use crate::compare::Bucket;
use crate::document::{Body, Document, Kind, Roster};
use crate::event::{Attested, Event, Received};
use crate::evidence::{Batch, Digest, Proof, Proofs, Said, Signer};
use crate::handover::{HANDOVER_ID, Handover};
use crate::region::RegionKind;
use crate::testing::{Node, bureau, code};

pub(super) const CITY: &str = "371500";
pub(super) const COUNTY: &str = "371502";

/// Documents as the nodes of these regions have signed them; signatures are no matter of the rules.
pub(super) fn signed(told: &[(&str, Document)]) -> (Vec<Document>, Proofs) {
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

pub(super) fn region(name: &str, parent: &str) -> Document {
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

/// The same entry as the region's node tells it in a later epoch.
fn moved(name: &str, parent: &str, epoch: u64) -> Document {
    Document {
        version: epoch << 40 | 1,
        ..region(name, parent)
    }
}

#[test]
fn every_turn_of_a_signer_is_kept_and_the_one_upwards_is_to_be_asked_about() {
    let mut province = province();
    assert_eq!(province.state.turns().count(), 0);
    // What is told again under the same signature is no turn.
    assert_eq!(tell(&mut province, &[(COUNTY, moved(COUNTY, CITY, 1))]), 1);
    assert_eq!(province.state.turns().count(), 0);
    // The city says that the county has come to it, and signs as the county from now on.
    let told = [(CITY, moved(COUNTY, CITY, 2)), (CITY, roster(900))];
    let later = |mut document: Document| {
        document.version = 3 << 40;
        document
    };
    let told = told.map(|(signer, document)| match document.body {
        Body::Roster(_) => (signer, later(document)),
        _ => (signer, document),
    });
    assert_eq!(tell(&mut province, &told), 2);
    let restarted = crate::state::State::from_snapshot(province.state.snapshot());
    for state in [&province.state, &restarted] {
        let turns: Vec<_> = state.turns_to_ask_about().collect();
        assert_eq!(turns.len(), 1);
        let turn = turns[0];
        let signers = (turn.region, turn.from, turn.to);
        assert_eq!(signers, (code(COUNTY), code(COUNTY), code(CITY)));
        assert_eq!(turn.told_by, Some(code(CITY)));
        assert_eq!(turn.frame, province.journal.len() as u64);
        assert!(!turn.is_told_by_the_former());
        let reviewed = state.review(None);
        assert_eq!((reviewed.turns, reviewed.to_ask_about.len()), (1, 1));
    }
    // Its own node signs again: nothing is left to ask, and both turns stay.
    assert_eq!(tell(&mut province, &[(COUNTY, moved(COUNTY, CITY, 4))]), 1);
    assert_eq!(province.state.turns_to_ask_about().count(), 0);
    assert_eq!(province.state.turns().count(), 2);
}

/// What a node says of a region that it lets go, which has been hosted up to that epoch.
fn handover(region: &str, from: &str, epoch: u64) -> Document {
    Document {
        owner: code(region),
        id: HANDOVER_ID.to_owned(),
        version: epoch << 40 | 1,
        body: Body::Handover(Handover {
            from: code(from),
            since: epoch << 40,
        }),
    }
}

fn asked(province: &Node) -> usize {
    let restarted = crate::state::State::from_snapshot(province.state.snapshot());
    let count = restarted.turns_to_ask_about().count();
    assert_eq!(province.state.turns_to_ask_about().count(), count);
    count
}

#[test]
fn a_turn_that_the_former_signer_has_signed_is_agreed() {
    let mut province = province();
    assert_eq!(tell(&mut province, &[(CITY, moved(COUNTY, CITY, 2))]), 1);
    assert_eq!(asked(&province), 1);
    // Nobody says it in the county's place, and the county says it of nobody else's signing.
    assert_eq!(
        tell(&mut province, &[(CITY, handover(COUNTY, COUNTY, 2))]),
        0
    );
    assert_eq!(tell(&mut province, &[(CITY, handover(COUNTY, CITY, 1))]), 1);
    assert_eq!(asked(&province), 1);
    // The city hands on what the county said when it went.
    let agreed = [(COUNTY, handover(COUNTY, COUNTY, 2))];
    assert_eq!(tell(&mut province, &agreed), 1);
    assert_eq!(asked(&province), 0);
    let reviewed = province.state.review(None);
    assert_eq!((reviewed.turns, reviewed.agreed.len()), (1, 1));
    assert_eq!(bad(&province), [] as [&str; 0]);
}

#[test]
fn a_handover_counts_once_and_not_where_its_signer_went_on() {
    // The county took the region back after it had said so: its own entry is as high.
    let mut went_on = province();
    assert_eq!(tell(&mut went_on, &[(COUNTY, moved(COUNTY, CITY, 2))]), 1);
    let told = [
        (CITY, moved(COUNTY, CITY, 3)),
        (COUNTY, handover(COUNTY, COUNTY, 2)),
    ];
    assert_eq!(tell(&mut went_on, &told), 2);
    assert_eq!(asked(&went_on), 1);
    // To the city, back, and to the city again by the handover of the first time.
    let mut again = province();
    let told = [
        (CITY, moved(COUNTY, CITY, 1)),
        (COUNTY, handover(COUNTY, COUNTY, 1)),
    ];
    assert_eq!(tell(&mut again, &told), 2);
    assert_eq!(asked(&again), 0);
    assert_eq!(tell(&mut again, &[(COUNTY, moved(COUNTY, CITY, 2))]), 1);
    assert_eq!(tell(&mut again, &[(CITY, moved(COUNTY, CITY, 3))]), 1);
    assert_eq!(asked(&again), 1);
    let agreed = [(COUNTY, handover(COUNTY, COUNTY, 3))];
    assert_eq!(tell(&mut again, &agreed), 1);
    assert_eq!(asked(&again), 0);
}

#[test]
fn a_handover_without_a_signature_shows_nothing() {
    let mut province = province();
    assert_eq!(tell(&mut province, &[(CITY, moved(COUNTY, CITY, 2))]), 1);
    let received = Event::Received(Received {
        from: code(CITY),
        incarnation: 7,
        upto: 1_000,
        documents: vec![handover(COUNTY, COUNTY, 2)],
        cells: Vec::new(),
        quarantined: Vec::new(),
    });
    let frame = province.state.frame() + 1;
    province.state.apply(&received, frame);
    assert_eq!(asked(&province), 1);
}

#[test]
fn a_region_that_gets_a_node_of_its_own_from_the_one_before_is_nothing_to_ask_about() {
    let mut province = province();
    let own = "371501";
    assert_eq!(tell(&mut province, &[(CITY, region(own, CITY))]), 1);
    assert_eq!(tell(&mut province, &[(own, moved(own, CITY, 1))]), 1);
    let turns: Vec<_> = province.state.turns().collect();
    assert_eq!(turns.len(), 1);
    assert_eq!((turns[0].from, turns[0].to), (code(CITY), code(own)));
    assert!(turns[0].is_told_by_the_former());
    assert_eq!(province.state.turns_to_ask_about().count(), 0);
}

#[test]
fn turns_to_and_fro_are_bounded_and_the_first_stays() {
    let mut province = province();
    for epoch in 1..40 {
        let signer = if epoch % 2 == 0 { COUNTY } else { CITY };
        assert_eq!(
            tell(&mut province, &[(signer, moved(COUNTY, CITY, epoch))]),
            1
        );
    }
    let turns: Vec<_> = province.state.turns().collect();
    assert_eq!(turns.len(), 8);
    assert_eq!(turns[0].to, code(CITY));
    assert_eq!(turns[0].frame + 39 - 1, province.journal.len() as u64);
    assert!(turns.windows(2).all(|pair| pair[0].frame < pair[1].frame));
}

/// What is in a journal that no rule let in, as a node of an earlier program wrote it.
fn write(province: &mut Node, signer: &str, document: Document) {
    let (documents, proofs) = signed(&[(signer, document)]);
    let named = documents.iter().map(|one| (one.key(), one.version));
    let attested = Event::Attested(Attested {
        documents: named.collect(),
        evidence: Said::of(proofs.values()),
    });
    let frame = province.state.frame() + 1;
    let received = Event::Received(Received {
        from: code(CITY),
        incarnation: 7,
        upto: 1_000 + frame,
        documents,
        cells: Vec::new(),
        quarantined: Vec::new(),
    });
    for event in [received, attested] {
        province.state.apply(&event, frame);
    }
}

fn bad(province: &Node) -> Vec<String> {
    let mut good = |_: &Batch, _: &Digest| Ok(());
    let reviewed = province.state.review(Some(&mut good));
    let bad = reviewed.bad.iter();
    bad.map(|(key, _)| format!("{}/{}", key.kind.word(), key.owner))
        .collect()
}

#[test]
fn going_through_all_evidence_finds_who_could_not_sign_for_a_region_with_a_node_of_its_own() {
    let mut province = province();
    assert_eq!(bad(&province), [] as [&str; 0]);
    let mut altered = roster(900);
    altered.version += 1;
    write(&mut province, CITY, altered.clone());
    assert_eq!(bad(&province), ["roster/371502"]);
    altered.version += 1;
    write(&mut province, COUNTY, altered);
    assert_eq!(bad(&province), [] as [&str; 0]);
    // Who stood in for a region before that got its node could sign then.
    let own = "371501";
    let told = [(CITY, region(own, CITY))];
    assert_eq!(tell(&mut province, &told), 1);
    let early = Document {
        owner: code(own),
        id: own.to_owned(),
        version: 3,
        body: Body::Roster(Roster::default()),
    };
    assert_eq!(tell(&mut province, &[(CITY, early)]), 1);
    assert_eq!(tell(&mut province, &[(own, moved(own, CITY, 1))]), 1);
    assert_eq!(bad(&province), [] as [&str; 0]);
}
