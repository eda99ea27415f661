//! What a peer gives back to a node that lost it: taken where the node has signed it itself, and set
//! aside where nothing shows that.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::access::Relation;
use crate::command::{Answer, Command, Reconciling, Returned};
use crate::compare::{Bucket, Findings};
use crate::document::{Body, Document};
use crate::event::Content;
use crate::evidence::{Batch, Given, Proof, Shown, Signer, not_shown};
use crate::plan::Comment;
use crate::refusal::Reason;
use crate::region::RegionCode;
use crate::step::{Action, Step};
use crate::testing::{Node, bureau, code};

const CITY: &str = "371500";
const COUNTY: &str = "371502";

/// A county that began anew and met a city that knows an earlier life of it.
fn county() -> Node {
    let mut county = Node::empty(code(COUNTY));
    county.begin(11, false);
    county.host(&[bureau(COUNTY, Some(CITY))]).unwrap();
    meet(&mut county);
    county
}

fn meet(county: &mut Node) {
    let peer = code(CITY);
    let knows = Some(10);
    county.run(Command::Meet { peer, knows }).unwrap();
}

fn comment(version: u64, text: &str) -> Document {
    Document {
        owner: code(COUNTY),
        id: "c-1".to_owned(),
        version,
        body: Body::Comment(Comment {
            issuer: code(CITY),
            plan: "plan-1".to_owned(),
            item: String::new(),
            text: text.to_owned(),
            made: Step {
                action: Action::Comment,
                by: "教育股".to_owned(),
                at: jiff::Timestamp::UNIX_EPOCH,
                why: String::new(),
            },
        }),
    }
}

/// A document as the city gives it back: signed by the node of that region, or by nobody.
fn given(document: &Document, signer: Option<&str>) -> Shown {
    let proof = signer.map(|signer| Proof {
        batch: Arc::new(Batch {
            signer: Arc::new(Signer {
                region: code(signer),
                certificates: Vec::new(),
            }),
            at_micros: 1,
            signature: Vec::new(),
            size: 1,
            leaves: Vec::new(),
        }),
        place: 0,
        path: Vec::new(),
    });
    let told = match proof {
        Some(_) => Ok(()),
        None => Err(not_shown(Reason::NotSigned, document.owner)),
    };
    let named = (document.key(), document.version);
    Shown::Asked(BTreeMap::from([(named, Given { proof, told })]))
}

/// How many documents were taken back when the city said that it holds one, and whether the county
/// told its own again.
fn claim(county: &mut Node, document: &Document, shown: Shown) -> (usize, bool) {
    let findings = Findings {
        documents: vec![document.clone()],
        ..Findings::default()
    };
    let reconciled = county.run(Command::Reconcile(Reconciling {
        peer: code(CITY),
        relation: Relation::Parent,
        bucket: Bucket::Documents(document.body.kind(), document.owner),
        findings,
        shown,
    }));
    answered(reconciled.unwrap())
}

fn try_again(county: &mut Node, document: &Document, shown: Shown) -> (usize, bool) {
    let tried = county.run(Command::TakeBack(Returned {
        peer: code(CITY),
        relation: Relation::Parent,
        documents: vec![document.clone()],
        shown,
    }));
    answered(tried.unwrap())
}

fn answered(answer: Answer) -> (usize, bool) {
    match answer {
        Answer::Reconciled {
            taken_back,
            told_again,
        } => (taken_back.len(), told_again),
        other => panic!("{other:?}"),
    }
}

fn held(county: &Node) -> Option<String> {
    let stored = county.state.document(&comment(1, "").key())?;
    match &stored.document.body {
        Body::Comment(comment) => Some(comment.text.clone()),
        other => panic!("{other:?}"),
    }
}

/// Why something is set aside, of each.
fn set_aside(county: &Node) -> Vec<String> {
    let listed = county.state.set_aside().iter();
    listed.map(|one| one.what.reason.clone()).collect()
}

fn settle(county: &mut Node) {
    let peer: RegionCode = code(CITY);
    county.run(Command::Settle { peer }).unwrap();
}

#[test]
fn only_what_a_node_has_signed_itself_comes_back() {
    let mut county = county();
    let told = comment(4, "原则同意");
    // Invented by the city, under no signature and under its own.
    for (signer, reason) in [(None, "NOT_SIGNED"), (Some(CITY), "BAD_SIGNATURE")] {
        let shown = given(&told, signer);
        assert_eq!(claim(&mut county, &told, shown), (0, false));
        assert_eq!(held(&county), None, "{reason}");
        assert_eq!(set_aside(&county), [reason]);
    }
    // One that the signature does not cover: the node that checks says so.
    let mut altered = given(&told, Some(COUNTY));
    if let Shown::Asked(given) = &mut altered {
        for given in given.values_mut() {
            given.told = Err(not_shown(Reason::BadSignature, code(COUNTY)));
        }
    }
    assert_eq!(claim(&mut county, &told, altered), (0, false));
    assert_eq!(held(&county), None);
    let shown = given(&told, Some(COUNTY));
    assert_eq!(claim(&mut county, &told, shown), (1, false));
    assert_eq!(held(&county).as_deref(), Some("原则同意"));
    assert_eq!(set_aside(&county), [] as [&str; 0]);
    // The journal keeps by what it came back.
    assert!(county.state.proof(&told.key()).is_some());
    county.verify();
}

#[test]
fn what_waits_for_its_signature_is_not_told_over_and_comes_back_with_it() {
    let mut old = county();
    let early = comment(3, "同意");
    let shown = given(&early, Some(COUNTY));
    assert_eq!(claim(&mut old, &early, shown), (1, false));
    let backup = old.journal.len();
    let mut county = old.restored(backup, 12);
    meet(&mut county);
    let lost = comment(1 << 41, "原则同意");
    let shown = given(&lost, None);
    assert_eq!(claim(&mut county, &lost, shown.clone()), (0, false));
    settle(&mut county);
    // Again, as every comparison finds it.
    let before = county.journal.len();
    assert_eq!(claim(&mut county, &lost, shown), (0, false));
    assert_eq!(county.journal.len(), before);
    assert_eq!(held(&county).as_deref(), Some("同意"));
    let shown = given(&lost, Some(COUNTY));
    assert_eq!(claim(&mut county, &lost, shown), (1, false));
    assert_eq!(held(&county).as_deref(), Some("原则同意"));
    assert_eq!(set_aside(&county), [] as [&str; 0]);
    county.verify();
}

#[test]
fn a_person_may_answer_for_what_was_never_signed_and_for_nothing_else() {
    let mut county = county();
    let told = comment(4, "原则同意");
    // What was never set aside is not taken by trying it again.
    let unsigned = given(&told, None).with_unsigned();
    assert_eq!(try_again(&mut county, &told, unsigned.clone()), (0, false));
    claim(&mut county, &told, given(&told, Some(CITY)));
    let forged = given(&told, Some(CITY)).with_unsigned();
    assert_eq!(try_again(&mut county, &told, forged), (0, false));
    assert_eq!(set_aside(&county), ["BAD_SIGNATURE"]);
    claim(&mut county, &told, given(&told, None));
    settle(&mut county);
    let tried = try_again(&mut county, &told, given(&told, None));
    assert_eq!((tried, held(&county)), ((0, false), None));
    assert_eq!(try_again(&mut county, &told, unsigned), (1, false));
    assert_eq!(held(&county).as_deref(), Some("原则同意"));
    assert_eq!(set_aside(&county), [] as [&str; 0]);
    county.verify();
}

#[test]
fn a_copy_takes_back_what_it_has_signed_and_tells_over_nothing_else() {
    let mut old = county();
    let early = comment(3, "同意");
    let shown = given(&early, Some(COUNTY));
    assert_eq!(claim(&mut old, &early, shown), (1, false));
    settle(&mut old);
    let mut copy = old.copied_back(old.journal.len());
    copy.run(Command::Split {
        incarnation: 99,
        above: 0,
    })
    .unwrap();
    let lost = comment(4, "原则同意");
    let shown = given(&lost, None);
    assert_eq!(claim(&mut copy, &lost, shown), (0, false));
    assert_eq!(held(&copy).as_deref(), Some("同意"));
    assert_eq!(set_aside(&copy), ["NOT_SIGNED"]);
    let shown = given(&lost, Some(COUNTY));
    assert_eq!(claim(&mut copy, &lost, shown), (1, false));
    assert_eq!(held(&copy).as_deref(), Some("原则同意"));
    copy.verify();
    // One that nobody found to be a copy tells what it has.
    let shown = given(&lost, Some(COUNTY));
    assert_eq!(claim(&mut old, &lost, shown), (0, true));
}

/// Nobody was ever asked, so nothing is listed either: others' complaints may have taken its place.
#[test]
fn what_nothing_shows_is_never_told_over() {
    let mut county = county();
    claim(
        &mut county,
        &comment(4, "原则同意"),
        given(&comment(4, "原则同意"), Some(COUNTY)),
    );
    settle(&mut county);
    let mut restored = county.restored(county.journal.len(), 12);
    meet(&mut restored);
    settle(&mut restored);
    let newer = comment(7, "同意");
    assert_eq!(
        claim(&mut restored, &newer, given(&newer, None)),
        (0, false)
    );
    assert_eq!(set_aside(&restored), ["NOT_SIGNED"]);
    assert_eq!(held(&restored).as_deref(), Some("原则同意"));
}

#[test]
fn what_was_let_go_of_for_want_of_room_comes_again_when_there_is_some() {
    let mut county = county();
    let named = |number: usize| Document {
        id: format!("c-{number}"),
        ..comment(4, "原则同意")
    };
    for number in 0..201 {
        claim(&mut county, &named(number), given(&named(number), None));
    }
    let contents = |county: &Node| {
        let listed = county.state.set_aside().iter();
        listed.filter(|one| one.content != Content::Nothing).count()
    };
    assert_eq!((set_aside(&county).len(), contents(&county)), (201, 200));
    // There is no room for the first, which gave its place to the last.
    claim(&mut county, &named(0), given(&named(0), None));
    assert_eq!((set_aside(&county).len(), contents(&county)), (201, 200));
    let shown = given(&named(5), Some(COUNTY));
    assert_eq!(try_again(&mut county, &named(5), shown), (1, false));
    assert_eq!((set_aside(&county).len(), contents(&county)), (200, 199));
    claim(&mut county, &named(0), given(&named(0), None));
    assert_eq!((set_aside(&county).len(), contents(&county)), (200, 200));
}
